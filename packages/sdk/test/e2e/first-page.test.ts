/** ND27: whoever enters a large server reads the newest page before its operations are here, unverified until they are. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client, Message, Server } from '@xcord/sdk'
import {
  bringsOperations,
  gate,
  linkOf,
  patient,
  published,
  publishing,
  silent,
  watched
} from './entering.fixture.ts'
import { createWorld, replicaOf, type World } from './faults.fixture.ts'
import { texts, until } from './peers.fixture.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
})

const page = async (server: Server, channel = 'general'): Promise<readonly Message[]> =>
  await server.channel(channel).page({ limit: 50 })
const pageOf = async (server: Server, channel = 'general'): Promise<readonly string[]> =>
  (await page(server, channel)).map(each => each.content)

/** Ada's server, so many operations old, with messages. */
async function story(operations = 12, snapshots = publishing): Promise<{ ada: Client; server: Server }> {
  const ada = await world.open('ada', { snapshots })
  const server = await ada.servers.create({ name: 'Engine' })
  for (let n = 0; n < 60; n++) await server.channel('general').send(`message ${n}`)
  // Each writes what the one before wrote: the state does not grow.
  for (let n = 0; n < operations; n++) await server.edit({ description: `version ${n}` })
  return { ada, server }
}

describe('the first page', () => {
  it('[ND27] is there before any operation, marked; the mark goes when the replay is over', async () => {
    const { server } = await story()
    await until('it was published', () => published(server) !== undefined)
    const [oldest] = await page(server)
    await oldest?.edit('edited')
    await oldest?.react('👍')
    const { opened, open } = gate()
    const grace = await world.open('grace', { snapshots: silent, wrap: each => patient(each, opened) })
    const progress: unknown[] = []
    grace.on('sync:progress', ({ phase, done }) => void progress.push(`${phase} ${done}`))
    const told: string[] = []
    grace.on('message:create', ({ message }) => void told.push(`${message.content} ${message.unverified}`))
    const graces = await grace.servers.join(await linkOf(server))
    await until('she reads', async () => (await page(graces)).length === 50)
    const shown = await page(graces)
    expect(shown.map(each => [each.id, each.content, each.at.getTime(), each.reactions])).toEqual(
      (await page(server)).map(each => [each.id, each.content, each.at.getTime(), each.reactions])
    )
    expect(shown[0]).toMatchObject({ content: 'edited', author: { id: server.me.id, name: 'ada' } })
    expect(shown.every(each => each.unverified && each.toJSON().unverified === true)).toBe(true)
    expect(await graces.channel('general').message(shown[3]?.id as never)).toMatchObject({ unverified: true })
    expect(
      (await graces.channel('general').page({ before: shown[10]?.id as never, limit: 5 })).map(
        each => each.id
      )
    ).toEqual(shown.slice(5, 10).map(each => each.id))
    // Nothing of it is kept, and no key of it held.
    const { current } = replicaOf(graces)
    expect(current.log.count()).toBe(1)
    expect(current.chains.size).toBe(0)
    expect(current.ring.keys()).toEqual([])
    expect(told).toEqual([])
    await expect(shown[0]?.reply('too early')).rejects.toMatchObject({ code: 'XCORD_VERIFYING' })
    expect(progress).toEqual(['page true'])
    open()
    await until('it is verified', () => graces.verification === null)
    await until('all is judged', async () => (await page(graces)).every(each => !each.unverified))
    await until('and here', async () => (await texts(graces)).length === 60)
    await until('she was told of each', () => told.length === 60)
    expect(told.filter(each => !each.endsWith('false'))).toEqual([])
    expect(await pageOf(graces)).toEqual(await pageOf(server))
    expect(progress).toContain('operations true')
    expect(replicaOf(graces).current.provisional).toBeUndefined()
  })

  it('[ND27] costs the snapshot and some kilobytes, however many operations there are', async () => {
    const { server } = await story(60)
    await until('it was published', () => published(server) !== undefined)
    const costs: number[] = []
    for (const [name, more] of [
      ['grace', 0],
      ['alan', 180]
    ] as const) {
      const before = published(server)
      for (let n = 0; n < more; n++) await server.edit({ description: `later ${n}` })
      if (more > 0) await until('another was published', () => published(server) !== before)
      const heard = new Map<string, number>()
      let operations = 0
      const count = (protocol: string, frame: Uint8Array): undefined => {
        heard.set(protocol, (heard.get(protocol) ?? 0) + frame.length)
        if (bringsOperations(protocol, frame)) operations += frame.length
      }
      const { opened, open } = gate()
      const client = await world.open(name, {
        snapshots: silent,
        wrap: each => watched(patient(each, opened), count)
      })
      let atPage: readonly number[] | undefined
      client.on('sync:progress', ({ phase }) => {
        if (phase === 'page') atPage = [operations, heard.get('/xcord/page/1') ?? 0]
      })
      const joined = await client.servers.join(await linkOf(server))
      await until('the page is there', () => atPage !== undefined)
      expect(await page(joined)).toHaveLength(50)
      expect(atPage?.[0]).toBe(0)
      costs.push(atPage?.[1] as number)
      open()
      await until('it is verified', () => joined.verification === null)
    }
    expect(Math.max(...costs)).toBeLessThan(60_000)
    expect(Math.abs((costs[0] as number) - (costs[1] as number))).toBeLessThan(4_000)
  })
})

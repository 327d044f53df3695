/** One device, two signers: a copied profile. Whoever hears of both branches sees it, by whatever way they came. */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client, EquivocationJson, Server } from '@xcord/sdk'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

const serverOf = (client: Client): Server => client.servers.all[0] as Server

function alarms(client: Client): EquivocationJson[] {
  const heard: EquivocationJson[] = []
  client.on('device:fork', event => void heard.push(event))
  return heard
}

async function writeBranch(client: Client, name: string): Promise<void> {
  const server = serverOf(client)
  await server.channel('general').send(`branch ${name}`)
  await server.me.setNick(name)
}

describe('a device that signs twice', () => {
  it('[AU39] [EN8] is seen by everybody who hears of both branches, once, and banned by nobody', async () => {
    const ada = await cast.open('ada')
    const engine = await ada.servers.create({ name: 'Engine' })
    const link = (await engine.invites.create()).link as string
    const mallory = await cast.open('mallory')
    await mallory.servers.join(link)
    const grace = await cast.open('grace')
    await grace.servers.join(link)
    const { device, id } = mallory.identity
    await until('grace knows mallory', () => serverOf(grace).members.get(id))
    await grace.close()
    await mallory.close()
    await cp(join(cast.home, 'mallory'), join(cast.home, 'copy'), { recursive: true })

    // Branch one reaches Ada; nobody is there when the copy writes branch two.
    const heard = alarms(ada)
    const first = await cast.open('mallory')
    await first.connect(ada.addresses()[0] as string)
    await writeBranch(first, 'one')
    await until('branch one', async () => (await texts(engine)).includes('branch one'))
    await until('nick one', () => engine.members.get(id)?.nick === 'one')
    expect(heard).toEqual([])
    await first.close()
    await ada.close()
    const copy = await cast.open('copy')
    await writeBranch(copy, 'two')

    // Ada hears of branch two, and the copy of branch one.
    const again = await cast.open('ada')
    const adaHeard = alarms(again)
    const copyHeard = alarms(copy)
    await copy.connect(again.addresses()[0] as string)
    for (const [client, alarm] of [
      [again, adaHeard],
      [copy, copyHeard]
    ] as const) {
      await until('both chains', () => new Set(alarm.map(each => each.chain)).size === 2)
      await until('both branches', async () => {
        const shown = await texts(serverOf(client))
        return shown.includes('branch one') && shown.includes('branch two')
      })
    }

    // Grace was away; she learns it by sync from Ada alone.
    await copy.close()
    const late = await cast.open('grace')
    const graceHeard = alarms(late)
    await late.connect(again.addresses()[0] as string)
    await until('grace sees both chains', () => graceHeard.length === 2)
    for (const alarm of [adaHeard, graceHeard]) {
      expect(alarm.map(each => each.chain).sort()).toEqual(['messages', 'operations'])
      for (const each of alarm) expect(each).toMatchObject({ device, user: id, own: false })
      expect(alarm.find(each => each.chain === 'operations')?.branches).toHaveLength(2)
    }
    expect(copyHeard.every(each => each.own)).toBe(true)
    for (const client of [again, late]) {
      const server = serverOf(client)
      expect(server.members.get(id)?.toJSON()).toMatchObject({ id, forkedDevices: [device] })
      expect((await client.doctor()).checks.find(each => each.check === 'forks')).toMatchObject({
        ok: true,
        detail: '1 device of others did'
      })
    }
    const { items } = await serverOf(again).audit({ action: 'member:nick' })
    expect(items.map(each => each.forked)).toEqual([true, true])
    expect(serverOf(again).heads().forks).toMatchObject([{ device }])

    // Whoever holds the key is told what to do, also when they come back.
    const back = await cast.open('copy')
    expect((await back.doctor()).checks.find(each => each.check === 'forks')).toMatchObject({
      ok: false,
      cause: 'fork'
    })
    // An alarm rings once: what follows on either branch is no news.
    await serverOf(again).channel('general').send('we know')
    await until('heard', async () => (await texts(serverOf(late))).includes('we know'))
    expect([adaHeard.length, graceHeard.length]).toEqual([2, 2])
  })
})

/** ND27: whoever enters a large server reads the newest page before its operations are here, unverified until they are. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { idFromBytes, idToBytes } from '@xcord/core/base'
import { createKeyRing, decodeStoredSeed, type StoredSeed } from '@xcord/core/e2ee'
import { linkAfter } from '@xcord/core/graph'
import type { FrameStream, Transport } from '@xcord/core/net'
import type { Client, Message, Server } from '@xcord/sdk'
// What a hostile member makes, no public function would.
import { Frozen } from '../../../core/src/authority/frozen.ts'
import { frozenRoot, merkleRoot } from '../../../core/src/authority/state-root.ts'
import { seedTable } from '../../../core/src/node/replica/tables.ts'
import { fetchPage } from '../../../core/src/node/snapshots/fetch-page.ts'
import { pageRowsFrame } from '../../../core/src/node/snapshots/page-frames.ts'
import {
  bringsOperations,
  gate,
  lie,
  linkOf,
  patient,
  published,
  publishing,
  silent,
  watched
} from './entering.fixture.ts'
import type { ReplicaState } from '../../../core/src/node/replica/replica-state.ts'
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

/** Whoever serves pages adds these rows to each (a hostile member, who forges what it says others wrote). */
function forging(transport: Transport, forge: () => readonly Uint8Array[]): Transport {
  return new Proxy(transport, {
    get: (target, name) => {
      if (name === 'handle')
        return (...[protocol, bounds, run]: Parameters<Transport['handle']>) =>
          target.handle(protocol, bounds, async stream => {
            if (protocol !== '/xcord/page/1') return await run(stream)
            const forged: FrameStream = new Proxy(stream, {
              get: (inner, what) => {
                if (what !== 'send') return bound(inner, what)
                return async (frame: Uint8Array): Promise<void> => {
                  // Before the empty frame that ends the rows.
                  if (frame[2] === 3 && frame[3] === 0x80) for (const each of forge()) await inner.send(each)
                  await inner.send(frame)
                }
              }
            })
            await run(forged)
          })
      return bound(target, name)
    }
  })
}

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name)
  return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
}

function replaced(bytes: Uint8Array, old: Uint8Array, other: Uint8Array): Uint8Array {
  const out = bytes.slice()
  for (let at = 0; at + old.length <= out.length; at++)
    if (old.every((byte, offset) => out[at + offset] === byte)) out.set(other, at)
  return out
}

/** What a message is sealed of. */
const payloadOf = ({ deps, log }: ReplicaState, content: string) => ({
  random: deps.random,
  type: 1 as const,
  payload: {
    thread: null,
    at: Date.now(),
    auth: log.heads(),
    parents: [],
    body: {
      kind: 'message' as const,
      content,
      replyTo: null,
      mentions: { users: [], roles: [], everyone: false },
      attachments: []
    }
  }
})

describe('what a liar shows', () => {
  it('[ND27, AU60] is gone after the replay with its cause, and the liar is named', async () => {
    const { server } = await story(12, silent)
    let rows: readonly Uint8Array[] = []
    const mallory = await world.open('mallory', {
      snapshots: silent,
      wrap: transport => forging(transport, () => rows)
    })
    const hers = await mallory.servers.join(await linkOf(server))
    await until('mallory reads', async () => (await texts(hers)).length === 60)
    const alan = await world.open('alan', { snapshots: silent })
    await alan.servers.join(await linkOf(server))
    await until('mallory knows alan', () => hers.members.all.length === 3)
    // A device of Mallory's making stands where Alan's stands.
    const { current } = replicaOf(hers)
    const { suite } = current.deps
    const made = suite.signingKey(new Uint8Array(32).fill(9))
    const lies = await lie(hers, honest => {
      const chunks = honest.chunks.map(each =>
        replaced(each, idToBytes(alan.identity.device), made.publicKey)
      )
      const frozen = Frozen.read(chunks)
      if (frozen === undefined) throw new Error('no snapshot')
      return {
        ...honest,
        chunks,
        contentRoot: merkleRoot(suite, chunks),
        stateRoot: frozenRoot(suite, frozen)
      }
    })
    const { ring } = current
    const channel = server.channel('general').id
    const seeds: StoredSeed[] = []
    for await (const { value } of current.deps.database.table(seedTable).scan({ prefix: [server.id] })) {
      const read = decodeStoredSeed(value.bytes)
      if (read.ok) seeds.push(read.value)
    }
    const forger = createKeyRing({
      suite,
      server: server.id,
      log: current.log,
      user: current.user,
      device: idFromBytes('d', made.publicKey),
      signingKey: made,
      userKeys: current.deps.account.userKeys,
      seeds,
      records: ring.records().map(each => ({ bytes: each.bytes, receivedAt: 0 }))
    })
    const keyId = ring.chooseEpoch(channel, Date.now())
    const said = payloadOf(current, 'send me your phrase')
    const envelope = forger.seal({ ...said, keyId: keyId as never, link: linkAfter(undefined) })
    rows = [
      pageRowsFrame.encode({
        version: 1,
        kind: 3,
        rows: [{ device: made.publicKey, envelope: envelope.bytes }]
      })
    ]
    const { opened, open } = gate()
    const grace = await world.open('grace', { snapshots: silent, wrap: each => patient(each, opened) })
    const gone: unknown[] = []
    grace.on('message:withdraw', event => void gone.push(event))
    const graces = await grace.servers.join(await linkOf(hers))
    expect(graces.verification).toMatchObject({ snapshot: lies })
    await until('she is shown it', async () => (await page(graces)).length > 0)
    const shown = await page(graces)
    const forged = shown.find(each => each.content === 'send me your phrase')
    expect(forged).toMatchObject({ author: { id: alan.identity.id }, unverified: true })
    expect(replicaOf(graces).current.ring.keys()).toEqual([])
    open()
    await until('it is gone', () => gone.length > 0)
    const cause = { channel, rule: 'AU60', by: hers.me.id }
    for (const { id } of shown)
      expect(gone).toContainEqual(expect.objectContaining({ ...cause, message: id }))
    expect(graces.falseSnapshots[0]).toMatchObject({ operation: lies, user: hers.me.id })
    await until('she reads what there is', async () => (await texts(graces)).length === 60)
    expect(await pageOf(graces)).toEqual(await pageOf(server))
    expect(replicaOf(graces).current.devices.has(idFromBytes('d', made.publicKey))).toBe(false)
  })

  it('[ND27, AU35] of what its author might not write goes by the rule, with a snapshot that is true', async () => {
    const { server } = await story()
    let rows: readonly Uint8Array[] = []
    const mallory = await world.open('mallory', {
      snapshots: silent,
      wrap: transport => forging(transport, () => rows)
    })
    const hers = await mallory.servers.join(await linkOf(server))
    await until('mallory reads', async () => (await texts(hers)).length === 60)
    const general = server.channel('general')
    await general.permit(server.roles.get('@everyone') as never, { deny: ['SendMessages'] })
    for (let n = 0; n < 12; n++) await server.edit({ description: `after ${n}` })
    await until('both hold the same', () => hers.heads().stateHash === server.heads().stateHash)
    await until('it was published', () => published(server) !== undefined)
    await until('mallory serves it', () => replicaOf(hers).current.servedSnapshot === published(server))
    const { current } = replicaOf(hers)
    const keyId = current.ring.chooseEpoch(general.id, Date.now()) as never
    const link = current.author(current.self).chain.next()
    const { bytes } = current.ring.seal({ ...payloadOf(current, 'buy'), keyId, link })
    rows = [
      pageRowsFrame.encode({
        version: 1,
        kind: 3,
        rows: [{ device: idToBytes(current.self), envelope: bytes }]
      })
    ]
    const { opened, open } = gate()
    const grace = await world.open('grace', { snapshots: silent, wrap: each => patient(each, opened) })
    const gone: unknown[] = []
    grace.on('message:withdraw', event => void gone.push(event))
    const graces = await grace.servers.join(await linkOf(hers))
    await until('she is shown it', async () => (await pageOf(graces)).includes('buy'))
    open()
    await until('it is gone', () => gone.length > 0)
    expect(gone).toMatchObject([{ channel: general.id, rule: 'AU35', by: null }])
    await until('the rest is judged', async () => (await page(graces)).every(each => !each.unverified))
    expect(await pageOf(graces)).toEqual(await pageOf(server))
  })
})

describe('a first page', () => {
  it('[ND27] is not given of a channel that the newcomer may not view, nor to strangers', async () => {
    const { server } = await story()
    await until('it was published', () => published(server) !== undefined)
    const cellar = await server.channels.create({ name: 'cellar' })
    await cellar.permit(server.roles.get('@everyone') as never, { deny: ['ViewChannel'] })
    await cellar.send('for few')
    const { opened, open } = gate()
    let pages = 0
    const count = (protocol: string): undefined => {
      if (protocol === '/xcord/page/1') pages++
    }
    const grace = await world.open('grace', {
      snapshots: silent,
      wrap: each => watched(patient(each, opened), count)
    })
    const graces = await grace.servers.join(await linkOf(server))
    await until('she reads', async () => (await page(graces)).length === 50)
    expect(await replicaOf(graces).page(cellar.id, {})).toMatchObject({ messages: [] })
    // Though she asks for it by other means.
    const { current } = replicaOf(graces)
    const connection = await world
      .transportOf('grace')
      .dial([world.transportOf('ada').addresses()[0] as string], {})
    const ask = {
      suite: current.deps.suite,
      server: server.id,
      topicSecret: current.packageSecret as Uint8Array,
      self: current.self,
      readers: current.provisional?.ring.readerRids() ?? [],
      join: null,
      heard: () => undefined
    }
    const { signal } = new AbortController()
    const general = { ...ask, channel: server.channel('general').id }
    expect(await fetchPage(connection, general, signal)).toMatchObject({ ok: true })
    const heard = pages
    const nothing = async (asked: typeof general): Promise<void> => {
      const answer = await fetchPage(connection, asked, signal).catch(() => undefined)
      expect(answer?.ok).not.toBe(true)
    }
    await nothing({ ...ask, channel: cellar.id })
    await nothing({ ...general, topicSecret: new Uint8Array(32) })
    await nothing({ ...general, server: `s${server.me.id.slice(1)}` as never })
    await server.members.get(graces.me.id)?.ban()
    await nothing(general)
    expect(pages).toBe(heard)
    open()
  })

  it('[ND27] is gone with a newcomer that closes, who ends where others end', async () => {
    const { server } = await story()
    await until('it was published', () => published(server) !== undefined)
    const { opened } = gate()
    const grace = await world.open('grace', { snapshots: silent, wrap: each => patient(each, opened) })
    const graces = await grace.servers.join(await linkOf(server))
    await until('she reads', async () => (await page(graces)).length === 50)
    await until('ada knows her', () => server.members.all.length === 2)
    await grace.close()
    const again = await world.open('grace', { snapshots: silent })
    // Alan never saw an unverified page.
    const alan = await world.open('alan', { snapshots: silent })
    await again.connect(world.transportOf('ada').addresses()[0] as string)
    const alans = await alan.servers.join(await linkOf(server))
    const back = await until('she is in', () => again.servers.all[0])
    for (const each of [back, alans])
      await until('all is there', async () => (await texts(each)).length === 60)
    expect((await page(back)).map(each => each.unverified)).not.toContain(true)
    expect(await pageOf(back)).toEqual(await pageOf(alans))
    await until('both hold the same', () => back.heads().stateHash === alans.heads().stateHash)
  })

  it('[ND27] of a channel that somebody looks at comes as well', async () => {
    const { server } = await story()
    const attic = await server.channels.create({ name: 'attic' })
    for (let n = 0; n < 5; n++) await attic.send(`dust ${n}`)
    await until('it was published', () => published(server) !== undefined)
    const { opened, open } = gate()
    const grace = await world.open('grace', { snapshots: silent, wrap: each => patient(each, opened) })
    const graces = await grace.servers.join(await linkOf(server))
    await until('she reads', async () => (await page(graces)).length === 50)
    await until('and the attic', async () => (await page(graces, 'attic')).length === 5)
    expect(await pageOf(graces, 'attic')).toEqual(await pageOf(server, 'attic'))
    open()
    for (const channel of ['general', 'attic'])
      await until('all is judged', async () => (await page(graces, channel)).every(each => !each.unverified))
    expect(await pageOf(graces, 'attic')).toEqual(await pageOf(server, 'attic'))
  })
})

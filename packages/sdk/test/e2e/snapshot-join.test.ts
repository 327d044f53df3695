/** ND26: entering a server by a snapshot that a member published, while its operations are replayed and say if it was true. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { idToBytes } from '@xcord/core/base'
import type { Connection, FrameStream, Transport } from '@xcord/core/net'
import type { Client, Server } from '@xcord/sdk'
import {
  askFrame,
  namedFrame,
  snapshotProof,
  wantFrame
} from '../../../core/src/node/snapshots/snapshot-frames.ts'
import { gate, lie, linkOf, patient, published, publishing, silent } from './entering.fixture.ts'
import { createWorld, replicaOf, type World } from './faults.fixture.ts'
import { texts, until } from './peers.fixture.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
})

/** Counts what a transport asks over the streams that it opens, by protocol. */
function counting(transport: Transport, asked: Map<string, number>): Transport {
  const watched = <T extends object>(
    inner: T,
    name: string,
    wrap: (result: never, ...args: never[]) => unknown
  ): T =>
    new Proxy(inner, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property)
        if (typeof value !== 'function') return value
        const call = (value as (...args: unknown[]) => unknown).bind(target)
        if (property !== name) return call
        return async (...args: never[]) => wrap((await call(...args)) as never, ...args)
      }
    })
  return watched(transport, 'dial', (connection: Connection) =>
    watched(connection, 'openStream', (stream: FrameStream, protocol: string) =>
      watched(stream, 'send', () => void asked.set(protocol, (asked.get(protocol) ?? 0) + 1))
    )
  )
}

const openPatient = async (name: string, opened: Promise<void>): Promise<Client> =>
  await world.open(name, { snapshots: silent, wrap: transport => patient(transport, opened) })

/** Ada's server with roles and channels. */
async function story(snapshots = publishing): Promise<{ ada: Client; server: Server }> {
  const ada = await world.open('ada', { snapshots })
  const server = await ada.servers.create({ name: 'Engine' })
  await server.channels.create({ name: 'cellar' })
  for (let n = 0; n < 12; n++) await server.roles.create({ name: `role ${n}` })
  await server.channel('general').send('before')
  return { ada, server }
}

describe('entering by a snapshot', () => {
  it('[ND26, AU-S50] shows the server at once and is a member; the replay gives the same state', async () => {
    const { server } = await story()
    await until('it was published', () => published(server) !== undefined)
    const late = await server.channels.create({ name: 'attic' })
    const { opened, open } = gate()
    const grace = await openPatient('grace', opened)
    const graces = await grace.servers.join(await linkOf(server))
    expect(graces.name).toBe('Engine')
    expect(graces.channels.get('attic')?.id).toBe(late.id)
    expect(graces.members.all.map(each => each.id).sort()).toEqual([server.me.id, graces.me.id].sort())
    expect(graces.roles.all).toHaveLength(server.roles.all.length)
    expect(graces.verification).toMatchObject({ snapshot: published(server), by: server.me.id })
    expect(graces.toJSON().verifying?.operations).toBeLessThan(graces.verification?.of as number)
    await expect(graces.channel('general').send('too early')).rejects.toMatchObject({
      code: 'XCORD_VERIFYING'
    })
    await expect(graces.leave()).rejects.toMatchObject({ code: 'XCORD_VERIFYING' })
    expect((await grace.doctor()).checks.find(each => each.check === 'snapshots')?.detail).toContain(
      'Engine is being verified'
    )
    // Known to the others before anything was replayed here.
    await until('ada knows her', () => server.members.all.length === 2)
    const shown = graces.stateHash
    open()
    await until('it is verified', () => graces.verification === null)
    await until('both hold the same', () => graces.heads().stateHash === server.heads().stateHash)
    expect(graces.stateHash).toBe(server.stateHash)
    expect(shown).toBe(server.stateHash)
    await until('she reads', async () => (await texts(graces)).includes('before'))
    await until('and writes', async () => {
      await graces.channel('general').send('here')
      return true
    })
    await until('ada reads it', async () => (await texts(server)).includes('here'))
    await until('under her name', () => server.members.get('grace') !== undefined)
  })

  it('[ND7, ND26] asks three questions until the server is shown, whatever it holds', async () => {
    const { server } = await story()
    await until('it was published', () => published(server) !== undefined)
    const { opened, open } = gate()
    const asked = new Map<string, number>()
    const grace = await world.open('grace', {
      snapshots: silent,
      wrap: transport => counting(patient(transport, opened), asked)
    })
    const graces = await grace.servers.join(await linkOf(server))
    expect(graces.verification).not.toBeNull()
    // The invite's package; which snapshot, and its chunks.
    expect(asked.get('/xcord/store/1')).toBe(1)
    expect(asked.get('/xcord/snapshot/1')).toBe(2)
    open()
    await until('it is verified', () => graces.verification === null)
  })

  it('[ND26, AU60] finds a liar out, names them to everybody, and goes on with the replay', async () => {
    const { server } = await story(silent)
    const mallory = await world.open('mallory', { snapshots: silent })
    const hers = await mallory.servers.join(await linkOf(server))
    await until('mallory is in', () => server.members.all.length === 2)
    const lies = await lie(hers)
    await until('ada found out', () => server.falseSnapshots.some(each => each.operation === lies))
    expect(server.falseSnapshots[0]).toMatchObject({ user: hers.me.id })
    // A newcomer who meets the liar first is shown what she made up, until the operations are here.
    const { opened, open } = gate()
    const grace = await openPatient('grace', opened)
    const told: unknown[] = []
    grace.on('snapshot:false', event => void told.push(event))
    const graces = await grace.servers.join(await linkOf(hers))
    expect(graces.verification).toMatchObject({ snapshot: lies, by: hers.me.id })
    open()
    await until('she found out', () => graces.falseSnapshots.length === 1)
    expect(graces.falseSnapshots[0]).toMatchObject({ operation: lies, user: hers.me.id })
    await until('all is replayed', () => graces.verification === null && graces.members.all.length === 3)
    await until('both hold the same', () => graces.stateHash === server.stateHash)
    await until('she was told', () => told.length === 1)
    // Nor does anybody use it afterwards, who knows.
    expect(published(graces)).toBeUndefined()
  })

  it('[ND26] whoever closes while it is being verified is a member when it is opened again', async () => {
    const { server } = await story()
    await until('it was published', () => published(server) !== undefined)
    const { opened } = gate()
    const grace = await openPatient('grace', opened)
    const graces = await grace.servers.join(await linkOf(server))
    expect(graces.verification).not.toBeNull()
    await until('ada knows her', () => server.members.all.length === 2)
    await grace.close()
    const again = await world.open('grace', { snapshots: silent })
    await again.connect(world.transportOf('ada').addresses()[0] as string)
    await until('she is in', () => again.servers.all.length === 1)
    await until('both hold the same', () => again.servers.all[0]?.stateHash === server.stateHash)
    expect(server.heads().forks).toEqual([])
  })

  it('[ND26] serves nobody who proves nothing, and ends a stream that breaks the rule', async () => {
    const { server } = await story()
    await until('it was published', () => published(server) !== undefined)
    const grace = await world.open('grace', { snapshots: silent })
    const graces = await grace.servers.join(await linkOf(server))
    await until('she has a topic', () => replicaOf(graces).current.ring.currentTopic() !== undefined)
    const { current } = replicaOf(graces)
    const { suite } = current.deps
    const [topicSecret] = current.ring.topicSecrets().current as [Uint8Array]
    const adas = world.transportOf('ada')
    const connection = await world.transportOf('grace').dial([adas.addresses()[0] as string], {})
    const who = { server: server.id, asking: current.self, answering: adas.device }
    const proof = snapshotProof(suite, topicSecret, who)
    const ask = (changes: object = {}): Uint8Array =>
      askFrame.encode({ version: 1, kind: 1, server: idToBytes(server.id), proof, ...changes })
    /** What comes back, until the stream ends. */
    const answers = async (sent: readonly Uint8Array[], most = Infinity): Promise<Uint8Array[]> => {
      const stream = await connection.openStream('/xcord/snapshot/1', { frameBytesMax: 200_000 })
      const out: Uint8Array[] = []
      try {
        for (const frame of sent) await stream.send(frame)
        for await (const frame of stream.frames()) if (out.push(frame) >= most) break
      } catch {
        // Aborted: there is no more.
      }
      await stream.close().catch(() => undefined)
      return out
    }
    const first = namedFrame.decode((await answers([ask()], 1))[0] as Uint8Array)
    if (!first.ok) throw new Error(first.reason)
    expect(first.value.operation).not.toBeNull()
    const want = (chunks: readonly Uint8Array[]): Uint8Array =>
      wantFrame.encode({ version: 1, kind: 2, chunks })
    // Named, later, end, and for each round a chunk; of an unknown hash that it is not held.
    const rounds = [want(first.value.chunks), want([new Uint8Array(32)])]
    expect((await answers([ask(), ...rounds], 5)).at(-1)).toEqual(Uint8Array.of(0x83, 1, 5, 0xf6))
    expect(await answers([ask({ proof: new Uint8Array(16) })])).toEqual([])
    expect(await answers([ask({ server: new Uint8Array(32) })])).toEqual([])
    expect(await answers([Uint8Array.of(1)])).toEqual([])
    expect(await answers([want(first.value.chunks)])).toEqual([])
    expect(await answers([ask(), Uint8Array.of(1)])).toHaveLength(3)
    expect(await answers([ask(), ...Array.from({ length: 5 }, () => want(first.value.chunks))])).toHaveLength(
      7
    )
    // Who is banned has no business here, whatever it knows.
    await server.members.get('grace')?.ban()
    await until('ada knows', () => server.members.all.length === 1)
    expect(await answers([ask()])).toEqual([])
  })
})

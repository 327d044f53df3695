/** Members who lie about names and pictures: nothing of it is shown, and nothing is fetched that nobody looked at (ND63, AT9). */
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { systemRandom } from '@xcord/core/adapters/runtime-node'
import { avatarRow, type SealedAvatar } from '@xcord/core/attachment'
import { idAs, idToBytes, parseId, type UserId } from '@xcord/core/base'
import { decodeCbor, type CborValue, encodeCbor } from '@xcord/core/encoding'
import { createAccount, type ProfileFields, signProfile } from '@xcord/core/identity'
import type { Connection, Transport } from '@xcord/core/net'
import type { Client, Member, Server } from '@xcord/sdk'
import { publishControl } from '../../../core/src/node/replica/publish.ts'
import { corrupting, createWorld, replicaOf, type World } from './faults.fixture.ts'
import { texts, until } from './peers.fixture.ts'
import { gif, png } from './pictures.fixture.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(async () => {
  await world.end()
})

interface Peer {
  readonly client: Client
  readonly server: Server
}

/** Ada, and mallory who says what they like. */
async function pair(
  wrap: (transport: Transport) => Transport = each => each
): Promise<{ ada: Peer; mallory: Peer }> {
  const client = await world.open('ada')
  const server = await client.servers.create({ name: 'Engine' })
  const mallory = await world.open('mallory', { wrap })
  const hers = await mallory.servers.join((await server.invites.create()).link as string)
  await until('all know all', () =>
    [server, hers].every(each => ['ada', 'mallory'].every(name => each.members.get(name) !== undefined))
  )
  return { ada: { client, server }, mallory: { client: mallory, server: hers } }
}

const at = (peer: Peer, of: Peer): Member =>
  peer.server.members.all.find(each => each.id === of.client.identity.id) as Member

async function say({ server }: Peer, profile: Uint8Array): Promise<void> {
  await replicaOf(server).do(work => publishControl(work, { kind: 'profile', profile }))
}

/** What came before is here, too: one chain. */
async function heard(from: Peer, at: Peer, words: string): Promise<void> {
  await from.server.channel('general').send(words)
  await until(`${words} came`, async () => (await texts(at.server)).includes(words))
}

test('[ID13] [AT9] [ND63] forged, older and ill-formed profiles leave the former as it was', async () => {
  const suite = await createNodeSuite()
  const { ada, mallory } = await pair()
  const { avatar } = await mallory.client.profile.set({ name: 'Mallory', avatar: gif() })
  await until('it is known', () => at(ada, mallory).toJSON().avatar?.id === avatar?.id)
  const before = at(ada, mallory).toJSON()
  const adaBefore = at(ada, ada).toJSON()
  const { current } = replicaOf(mallory.server)
  const { device } = current.deps.account
  const worn = current.profiles.get(current.user)?.avatar as SealedAvatar
  const signed = (fields: Partial<ProfileFields>, user = current.user, by = device): Uint8Array =>
    signProfile(suite, user, by, { revision: 1_000, name: 'Eve', ...fields })
  const row = (change: Partial<SealedAvatar>): Uint8Array =>
    signed({ avatar: avatarRow({ ...worn, ...change }) })
  const stranger = createAccount(suite, systemRandom, 1)
  const altered = signed({})
  const lies: Readonly<Record<string, Uint8Array>> = {
    older: signed({ revision: 1 }),
    'ada’s, by mallory': signed({}, replicaOf(ada.server).current.user),
    'by a strange device': signed({}, current.user, stranger.device),
    'another’s whole': signed({}, stranger.user, stranger.device),
    altered: altered.map((byte, index) => (index === altered.length - 1 ? byte ^ 1 : byte)),
    'too large': row({ size: 262_145 }),
    huge: row({ size: Number.MAX_SAFE_INTEGER }),
    'no picture': row({ type: 'text/html' as 'image/png' }),
    'another key': row({ key: new Uint8Array(32) }),
    'not a row': signed({ avatar: [1] as CborValue }),
    'not CBOR': new Uint8Array([0xff])
  }
  for (const [note, profile] of Object.entries(lies)) {
    await say(mallory, profile)
    await heard(mallory, ada, note)
    expect(at(ada, mallory).toJSON(), note).toEqual(before)
    expect(at(ada, ada).toJSON(), note).toEqual(adaBefore)
  }
  expect((await at(ada, mallory).avatar())?.bytes).toEqual(gif())
  // What is well-formed and higher counts.
  await say(mallory, signed({}))
  await until('it counts', () => at(ada, mallory).name === 'Eve')
})

test('[AT2] [AT9] a picture that is not what its address says is not shown, and fetched whole of whoever has it', async () => {
  let bend: ((frame: Uint8Array) => Uint8Array) | undefined
  const { ada, mallory } = await pair(transport =>
    corrupting(transport, frame => [frame.length > 60_000 && bend !== undefined ? bend(frame) : frame])
  )
  const { avatar } = await mallory.client.profile.set({ avatar: png(randomBytes(100_000)) })
  await until('it is known', () => at(ada, mallory).toJSON().avatar?.id === avatar?.id)
  const parts = (frame: Uint8Array): [number, Uint8Array, Uint8Array[]] => {
    const read = decodeCbor(frame)
    if (!read.ok) throw new Error(read.reason)
    return read.value as never
  }
  const bends: ((frame: Uint8Array) => Uint8Array)[] = [
    frame => frame.map((byte, index) => (index === 500 ? byte ^ 1 : byte)),
    () => encodeCbor([1, null, []]),
    () => encodeCbor([1, new Uint8Array(65_552), []]),
    frame => encodeCbor([1, parts(frame)[1].subarray(1), parts(frame)[2]])
  ]
  for (const each of bends) {
    bend = each
    await expect(at(ada, mallory).avatar()).rejects.toMatchObject({ code: 'XCORD_ATTACHMENT_UNAVAILABLE' })
  }
  bend = undefined
  const got = await at(ada, mallory).avatar()
  expect([got?.id, got?.bytes.length]).toEqual([avatar?.id, avatar?.size])
})

test('[ND63] [AT9] whoever changes name and picture without end is shown as they are last, and nothing is fetched for it', async () => {
  const suite = await createNodeSuite()
  let asked = 0
  const counted = (transport: Transport): Transport => {
    const handle: Transport['handle'] = (protocol, bounds, run) =>
      transport.handle(protocol, bounds, async stream => {
        if (protocol === '/xcord/blob/1') asked++
        await run(stream)
      })
    return new Proxy(transport, {
      get: (target, name) => {
        const value: unknown = name === 'handle' ? handle : Reflect.get(target, name)
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
      }
    })
  }
  const { ada, mallory } = await pair(counted)
  await mallory.client.profile.set({ avatar: gif() })
  let told = 0
  ada.client.on('member:update', () => void told++)
  const { device } = replicaOf(mallory.server).current.deps.account
  const FLOOD = 300
  await replicaOf(mallory.server).do(work => {
    for (let count = 1; count <= FLOOD; count++) {
      const { user } = work.state
      const avatar = work.state.profiles.get(user)?.avatar as SealedAvatar
      const fields = { revision: 100 + count, name: `name ${count}`, avatar: avatarRow(avatar) }
      publishControl(work, { kind: 'profile', profile: signProfile(suite, user, device, fields) })
    }
  })
  await heard(mallory, ada, 'the end')
  expect(at(ada, mallory).name).toBe(`name ${FLOOD}`)
  expect(told).toBeLessThan(FLOOD / 3)
  expect(asked).toBe(0)
  // One is kept, however many were said.
  const { current } = replicaOf(ada.server)
  expect(current.profiles.size).toBe(2)
  // Those who are looked at are shown; the former were never fetched.
  expect((await at(ada, mallory).avatar())?.bytes).toEqual(gif())
  expect(asked).toBe(1)
})

/** What the first peer that is connected answers to a question for the first chunk. */
async function ask(transport: Transport, server: string, blob: string): Promise<unknown> {
  const stream = await (transport.connections()[0] as Connection).openStream('/xcord/blob/1')
  const [of, file] = [parseId('s', server), parseId('b', blob)]
  if (of === undefined || file === undefined) throw new Error('no ids')
  await stream.send(encodeCbor([1, idToBytes(of), idToBytes(file), 0, 1]))
  try {
    for await (const frame of stream.frames()) {
      const read = decodeCbor(frame)
      return read.ok ? read.value : read.reason
    }
    return 'ended'
  } finally {
    await stream.close()
  }
}

test('[AT6] [AT9] a picture is given to members of servers where it is worn, and to nobody else', async () => {
  const { ada, mallory } = await pair()
  const { avatar } = await ada.client.profile.set({ avatar: gif() })
  const blob = avatar?.id as string
  const nothing = [1, null, []]
  const transport = world.transportOf('mallory')
  const question = async (server: string): Promise<unknown> => await ask(transport, server, blob)
  await until('it is known', () => at(mallory, ada).toJSON().avatar?.id === blob)
  expect(await question(ada.server.id)).not.toEqual(nothing)
  // Where it lies is no server; nor is one of mallory's, or one of ada's that mallory is not in.
  const shelf = idAs('s', parseId('u', ada.client.identity.id) as UserId)
  const closed = await ada.client.servers.create({ name: 'Closed' })
  const own = await mallory.client.servers.create({ name: 'Own' })
  for (const each of [shelf, closed.id, own.id]) expect(await question(each)).toEqual(nothing)
  const stranger = await world.open('stranger')
  await stranger.connect(ada.client.addresses()[0] as string)
  expect(await ask(world.transportOf('stranger'), ada.server.id, blob)).toEqual(nothing)
  await at(ada, mallory).ban()
  expect(await question(ada.server.id)).toEqual(nothing)
})

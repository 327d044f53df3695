/** Strangers with a valid account who speak the protocols between devices and people, word by word as they are (ND19, DM5). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { createMemoryTransport } from '@xcord/core/adapters/memory'
import { systemRandom } from '@xcord/core/adapters/runtime-node'
import { idToBytes } from '@xcord/core/base'
import {
  createConversation,
  encodeFrame,
  readPrekey,
  renewPrekeys,
  sealHello
} from '@xcord/core/conversation'
import type { Suite } from '@xcord/core/crypto'
import { encodeCbor } from '@xcord/core/encoding'
import { type Account, createAccount, encodeIdentityLog } from '@xcord/core/identity'
import type { Connection, ProtocolName, Transport } from '@xcord/core/net'
import type { Client, Server } from '@xcord/sdk'
import { createWorld, replicaOf, type World } from './faults.fixture.ts'
import { texts, until } from './peers.fixture.ts'

const NOT_GIVEN = [1, 1]

let suite: Suite
let world: World
let ada: Client
let server: Server
let stranger: Transport
let mallory: Account
beforeEach(async () => {
  suite = await createNodeSuite()
  world = await createWorld()
  ada = await world.open('ada')
  server = await ada.servers.create({ name: 'Engine' })
  mallory = createAccount(suite, systemRandom, Date.now())
  stranger = createMemoryTransport({ network: world.network, suite, seed: mallory.device.signSeed })
  await stranger.start()
})
afterEach(async () => {
  await stranger.stop()
  await world.end()
})

const accountOf = (of: Server): Account => replicaOf(of).current.deps.account
const dial = async (by: Transport): Promise<Connection> => await by.dial(ada.addresses())

/** Says these frames, and gives what was answered until the other side ended the stream. */
async function say(
  connection: Connection,
  protocol: ProtocolName,
  frames: readonly Uint8Array[]
): Promise<readonly Uint8Array[]> {
  const stream = await connection.openStream(protocol, { frameBytesMax: 1_048_576 })
  const heard: Uint8Array[] = []
  const hearing = (async () => {
    for await (const frame of stream.frames()) heard.push(frame)
  })().catch(() => undefined)
  for (const frame of frames) await stream.send(frame).catch(() => undefined)
  await hearing
  await stream.close().catch(() => undefined)
  return heard
}

describe('[ND19] /xcord/self/1, by who is no device of the account', () => {
  const frame = (of: Account, servers: readonly [Uint8Array, readonly string[]][] = []): Uint8Array =>
    encodeCbor([1, encodeIdentityLog(of.log), servers.map(([id, places]) => [id, [...places]])])
  const bait: [Uint8Array, readonly string[]][] = [[new Uint8Array(32).fill(9), ['/memory/mallory']]]

  it('[ND19] an own log, or the owner’s log word by word, is answered with nothing and brings nothing', async () => {
    const connection = await dial(stranger)
    for (const account of [mallory, accountOf(server)])
      expect(await say(connection, '/xcord/self/1', [frame(account, bait)])).toEqual([])
    expect(ada.devices.all.map(each => each.device)).toEqual([ada.identity.device])
    expect(ada.servers.all).toHaveLength(1)
    await server.channel('general').send('goes on')
    expect(await texts(server)).toEqual(['goes on'])
  })
})

describe('[ND19] /xcord/return/1, by who may not come back', () => {
  const ask = (of: Uint8Array, credential: Uint8Array): Uint8Array => encodeCbor([1, of, credential])
  const bytesOf = (of: Server): Uint8Array => idToBytes(replicaOf(of).server)

  it('[ND19, ID6] gives one answer: to strangers, to who shows another’s certificate, and for a server that is none', async () => {
    const connection = await dial(stranger)
    const questions = [
      ask(bytesOf(server), mallory.credential),
      ask(bytesOf(server), accountOf(server).credential),
      ask(bytesOf(server), new Uint8Array(500)),
      ask(new Uint8Array(32), mallory.credential)
    ]
    for (const each of questions)
      expect(await say(connection, '/xcord/return/1', [each])).toEqual([encodeCbor(NOT_GIVEN)])
  })

  it('[ND19] gives it to who was banned no more than to anybody', async () => {
    const grace = await world.open('grace')
    const joined = await grace.servers.join((await server.invites.create()).link as string)
    const { credential } = accountOf(joined)
    await until('ada knows her', () => server.members.get('grace') !== undefined)
    const question = ask(bytesOf(server), credential)
    const connection = await dial(world.transportOf('grace'))
    const pieces = await say(connection, '/xcord/return/1', [question])
    expect(pieces.length).toBeGreaterThan(1)
    await server.members.get('grace')?.ban()
    expect(await say(connection, '/xcord/return/1', [question])).toEqual([encodeCbor(NOT_GIVEN)])
  })
})

describe('[DM5] /xcord/conversation/1, by who shares no server', () => {
  it('[DM4, DM5] a stranger who says all that opens a conversation is not heard, and learns nothing', async () => {
    const connection = await dial(stranger)
    const owner = accountOf(server)
    const log = encodeIdentityLog(mallory.log)
    const key = mallory.device.signingKey
    const { device } = mallory.device
    const prekeys = renewPrekeys(suite, systemRandom, { user: mallory.user, key, device }, [], Date.now())
    const genesis = createConversation(suite, systemRandom, key, [mallory.user, owner.user])
    // Ada's prekeys are told to nobody who is not admitted: the box is for another.
    const prekey = readPrekey(suite, prekeys[0]?.bytes as Uint8Array)
    if (!prekey.ok) throw new Error(prekey.reason)
    const boxes = sealHello(suite, systemRandom, genesis, prekey.value, new Uint8Array(32))
    const opening = [
      encodeFrame({ kind: 'hello', version: 1, log, addresses: [] }),
      encodeFrame({ kind: 'prekeys', prekeys: prekeys.map(each => each.bytes) }),
      encodeFrame({ kind: 'log', log }),
      encodeFrame({ kind: 'conversation', genesis: genesis.bytes, boxes })
    ]
    expect(await say(connection, '/xcord/conversation/1', opening)).toEqual([])
    // Nor who begins in the middle, or says that it is somebody else.
    expect(await say(connection, '/xcord/conversation/1', opening.slice(1))).toEqual([])
    const another = encodeFrame({
      kind: 'hello',
      version: 1,
      log: encodeIdentityLog(owner.log),
      addresses: []
    })
    expect(await say(connection, '/xcord/conversation/1', [another, ...opening.slice(1)])).toEqual([])
    expect(ada.conversations.all).toEqual([])
    expect(ada.conversations.blocked).toEqual([])
  })
})

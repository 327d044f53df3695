/** Peers that keep no rule of the wire, strangers and members: the honest stay up and go on (NT2, SY13). */
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { idFromBytes, idToBytes, isXcordError } from '@xcord/core/base'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { createLibp2pTransport } from '@xcord/core/adapters/libp2p'
import { systemRandom } from '@xcord/core/adapters/runtime-node'
import { encodeCbor } from '@xcord/core/encoding'
import { createAccount } from '@xcord/core/identity'
import type { Connection, FrameStream, ProtocolName, Transport } from '@xcord/core/net'
import { createReceipt, decodeFrame, encodeFrame, type Frame } from '@xcord/core/sync'
import type { Client, Server } from '@xcord/sdk'
import {
  chainOf,
  corrupting,
  createWorld,
  type FrameFate,
  replicaOf,
  seeded,
  type World
} from './faults.fixture.ts'
import { type Cast, createCast, texts, until } from './peers.fixture.ts'

const RUNS = Number(process.env['XCORD_RUNS'] ?? 60)
const SEEDS = Number(process.env['XCORD_SEEDS'] ?? 4)
const PROTOCOLS: readonly ProtocolName[] = [
  '/xcord/sync/1',
  '/xcord/blob/1',
  '/xcord/store/1',
  '/xcord/exchange/1',
  '/xcord/check/1',
  '/xcord/self/1',
  '/xcord/return/1',
  '/xcord/conversation/1',
  '/xcord/voice/1'
]
const GROWTH_BYTES_MAX = 256 * 1_048_576
const OVERSIZED = 1_048_576

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** Two honest members over real connections, and a stranger who knows the address of one. */
interface Scene {
  readonly cast: Cast
  readonly ada: Client
  readonly server: Server
  readonly joined: Server
  readonly stranger: Transport
  readonly connection: () => Promise<Connection>
}

async function scene(): Promise<Scene> {
  const cast = await createCast()
  ends.push(async () => await cast.end())
  const ada = await cast.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  const grace = await cast.open('grace')
  const joined = await grace.servers.join((await server.invites.create()).link as string)
  const stranger = await createLibp2pTransport({
    suite: await createNodeSuite(),
    seed: createSeed(),
    listen: [],
    mdns: false
  })
  await stranger.start()
  ends.push(async () => await stranger.stop())
  return { cast, ada, server, joined, stranger, connection: async () => await stranger.dial(ada.addresses()) }
}

function createSeed(): never {
  return new Uint8Array(randomBytes(32)) as never
}

/** The two go on as if nobody else were there. */
async function chat({ server, joined }: Scene, mark: string): Promise<void> {
  await server.channel('general').send(`${mark} ada`)
  await joined.channel('general').send(`${mark} grace`)
  await until(
    'they chat',
    async () =>
      (await texts(joined)).includes(`${mark} ada`) && (await texts(server)).includes(`${mark} grace`)
  )
  expect(server.stateHash).toBe(joined.stateHash)
}

/** Random bytes, random bytes behind a plausible beginning, halves of real frames, and too much of anything. */
function garbage(run: number): Uint8Array {
  const size = [1, 2, 3, 16, 64, 300, 5_000, 70_000, OVERSIZED][run % 9] as number
  const bytes = new Uint8Array(randomBytes(size))
  if (run % 2 === 0 && size > 2) bytes.set([0x80 + (run % 24), run % 30])
  return bytes
}

/** What the other side said until it ended the stream. */
async function heard(stream: FrameStream): Promise<readonly Frame[]> {
  const frames: Frame[] = []
  try {
    for await (const bytes of stream.frames()) {
      const frame = decodeFrame(bytes)
      if (frame.ok) frames.push(frame.value)
    }
  } catch {
    // A reset is an end too.
  }
  return frames
}

/** Sends, as far as the other side lets us: being cut is what we want. */
async function pelt(
  connection: Connection,
  protocol: ProtocolName,
  frames: readonly Uint8Array[]
): Promise<void> {
  try {
    const stream = await connection.openStream(protocol, { frameBytesMax: OVERSIZED })
    void heard(stream)
    for (const each of frames) await stream.send(each)
    await stream.close()
  } catch (error) {
    if (!isXcordError(error)) throw error
  }
}

const hello = encodeFrame({ kind: 'hello', nonce: new Uint8Array(32), features: 0 })

describe('a stranger on real connections', () => {
  it('[NT2, SY1] sends garbage of every size on every protocol: the peer goes on, and keeps nothing of it', async () => {
    const all = await scene()
    await chat(all, 'before')
    const before = process.memoryUsage().rss
    for (let run = 0; run < RUNS; run++) {
      for (const protocol of PROTOCOLS) {
        const frames =
          run % 3 === 0
            ? [garbage(run)]
            : [hello, garbage(run), hello.subarray(0, 1 + (run % (hello.length - 1)))]
        await pelt(await all.connection(), protocol, frames)
      }
    }
    await chat(all, 'after')
    expect(process.memoryUsage().rss - before).toBeLessThan(GROWTH_BYTES_MAX)
  })

  it('[ND19] with an account of its own asks for a server: the answer is the same whether the peer is in it', async () => {
    const all = await scene()
    const suite = await createNodeSuite()
    const account = createAccount(suite, systemRandom, Date.now())
    const stranger = await createLibp2pTransport({
      suite,
      seed: account.device.signSeed,
      listen: [],
      mdns: false
    })
    await stranger.start()
    ends.push(async () => await stranger.stop())
    const connection = await stranger.dial(all.ada.addresses())
    const ask = async (server: Uint8Array): Promise<readonly Uint8Array[]> => {
      const stream = await connection.openStream('/xcord/return/1', { frameBytesMax: 70_000 })
      await stream.send(encodeCbor([1, server, account.credential]))
      const frames: Uint8Array[] = []
      for await (const frame of stream.frames()) frames.push(frame)
      return frames
    }
    const answer = await ask(new Uint8Array(randomBytes(32)))
    expect(answer).toEqual([encodeCbor([1, 1])])
    expect(await ask(idToBytes(all.server.id as never))).toEqual(answer)
  })

  it.each<readonly [string, readonly Uint8Array[]]>([
    ['says hello twice', [hello, hello]],
    [
      'asks before it has opened',
      [hello, encodeFrame({ kind: 'want-operations', handle: 0, request: 1, have: [] })]
    ],
    [
      'opens what nobody offered',
      [
        hello,
        encodeFrame({ kind: 'tokens', tokens: [] }),
        encodeFrame({ kind: 'open', handle: 3, proof: new Uint8Array(16), summary: EMPTY_SUMMARY() })
      ]
    ],
    ['gives credit for what was not sent', [hello, encodeFrame({ kind: 'credit', bytes: 5 })]],
    ['sends half a frame', [hello.subarray(0, 20)]],
    ['sends what is no frame', [new Uint8Array(randomBytes(100))]]
  ])('[SY2, SY13] %s: its session is ended by rule, and only its', async (_, frames) => {
    const all = await scene()
    const stream = await (await all.connection()).openStream('/xcord/sync/1')
    const said = heard(stream)
    for (const each of frames) await stream.send(each).catch(() => undefined)
    const last = (await said).at(-1)
    expect(last).toMatchObject({ kind: 'close' })
    expect((last as { readonly rule: number }).rule).toBeGreaterThan(0)
    await chat(all, 'after')
  })

  it('[NT2] opens streams by the hundred, and hello after hello: others are served', async () => {
    const all = await scene()
    const connection = await all.connection()
    const streams = await Promise.allSettled(
      PROTOCOLS.flatMap(protocol =>
        Array.from({ length: 50 }, async () => await connection.openStream(protocol))
      )
    )
    for (const each of streams)
      if (each.status === 'fulfilled') await each.value.send(hello).catch(() => undefined)
    await chat(all, 'meanwhile')
    for (const each of streams) if (each.status === 'fulfilled') each.value.abort('enough')
  })

  it('[SY2, SY3] with tokens of its own making is told nothing of any server', async () => {
    const all = await scene()
    const stream = await (await all.connection()).openStream('/xcord/sync/1')
    const frames: Frame[] = []
    void (async () => {
      for await (const bytes of stream.frames()) {
        const frame = decodeFrame(bytes)
        if (frame.ok) frames.push(frame.value)
      }
    })().catch(() => undefined)
    await stream.send(hello)
    const welcome = await until('welcome', () => frames.find(each => each.kind === 'welcome'))
    // Its own tokens shown back, and others.
    await stream.send(encodeFrame({ kind: 'tokens', tokens: [...welcome.tokens, new Uint8Array(16)] }))
    await chat(all, 'meanwhile')
    expect(frames.map(each => each.kind)).toEqual(['welcome'])
    stream.abort('enough')
  })
})

function EMPTY_SUMMARY(): Extract<Frame, { kind: 'summary' }>['summary'] {
  return {
    level: 2,
    flags: 0,
    checkpoint: new Uint8Array(32),
    operations: { count: 9, sum: 1n },
    heads: [],
    leaves: 0n,
    records: { count: 9, sum: 1n },
    buckets: []
  }
}

describe('a member whose device corrupts what it sends', () => {
  let world: World
  beforeEach(async () => {
    world = await createWorld()
    ends.push(async () => await world.end())
  })

  /** One frame in `rate` is changed, cut, lengthened, doubled, replaced or kept back. */
  function corrupt(seed: number, rate: number): { readonly fate: FrameFate; readonly count: () => number } {
    const random = seeded(seed)
    const pick = (below: number): number => Math.floor(random() * below)
    const replayed: Uint8Array[] = []
    let count = 0
    return {
      count: () => count,
      fate: frame => {
        replayed.push(frame)
        if (replayed.length > 50) replayed.shift()
        if (random() >= rate) return [frame]
        count++
        const changed = frame.slice()
        const at = pick(Math.max(1, frame.length))
        switch (pick(7)) {
          case 0:
            changed[at] = (changed[at] ?? 0) ^ (1 << pick(8))
            return [changed]
          case 1:
            return [frame.subarray(0, at)]
          case 2:
            return [new Uint8Array([...frame, ...randomBytes(pick(40))])]
          case 3:
            return [frame, frame]
          case 4:
            return [new Uint8Array(randomBytes(pick(400)))]
          case 5:
            return [frame, replayed[pick(replayed.length)] as Uint8Array]
          default:
            return []
        }
      }
    }
  }

  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
    '[SY1, NT26] by bits, halves, repeats and replays: the honest agree and go on (seed %i)',
    async seed => {
      const chaos = corrupt(seed, 0.15)
      let on = false
      const ada = await world.open('ada')
      const server = await ada.servers.create({ name: 'Engine' })
      const link = (await server.invites.create()).link as string
      const joined = await (await world.open('grace')).servers.join(link)
      const mallory = await world.open('mallory', {
        hostile: true,
        wrap: transport => corrupting(transport, frame => (on ? chaos.fate(frame) : [frame]))
      })
      const mallorys = await mallory.servers.join(link)
      await until('mallory is in', () =>
        [server, joined].every(each => each.members.get('mallory') !== undefined)
      )
      on = true
      for (let i = 0; i < 30; i++) {
        await mallorys.channel('general').send(`mallory ${i}`)
        await server.channel('general').send(`ada ${i}`)
        await joined.channel('general').send(`grace ${i}`)
        // Whoever was cut off for breaking a rule comes again.
        if (i % 5 === 4) await mallory.connect(ada.addresses()[0] as string).catch(() => undefined)
      }
      await until('all of ada and grace everywhere honest', async () => {
        const [a, b] = [await texts(server), await texts(joined)]
        return [a, b].every(each => each.filter(text => /^(ada|grace) /.test(text)).length === 60)
      })
      await mallory.close()
      await until('one history', async () => (await texts(server)).join() === (await texts(joined)).join())
      expect(chaos.count()).toBeGreaterThan(0)
      expect(server.stateHash).toBe(joined.stateHash)
      for (const each of [server, joined]) expect(chainOf(each, mallory.identity.device).forks).toEqual([])
      expect(world.faults).toEqual([])
    }
  )

  it.each<
    readonly [
      string,
      (handle: number, forged: { readonly operation: Uint8Array; readonly receipt: Uint8Array }) => Frame
    ]
  >([
    [
      "an operation whose signature is not its author's",
      (handle, { operation }) => ({
        kind: 'push',
        handle,
        operations: [operation],
        records: [],
        envelopes: []
      })
    ],
    ["a receipt in another's name", (handle, { receipt }) => ({ kind: 'receipt', handle, receipt })],
    [
      'a key record of noise',
      handle => ({ kind: 'push', handle, operations: [], records: [new Uint8Array(200)], envelopes: [] })
    ],
    [
      'an envelope of noise',
      handle => ({ kind: 'push', handle, operations: [], records: [], envelopes: [new Uint8Array(400)] })
    ],
    [
      'what nobody asked for',
      handle => ({ kind: 'envelopes', handle, request: 999, items: [new Uint8Array(400)] })
    ]
  ])('[SY13, SY16] sends %s: cut off, avoided, and not believed', async (_, lie) => {
    const ada = await world.open('ada')
    const server = await ada.servers.create({ name: 'Engine' })
    const link = (await server.invites.create()).link as string
    let forge: FrameFate = frame => [frame]
    const ended: number[] = []
    const hears = (bytes: Uint8Array): void => {
      const frame = decodeFrame(bytes)
      if (frame.ok && frame.value.kind === 'close') ended.push(frame.value.rule)
    }
    const mallory = await world.open('mallory', {
      hostile: true,
      wrap: transport => corrupting(transport, frame => forge(frame), hears)
    })
    const mallorys = await mallory.servers.join(link)
    const graces = await (await world.open('grace')).servers.join(link)
    await until('all in', () => [server, mallorys, graces].every(each => each.members.all.length === 3))
    const forged = await forgeries(server, graces)
    let told = false
    // In place of its next frame about the server, with that frame's handle.
    forge = frame => {
      const read = decodeFrame(frame)
      if (told || !read.ok || !('handle' in read.value)) return [frame]
      told = true
      return [encodeFrame(lie(read.value.handle, forged) as Exclude<Frame, { kind: 'unknown' }>)]
    }
    const sent = await server.channel('general').send('to be lied about')
    await until('the lie was told', async () => {
      if (!told) await mallorys.channel('general').send('anything')
      return told
    })
    await until('cut off by a rule', () => ended.some(rule => rule > 0))
    await until('grace reads it', async () => (await texts(graces)).includes('to be lied about'))
    await sent.reached('stored')
    expect(server.stateHash).toBe(graces.stateHash)
    expect(world.faults).toEqual([])
    // A first breach is soon forgiven: the honest half of mallory syncs again.
    await mallorys.channel('general').send('sorry')
    await until('forgiven', async () => (await texts(server)).includes('sorry'))
  })

  /** Ada's newest operation with a bit of its signature turned; a receipt that names grace's device and is signed by nobody. */
  async function forgeries(
    server: Server,
    graces: Server
  ): Promise<{ readonly operation: Uint8Array; readonly receipt: Uint8Array }> {
    const suite = await createNodeSuite()
    const operations = await replicaOf(server).do(({ state }) =>
      [...state.log.operations()].map(each => each.bytes)
    )
    const operation = (operations.at(-1) as Uint8Array).slice()
    operation[operation.length - 1] = (operation.at(-1) as number) ^ 1
    const key = suite.signingKey(createSeed())
    const receipt = createReceipt(suite, key, {
      kind: 'durable',
      ids: [idFromBytes('m', systemRandom.bytes(32))],
      at: Date.now(),
      until: null
    }).slice()
    const device = idToBytes(replicaOf(graces).current.self)
    const at = receipt.findIndex((_, index) =>
      key.publicKey.every((byte, offset) => receipt[index + offset] === byte)
    )
    receipt.set(device, at)
    return { operation, receipt }
  }
})

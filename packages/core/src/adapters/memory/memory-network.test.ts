import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Clock, isXcordError, type Random, type Timers } from '../../base/index.ts'
import type { Connection, Transport } from '../../net/index.ts'
import { createNodeSuite } from '../crypto-node/index.ts'
import { createMemoryNetwork, createMemoryTransport, type MemoryFaults, type MemoryNetwork } from './index.ts'

const TOPIC = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'

/** Virtual time: nothing happens until it is run. */
function virtualTime(): { clock: Clock; timers: Timers; run(ms: number): Promise<void> } {
  let now = 0
  let order = 0
  let due: { at: number; order: number; run: () => void }[] = []
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 40; i++) await Promise.resolve()
  }
  return {
    clock: { now: () => now },
    timers: {
      after: (ms, run) => {
        const entry = { at: now + ms, order: order++, run }
        due.push(entry)
        return () => {
          due = due.filter(each => each !== entry)
        }
      }
    },
    run: async ms => {
      const end = now + ms
      await settle()
      for (;;) {
        const next = due.filter(each => each.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0]
        if (next === undefined) break
        due = due.filter(each => each !== next)
        now = next.at
        next.run()
        await settle()
      }
      now = end
    }
  }
}

function seeded(seed: string): Random {
  let count = 0
  return {
    bytes: length =>
      new Uint8Array(
        createHash('shake256', { outputLength: Math.max(1, length) })
          .update(`${seed} ${count++}`)
          .digest()
      ).slice(0, length)
  }
}

interface World {
  network: MemoryNetwork
  peers: Transport[]
  run(ms: number): Promise<void>
  trace: string[]
}

async function world(seed: string, count: number, faults: Partial<MemoryFaults>): Promise<World> {
  const time = virtualTime()
  const suite = await createNodeSuite()
  const network = createMemoryNetwork({ ...time, random: seeded(seed), faults })
  const trace: string[] = []
  const peers = Array.from({ length: count }, (_, i) =>
    createMemoryTransport({ network, suite, seed: new Uint8Array(32).fill(i + 1) })
  )
  for (const [index, peer] of peers.entries()) {
    await peer.start()
    peer.gossip.subscribe(TOPIC)
    peer.gossip.validate(async message => {
      trace.push(`${time.clock.now().toFixed(3)} ${index} ${message.data[0]}`)
      return 'accept'
    })
    peer.on('connection:close', () => trace.push(`${time.clock.now().toFixed(3)} ${index} closed`))
  }
  return { network, peers, run: time.run, trace }
}

async function connected(made: World, a: number, b: number): Promise<Connection> {
  const dialling = made.peers[a]?.dial(made.peers[b]?.addresses() ?? [])
  await made.run(1_000)
  return await (dialling as Promise<Connection>)
}

/** Ten messages into a ring of five. */
async function ring(seed: string, faults: Partial<MemoryFaults>): Promise<string[]> {
  const made = await world(seed, 5, faults)
  for (let i = 0; i < 5; i++) await connected(made, i, (i + 1) % 5)
  for (let i = 0; i < 10; i++) {
    await made.peers[i % 5]?.gossip.publish(TOPIC, Uint8Array.of(i))
    await made.run(7)
  }
  await made.run(5_000)
  return made.trace
}

describe('memory network', () => {
  it('[NT36] replays a seed to the same trace, and another seed to another', async () => {
    const faults = { delayMs: 20, jitterMs: 50, gossipLoss: 0.2 }
    const [first, again, other] = [await ring('a', faults), await ring('a', faults), await ring('b', faults)]
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
  })

  it('[NT37] delays by as much as it says', async () => {
    const trace = await ring('a', { delayMs: 100 })
    expect(trace).toHaveLength(40)
    expect(trace[0]).toMatch(/^5100\.000 [14] 0$/)
  })

  it('[NT37] loses gossip, all of it where asked', async () => {
    expect(await ring('a', { gossipLoss: 1 })).toEqual([])
    const some = await ring('a', { gossipLoss: 0.3 })
    expect(some.length).toBeGreaterThan(5)
    expect(some.length).toBeLessThan(40)
  })

  it('[NT37] parts groups and joins them again', async () => {
    const made = await world('a', 3, {})
    const [a, b] = made.peers as [Transport, Transport, Transport]
    await connected(made, 0, 1)
    await connected(made, 1, 2)
    const heal = made.network.partition(
      [a.device],
      made.peers.slice(1).map(each => each.device)
    )
    await made.run(10)
    expect(a.connections()).toHaveLength(0)
    expect(b.connections()).toHaveLength(1)
    const refused = a.dial(b.addresses()).then(
      () => undefined,
      (error: unknown) => error
    )
    await made.run(10)
    expect(isXcordError(await refused, 'XCORD_NO_PEER')).toBe(true)
    heal()
    expect((await connected(made, 0, 1)).device).toBe(b.device)
  })

  it('[NT21] cuts a circuit that has carried its bytes', async () => {
    const time = virtualTime()
    const suite = await createNodeSuite()
    const network = createMemoryNetwork({ ...time, random: seeded('a') })
    const make = (fill: number, extra: object): Transport =>
      createMemoryTransport({ network, suite, seed: new Uint8Array(32).fill(fill), ...extra })
    const [node, a, b] = [make(1, { node: true }), make(2, { listen: false }), make(3, { listen: false })]
    for (const each of [node, a, b]) await each.start()
    b.handle(
      '/xcord/sync/1',
      { frameBytesMax: 60_000, inboundStreamsMax: 1, onLimited: true },
      async stream => {
        for await (const _ of stream.frames()) {
          /* drained */
        }
      }
    )
    const settle = async <T>(work: Promise<T>): Promise<T> => (await time.run(100), await work)
    await settle(Promise.all([a.dial(node.addresses()), b.dial(node.addresses())]))
    const circuit = await settle(a.dial(b.addresses()))
    expect(circuit.limits).toEqual({ bytes: 131_072 })
    const stream = await settle(circuit.openStream('/xcord/sync/1'))
    for (let i = 0; i < 2; i++) await settle(stream.send(new Uint8Array(60_000)))
    expect(a.connections(b.device)).toHaveLength(1)
    await settle(stream.send(new Uint8Array(60_000)).catch(() => undefined))
    expect(a.connections(b.device)).toHaveLength(0)
  })
})

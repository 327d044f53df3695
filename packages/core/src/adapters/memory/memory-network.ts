/**
 * A network inside one process: the contract of net without sockets, for scenarios and simulation. Time and
 * chance are ports, so that one seed replays delays, losses and order.
 */
import type { Clock, DeviceId, Random, Timers } from '../../base/index.ts'
import type { MemoryPeer } from './memory-peer.ts'

/** What goes wrong on the way. */
export interface MemoryFaults {
  /** One way, ms. */
  readonly delayMs: number
  /** Added at random, 0 to this, ms; order on one connection is kept. */
  readonly jitterMs: number
  /** Chance from 0 to 1 that a gossip message is lost on one hop; streams are reliable. */
  readonly gossipLoss: number
}

/** What a network is made of. */
export interface MemoryNetworkInit {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly faults?: Partial<MemoryFaults> | undefined
}

/** The network itself: the hand of whoever simulates. */
export interface MemoryNetwork {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  setFaults(faults: Partial<MemoryFaults>): void
  /** Cuts all connections between the groups and refuses new ones until the returned function is called. */
  partition(one: readonly DeviceId[], other: readonly DeviceId[]): () => void
  /** Cuts what is open between two devices, once. */
  cut(one: DeviceId, other: DeviceId): void
  /** For the adapter's own files. */
  readonly inner: NetworkInner
}

/** What peers use of the network. */
export interface NetworkInner {
  readonly peers: Map<DeviceId, MemoryPeer>
  blocked(one: DeviceId, other: DeviceId): boolean
  /** Runs something at the far end of a lane: later, in order. */
  post(lane: Lane, run: () => void): void
  losesGossip(): boolean
  nextId(): string
}

/** One direction of a connection: what was sent first arrives first. */
export interface Lane {
  lastAt: number
  readonly waiting: (() => void)[]
}

/** A lane that nothing has used. */
export function openLane(): Lane {
  return { lastAt: 0, waiting: [] }
}

/** A uniform number from 0 to 1, of the seeded stream. */
function chance(random: Random): number {
  return new DataView(random.bytes(4).buffer).getUint32(0) / 2 ** 32
}

/** Makes an empty network. */
export function createMemoryNetwork(init: MemoryNetworkInit): MemoryNetwork {
  const { clock, timers, random } = init
  const peers = new Map<DeviceId, MemoryPeer>()
  const walls = new Set<readonly [ReadonlySet<DeviceId>, ReadonlySet<DeviceId>]>()
  let faults: MemoryFaults = { delayMs: 0, jitterMs: 0, gossipLoss: 0, ...init.faults }
  let ids = 0

  const cut = (one: DeviceId, other: DeviceId): void => {
    for (const link of peers.get(one)?.links() ?? [])
      if (link.devices.includes(other)) link.close('the network was cut')
  }
  const blocked = (one: DeviceId, other: DeviceId): boolean =>
    [...walls].some(([a, b]) => (a.has(one) && b.has(other)) || (a.has(other) && b.has(one)))

  return {
    clock,
    timers,
    random,
    cut,
    setFaults: changed => {
      faults = { ...faults, ...changed }
    },
    partition: (one, other) => {
      const wall = [new Set(one), new Set(other)] as const
      walls.add(wall)
      for (const a of one) for (const b of other) cut(a, b)
      return () => walls.delete(wall)
    },
    inner: {
      peers,
      blocked,
      nextId: () => `m${++ids}`,
      losesGossip: () => faults.gossipLoss > 0 && chance(random) < faults.gossipLoss,
      post: (lane, run) => {
        const delay = faults.delayMs + (faults.jitterMs > 0 ? chance(random) * faults.jitterMs : 0)
        const now = clock.now()
        const at = Math.max(lane.lastAt, now + delay)
        lane.lastAt = at
        // Timers of one moment may fire in any order; each firing takes whatever is next in the lane.
        lane.waiting.push(run)
        timers.after(at - now, () => lane.waiting.shift()?.())
      }
    }
  }
}

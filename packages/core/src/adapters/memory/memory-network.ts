/**
 * A network inside one process: the contract of net without sockets, for scenarios and simulation. Time and
 * chance are ports, so that one seed replays delays, losses and order.
 */
import type { Clock, DeviceId, Random, Timers } from '../../base/index.ts'
import type { GossipIds } from './memory-gossip.ts'
import type { MemoryPeer } from './memory-peer.ts'

/** What goes wrong on the way. */
export interface MemoryFaults {
  /** One way, ms. */
  readonly delayMs: number
  /** Added at random, 0 to this, ms; order on one connection is kept. */
  readonly jitterMs: number
  /** Chance from 0 to 1 that a gossip message is lost on one hop; streams are reliable. */
  readonly gossipLoss: number
  /** Chance that a gossip message arrives twice on one hop, the second time out of order. */
  readonly gossipDuplicates: number
  /** Chance that a gossip message is overtaken by those behind it. */
  readonly gossipReorder: number
  /** Chance that a frame, and all behind it on its connection, is held up by `spikeMs`. */
  readonly spikes: number
  readonly spikeMs: number
  /** What one direction of a connection carries; Infinity unless told. */
  readonly bytesPerSecond: number
}

/** Bytes as they arrive, from device to device. */
export interface Arrival {
  readonly from: DeviceId
  readonly to: DeviceId
  readonly kind: 'frame' | 'gossip'
  readonly bytes: Uint8Array
}

/** What a network is made of. */
export interface MemoryNetworkInit {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly faults?: Partial<MemoryFaults> | undefined
  /** Shown everything that arrives anywhere, right before it does. */
  readonly observe?: ((arrival: Arrival) => void) | undefined
}

/** The network itself: the hand of whoever simulates. */
export interface MemoryNetwork {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  setFaults(faults: Partial<MemoryFaults>): void
  /** Cuts all connections between the groups and refuses new ones until the returned function is called. */
  partition(one: readonly DeviceId[], other: readonly DeviceId[]): () => void
  /**
   * Nothing gets from the first to the second any more, and nobody is told: what is sent waits, and connections die of
   * it after twenty seconds, as probes would find. Both ways for a full partition. The returned function heals it.
   */
  silence(from: readonly DeviceId[], to: readonly DeviceId[]): () => void
  /** Cuts what is open between two devices, once. */
  cut(one: DeviceId, other: DeviceId): void
  /** For the adapter's own files. */
  readonly inner: NetworkInner
}

/** What peers use of the network. */
export interface NetworkInner {
  readonly peers: Map<DeviceId, MemoryPeer>
  /** What messages under way are called: the same bytes go over many links, and their name is a hash. */
  readonly gossipIds: GossipIds
  blocked(one: DeviceId, other: DeviceId): boolean
  /** Runs something at the far end of a lane: later, in order. */
  post(lane: Lane, run: () => void, bytes?: Uint8Array): void
  /** As `post` for a gossip message: perhaps never, twice, or out of order. */
  postGossip(lane: Lane, run: () => void, bytes: Uint8Array): void
  nextId(): string
}

/** One direction of a connection: what was sent first arrives first. */
export interface Lane {
  readonly from: DeviceId
  readonly to: DeviceId
  lastAt: number
  readonly waiting: (() => void)[]
  /** Turns of those that came due while nothing got through. */
  stalled: number
}

/** A lane that nothing has used. */
export function openLane(from: DeviceId, to: DeviceId): Lane {
  return { from, to, lastAt: 0, waiting: [], stalled: 0 }
}

/** NT20: a silent connection is found out by then, ms. */
const DEAD_MS = 20_000

const NO_FAULTS: MemoryFaults = {
  delayMs: 0,
  jitterMs: 0,
  gossipLoss: 0,
  gossipDuplicates: 0,
  gossipReorder: 0,
  spikes: 0,
  spikeMs: 0,
  bytesPerSecond: Infinity
}

/** One way from some devices to others. */
type Wall = readonly [ReadonlySet<DeviceId>, ReadonlySet<DeviceId>]

const divides = ([from, to]: Wall, one: DeviceId, other: DeviceId): boolean => from.has(one) && to.has(other)

/** Makes an empty network. */
export function createMemoryNetwork(init: MemoryNetworkInit): MemoryNetwork {
  return new Network(init)
}

class Network implements MemoryNetwork, NetworkInner {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly peers = new Map<DeviceId, MemoryPeer>()
  readonly gossipIds: GossipIds = new WeakMap()
  readonly #observe: MemoryNetworkInit['observe']
  readonly #walls = new Set<Wall>()
  readonly #silences = new Set<Wall>()
  /** The same by whom they silence: each frame asks. */
  readonly #silenced = new Map<DeviceId, Set<Wall>>()
  readonly #stalled = new Set<Lane>()
  #faults: MemoryFaults
  #ids = 0

  constructor(init: MemoryNetworkInit) {
    this.clock = init.clock
    this.timers = init.timers
    this.random = init.random
    this.#observe = init.observe
    this.#faults = { ...NO_FAULTS, ...init.faults }
  }

  get inner(): NetworkInner {
    return this
  }

  setFaults(changed: Partial<MemoryFaults>): void {
    this.#faults = { ...this.#faults, ...changed }
  }

  cut(one: DeviceId, other: DeviceId): void {
    // From both sides: of a device that runs twice, only the newest is found by its id.
    for (const [near, far] of [[one, other] as const, [other, one] as const])
      for (const link of this.peers.get(near)?.links() ?? [])
        if (link.devices.includes(far)) link.close('the network was cut')
  }

  partition(one: readonly DeviceId[], other: readonly DeviceId[]): () => void {
    const wall: Wall = [new Set(one), new Set(other)]
    this.#walls.add(wall)
    for (const a of one) for (const b of other) this.cut(a, b)
    return () => this.#walls.delete(wall)
  }

  silence(from: readonly DeviceId[], to: readonly DeviceId[]): () => void {
    const wall: Wall = [new Set(from), new Set(to)]
    this.#silences.add(wall)
    for (const each of wall[0]) {
      const walls = this.#silenced.get(each) ?? new Set()
      this.#silenced.set(each, walls.add(wall))
    }
    this.timers.after(DEAD_MS, () => {
      if (this.#silences.has(wall)) for (const a of from) for (const b of to) this.cut(a, b)
    })
    return () => {
      this.#silences.delete(wall)
      for (const each of wall[0]) this.#silenced.get(each)?.delete(wall)
      for (const lane of [...this.#stalled]) this.#resume(lane)
    }
  }

  blocked(one: DeviceId, other: DeviceId): boolean {
    for (const wall of this.#walls) if (divides(wall, one, other) || divides(wall, other, one)) return true
    return this.#silent(one, other) || this.#silent(other, one)
  }

  nextId(): string {
    return `m${++this.#ids}`
  }

  post(lane: Lane, run: () => void, bytes?: Uint8Array): void {
    const at = Math.max(lane.lastAt, this.clock.now() + this.#delay(bytes?.length ?? 0))
    lane.lastAt = at
    // Timers of one moment may fire in any order; each firing takes whatever is next in the lane.
    lane.waiting.push(() => {
      if (bytes !== undefined) this.#observe?.({ from: lane.from, to: lane.to, kind: 'frame', bytes })
      run()
    })
    this.timers.after(at - this.clock.now(), () => this.#arrive(lane))
  }

  postGossip(lane: Lane, run: () => void, bytes: Uint8Array): void {
    const { gossipLoss, gossipDuplicates, gossipReorder } = this.#faults
    if (this.#happens(gossipLoss)) return
    const arrive = (): void => {
      this.#observe?.({ from: lane.from, to: lane.to, kind: 'gossip', bytes })
      run()
    }
    if (this.#happens(gossipReorder)) this.#stray(lane, arrive)
    else this.post(lane, arrive)
    if (this.#happens(gossipDuplicates)) this.#stray(lane, arrive)
  }

  /** A message by itself: it keeps no order with the others. */
  #stray(lane: Lane, run: () => void): void {
    this.post(openLane(lane.from, lane.to), () =>
      this.timers.after(this.#delay(0) * (1 + 3 * chance(this.random)), run)
    )
  }

  #arrive(lane: Lane): void {
    if (this.#silences.size > 0 && this.#silent(lane.from, lane.to)) {
      lane.stalled++
      this.#stalled.add(lane)
      return
    }
    lane.waiting.shift()?.()
  }

  #resume(lane: Lane): void {
    if (this.#silent(lane.from, lane.to)) return
    this.#stalled.delete(lane)
    for (; lane.stalled > 0; lane.stalled--) this.timers.after(0, () => this.#arrive(lane))
  }

  #silent(from: DeviceId, to: DeviceId): boolean {
    for (const wall of this.#silenced.get(from) ?? []) if (wall[1].has(to)) return true
    return false
  }

  #happens(probability: number): boolean {
    return probability > 0 && chance(this.random) < probability
  }

  #delay(bytes: number): number {
    const { delayMs, jitterMs, spikes, spikeMs, bytesPerSecond } = this.#faults
    const jitter = jitterMs > 0 ? chance(this.random) * jitterMs : 0
    const spike = this.#happens(spikes) ? spikeMs : 0
    return delayMs + jitter + spike + (bytes * 1_000) / bytesPerSecond
  }
}

/** A uniform number from 0 to 1, of the seeded stream. */
function chance(random: Random): number {
  const [a, b, c, d] = random.bytes(4) as unknown as [number, number, number, number]
  return (a * 0x1000000 + b * 0x10000 + c * 0x100 + d) / 2 ** 32
}

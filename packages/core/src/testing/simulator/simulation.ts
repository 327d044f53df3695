/**
 * A world in one process: peers that run the whole real core, over a network, disks and clocks that one seed moves.
 * The same seed gives the same world, event by event.
 */
import type { DeviceId } from '../../base/index.ts'
import { createNodeSuite } from '../../adapters/crypto-node/index.ts'
import {
  type Arrival,
  createMemoryNetwork,
  createMemoryTransport,
  type MemoryFaults,
  type MemoryNetwork
} from '../../adapters/memory/index.ts'
import type { Suite } from '../../crypto/index.ts'
import type { Transport } from '../../net/index.ts'
import { type PeerWorld, SimulatedPeer } from './peer.ts'
import { quickSuite } from './quick-suite.ts'
import { Seeded } from './seeded.ts'
import { Trace } from './trace.ts'
import { VirtualTime } from './virtual-time.ts'

/** 2026-01-01: any time will do, as long as it is always the same. */
const START = 1_767_225_600_000
/** How long a task may take before it counts as hanging, virtual ms. */
const TASK_MS = 120_000
/** How often a condition is looked at, virtual ms. */
const LOOK_MS = 100

/** What a world is made of. */
export interface SimulationInit {
  /** Decides everything; a whole number from 0 to 2³² − 1. */
  readonly seed: number
  /** How the network is at first; 5 to 25 ms one way unless told. */
  readonly network?: Partial<MemoryFaults>
  /**
   * `real`: cryptography as it is. `quick`: a cheap hash in place of each primitive, so that large worlds run faster;
   * nobody in them forges. Default `real`.
   */
  readonly signatures?: 'real' | 'quick'
  /** Told what nodes could not do in the background; a test may want to fail then. */
  readonly onFault?: (peer: SimulatedPeer, error: unknown) => void
}

/** Makes an empty world with one bootstrap node in it. */
export async function createSimulation(init: SimulationInit): Promise<Simulation> {
  if (!Number.isInteger(init.seed) || init.seed < 0 || init.seed >= 2 ** 32)
    throw new RangeError(`a seed is a whole number from 0 to 4294967295, not ${init.seed}`)
  const real = await createNodeSuite()
  const simulation = new Simulation(init, init.signatures === 'quick' ? quickSuite(real) : real)
  await simulation.startNode()
  return simulation
}

export class Simulation {
  readonly seed: number
  /** For the one who writes the scenario: draws here replay with the seed. */
  readonly chance: Seeded
  readonly network: MemoryNetwork
  readonly time: VirtualTime
  readonly peers: SimulatedPeer[] = []
  readonly #root: Seeded
  readonly #trace = new Trace()
  readonly #world: PeerWorld
  readonly #node: Transport
  readonly #places = new Map<DeviceId, number>()
  readonly #watchers = new Set<(arrival: Arrival) => void>()
  readonly #bootstrap: string[] = []

  /** Use `createSimulation`. */
  constructor({ seed, network, onFault }: SimulationInit, suite: Suite) {
    this.seed = seed
    this.#root = new Seeded(seed)
    this.chance = this.#root.split('scenario')
    this.time = new VirtualTime(START, this.#root.split('schedule'))
    this.network = createMemoryNetwork({
      clock: this.time,
      timers: this.time,
      random: this.#root.split('network'),
      faults: { delayMs: 5, jitterMs: 20, ...network },
      observe: arrival => this.#arrived(arrival)
    })
    this.#world = {
      suite,
      network: this.network,
      time: this.time,
      bootstrap: this.#bootstrap,
      wrote: (peer, write) => {
        this.#mark('write', peer.account.device.device)
        this.#trace.number(write.number)
        this.#trace.number(write.bytes)
      },
      fault: (peer, error) => onFault?.(peer, error)
    }
    const nodeSeed = this.#root.split('bootstrap node').bytes(32)
    this.#node = createMemoryTransport({ network: this.network, suite, seed: nodeSeed, node: true })
  }

  /** Part of `createSimulation`. */
  async startNode(): Promise<void> {
    await this.#node.start()
    this.#bootstrap.push(...this.#node.addresses())
  }

  get suite(): Suite {
    return this.#world.suite
  }

  /** Events so far, each an input: a frame or message that arrived, a timer that fired, a write that ended. */
  get events(): number {
    return this.time.events
  }

  /** The log of all arrivals and writes, with their times and bytes, as 16 hex digits. */
  get trace(): string {
    return this.#trace.digest()
  }

  /** Adds a profile that is not started yet. Names are unique. */
  add(name: string): SimulatedPeer {
    this.#assertFree(name)
    return this.#keep(new SimulatedPeer(this.#world, { name, chance: this.#root.split(`peer ${name}`) }))
  }

  /** Adds a copy of a profile as its disk is now, with the same keys: two devices that believe to be one. */
  copy(peer: SimulatedPeer, name: string): SimulatedPeer {
    this.#assertFree(name)
    return this.#keep(peer.copy(name))
  }

  /** Shows everything that arrives anywhere, sealed as it is. Returns how to stop it. */
  watch(watcher: (arrival: Arrival) => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Lets virtual time pass. */
  async run(ms: number): Promise<void> {
    await this.time.run({ ms })
  }

  /**
   * Starts a task and runs the world until it is done.
   *
   * @throws what the task throws; Error where it is not done within `ms` of virtual time (two minutes unless told).
   */
  async do<T>(task: () => Promise<T>, ms: number = TASK_MS): Promise<T> {
    let settled = false
    const running = task().finally(() => {
      settled = true
    })
    // Whatever comes of it is told below.
    running.catch(() => undefined)
    if (!(await this.time.run({ ms, until: () => settled })))
      throw new Error(`seed ${this.seed}: a task was not done within ${ms} ms`)
    return await running
  }

  /** Runs the world until something is true. @throws Error where it is not within `ms` of virtual time. */
  async until(
    what: string,
    condition: () => boolean | Promise<boolean>,
    ms: number = TASK_MS
  ): Promise<void> {
    const end = this.time.now() + ms
    while (!(await this.do(async () => await condition()))) {
      if (this.time.now() >= end) throw new Error(`seed ${this.seed}: waited ${ms} ms in vain for: ${what}`)
      await this.run(LOOK_MS)
    }
  }

  /** Closes all nodes. */
  async end(): Promise<void> {
    await this.do(async () => {
      for (const peer of this.peers) await peer.stop()
      await this.#node.stop()
    })
  }

  /** Writes something the scenario did into the log. */
  note(text: string): void {
    this.#trace.number(this.time.now())
    this.#trace.text(text)
  }

  #assertFree(name: string): void {
    if (this.peers.some(each => each.name === name)) throw new RangeError(`there is a ${name} already`)
  }

  #keep(peer: SimulatedPeer): SimulatedPeer {
    this.peers.push(peer)
    const { device } = peer.account.device
    if (!this.#places.has(device)) this.#places.set(device, this.#places.size)
    return peer
  }

  #arrived(arrival: Arrival): void {
    this.#mark(arrival.kind, arrival.from)
    this.#trace.number(this.#places.get(arrival.to) ?? -1)
    this.#trace.bytes(arrival.bytes)
    for (const watcher of this.#watchers) watcher(arrival)
  }

  #mark(kind: string, device: DeviceId): void {
    this.#trace.number(this.time.now())
    this.#trace.text(kind)
    this.#trace.number(this.#places.get(device) ?? -1)
  }
}

/** One peer of a simulation: a profile with its disk and clock, and the real node while it is up. */
import { type Clock, type Timers, XcordError } from '../../base/index.ts'
import {
  createMemoryStore,
  createMemoryTransport,
  type MemoryNetwork,
  type MemoryStore,
  type MemoryWrite,
  type WriteFault
} from '../../adapters/memory/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { type Account, createAccount } from '../../identity/index.ts'
import { createNode, type Node, type ProfileReport, verifyProfile } from '../../node/index.ts'
import { Liar } from './liar.ts'
import type { Seeded } from './seeded.ts'

/** How a disk behaves. */
export interface DiskFaults {
  /** What one write takes, with sync, ms. */
  readonly latencyMs: number
  /** Chance that a write fails. */
  readonly failing: number
  /** Every write is refused for want of room. */
  readonly full: boolean
}

/** What peers of one world share. */
export interface PeerWorld {
  readonly suite: Suite
  readonly network: MemoryNetwork
  readonly time: Clock & Timers
  readonly bootstrap: readonly string[]
  /** Told each write that begins. */
  wrote(peer: SimulatedPeer, write: MemoryWrite): void
  /** What a running node could not do, in the background. */
  fault(peer: SimulatedPeer, error: unknown): void
}

const MASTER_KEY = new Uint8Array(32).fill(7)
const GOOD_DISK: DiskFaults = { latencyMs: 2, failing: 0, full: false }

/** One run of the node, from start to stop or crash. */
interface Life {
  alive: boolean
  node?: Node
  stopNetwork(): void
}

export class SimulatedPeer {
  readonly name: string
  readonly account: Account
  /** What the peer's clock is ahead of true time, ms. */
  skewMs = 0
  /** What it tells others about its logs: the truth, unless told to lie. */
  readonly liar: Liar
  readonly #world: PeerWorld
  readonly #chance: Seeded
  #store: MemoryStore
  #disk: DiskFaults = GOOD_DISK
  #life: Life | undefined

  constructor(
    world: PeerWorld,
    init: {
      readonly name: string
      readonly chance: Seeded
      readonly account?: Account
      readonly disk?: MemoryStore
    }
  ) {
    this.#world = world
    this.#chance = init.chance
    this.name = init.name
    this.liar = new Liar(init.chance.split('lies'), world.suite)
    this.account = init.account ?? createAccount(world.suite, init.chance, world.time.now())
    const disk = { beforeWrite: async (write: MemoryWrite) => await this.#beforeWrite(write) }
    this.#store = init.disk?.copy(disk) ?? createMemoryStore(disk)
  }

  /** Whether its node runs. */
  get up(): boolean {
    return this.#life?.node !== undefined
  }

  /** Whether it is up, or on its way. */
  get running(): boolean {
    return this.#life !== undefined
  }

  /** The running node. @throws XcordError XCORD_CLOSED while it is down. */
  get node(): Node {
    const node = this.#life?.node
    if (node === undefined) throw new XcordError('XCORD_CLOSED', `${this.name} is down.`, { what: 'peer' })
    return node
  }

  /** Changes how the disk behaves from the next write on. */
  setDisk(changed: Partial<DiskFaults>): void {
    this.#disk = { ...this.#disk, ...changed }
  }

  /** A disk as it should be. */
  mendDisk(): void {
    this.#disk = GOOD_DISK
  }

  /** Opens the profile and goes online. */
  async start(): Promise<void> {
    if (this.#life !== undefined) throw new TypeError(`${this.name} is up already`)
    const { suite, network, time, bootstrap } = this.#world
    const transport = createMemoryTransport({
      network,
      suite,
      seed: this.account.device.signSeed,
      tamper: stream => this.liar.tamper(stream),
      mouth: this.liar.gossip
    })
    const life: Life = { alive: true, stopNetwork: () => void transport.stop() }
    this.#life = life
    const node = await createNode({
      suite,
      clock: { now: () => Math.max(0, time.now() + this.skewMs) },
      // What is left of a dead node waits for timers that never fire.
      timers: { after: (ms, run) => time.after(ms, () => (life.alive ? run() : undefined)) },
      random: this.#chance,
      store: this.#store,
      masterKey: MASTER_KEY,
      account: this.account,
      name: this.name,
      transport,
      bootstrap,
      onFault: error => {
        if (life.alive) this.#world.fault(this, error)
      }
    }).catch((error: unknown) => {
      if (this.#life === life) this.#buryWith('close')
      throw error
    })
    if (!life.alive) throw new XcordError('XCORD_CLOSED', `${this.name} lost power.`, { what: 'peer' })
    life.node = node
  }

  /** Closes in good order. */
  async stop(): Promise<void> {
    const life = this.#life
    if (life === undefined) return
    await life.node?.close()
    if (this.#life === life) this.#buryWith('close')
  }

  /**
   * Power cut: no farewell, and of what was not synced a random part is lost. What is under way never reports, though
   * it may have reached the disk.
   */
  crash(): void {
    if (this.#life === undefined) return
    this.#buryWith('crash')
  }

  /** The disk as it is, while the peer is down: for tests that damage it. */
  get disk(): MemoryStore {
    if (this.#life !== undefined) throw new TypeError(`${this.name} is up`)
    return this.#store
  }

  /** ND41: what `xcord verify` says of the disk, as it is while the peer is down. */
  async verify(): Promise<ProfileReport> {
    const { suite } = this.#world
    const random = this.#chance.split('verify')
    return await verifyProfile({
      suite,
      random,
      store: this.disk,
      masterKey: MASTER_KEY,
      account: this.account
    })
  }

  /** A second device that is this one: the same keys over a copy of the disk as it is now, as a copied folder makes it. */
  copy(name: string): SimulatedPeer {
    return new SimulatedPeer(this.#world, {
      name,
      chance: this.#chance.split(name),
      account: this.account,
      disk: this.#store
    })
  }

  #buryWith(end: 'close' | 'crash'): void {
    const life = this.#life as Life
    life.alive = false
    this.#life = undefined
    if (end === 'crash') {
      this.#store.crash({
        keepUnsynced: this.#chance.below(this.#store.unsynced + 1),
        keepUnderWay: this.#chance.chance(0.5)
      })
      life.stopNetwork()
    }
    this.#store = this.#store.reopen()
  }

  async #beforeWrite(write: MemoryWrite): Promise<WriteFault | undefined> {
    this.#world.wrote(this, write)
    const { latencyMs, failing, full } = this.#disk
    const latency = latencyMs * (write.sync ? 1 : 0.1) * this.#chance.between(0.5, 1.5)
    await new Promise<void>(resolve => this.#world.time.after(latency, resolve))
    if (full) return 'full'
    if (!this.#chance.chance(failing)) return undefined
    return this.#chance.pick(['fail', 'fail-late'] as const)
  }
}

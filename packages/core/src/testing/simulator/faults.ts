/** What goes wrong around peers: each fault ends by itself after a while, and all of them at `calm`. */
import { type DeviceId, isXcordError } from '../../base/index.ts'
import type { MemoryFaults } from '../../adapters/memory/index.ts'
import { type Community, logOf } from './community.ts'
import { FORGERIES, forge, type Forgery } from './forge.ts'
import { LIES, type Lie } from './liar.ts'
import type { DiskFaults, SimulatedPeer } from './peer.ts'
import type { Seeded } from './seeded.ts'
import type { Simulation } from './simulation.ts'
import type { FaultKind } from './storm.ts'

const NO_WEATHER: Partial<MemoryFaults> = {
  delayMs: 5,
  jitterMs: 20,
  gossipLoss: 0,
  gossipDuplicates: 0,
  gossipReorder: 0,
  spikes: 0,
  spikeMs: 0,
  bytesPerSecond: Infinity
}
const MINUTE_MS = 60_000
/** Clocks go wrong by this much at most; the end waits until it is over. */
export const SKEW_MS_MAX = 8 * MINUTE_MS
/** Of those who lie this share never stops, as long as the liars are few. */
const FOR_GOOD = 0.3
const LIARS_SHARE_MAX = 0.25

/** What a start may fail with while things go wrong. */
const EXCUSES: ReadonlySet<string> = new Set(['XCORD_STORE_FAILED', 'XCORD_DISK_FULL', 'XCORD_CLOSED'])

/** Whom a fault befalls. */
export interface Blow {
  readonly peer: SimulatedPeer
  readonly other: SimulatedPeer
  /** Everybody of the same server. */
  readonly near: readonly SimulatedPeer[]
  readonly community: Community
  readonly chance: Seeded
  readonly index: number
}

const deviceOf = (peer: SimulatedPeer): DeviceId => peer.account.device.device

export class Faults {
  /** Copies that ran: what their devices signed has two branches, perhaps. */
  readonly copied = new Set<SimulatedPeer>()
  /** How often each befell somebody. */
  readonly counts = new Map<string, number>()
  readonly #simulation: Simulation
  readonly #heal = new Set<() => void>()
  readonly #copies: SimulatedPeer[] = []
  readonly #down = new Set<SimulatedPeer>()
  readonly #forGood = new Set<SimulatedPeer>()
  readonly #failed: (error: unknown) => void

  /** @param failed - Told when a peer does not start again. */
  constructor(simulation: Simulation, failed: (error: unknown) => void) {
    this.#simulation = simulation
    this.#failed = failed
  }

  strike(kind: FaultKind, blow: Blow): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    this.#run[kind](blow)
  }

  /** Ends all that still lasts, and starts whoever is down. */
  async calm(peers: readonly SimulatedPeer[]): Promise<void> {
    for (const heal of [...this.#heal]) heal()
    this.#heal.clear()
    this.#simulation.network.setFaults(NO_WEATHER)
    for (const copy of this.#copies) copy.crash()
    for (const peer of peers) {
      peer.mendDisk()
      peer.skewMs = 0
      if (!this.#forGood.has(peer)) peer.liar.end()
      if (!peer.running && !this.#down.has(peer)) await this.#start(peer)
    }
  }

  readonly #run: Readonly<Record<FaultKind, (blow: Blow) => void>> = {
    ...runsOf(LIES, (lie, blow) => this.#lie(lie, blow)),
    ...runsOf(FORGERIES, (kind, blow) => this.#forge(kind, blow)),
    crash: ({ peer, chance }) => {
      if (!peer.running || this.#down.has(peer)) return
      peer.crash()
      this.#startLater(peer, chance.between(100, 30_000))
    },
    restart: ({ peer, chance }) => {
      if (!peer.up || this.#down.has(peer)) return
      this.#down.add(peer)
      peer
        .stop()
        .then(() => {
          this.#down.delete(peer)
          this.#startLater(peer, chance.between(100, 10_000))
        })
        .catch(this.#failed)
    },
    cut: ({ peer, other }) => this.#simulation.network.cut(deviceOf(peer), deviceOf(other)),
    'one-way': ({ peer, near, chance }) => {
      const others = near.filter(each => each !== peer && chance.chance(0.5)).map(deviceOf)
      const [from, to] = chance.chance(0.5) ? [[deviceOf(peer)], others] : [others, [deviceOf(peer)]]
      this.#whileHealed(this.#simulation.network.silence(from, to), chance.between(1_000, 40_000))
    },
    partition: ({ near, chance }) => {
      const one = near.filter(() => chance.chance(0.5)).map(deviceOf)
      const other = near.map(deviceOf).filter(each => !one.includes(each))
      const { network } = this.#simulation
      const loud = chance.chance(0.5)
      const heals = loud
        ? [network.partition(one, other)]
        : [network.silence(one, other), network.silence(other, one)]
      this.#whileHealed(() => heals.forEach(heal => heal()), chance.between(2_000, 60_000))
    },
    weather: ({ chance }) => {
      this.#simulation.network.setFaults({
        delayMs: chance.between(0, 150),
        jitterMs: chance.between(0, 300),
        gossipLoss: chance.between(0, 0.6),
        gossipDuplicates: chance.between(0, 0.3),
        gossipReorder: chance.between(0, 0.5),
        spikes: chance.between(0, 0.02),
        spikeMs: chance.between(100, 4_000),
        bytesPerSecond: chance.chance(0.3) ? chance.between(20_000, 500_000) : Infinity
      })
      this.#whileHealed(() => this.#simulation.network.setFaults(NO_WEATHER), chance.between(2_000, 40_000))
    },
    disk: ({ peer, chance }) => {
      peer.setDisk(
        chance.pick<Partial<DiskFaults>>([
          { latencyMs: chance.between(50, 800) },
          { failing: chance.between(0.05, 0.5) },
          { full: true }
        ])
      )
      this.#whileHealed(() => peer.mendDisk(), chance.between(500, 15_000))
    },
    clock: ({ peer, chance }) => {
      const most = chance.chance(0.5) ? SKEW_MS_MAX : MINUTE_MS
      peer.skewMs = Math.floor(chance.between(-most, most))
      this.#whileHealed(() => void (peer.skewMs = 0), chance.between(1_000, 60_000))
    },
    copy: ({ peer, chance, index }) => {
      this.copied.add(peer)
      const copy = this.#simulation.copy(peer, `${peer.name} again ${index}`)
      this.#copies.push(copy)
      copy.start().catch(this.#failed)
      this.#whileHealed(() => copy.crash(), chance.between(5_000, 40_000))
    }
  }

  #lie(lie: Lie, { peer, near, chance, community }: Blow): void {
    // The founder's word is what the others are held against.
    if (peer === near[0] || this.#forGood.has(peer)) return
    peer.liar.begin(lie)
    const forGood = chance.chance(FOR_GOOD)
    if (forGood && community.liars.size < Math.floor(near.length * LIARS_SHARE_MAX)) {
      this.#forGood.add(peer)
      community.liars.add(peer)
    } else this.#whileHealed(() => peer.liar.end(), chance.between(5_000, 60_000))
  }

  #forge(kind: Forgery, { peer, near, chance, community, index }: Blow): void {
    if (peer === near[0] || !community.isIn(peer)) return
    const { suite, time } = this.#simulation
    const log = logOf(community.replica(peer))
    const forged = forge(kind, { suite, log, peer, at: time.now(), index })
    // Each branch to other ears; who signs two may lose what it wrote beside them.
    if (forged.length > 1) this.copied.add(peer)
    const half = new Set(near.filter(() => chance.chance(0.5)).map(deviceOf))
    for (const [branch, { bytes }] of forged.entries())
      peer.liar
        .push([bytes], device => forged.length === 1 || half.has(device) === (branch === 0))
        .catch(this.#failed)
  }

  /** Copies that run now: they take part like anybody. */
  get copies(): readonly SimulatedPeer[] {
    return this.#copies.filter(each => each.up)
  }

  #whileHealed(heal: () => void, ms: number): void {
    const once = (): void => {
      if (this.#heal.delete(once)) heal()
    }
    this.#heal.add(once)
    this.#simulation.time.after(ms, once)
  }

  #startLater(peer: SimulatedPeer, ms: number): void {
    if (this.#down.has(peer)) return
    this.#down.add(peer)
    this.#simulation.time.after(ms, () => {
      this.#down.delete(peer)
      this.#start(peer).catch(this.#failed)
    })
  }

  /** A bad disk or the next power cut may stop the start itself: tried again. */
  async #start(peer: SimulatedPeer): Promise<void> {
    if (peer.running) return
    try {
      await peer.start()
    } catch (error) {
      if (!isXcordError(error) || !EXCUSES.has(error.code)) throw error
      this.#startLater(peer, 2_000)
    }
  }
}

/** The same for each of a family of kinds. */
function runsOf<K extends FaultKind>(
  kinds: readonly K[],
  run: (kind: K, blow: Blow) => void
): Readonly<Record<K, (blow: Blow) => void>> {
  return Object.fromEntries(kinds.map(kind => [kind, (blow: Blow) => run(kind, blow)])) as Record<
    K,
    (blow: Blow) => void
  >
}

/** One seed from beginning to end: a world, a storm, calm, and what must hold then. */
import { isXcordError } from '../../base/index.ts'
import { isAction, perform } from './actions.ts'
import { brokenPromises, damages, differences, falseForks, leaks } from './agreement.ts'
import { Community } from './community.ts'
import { Faults, SKEW_MS_MAX } from './faults.ts'
import type { SimulatedPeer } from './peer.ts'
import { Seeded } from './seeded.ts'
import { createSimulation, type Simulation } from './simulation.ts'
import { drawStorm, type FaultKind, type Step, STEPS_A_MINUTE } from './storm.ts'

const MINUTE_MS = 60_000
/** Members of one server, unless told; the last one takes what is left over. */
const COMMUNITY_PEERS = 12
/** Virtual time in which everybody must agree after the last fault; longer than any clock was ahead. */
const CALM_MS = SKEW_MS_MAX + 10 * MINUTE_MS
const LOOK_MS = 5_000
/** Steps a minute among all peers, unless a pace is told: what 24 peers do. */
const STEPS_A_MINUTE_MAX = 24 * STEPS_A_MINUTE
/** Setting up and ending take no longer. */
const SETUP_MS = 60 * MINUTE_MS

/** What to simulate. */
export interface SimulateInit {
  readonly seed: number
  /** Peers in all; 8 unless told, at most 1,000. */
  readonly peers?: number
  /** Virtual minutes of storm; 3 unless told. */
  readonly minutes?: number
  /** Members of one server; 12 unless told. */
  readonly community?: number
  /**
   * What people do and what goes wrong, in steps a minute for each peer. Unless told, 12, and in worlds of more than 24
   * peers as much as in one of 24: 288 a minute among all, so that of a thousand some tens speak.
   */
  readonly pace?: number
  /** Kinds of fault; all unless told. */
  readonly faults?: readonly FaultKind[]
  /** Of the storm only these steps, by number: a failure that stays with few of them is easier to read. */
  readonly only?: readonly number[]
  /** `real`: cryptography as it is. `quick`: a cheap hash in place of each primitive. Default `quick`. */
  readonly signatures?: 'real' | 'quick'
  /** Told each step as it happens, and what came of it. */
  readonly onStep?: (line: string) => void
  /** Told how far it is, about once a virtual minute. */
  readonly onProgress?: (line: string) => void
}

/** How it went. */
export interface SimulateReport {
  readonly seed: number
  /** What did not hold, in words; empty is what one wants. */
  readonly failures: readonly string[]
  /** The command that shows the same again. */
  readonly command: string
  /** Equal for equal seeds, on every machine. */
  readonly trace: string
  /** Inputs that peers took: frames and gossip messages, timers, disk writes that ended, what people did. */
  readonly events: number
  /** Virtual ms, from the first peer to the end. */
  readonly virtualMs: number
  /** Messages that their authors were told to be stored. */
  readonly stored: number
  /** How often each kind of step happened. */
  readonly steps: Readonly<Record<string, number>>
  /** What liars told, by lie, and how often others shut them out for it, by rule. */
  readonly lies: Readonly<Record<string, number>>
  /** Numbers of the steps that were taken, for `only`. */
  readonly taken: readonly number[]
}

/** Runs one seed. Never throws for what the world did: that is in `failures`. */
export async function simulate(init: SimulateInit): Promise<SimulateReport> {
  return await new Run(init).run()
}

/** The command line that replays this. */
export function replayCommand(init: SimulateInit): string {
  const { seed, peers = 8, minutes = 3, community, pace, faults, only, signatures } = init
  const words = [
    `npm run simulate -- --seed ${seed} --peers ${peers} --minutes ${minutes}`,
    community === undefined ? '' : `--community ${community}`,
    pace === undefined ? '' : `--pace ${pace}`,
    faults === undefined ? '' : `--faults ${faults.join(',') || 'none'}`,
    signatures === undefined ? '' : `--signatures ${signatures}`,
    only === undefined ? '' : `--only ${only.join(',')}`
  ]
  return words.filter(word => word !== '').join(' ')
}

/** Errors that are no fault of the core's: the world was bad, or it was not allowed, or too late. */
function isExcused(error: unknown): boolean {
  return isXcordError(error) && error.code !== 'XCORD_STORE_CORRUPT'
}

class Run {
  readonly #init: SimulateInit
  readonly #failures: string[] = []
  readonly #steps: Record<string, number> = {}
  readonly #communities: Community[] = []
  #storm: readonly Step[] = []

  constructor(init: SimulateInit) {
    this.#init = init
  }

  async run(): Promise<SimulateReport> {
    const { seed, signatures = 'quick' } = this.#init
    const simulation = await createSimulation({
      seed,
      signatures,
      onFault: (peer, error) => {
        if (!isExcused(error)) this.#fail(`${peer.name} failed in the background`, error)
      }
    })
    const began = simulation.time.now()
    const lost = (error: unknown): void => this.#fail('nobody caught', error)
    process.on('unhandledRejection', lost)
    try {
      await this.#found(simulation)
      this.#tellProgress(simulation, `${this.#communities.length} servers founded`)
      const faults = new Faults(simulation, error => this.#fail('a peer does not start again', error))
      await this.#stormOver(simulation, faults)
      await this.#calm(simulation, faults)
    } catch (error) {
      this.#fail('the simulation stopped', error)
    } finally {
      process.off('unhandledRejection', lost)
    }
    return {
      seed,
      failures: this.#failures,
      command: replayCommand(this.#init),
      trace: simulation.trace,
      events: simulation.events,
      virtualMs: simulation.time.now() - began,
      stored: this.#communities.reduce((sum, each) => sum + each.promised.length, 0),
      steps: this.#steps,
      lies: liesOf(simulation.peers),
      taken: this.#storm.map(each => each.index)
    }
  }

  async #found(simulation: Simulation): Promise<void> {
    const { peers = 8, community = COMMUNITY_PEERS } = this.#init
    if (!Number.isInteger(peers) || peers < 2 || peers > 1_000)
      throw new RangeError(`a simulation has 2 to 1,000 peers, not ${peers}`)
    const all = Array.from({ length: peers }, (_, index) => simulation.add(`peer ${index + 1}`))
    const count = Math.max(1, Math.floor(peers / Math.max(2, community)))
    const groups = Array.from({ length: count }, (_, group) =>
      all.filter((_each, at) => at % count === group)
    )
    for (const [at, group] of groups.entries())
      this.#communities.push(new Community(simulation, `server ${at + 1}`, group))
    await simulation.do(async () => {
      await Promise.all(all.map(each => each.start()))
      await Promise.all(this.#communities.map(each => each.found()))
    }, SETUP_MS)
  }

  async #stormOver(simulation: Simulation, faults: Faults): Promise<void> {
    const { peers = 8, minutes = 3, seed, only, faults: kinds } = this.#init
    const { pace = Math.min(STEPS_A_MINUTE, STEPS_A_MINUTE_MAX / peers) } = this.#init
    const chance = new Seeded(seed).split('storm')
    const drawn = drawStorm({
      chance,
      peers,
      ms: minutes * MINUTE_MS,
      pace,
      ...(kinds === undefined ? {} : { faults: kinds })
    })
    this.#storm = only === undefined ? drawn : drawn.filter(each => only.includes(each.index))
    for (const step of this.#storm)
      simulation.time.after(step.at, () =>
        this.#take(step, simulation, faults, chance.split(`step ${step.index}`))
      )
    for (let left = minutes; left > 0; left--) {
      await simulation.run(Math.min(left, 1) * MINUTE_MS)
      this.#tellProgress(simulation, `minute ${Math.ceil(minutes - left + 1)} of ${Math.ceil(minutes)}`)
    }
  }

  #tellProgress(simulation: Simulation, what: string): void {
    this.#init.onProgress?.(`${what}, ${simulation.events.toLocaleString('en')} events`)
  }

  #take(step: Step, simulation: Simulation, faults: Faults, chance: Seeded): void {
    const community = this.#communities[Math.floor(step.where * this.#communities.length)] as Community
    const users = new Set(community.members.map(each => each.account.user))
    const near = [...community.members, ...faults.copies.filter(each => users.has(each.account.user))]
    const peer = near[Math.floor(step.who * near.length)] as SimulatedPeer
    const other = community.members[Math.floor(step.whom * community.members.length)] as SimulatedPeer
    this.#steps[step.kind] = (this.#steps[step.kind] ?? 0) + 1
    simulation.note(`${step.index} ${step.kind} ${peer.name}`)
    const tell = (what: string): void =>
      this.#init.onStep?.(
        `${(step.at / 1_000).toFixed(1).padStart(7)} s  ${String(step.index).padStart(4)} ${step.kind.padEnd(9)} ${peer.name}, ${other.name}: ${what}`
      )
    if (!isAction(step.kind)) {
      const member = community.members.find(each => each.account.user === peer.account.user) as SimulatedPeer
      faults.strike(step.kind, {
        peer: member,
        other,
        near: community.members,
        community,
        chance,
        index: step.index
      })
      tell('struck')
      return
    }
    perform(step.kind, { community, peer, other, chance, index: step.index }).then(
      () => tell('done'),
      (error: unknown) => {
        tell(isXcordError(error) ? error.code : String(error))
        if (!isExcused(error)) this.#fail(`step ${step.index} (${step.kind} by ${peer.name})`, error)
      }
    )
  }

  async #calm(simulation: Simulation, faults: Faults): Promise<void> {
    await simulation.do(
      async () => await faults.calm(simulation.peers.filter(each => !isCopy(each))),
      SETUP_MS
    )
    const end = simulation.time.now() + CALM_MS
    let found: readonly string[] = []
    do {
      await simulation.run(LOOK_MS)
      found = await this.#ask(simulation, differences)
    } while (found.length > 0 && simulation.time.now() < end)
    this.#failures.push(...found)
    this.#tellProgress(simulation, found.length > 0 ? 'not at rest' : 'all agree')
    if (found.length > 0) return
    const { copied } = faults
    for (const look of [
      (each: Community) => brokenPromises(each, copied),
      leaks,
      (each: Community) => Promise.resolve(falseForks(each, copied))
    ])
      this.#failures.push(...(await this.#ask(simulation, look)))
    await simulation.end()
    this.#failures.push(...(await simulation.do(async () => await damages(simulation.peers), SETUP_MS)))
  }

  async #ask(
    simulation: Simulation,
    question: (community: Community) => Promise<readonly string[]>
  ): Promise<readonly string[]> {
    return await simulation.do(async () => {
      const answers: string[] = []
      for (const each of this.#communities) answers.push(...(await question(each)))
      return answers
    }, SETUP_MS)
  }

  #fail(what: string, error: unknown): void {
    this.#failures.push(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }
}

const isCopy = (peer: SimulatedPeer): boolean => peer.name.includes(' again ')

function liesOf(peers: readonly SimulatedPeer[]): Readonly<Record<string, number>> {
  const found: Record<string, number> = {}
  const add = (name: string, count: number): void => {
    found[name] = (found[name] ?? 0) + count
  }
  for (const { liar } of peers) {
    for (const [lie, count] of liar.told) add(lie, count)
    for (const [rule, count] of liar.refused) add(rule === 100 ? 'other rules' : `SY${rule}`, count)
  }
  return found
}

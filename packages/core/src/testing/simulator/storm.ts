/**
 * What happens to a world: people who write and moderate, and everything that goes wrong around them. It is drawn as
 * a list before anything happens, so that a failure can be told with fewer of its steps.
 */
import type { Seeded } from './seeded.ts'

/** What people do, and how often beside each other. */
const ACTIONS = {
  send: 60,
  edit: 6,
  remove: 4,
  react: 8,
  channel: 2,
  role: 2,
  grant: 3,
  revoke: 2,
  kick: 2,
  ban: 1,
  leave: 1,
  'come-back': 3,
  flood: 1,
  'back-date': 2
} as const

/** What goes wrong. */
const FAULTS = {
  crash: 8,
  restart: 2,
  cut: 6,
  'one-way': 4,
  partition: 4,
  weather: 6,
  disk: 6,
  clock: 4,
  copy: 1,
  // Members that mean harm: what they tell of their logs, and what they sign.
  withhold: 1,
  stall: 1,
  unasked: 1,
  disagree: 1,
  replay: 1,
  garble: 1,
  babble: 1,
  // The same in gossip.
  counterfeit: 1,
  echo: 1,
  misdirect: 1,
  truncate: 1,
  deluge: 1,
  disorder: 1,
  double: 1,
  promise: 1,
  equivocate: 1,
  'pad-parents': 1,
  'omit-parents': 1,
  'back-date-operation': 1
} as const

export type FaultKind = keyof typeof FAULTS
export type StepKind = keyof typeof ACTIONS | FaultKind

export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[]

/** One thing that happens. */
export interface Step {
  /** Its place in the whole list: what `without` names. */
  readonly index: number
  /** Ms after the beginning. */
  readonly at: number
  readonly kind: StepKind
  /** Which community, and which two of its members: shares of 1, since who there is turns out only then. */
  readonly where: number
  readonly who: number
  readonly whom: number
}

/** Steps a minute for each peer, unless told. */
const STEPS_A_MINUTE = 12

export interface StormInit {
  readonly chance: Seeded
  readonly peers: number
  readonly ms: number
  /** Steps a minute for each peer; 12 unless told. */
  readonly pace?: number
  /** Kinds of fault that may happen; all unless told. */
  readonly faults?: readonly FaultKind[]
}

/** Draws what will happen. */
export function drawStorm({
  chance,
  peers,
  ms,
  pace = STEPS_A_MINUTE,
  faults = FAULT_KINDS
}: StormInit): readonly Step[] {
  const bag = (Object.entries({ ...ACTIONS, ...FAULTS }) as [StepKind, number][]).flatMap(([kind, weight]) =>
    Array.from({ length: weight }, () => kind)
  )
  const count = Math.max(1, Math.round((pace * peers * ms) / 60_000))
  const times = Array.from({ length: count }, () => Math.floor(chance.next() * ms)).sort((a, b) => a - b)
  const isFault = (kind: StepKind): kind is FaultKind => Object.hasOwn(FAULTS, kind)
  return times
    .map((at, index): Step => ({
      index,
      at,
      kind: chance.pick(bag),
      where: chance.next(),
      who: chance.next(),
      whom: chance.next()
    }))
    .filter(({ kind }) => !isFault(kind) || faults.includes(kind))
}

/** What the live log keeps of each accepted operation and of each cell (AU48). */
import type { OperationId, RuleId } from '../base/index.ts'
import { type Past, pastHas } from './past.ts'
import type { Merged } from './merge.ts'
import type { Judged, Winner } from './reader.ts'

/** One operation striking another, by rule. A fact about the pair, kept for ever. */
export interface Edge {
  readonly from: Entry
  readonly rule: RuleId
}

/** Why an operation does not stand. */
export interface VoidCause {
  readonly rule: RuleId
  readonly by: OperationId | undefined
}

/** An accepted operation with its place and its fate. */
export interface Entry extends Judged {
  /** Place in the order of acceptance here; says nothing to others. */
  readonly order: number
  /** Place in pasts' bit sets; −1 for a leaf that nothing cites. */
  index: number
  readonly past: Past
  readonly supp: readonly Entry[]
  readonly attackers: Edge[]
  readonly targets: Entry[]
  /** Operations whose support this is. */
  readonly dependants: Entry[]
  /** Struck by something, or resting on something that is: in some past it may not stand. */
  contested: boolean
  effective: boolean
  voided: VoidCause | undefined
  /** Of the snapshot that the log began with (AU59): its fate is settled, and little else is known of it. */
  readonly settled?: true
}

/** One cell: who wrote it, who denies it, who relies on it. */
export interface Cell {
  readonly key: string
  readonly writes: Entry[]
  readonly denials: Entry[]
  readonly reliers: Entry[]
  /** Undominated effective writes. */
  standing: readonly Entry[]
  winner: Winner | undefined
  /** How the winner was found, so that one write more costs no more than itself; undefined where that is not known. */
  merged: Merged | undefined
  /** What the snapshot had here: holds while no later write stands. */
  readonly settled?: { readonly standing: readonly Entry[]; readonly winner: Winner }
}

/** One device's operations. */
export interface DeviceChain {
  readonly all: Entry[]
  readonly bySeq: Map<number, Entry[]>
  /** Those that share their seq with another: proofs of a fork (AU39). */
  readonly forked: Entry[]
  /** The end of the longest branch. */
  newest: Entry
  /** The newest in the snapshot that the log began with. */
  readonly settled?: Entry
}

/** Whether `a` is `b` or in its past. */
export function covers(b: Entry, a: Entry): boolean {
  return a === b || (a.index >= 0 && pastHas(b.past, a.index))
}

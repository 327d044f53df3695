/**
 * Which envelopes of one device are held: its chain as a set of runs (EN5, EN8).
 *
 * Remembers only the ends of runs, so that a chain of 100,000 costs as much as one of three. The caller keeps
 * the envelopes and asks by id first: what is known by id never comes here.
 */
import { accept, idFromBytes, type MessageId, refuse, UINT_MAX, type Verdict } from '../base/index.ts'
import { array, bytes, codec, equalBytes, literal, tuple, uint } from '../encoding/index.ts'
import type { EnvelopeStub } from './envelope.ts'
import { type ChainLink, linkAfter } from './envelope-seal.ts'

/** One run without gaps. */
interface Run {
  readonly from: number
  /** What the first of the run names as its predecessor. */
  readonly prev: Uint8Array
  readonly to: number
  /** Whole id of the last. */
  readonly last: Uint8Array
}

/** A range of missing sequence numbers, both ends included. */
export interface ChainGap {
  readonly from: number
  readonly to: number
}

/** What an envelope did to its author's chain. */
export type ChainPlace =
  | { readonly kind: 'placed' }
  /**
   * Proof of a fork (EN8): the device signed two envelopes at `seq`. This envelope still counts as concurrent
   * (AU39). `disputed` is the sequence whose other envelope completes the proof, held or still to be fetched.
   */
  | { readonly kind: 'fork'; readonly disputed: number }

/** One device's chain in one server. */
export interface AuthorChain {
  /** Takes a verified, stored envelope or stub that was not known by id. Not for type 4. */
  place(link: Pick<EnvelopeStub, 'seq' | 'prev' | 'idBytes'>): ChainPlace
  /** Newest envelope held. */
  tip(): { readonly seq: number; readonly id: MessageId } | undefined
  /** Where the next own envelope goes. Only for one's own device, whose chain has no gaps. */
  next(): ChainLink
  /** What is missing below the tip, newest first (EN8). */
  gaps(): readonly ChainGap[]
  /** Whether some envelope with this sequence is held. */
  has(seq: number): boolean
  /** Runs without gap or broken link: what a chain costs to keep. One, of an honest author whose chain is all here. */
  parts(): number
  /** Whether an envelope lies in a run or lengthens one, so that taking it makes no further part. */
  fits(link: Pick<EnvelopeStub, 'seq' | 'prev' | 'idBytes'>): boolean
  /** Sequence numbers with two envelopes, ascending. */
  forks(): readonly number[]
  /** For storage beside the envelopes. */
  encode(): Uint8Array
}

/** Beyond this many runs a stranger is making gaps on purpose; the oldest gaps are reported as they are. */
const CHAIN_RUNS_MAX = 100_000
/** Forks remembered by number: one is proof enough. */
const CHAIN_FORKS_MAX = 64

const chainCodec = codec(
  tuple({
    version: literal(1),
    runs: array(
      tuple({ from: uint(UINT_MAX, 1), prev: bytes(24), to: uint(UINT_MAX, 1), last: bytes(32) }),
      CHAIN_RUNS_MAX
    ),
    forks: array(uint(UINT_MAX, 1), CHAIN_FORKS_MAX)
  }),
  { rule: 'EN8', maxBytes: 16_777_216 }
)

/** A chain of which nothing is held yet. */
export function createAuthorChain(): AuthorChain {
  return chainOf([], [])
}

/** A chain as `encode` wrote it. */
export function decodeAuthorChain(input: Uint8Array): Verdict<AuthorChain> {
  const decoded = chainCodec.decode(input)
  if (!decoded.ok) return decoded
  let end = 0
  for (const run of decoded.value.runs) {
    if (run.from <= end || run.to < run.from) return refuse('EN8', 'runs overlap')
    end = run.to
  }
  return accept(chainOf([...decoded.value.runs], [...decoded.value.forks]))
}

/** What is missing below the tip, newest first. */
function gapsOf(runs: readonly Run[]): readonly ChainGap[] {
  const gaps: ChainGap[] = []
  let end = 0
  for (const run of runs) {
    if (run.from > end + 1) gaps.push({ from: end + 1, to: run.from - 1 })
    end = run.to
  }
  return gaps.reverse()
}

const PLACED: ChainPlace = { kind: 'placed' }

function chainOf(runs: Run[], forks: number[]): AuthorChain {
  /** Index of the last run that starts at or before `seq`; -1 if none. */
  const before = (seq: number): number => {
    let low = 0
    let high = runs.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((runs[middle] as Run).from <= seq) low = middle + 1
      else high = middle
    }
    return low - 1
  }
  const fork = (seq: number): ChainPlace => {
    if (!forks.includes(seq) && forks.length < CHAIN_FORKS_MAX) {
      forks.push(seq)
      forks.sort((a, b) => a - b)
    }
    return { kind: 'fork', disputed: seq }
  }
  return {
    place: ({ seq, prev, idBytes }) => {
      if (seq === 0) throw new RangeError('an ephemeral envelope has no place in a chain')
      const index = before(seq)
      const left = runs[index]
      const right = runs[index + 1]
      if (left !== undefined && seq <= left.to) return fork(seq)
      const joinsLeft = left?.to === seq - 1
      const joinsRight = right?.from === seq + 1
      const leftHolds = left !== undefined && joinsLeft && equalBytes(left.last.subarray(0, 24), prev)
      const rightHolds = right !== undefined && joinsRight && equalBytes(right.prev, idBytes.subarray(0, 24))
      // The neighbour on the right names another envelope at this place: that one is the one missing.
      if (joinsRight && !rightHolds) return fork(seq)
      if (leftHolds && right === undefined) {
        // What nearly always comes: the next of the newest run.
        runs[index] = { from: left.from, prev: left.prev, to: seq, last: idBytes }
        return PLACED
      }
      const run: Run = {
        from: leftHolds ? left.from : seq,
        prev: leftHolds ? left.prev : prev.slice(),
        to: rightHolds ? right.to : seq,
        last: rightHolds ? right.last : idBytes
      }
      runs.splice(leftHolds ? index : index + 1, Number(leftHolds) + Number(rightHolds), run)
      // Ours follows another envelope than the one held before it: the author has two of those.
      return joinsLeft && !leftHolds ? fork(seq - 1) : PLACED
    },
    tip: () => {
      const last = runs.at(-1)
      return last === undefined ? undefined : { seq: last.to, id: idFromBytes('m', last.last) }
    },
    next: () => {
      const last = runs.at(-1)
      return linkAfter(last === undefined ? undefined : { seq: last.to, idBytes: last.last })
    },
    gaps: () => gapsOf(runs),
    has: seq => {
      const run = runs[before(seq)]
      return run !== undefined && seq <= run.to
    },
    parts: () => runs.length,
    fits: ({ seq, prev, idBytes }) => {
      const index = before(seq)
      const left = runs[index]
      const right = runs[index + 1]
      if (left !== undefined && seq <= left.to) return true
      const rightHolds = right?.from === seq + 1 && equalBytes(right.prev, idBytes.subarray(0, 24))
      return rightHolds || (left?.to === seq - 1 && equalBytes(left.last.subarray(0, 24), prev))
    },
    forks: () => [...forks],
    encode: () => chainCodec.encode({ version: 1, runs, forks })
  }
}

/** Whether two envelopes of one device prove a fork (EN8, AU39): one place, two ids. Both must be verified. */
export function isFork(a: EnvelopeStub, b: EnvelopeStub): boolean {
  return a.seq !== 0 && a.seq === b.seq && a.id !== b.id
}

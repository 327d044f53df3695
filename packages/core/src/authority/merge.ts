/** Which of several standing writes a cell shows (AU24). */
import { compareIds } from '../base/index.ts'
import { type RestrictionOrder, restrictionOrder } from './cell.ts'
import type { Judged, Winner, Write } from './reader.ts'

/** What an operation wrote to a cell. */
export function writeTo(judged: Judged, cell: string): Write | undefined {
  return judged.known.writes.find(write => write.cell === cell)
}

/** Restriction first among denials, strength first otherwise; then higher lam, then lower id. */
function compareWinners(order: RestrictionOrder, a: Winner, b: Winner, denials: boolean): number {
  const [first, second] = [a.by.known.strength, b.by.known.strength]
  const strength = first === second ? 0 : first > second ? 1 : -1
  return (
    (denials ? order(a.value, b.value) || strength : strength || order(a.value, b.value)) ||
    a.by.op.lamport - b.by.op.lamport ||
    compareIds(b.by.op.id, a.by.op.id)
  )
}

/** What stands in a cell: the strongest write that is no denial, and the write that is shown. */
export interface Merged {
  readonly grant: Winner | undefined
  readonly winner: Winner | undefined
}

/**
 * AU24 over undominated effective writes: the strongest that is no denial stands against weaker denials; of the
 * denials no weaker than it the most restrictive wins, so that a kick lifts no ban (ADR 0023).
 */
export function mergeAll(cell: string, writers: readonly Judged[]): Merged {
  const order = restrictionOrder(cell)
  let grant: Winner | undefined
  const denials: Winner[] = []
  for (const by of writers) {
    const { value, denial } = writeTo(by, cell) as Write
    const found = { value, by }
    if (denial) denials.push(found)
    else if (grant === undefined || compareWinners(order, found, grant, false) > 0) grant = found
  }
  let best: Winner | undefined
  for (const denial of denials) {
    if (grant !== undefined && denial.by.known.strength < grant.by.known.strength) continue
    if (best === undefined || compareWinners(order, denial, best, true) > 0) best = denial
  }
  return { grant, winner: best ?? grant }
}

/** The write that AU24 shows. */
export function mergeWrites(cell: string, writers: readonly Judged[]): Winner | undefined {
  const [only] = writers
  if (only === undefined) return undefined
  if (writers.length === 1) return { value: (writeTo(only, cell) as Write).value, by: only }
  return mergeAll(cell, writers).winner
}

/**
 * The same with one writer more, without looking at the others again: ten thousand may have written at once (AU-S40).
 *
 * @param before - What stood, still standing beside it.
 */
export function mergeOne(cell: string, before: Merged, by: Judged): Merged {
  const order = restrictionOrder(cell)
  const { value, denial } = writeTo(by, cell) as Write
  const added = { value, by }
  const { grant, winner } = before
  if (denial) {
    if (grant !== undefined && by.known.strength < grant.by.known.strength) return before
    const isShown = winner === undefined || winner === grant || compareWinners(order, added, winner, true) > 0
    return isShown ? { grant, winner: added } : before
  }
  if (grant !== undefined && compareWinners(order, added, grant, false) < 0) return before
  // A denial that was shown is the most restrictive, not the strongest: stronger ones may be left where it gives way.
  if (winner === undefined || winner === grant) return { grant: added, winner: added }
  return { grant: added, winner: winner.by.known.strength < by.known.strength ? undefined : winner }
}

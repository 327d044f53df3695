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

/**
 * AU24 over undominated effective writes: the strongest that is no denial stands against weaker denials; of the
 * denials no weaker than it the most restrictive wins, so that a kick lifts no ban (ADR 0023).
 */
export function mergeWrites(cell: string, writers: readonly Judged[]): Winner | undefined {
  const [only] = writers
  if (only === undefined) return undefined
  if (writers.length === 1) return { value: (writeTo(only, cell) as Write).value, by: only }
  // One order for all: ten thousand may have written at once (AU-S40).
  const order = restrictionOrder(cell)
  let grant: Winner | undefined
  const denials: Winner[] = []
  for (const by of writers) {
    const { value, denial } = writeTo(by, cell) as Write
    const winner = { value, by }
    if (denial) denials.push(winner)
    else if (grant === undefined || compareWinners(order, winner, grant, false) > 0) grant = winner
  }
  let best: Winner | undefined
  for (const winner of denials) {
    if (grant !== undefined && winner.by.known.strength < grant.by.known.strength) continue
    if (best === undefined || compareWinners(order, winner, best, true) > 0) best = winner
  }
  return best ?? grant
}

/** Which of several standing writes a cell shows (AU24). */
import { compareIds } from '../base/index.ts'
import type { CborValue } from '../encoding/index.ts'
import { compareRestriction } from './cell.ts'
import type { Judged } from './reader.ts'

/** The value an operation wrote to a cell. @returns undefined if it wrote none. */
export function valueWritten(judged: Judged, cell: string): CborValue | undefined {
  return judged.known.writes.find(write => write.cell === cell)?.value
}

/**
 * AU24 between two undominated effective writes: stronger, then more restrictive, then higher lam, then lower id.
 *
 * @returns Positive if the first wins.
 */
export function compareWrites(cell: string, a: Judged, first: CborValue, b: Judged, second: CborValue): number {
  if (a.known.strength !== b.known.strength) return a.known.strength > b.known.strength ? 1 : -1
  const restriction = compareRestriction(cell, first, second)
  if (restriction !== 0) return restriction
  return a.op.lamport - b.op.lamport || compareIds(b.op.id, a.op.id)
}

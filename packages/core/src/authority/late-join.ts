/** Joins that come long after their invite ended (IV5). */
import { inviteTermsCell } from './cell.ts'
import type { KindBody } from './kinds/table.ts'
import type { StateReader } from './reader.ts'

/** A join that arrives this long after its invite's end is held. */
const LATE_JOIN_MS_MAX = 600_000

/** Whether a join comes too late to be believed its time; asked of live arrivals, never of history. */
export function isLateJoin(kind: KindBody, reader: StateReader, now: number): boolean {
  if (kind.name !== 'join') return false
  const terms = reader.winner(inviteTermsCell(kind.body.invite))?.by.body
  return (
    terms?.name === 'inviteCreate' &&
    terms.body.notAfter !== null &&
    now > terms.body.notAfter + LATE_JOIN_MS_MAX
  )
}

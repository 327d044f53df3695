/**
 * Which snapshot a peer keeps for itself (ND24). It stays behind the newest operations, so that what comes late can be
 * judged with it; where that would leave most of the server outside, it is better to have one of now.
 */
import type { AuthorityLog, AuthoritySnapshot } from '../../authority/index.ts'

/** So many times what was to stay outside is too much to replay on every opening. */
const OUTSIDE_TIMES = 10

/**
 * The newest with so many operations behind it. Where members joined side by side all the time, as in a rush, there may be
 * none for long: every operation has others beside it. Then one of all that is known here; undefined where neither is.
 */
export function chooseSnapshot(
  log: Pick<AuthorityLog, 'snapshot' | 'count'>,
  lag: number
): AuthoritySnapshot | undefined {
  const behind = log.snapshot({ lag })
  const outside = log.count() - (behind?.count ?? 0)
  if (outside <= OUTSIDE_TIMES * lag) return behind
  const newest = log.snapshot({ lag: 0 })
  return (newest?.count ?? 0) > (behind?.count ?? 0) ? newest : behind
}

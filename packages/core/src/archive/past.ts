/** A server as it stood (SX12): the operations up to a point, closed under what they cite. */
import { type OperationId, UINT_MAX } from '../base/index.ts'
import { authorityDeps, type AuthorityLog, createAuthorityLog } from '../authority/index.ts'
import type { Suite } from '../crypto/index.ts'
import type { Operation } from '../graph/index.ts'
import { compareForExport } from './write.ts'

/** Up to where. Times are what authors claimed, ms; operations are exact. */
export type ExportPoint =
  /** An operation and everything it rests on. */
  | { readonly kind: 'until'; readonly operation: OperationId }
  /** Everything an operation rests on, without it. */
  | { readonly kind: 'before'; readonly operation: OperationId }
  /** What claims this time or an earlier one, and rests on nothing later. */
  | { readonly kind: 'at'; readonly at: number }

const citesOf = ({ prev, parents, refs }: Operation): readonly OperationId[] => [
  ...(prev === null ? [] : [prev]),
  ...parents,
  ...refs
]

/** The operations of that point in SX4's order; undefined where there are none, or the operation is not among them. */
export function operationsAt(
  operations: Iterable<Operation>,
  point: ExportPoint
): readonly Operation[] | undefined {
  const ordered = [...operations].sort(compareForExport)
  const kept = point.kind === 'at' ? upTo(ordered, point.at) : restingOn(ordered, point)
  return kept === undefined || kept.length === 0 ? undefined : kept
}

function upTo(ordered: readonly Operation[], at: number): readonly Operation[] {
  const inside = new Set<OperationId>()
  return ordered.filter(each => {
    const fits = each.at <= at && citesOf(each).every(cited => inside.has(cited))
    if (fits) inside.add(each.id)
    return fits
  })
}

function restingOn(
  ordered: readonly Operation[],
  point: Extract<ExportPoint, { readonly operation: OperationId }>
): readonly Operation[] | undefined {
  const target = ordered.find(each => each.id === point.operation)
  if (target === undefined) return undefined
  const inside = new Set<OperationId>(point.kind === 'until' ? [target.id] : citesOf(target))
  // From the newest: whatever cites an operation stands behind it.
  const kept = [...ordered].reverse().filter(each => {
    if (!inside.has(each.id)) return false
    for (const cited of citesOf(each)) inside.add(cited)
    return true
  })
  return kept.reverse()
}

/** Operations replayed in one go: some ten milliseconds. */
export const REPLAYED_AT_ONCE = 256

/**
 * The server that these operations make. They were accepted before: each finds its past.
 *
 * @param pause - Lets others have a turn: awaited after every {@link REPLAYED_AT_ONCE} of them.
 */
export async function replay(
  suite: Suite,
  operations: readonly Operation[],
  pause: () => Promise<void>
): Promise<AuthorityLog> {
  const [genesis, ...rest] = operations
  if (genesis === undefined) throw new RangeError('a server has a genesis')
  const log = createAuthorityLog(authorityDeps(suite), genesis, { trusted: true })
  for (const [index, each] of rest.entries()) {
    const { kind } = log.add(each, UINT_MAX, { trusted: true })
    if (kind !== 'accepted') throw new RangeError(`${each.id} is ${kind} in its own past`)
    if ((index + 1) % REPLAYED_AT_ONCE === 0) await pause()
  }
  return log
}

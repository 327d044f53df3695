/** Which operations a snapshot stands for (AU59): a closed set that everything outside it has in its past. */
import { isSpine } from './kinds/table.ts'
import { OPERATION_CITES_MAX } from '../base/index.ts'
import { covers, type Entry } from './entry.ts'
import type { Ledger } from './ledger.ts'
import { type Membership, prefixMembership } from './view.ts'

/** A closed set of operations and where it ends. */
export interface SnapshotCut {
  readonly count: number
  readonly has: Membership
  /** Operations that nothing in the set follows: at most 16. */
  readonly heads: readonly Entry[]
  /** Spine operations that nothing of its spine follows. */
  readonly spine: readonly Entry[]
}

/** Operations that nothing follows yet. */
export interface Ends {
  readonly heads: ReadonlySet<Entry>
  readonly leaves: ReadonlySet<Entry>
}

/** Everything known here; undefined where more than 16 operations end it, so that a gather is due first. */
export function cutAll(ledger: Ledger, ends: Ends): SnapshotCut | undefined {
  const leaves = [...ends.leaves]
  if (leaves.length > OPERATION_CITES_MAX) return undefined
  const spine = [...ends.heads]
  const isLast = (head: Entry): boolean =>
    !leaves.some(leaf => covers(leaf, head)) &&
    (head.settled !== true || (ledger.settled?.heads.includes(head) ?? false))
  const heads = [...spine.filter(isLast), ...leaves]
  if (heads.length > OPERATION_CITES_MAX) return undefined
  return { count: ledger.count, has: prefixMembership(ledger.count), heads, spine }
}

/** The set that ends in these heads; undefined where one of them follows another. */
export function cutAt(ledger: Ledger, has: Membership, heads: readonly Entry[]): SnapshotCut | undefined {
  const inside = ownEntries(ledger).filter(has)
  const ended = endsOf(ledger, inside)
  const same = ended.heads.length === heads.length && ended.heads.every(each => heads.includes(each))
  const before = ledger.settled?.claim.count ?? 0
  return same ? { count: before + inside.length, has, ...ended } : undefined
}

/** Operations of the log itself, without those of the snapshot it began with. */
export function ownEntries(ledger: Ledger): readonly Entry[] {
  return [...ledger.entries.values()].filter(each => each.settled !== true)
}

/**
 * The latest set that leaves at least `lag` operations outside, all of which have all of it in their past: what
 * arrives late and rests on a state before it is rare then. Undefined where there is none newer than the snapshot
 * that the log began with.
 */
export function cutBehind(ledger: Ledger, lag: number): SnapshotCut | undefined {
  const own = ownEntries(ledger)
  const begins = ledger.settled?.claim.count ?? 0
  const count = latestCount(ledger, own, begins, ledger.count - lag)
  if (count <= begins) return undefined
  const inside = own.filter(each => each.index >= 0 && each.index < count)
  const ended = endsOf(ledger, inside)
  // Where nothing outside forms a head yet, the next leaf would cite the spine alone.
  const covered = own.some(each => each.index >= count && isSpine(each.op.kind))
  if (ended.heads.length > OPERATION_CITES_MAX) return undefined
  if (!covered && ended.heads.some(each => !isSpine(each.op.kind))) return undefined
  const has: Membership = entry => entry.settled === true || (entry.index >= 0 && entry.index < count)
  return { count, has, ...ended }
}

/** Highest number of first indices, up to `most`, that every operation outside has in its past. */
function latestCount(ledger: Ledger, own: readonly Entry[], begins: number, most: number): number {
  const byIndex = new Map<number, Entry>()
  let least = Infinity
  for (const each of own)
    if (each.index < 0) least = Math.min(least, reachOf(ledger, each))
    else byIndex.set(each.index, each)
  for (let count = begins + byIndex.size; count > begins; count--) {
    if (count <= most && least >= count) return count
    const next = byIndex.get(count - 1)
    least = next === undefined ? 0 : Math.min(least, reachOf(ledger, next))
  }
  return begins
}

/** How many of the first an operation has in its past and, by its cut, strikes none of. */
function reachOf(ledger: Ledger, entry: Entry): number {
  let reach = entry.past.full
  for (const row of entry.op.cut ?? []) {
    const last = row.operation === null ? undefined : ledger.entry(row.operation)
    for (const each of ledger.chains.get(row.device)?.all ?? [])
      if (each.index >= 0 && (last === undefined || !covers(last, each))) reach = Math.min(reach, each.index)
  }
  return reach
}

function endsOf(ledger: Ledger, inside: readonly Entry[]): Pick<SnapshotCut, 'heads' | 'spine'> {
  const heads = new Set<Entry>(ledger.settled?.heads)
  const spine = new Set<Entry>(ledger.settled?.spineHeads())
  for (const each of inside) {
    heads.add(each)
    if (isSpine(each.op.kind)) spine.add(each)
  }
  for (const { op } of inside) {
    for (const id of [...op.parents, ...op.refs, ...(op.prev === null ? [] : [op.prev])])
      heads.delete(ledger.entry(id))
    if (isSpine(op.kind)) for (const id of op.parents) spine.delete(ledger.entry(id))
  }
  return { heads: [...heads], spine: [...spine] }
}

/** Whether an operation stands, given what it depends on (AU23, AU26). */
import { type InviteId, type OperationId } from '../base/index.ts'
import { compareAge, compareFate } from './attack.ts'
import type { Entry, VoidCause } from './entry.ts'

/** Joins by one limited invite, in (lam, id) order. */
export interface LimitedInvite {
  readonly maxUses: number
  /** Uses in the snapshot that the log began with: all of them earlier. */
  readonly before: number
  readonly joins: Entry[]
}

/** The set of operations under judgement and what is decided in it so far. */
export interface Fates {
  has(entry: Entry): boolean
  isEffective(entry: Entry): boolean
  limited(invite: InviteId): LimitedInvite | undefined
}

/** The first in AU23's order, so that every peer names the same cause. */
function first<T>(causes: readonly T[], entryOf: (cause: T) => Entry): T | undefined {
  let best: T | undefined
  for (const each of causes)
    if (best === undefined || compareFate(entryOf(each), entryOf(best)) < 0) best = each
  return best
}

/** Why an entry does not stand; undefined where it does. */
export function causeOf(entry: Entry, fates: Fates): VoidCause | undefined {
  const fallen = first(
    entry.supp.filter(each => !fates.isEffective(each)),
    each => each
  )
  if (fallen !== undefined) return { rule: 'AU18', by: fallen.op.id }
  const striking =
    entry.attackers.length === 0
      ? undefined
      : first(
          entry.attackers.filter(({ from }) => fates.has(from) && fates.isEffective(from)),
          each => each.from
        )
  if (striking !== undefined) return { rule: striking.rule, by: striking.from.op.id }
  const limit = entry.known.limited
  return limit === undefined ? undefined : overused(entry, fates, limit.invite)
}

function overused(entry: Entry, fates: Fates, invite: InviteId): VoidCause | undefined {
  const limited = fates.limited(invite)
  if (limited === undefined) return undefined
  let used = limited.before
  for (const join of limited.joins) {
    if (join === entry) return undefined
    if (!fates.has(join) || !fates.isEffective(join)) continue
    if (++used >= limited.maxUses) return { rule: 'AU26', by: join.op.id }
  }
  return undefined
}

/** What has to be decided anew when an entry's fate changes. All of it comes later in AU23's order. */
export function* affectedBy(entry: Entry, fates: Pick<Fates, 'limited'>): Iterable<Entry> {
  yield* entry.targets
  yield* entry.dependants
  const limit = entry.known.limited
  if (limit === undefined) return
  for (const join of fates.limited(limit.invite)?.joins ?? []) if (compareAge(entry, join) < 0) yield join
}

/** Inserts by (lam, id). */
export function insertByAge(list: Entry[], entry: Entry): void {
  let at = list.length
  while (at > 0 && compareAge(list[at - 1] as Entry, entry) > 0) at--
  list.splice(at, 0, entry)
}

/** Entries no other of the list has in its past. */
export function undominated(list: readonly Entry[], isCovered: (b: Entry, a: Entry) => boolean): Entry[] {
  const kept: Entry[] = []
  for (let i = list.length - 1; i >= 0; i--) {
    const each = list[i] as Entry
    if (!kept.some(later => isCovered(later, each))) kept.push(each)
  }
  return kept
}

/** Ids of entries, ascending. */
export function idsOf(entries: Iterable<Entry>): OperationId[] {
  return [...entries].map(each => each.op.id).sort()
}

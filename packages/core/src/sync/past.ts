/**
 * What a record keeps of many contributions (TL7). Each rule keeps the newest of a total order, per user and
 * over all; such a choice gives the same set whatever the order of arrival, because what was dropped once would
 * be dropped again.
 */
import {
  compareIds,
  DELETERS_KEPT_MAX,
  DELETIONS_KEPT_MAX,
  EDITORS_WAITING_MAX,
  EDITS_KEPT_MAX,
  PINS_KEPT_MAX,
  REACTION_MARKS_KEPT_MAX,
  REACTIONS_MAX,
  REACTIONS_PER_USER_MAX,
  type UserId
} from '../base/index.ts'
import type { Contribution, Deletion, Edit, PinMark, ReactionMark } from './message-record.ts'

/** Order of AU34. */
export function comparePlaces(
  a: { readonly at: number; readonly id: string },
  b: { readonly at: number; readonly id: string }
): number {
  return a.at - b.at || compareIds(a.id, b.id)
}

/** The list with an entry in its place; an entry known by its id is replaced. */
export function insert<C extends Contribution>(list: readonly C[], entry: C): readonly C[] {
  const known = list.findIndex(each => each.id === entry.id)
  if (known >= 0) return list.map((each, index) => (index === known ? entry : each))
  const at = list.findIndex(each => comparePlaces(each, entry) > 0)
  return at < 0 ? [...list, entry] : [...list.slice(0, at), entry, ...list.slice(at)]
}

/** The newest `perGroup` of every group, and of those only the `groups` groups whose newest is newest. Sorted input, sorted output. */
function newest<C extends Contribution>(
  list: readonly C[],
  groupOf: (entry: C) => string,
  perGroup: number,
  groups: number
): readonly C[] {
  if (list.length <= Math.min(perGroup, groups)) return list
  const counts = new Map<string, number>()
  const kept: C[] = []
  for (let i = list.length - 1; i >= 0; i--) {
    const entry = list[i] as C
    const group = groupOf(entry)
    const count = counts.get(group) ?? 0
    if (count >= perGroup || (count === 0 && counts.size >= groups)) continue
    counts.set(group, count + 1)
    kept.push(entry)
  }
  return kept.length === list.length ? list : kept.reverse()
}

/** Edits: of the author once known; until then of a few users, since one of them may be the author. */
export function keepEdits(list: readonly Edit[], author: UserId | undefined): readonly Edit[] {
  if (author === undefined) return newest(list, edit => edit.user, EDITS_KEPT_MAX, EDITORS_WAITING_MAX)
  const own = list.filter(edit => edit.user === author)
  return newest(own.length === list.length ? list : own, edit => edit.user, EDITS_KEPT_MAX, 1)
}

/**
 * What deletions are counted by: with the right to manage or without. Were it the user alone, powerless deletions
 * could push out a powerful one while nobody knows yet which of them will count.
 */
export function deletionGroup(deletion: Deletion): string {
  return `${deletion.user} ${deletion.mayManage}`
}

/** Deletions: those that can count once the author is known; until then of a few users. */
export function keepDeletions(list: readonly Deletion[], author: UserId | undefined): readonly Deletion[] {
  const able =
    author === undefined ? list : list.filter(deletion => deletion.user === author || deletion.mayManage)
  const kept = able.length === list.length ? list : able
  return newest(kept, deletionGroup, DELETIONS_KEPT_MAX, DELETERS_KEPT_MAX)
}

/** Pins: the newest few of whoever was allowed. */
export function keepPins(list: readonly PinMark[]): readonly PinMark[] {
  return newest(list, () => '', PINS_KEPT_MAX, 1)
}

/** Reactions: per user and emoji, then emoji per user, then over all, so that nobody can crowd others out alone. */
export function keepReactions(list: readonly ReactionMark[]): readonly ReactionMark[] {
  const pair = (mark: ReactionMark): string => `${mark.user} ${mark.emoji}`
  const perPair = newest(list, pair, REACTION_MARKS_KEPT_MAX, Infinity)
  const emojiOf = new Map<UserId, Set<string>>()
  const perUser: ReactionMark[] = []
  for (let i = perPair.length - 1; i >= 0; i--) {
    const mark = perPair[i] as ReactionMark
    let emoji = emojiOf.get(mark.user)
    if (emoji === undefined) emojiOf.set(mark.user, (emoji = new Set()))
    if (!emoji.has(mark.emoji) && emoji.size >= REACTIONS_PER_USER_MAX) continue
    emoji.add(mark.emoji)
    perUser.push(mark)
  }
  return newest(
    perUser.length === perPair.length ? perPair : perUser.reverse(),
    pair,
    REACTION_MARKS_KEPT_MAX,
    REACTIONS_MAX
  )
}

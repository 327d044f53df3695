/** Unread counters (TL14): kept in step with each change, so that opening a profile counts nothing. */
import type { ChannelId, UserId } from '../base/index.ts'
import { comparePlaces } from './keep-contributions.ts'
import type { IndexEntry, Place, TimelineIndex } from './page.ts'

/** How far somebody has read a channel, and what came since. */
export interface Unread {
  /** The last place read; null before the first time. */
  readonly read: Place | null
  /** Visible messages of others after it. */
  readonly count: number
  /** Those that name the reader. */
  readonly mentions: number
}

/** Nothing read, nothing unread. */
export const NOTHING_UNREAD: Unread = { read: null, count: 0, mentions: 0 }

/** Whether an entry counts as unread for a reader who read up to a place. */
export function isUnread(
  entry: IndexEntry | undefined,
  read: Place | null,
  self: UserId
): entry is IndexEntry {
  return (
    entry !== undefined &&
    entry.status === 'visible' &&
    entry.author !== self &&
    (read === null || comparePlaces(entry, read) > 0)
  )
}

/** The counters after one entry changed from `before` (undefined: it was not there) to `after`. */
export function stepUnread(
  unread: Unread,
  before: IndexEntry | undefined,
  after: IndexEntry,
  self: UserId
): Unread {
  const was = isUnread(before, unread.read, self)
  const is = isUnread(after, unread.read, self)
  const count = unread.count + Number(is) - Number(was)
  const mentions = unread.mentions + Number(is && after.mentioned) - Number(was && before.mentioned)
  return count === unread.count && mentions === unread.mentions ? unread : { ...unread, count, mentions }
}

/** Counts anew what lies after a place. */
export async function countUnread(
  index: TimelineIndex,
  channel: ChannelId,
  read: Place | null,
  self: UserId
): Promise<Unread> {
  let count = 0
  let mentions = 0
  for await (const entry of index.scan(channel, read === null ? {} : { from: read.at })) {
    if (!isUnread(entry, read, self)) continue
    count++
    if (entry.mentioned) mentions++
  }
  return { read, count, mentions }
}

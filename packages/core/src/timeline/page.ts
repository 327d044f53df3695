/** Pages of a channel, newest first or around a message, over whatever keeps the order (TL13). */
import { type ChannelId, type MessageId, PAGE_MESSAGES_MAX, type UserId, XcordError } from '../base/index.ts'
import { comparePlaces } from './keep-contributions.ts'
import { type Message, messageOf, type MessageStatus } from './message.ts'
import type { MessageRecord } from './message-record.ts'

/** A place in a channel: (at, id) of AU34. */
export interface Place {
  readonly at: number
  readonly id: MessageId
}

/** One line of a channel's order: enough to sort, count and skip without opening the record. */
export interface IndexEntry extends Place {
  readonly author: UserId
  readonly status: MessageStatus
  /** It names whom this index belongs to, as far as was known when it was written. */
  readonly mentioned: boolean
}

/** Scan of one channel's order. Bounds are times: `from` inclusive, `to` exclusive. */
export interface IndexScan {
  readonly from?: number
  readonly to?: number
  readonly reverse?: boolean
}

/** The port a page needs. Entries come in order of `at`; ties in any order. */
export interface TimelineIndex {
  scan(channel: ChannelId, scan: IndexScan): AsyncIterable<IndexEntry>
  find(channel: ChannelId, id: MessageId): Promise<MessageRecord | undefined>
  findMany(channel: ChannelId, ids: readonly MessageId[]): Promise<(MessageRecord | undefined)[]>
}

/** Which page. With none of the three: the newest. */
export interface PageOptions {
  readonly before?: MessageId | Place
  readonly after?: MessageId | Place
  readonly around?: MessageId | Place
  /** 1 to 100; default 50. */
  readonly limit?: number
  /** Also give messages struck by concurrent denials, for authors and moderators. */
  readonly includeHidden?: boolean
  /** Leave tombstones out. */
  readonly skipDeleted?: boolean
}

/** A page, oldest first. */
export interface Page {
  readonly messages: readonly Message[]
  /** Whether more is held here in each direction. An end here is not the end of history. */
  readonly hasEarlier: boolean
  readonly hasLater: boolean
}

/** Messages in a page where nothing is said. */
export const PAGE_MESSAGES_DEFAULT = 50

/** Where to start, and whether the place itself belongs to the answer. */
interface Edge {
  readonly place: Place
  readonly included: boolean
}

interface Walk {
  readonly edge: Edge | undefined
  readonly reverse: boolean
  readonly limit: number
  readonly accept: (entry: IndexEntry) => boolean
}

/** Entries from an edge in one direction, in order of (at, id): ties of one time are gathered and sorted. */
async function walk(
  index: TimelineIndex,
  channel: ChannelId,
  { edge, reverse, limit, accept }: Walk
): Promise<IndexEntry[]> {
  const out: IndexEntry[] = []
  let ties: IndexEntry[] = []
  const release = (): void => {
    ties.sort(reverse ? (a, b) => comparePlaces(b, a) : comparePlaces)
    for (const entry of ties) {
      const side = edge === undefined ? 1 : comparePlaces(entry, edge.place) * (reverse ? -1 : 1)
      if ((side > 0 || (side === 0 && edge?.included === true)) && accept(entry)) out.push(entry)
    }
    ties = []
  }
  const bound = edge && (reverse ? { to: edge.place.at + 1 } : { from: edge.place.at })
  for await (const entry of index.scan(channel, { ...bound, reverse })) {
    if (ties.length > 0 && ties[0]?.at !== entry.at) {
      release()
      if (out.length >= limit) break
    }
    ties.push(entry)
  }
  if (out.length < limit) release()
  return out.slice(0, limit)
}

async function placeOf(
  index: TimelineIndex,
  channel: ChannelId,
  place: MessageId | Place | undefined
): Promise<Place | undefined> {
  if (place === undefined || typeof place !== 'string') return place
  const original = (await index.find(channel, place))?.original
  if (original === null || original === undefined) {
    throw new XcordError(
      'XCORD_MESSAGE_NOT_FOUND',
      'That message is not in this channel, or has not arrived here yet.',
      { message: place }
    )
  }
  return original
}

/**
 * One page of a channel.
 *
 * @throws RangeError for a limit out of bounds or more than one of `before`, `after`, `around`.
 * @throws XcordError XCORD_MESSAGE_NOT_FOUND where a place is given by a message that is not here.
 */
export async function readPage(
  index: TimelineIndex,
  channel: ChannelId,
  options: PageOptions = {}
): Promise<Page> {
  const limit = options.limit ?? PAGE_MESSAGES_DEFAULT
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MESSAGES_MAX)
    throw new RangeError(`a page has 1 to ${PAGE_MESSAGES_MAX} messages, not ${limit}`)
  if ([options.before, options.after, options.around].filter(place => place !== undefined).length > 1) {
    throw new RangeError('a page lies before, after or around one place')
  }
  const accept = (entry: IndexEntry): boolean =>
    entry.status === 'visible' ||
    (entry.status === 'hidden' ? options.includeHidden === true : options.skipDeleted !== true)
  const go = (edge: Edge | undefined, reverse: boolean, count: number): Promise<IndexEntry[]> =>
    walk(index, channel, { edge, reverse, limit: count, accept })

  const around = await placeOf(index, channel, options.around)
  if (around !== undefined) {
    const later = await go({ place: around, included: true }, false, limit + 1)
    const earlier = await go({ place: around, included: false }, true, limit + 1)
    const share = Math.max(Math.ceil(limit / 2), limit - earlier.length)
    const taken = later.slice(0, share)
    const before = earlier.slice(0, limit - taken.length)
    return open(
      index,
      channel,
      [...before.reverse(), ...taken],
      earlier.length > before.length,
      later.length > taken.length
    )
  }
  const after = await placeOf(index, channel, options.after)
  if (after !== undefined) {
    const found = await go({ place: after, included: false }, false, limit + 1)
    const earlier = await go({ place: after, included: true }, true, 1)
    return open(index, channel, found.slice(0, limit), earlier.length > 0, found.length > limit)
  }
  const before = await placeOf(index, channel, options.before)
  const found = await go(before && { place: before, included: false }, true, limit + 1)
  const later = before === undefined ? [] : await go({ place: before, included: true }, false, 1)
  return open(index, channel, found.slice(0, limit).reverse(), found.length > limit, later.length > 0)
}

/** Opens the records of a page. */
async function open(
  index: TimelineIndex,
  channel: ChannelId,
  entries: readonly IndexEntry[],
  hasEarlier: boolean,
  hasLater: boolean
): Promise<Page> {
  const records = await index.findMany(
    channel,
    entries.map(entry => entry.id)
  )
  const messages = records.flatMap(record => (record && messageOf(record)) ?? [])
  return { messages, hasEarlier, hasLater }
}

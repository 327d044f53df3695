/** Pages of a channel, newest first or around a message, over whatever keeps the order (TL13). */
import type { ChannelId, MessageId, UserId } from '../base/index.ts'
import type { Message } from './message.ts'
import type { MessageRecord } from './message-record.ts'

/** A place in a channel: (at, id) of AU34. */
export interface Place {
  readonly at: number
  readonly id: MessageId
}

/** One line of a channel's order: enough to sort, count and skip without opening the record. */
export interface IndexEntry extends Place {
  readonly author: UserId
  readonly status: 'visible' | 'hidden' | 'deleted'
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

/**
 * The timeline in the sealed database: records, the order of each channel, and unread counters, written in the
 * same batch as whatever led to them. A projection: `drop` and offer the items again, and it is as before.
 */
import type { ChannelId, DeviceId, MessageId, UserId } from '../../base/index.ts'
import type { Batch, Database } from '../../store/index.ts'
import {
  comparePlaces,
  countUnread,
  eraseMessage,
  type IndexEntry,
  type Message,
  messageOf,
  type MessageRecord,
  NOTHING_UNREAD,
  type Page,
  type PageOptions,
  readPage,
  reduceMessage,
  stepUnread,
  targetOf,
  type TimelineChange,
  type TimelineIndex,
  type TimelineItem,
  type Unread
} from '../../timeline/index.ts'
import { Overlay } from './overlay.ts'
import { channels, order, records } from './timeline-tables.ts'
import { openWaiting, type Waiting } from './timeline-waiting.ts'

export { TIMELINE_TABLES } from './timeline-tables.ts'

/** Builds a timeline store. */
export interface TimelineStoreInit {
  readonly database: Database
  /** Whose unread counters these are. */
  readonly self: UserId
  /** Whether a message names `self`, by name, role or everyone, under what authority says now. Default: never. */
  readonly isMentioned?: (message: Message) => boolean
}

/** How to stage. */
export interface StageOptions {
  readonly isNew?: (id: MessageId) => boolean
}

/** What staging did. */
export interface StagedItems {
  /** In order of the items: emitted only after the batch is committed. */
  readonly changes: readonly TimelineChange[]
  /** Messages whose envelopes must all be offered again (TL8). */
  readonly rebuild: readonly { readonly channel: ChannelId; readonly message: MessageId }[]
}

/** A message in its channel and in its author's chain. */
export interface MessagePlace {
  readonly at: number
  readonly id: MessageId
  readonly device: DeviceId
  readonly seq: number
}

/** Reads see what is staged, so that batches may follow each other without waiting for the disk. */
export interface TimelineStore extends TimelineIndex {
  /**
   * Reduces items and adds the rows they change to `batch`, which the caller commits. Calls take turns.
   *
   * @param options - `isNew`: whether a message's envelope arrived just now, for the first time. Nothing is looked
   *   up for those, unless something waits for them. Default: never.
   */
  stage(batch: Batch, items: readonly TimelineItem[], options?: StageOptions): Promise<StagedItems>
  /** XCORD_MESSAGE_NOT_FOUND where a place is a message that is not here; RangeError for wrong options. */
  page(channel: ChannelId, options?: PageOptions): Promise<Page>
  message(channel: ChannelId, id: MessageId): Promise<Message | undefined>
  /** The same without asking the disk: for what was written lately. undefined says nothing. */
  recent(channel: ChannelId, id: MessageId): Message | undefined
  record(channel: ChannelId, id: MessageId): Promise<MessageRecord | undefined>
  /** The order's entries after a time, oldest first. */
  since(channel: ChannelId, at: number): AsyncIterable<IndexEntry>
  /** Messages from one time to before another, newest first, and where they lie in their authors' chains. */
  originals(
    channel: ChannelId,
    range: { readonly from: number; readonly to: number; readonly countMax: number }
  ): Promise<readonly MessagePlace[]>
  /** Channel of a message that arrived. */
  locate(id: MessageId): Promise<ChannelId | undefined>
  unread(channel: ChannelId): Unread
  /** Everything up to a message (null: up to the newest) was read. Never goes back. */
  markRead(channel: ChannelId, message: MessageId | null): Promise<Unread>
  /** TL12: the content of a deleted message is removed here for good. False where it is not deleted. */
  erase(channel: ChannelId, id: MessageId): Promise<boolean>
  /** Forgets a channel's records and order, for rebuilding; read marks stay. Resolves to the messages dropped. */
  drop(channel: ChannelId): Promise<number>
}

/** Records kept once they are on disk: what a turn of sync brings, and the own ones that receipts still come for. */
const RECORDS_KEPT_MAX = 512

const unreadOf = ({ channel: _, ...unread }: Unread & { readonly channel: ChannelId }): Unread => unread

const nameOf = (channel: ChannelId, id: MessageId): string => channel + id

class DatabaseTimeline implements TimelineStore, TimelineIndex {
  readonly #init: TimelineStoreInit
  readonly #records = new Overlay<MessageRecord>(RECORDS_KEPT_MAX)
  readonly #entries = new Overlay<IndexEntry & { readonly channel: ChannelId }>(0)
  /** Counters on disk, and those that are staged. */
  readonly #durable: Map<ChannelId, Unread>
  readonly #unread = new Overlay<Unread>(0)
  /** Channels of whose counters a write is said to have failed: it may be on disk for all that, or not. */
  readonly #unsure = new Set<ChannelId>()
  readonly #waiting: Waiting
  #last: Promise<unknown> = Promise.resolve()

  constructor(init: TimelineStoreInit, unread: Map<ChannelId, Unread>, waiting: Waiting) {
    this.#init = init
    this.#waiting = waiting
    this.#durable = unread
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      if (this.#unsure.size > 0) await this.#recall()
      return run()
    })
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** Reads the counters again where memory and disk may have parted. */
  async #recall(): Promise<void> {
    for (const channel of this.#unsure) {
      const stored = await this.#init.database.table(channels).get([channel])
      if (stored === undefined) this.#durable.delete(channel)
      else this.#durable.set(channel, unreadOf(stored))
      this.#unsure.delete(channel)
    }
  }

  async find(channel: ChannelId, id: MessageId): Promise<MessageRecord | undefined> {
    const staged = this.#records.get(nameOf(channel, id))
    return staged === undefined
      ? this.#init.database.table(records).get([id, channel])
      : (staged ?? undefined)
  }

  async findMany(channel: ChannelId, ids: readonly MessageId[]): Promise<(MessageRecord | undefined)[]> {
    const known = ids.map(id => this.#records.get(nameOf(channel, id)))
    const wanted = ids.filter((_, index) => known[index] === undefined)
    const stored = await this.#init.database.table(records).getMany(wanted.map(id => [id, channel] as const))
    let next = 0
    return known.map(each => (each === undefined ? stored[next++] : (each ?? undefined)))
  }

  async *scan(
    channel: ChannelId,
    options: { from?: number; to?: number; reverse?: boolean }
  ): AsyncGenerator<IndexEntry> {
    const { from = 0, to = Infinity, reverse = false } = options
    const staged = this.#entries
      .values()
      .filter(entry => entry?.channel === channel && entry.at >= from && entry.at < to) as IndexEntry[]
    staged.sort((a, b) => (reverse ? b.at - a.at : a.at - b.at))
    const covered = new Set(this.#entries.names())
    let next = 0
    for await (const { value } of this.#init.database.table(order).scan({ prefix: [channel], ...options })) {
      while (
        next < staged.length &&
        (reverse ? (staged[next]?.at ?? 0) >= value.at : (staged[next]?.at ?? 0) <= value.at)
      ) {
        yield staged[next++] as IndexEntry
      }
      if (!covered.has(nameOf(channel, value.id))) yield value
    }
    yield* staged.slice(next)
  }

  since(channel: ChannelId, at: number): AsyncIterable<IndexEntry> {
    return this.scan(channel, { from: at + 1 })
  }

  async originals(
    channel: ChannelId,
    { from, to, countMax }: { readonly from: number; readonly to: number; readonly countMax: number }
  ): Promise<readonly MessagePlace[]> {
    const ids: MessageId[] = []
    for await (const { id } of this.scan(channel, { from, to, reverse: true }))
      if (ids.push(id) >= countMax) break
    const found = await this.findMany(channel, ids)
    return found.flatMap(each => {
      const original = each?.original
      return each && original
        ? [{ at: original.at, id: each.id, device: original.device, seq: original.seq }]
        : []
    })
  }

  stage(batch: Batch, items: readonly TimelineItem[], options: StageOptions = {}): Promise<StagedItems> {
    return this.#inTurn(async () => {
      const before = await this.#load(items, options.isNew ?? (() => false))
      const now = new Map(before)
      const changes: TimelineChange[] = []
      const rebuild: { channel: ChannelId; message: MessageId }[] = []
      for (const item of items) {
        const name = nameOf(item.channel, targetOf(item))
        const result = reduceMessage(now.get(name), item)
        now.set(name, result.record)
        changes.push(...result.changes)
        if (result.rebuild) rebuild.push({ channel: item.channel, message: targetOf(item) })
      }
      this.#put(batch, before, now)
      return { changes, rebuild }
    })
  }

  /** Records that items are about, by name; undefined where there is none yet. */
  async #load(
    items: readonly TimelineItem[],
    isNew: (id: MessageId) => boolean
  ): Promise<Map<string, MessageRecord | undefined>> {
    const loaded = new Map<string, MessageRecord | undefined>()
    const wanted = new Map<string, readonly [MessageId, ChannelId]>()
    for (const item of items) {
      const target = targetOf(item)
      const name = nameOf(item.channel, target)
      const staged = this.#records.get(name)
      if (staged !== undefined) loaded.set(name, staged ?? undefined)
      else if (target === item.id && isNew(item.id) && !this.#waiting.has(name)) loaded.set(name, undefined)
      else wanted.set(name, [target, item.channel])
    }
    const missing = [...wanted].filter(([name]) => !loaded.has(name))
    if (missing.length === 0) return loaded
    const stored = await this.#init.database.table(records).getMany(missing.map(([, key]) => key))
    for (const [index, [name]] of missing.entries()) loaded.set(name, stored[index])
    return loaded
  }

  /** Adds the rows of records that changed, and of the channels they lie in. */
  #put(
    batch: Batch,
    before: ReadonlyMap<string, MessageRecord | undefined>,
    now: ReadonlyMap<string, MessageRecord | undefined>
  ): void {
    const touched = new Map<ChannelId, Unread>()
    const changed = new Map<string, MessageRecord>()
    const entries = new Map<string, IndexEntry & { readonly channel: ChannelId }>()
    for (const [name, record] of now) {
      const old = before.get(name)
      if (record === undefined || record === old) continue
      batch.put(records, [record.id, record.channel], record)
      changed.set(name, record)
      this.#waiting.note(name, record, batch)
      const entry = this.#entryOf(record)
      if (entry === undefined) continue
      const oldEntry = old && this.#entryOf(old)
      if (oldEntry?.status === entry.status && oldEntry.mentioned === entry.mentioned) continue
      batch.put(order, [record.channel, entry.at, record.id], entry)
      entries.set(name, { ...entry, channel: record.channel })
      const unread = touched.get(record.channel) ?? this.unread(record.channel)
      touched.set(record.channel, stepUnread(unread, oldEntry, entry, this.#init.self))
    }
    this.#records.set(changed, batch)
    this.#entries.set(entries, batch)
    for (const [channel, unread] of touched)
      if (unread !== this.unread(channel)) this.#putUnread(batch, channel, unread)
  }

  #putUnread(batch: Batch, channel: ChannelId, unread: Unread): void {
    batch.put(channels, [channel], { channel, ...unread }).onSettled(committed => {
      if (committed) this.#durable.set(channel, unread)
      else {
        this.#unsure.add(channel)
        // Where the disk does not even read, the next turn tries again, and says so.
        this.#inTurn(async () => undefined).catch(() => undefined)
      }
    })
    this.#unread.set(new Map([[channel, unread]]), batch)
  }

  #entryOf(record: MessageRecord): IndexEntry | undefined {
    const message = messageOf(record)
    if (message === undefined) return undefined
    const { id, at, author, status } = message
    return { id, at, author, status, mentioned: this.#init.isMentioned?.(message) ?? false }
  }

  page(channel: ChannelId, options?: PageOptions): Promise<Page> {
    return readPage(this, channel, options)
  }

  async message(channel: ChannelId, id: MessageId): Promise<Message | undefined> {
    const found = await this.find(channel, id)
    return found && messageOf(found)
  }

  recent(channel: ChannelId, id: MessageId): Message | undefined {
    const found = this.#records.get(nameOf(channel, id))
    return found ? messageOf(found) : undefined
  }

  record(channel: ChannelId, id: MessageId): Promise<MessageRecord | undefined> {
    return this.find(channel, id)
  }

  async locate(id: MessageId): Promise<ChannelId | undefined> {
    for (const staged of this.#records.values())
      if (staged?.id === id && staged.original !== null) return staged.channel
    for await (const { value } of this.#init.database.table(records).scan({ prefix: [id] })) {
      if (value.original !== null) return value.channel
    }
    return undefined
  }

  unread(channel: ChannelId): Unread {
    return this.#unread.get(channel) ?? this.#durable.get(channel) ?? NOTHING_UNREAD
  }

  markRead(channel: ChannelId, message: MessageId | null): Promise<Unread> {
    return this.#inTurn(async () => {
      const place =
        message === null ? await this.#newest(channel) : (await this.find(channel, message))?.original
      const { read } = this.unread(channel)
      if (!place || (read !== null && comparePlaces(place, read) < 0)) return this.unread(channel)
      const unread = await countUnread(this, channel, { at: place.at, id: place.id }, this.#init.self)
      const batch = this.#init.database.batch()
      this.#putUnread(batch, channel, unread)
      await batch.commit({ sync: false }) // a read mark lost with the power is shown unread again, no worse
      return unread
    })
  }

  async #newest(channel: ChannelId): Promise<IndexEntry | undefined> {
    let newest: IndexEntry | undefined
    for await (const entry of this.scan(channel, { reverse: true })) {
      if (newest !== undefined && entry.at !== newest.at) break
      if (newest === undefined || entry.id > newest.id) newest = entry
    }
    return newest
  }

  erase(channel: ChannelId, id: MessageId): Promise<boolean> {
    return this.#inTurn(async () => {
      const record = await this.find(channel, id)
      const erased = record && eraseMessage(record)
      if (erased === undefined || !erased.erased) return false
      if (erased !== record) {
        const batch = this.#init.database.batch().put(records, [id, channel], erased)
        this.#records.set(new Map([[nameOf(channel, id), erased]]), batch)
        await batch.commit()
      }
      return true
    })
  }

  drop(channel: ChannelId): Promise<number> {
    return this.#inTurn(async () => {
      const { database } = this.#init
      let dropped = 0
      let batch = database.batch()
      for await (const { at, id } of this.scan(channel, {})) {
        batch.delete(order, [channel, at, id]).delete(records, [id, channel])
        const gone = new Map([[nameOf(channel, id), null]])
        this.#records.set(gone, batch)
        this.#entries.set(gone, batch)
        dropped++
        if (batch.size < 512) continue
        await batch.commit()
        batch = database.batch()
      }
      this.#putUnread(batch, channel, { ...this.unread(channel), count: 0, mentions: 0 })
      await batch.commit()
      return dropped
    })
  }
}

/** Opens the timeline of a database that has TIMELINE_TABLES: reads one row a channel, and those that wait. */
export async function createTimelineStore(init: TimelineStoreInit): Promise<TimelineStore> {
  const unread = new Map<ChannelId, Unread>()
  for await (const { value } of init.database.table(channels).scan()) {
    unread.set(value.channel, unreadOf(value))
  }
  return new DatabaseTimeline(init, unread, await openWaiting(init.database))
}

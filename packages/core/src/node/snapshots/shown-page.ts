/** Pages as people see them: what is in the store, and until a replay is over the provisional beside it (ND27). */
import type { ChannelId, MessageId } from '../../base/index.ts'
import {
  comparePlaces,
  type IndexEntry,
  type IndexScan,
  type Message,
  messageOf,
  type MessageRecord,
  type Page,
  type PageOptions,
  readPage,
  type TimelineIndex
} from '../../timeline/index.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { provisionalEntries, type ProvisionalPage, provisionalRecord } from './provisional.ts'

/** One page. */
export async function shownPage(
  state: ReplicaState,
  channel: ChannelId,
  options: PageOptions
): Promise<Page> {
  const { timeline } = state.deps
  const page = state.provisional?.pages.get(channel)
  return page === undefined
    ? await timeline.page(channel, options)
    : await readPage(new Both(timeline, page), channel, options)
}

/** One message. */
export async function shownMessage(
  state: ReplicaState,
  channel: ChannelId,
  id: MessageId
): Promise<Message | undefined> {
  const stored = await state.deps.timeline.message(channel, id)
  if (stored !== undefined) return stored
  const record = provisionalRecord(state, channel, id)
  return record && messageOf(record)
}

/** Whether a message is shown though it was not judged here yet. */
export async function isUnverified(state: ReplicaState, { channel, id }: Message): Promise<boolean> {
  if (provisionalRecord(state, channel, id) === undefined) return false
  return (await state.deps.timeline.message(channel, id)) === undefined
}

/** The store's order with the provisional page in it; what both have is the store's. */
class Both implements TimelineIndex {
  readonly #store: TimelineIndex
  readonly #page: ProvisionalPage

  constructor(store: TimelineIndex, page: ProvisionalPage) {
    this.#store = store
    this.#page = page
  }

  async *scan(channel: ChannelId, scan: IndexScan): AsyncGenerator<IndexEntry> {
    const { from = 0, to = Infinity, reverse = false } = scan
    const mine = await this.#only(channel)
    if (reverse) mine.reverse()
    const due = mine.filter(each => each.at >= from && each.at < to)
    for await (const entry of this.#store.scan(channel, scan)) {
      while (due[0] !== undefined && comparePlaces(due[0], entry) * (reverse ? -1 : 1) < 0)
        yield due.shift() as IndexEntry
      yield entry
    }
    yield* due
  }

  /** What is in the page alone. */
  async #only(channel: ChannelId): Promise<IndexEntry[]> {
    const entries = provisionalEntries(this.#page)
    const stored = await this.#store.findMany(
      channel,
      entries.map(each => each.id)
    )
    return entries.filter((_, at) => !isHeld(stored[at]))
  }

  async find(channel: ChannelId, id: MessageId): Promise<MessageRecord | undefined> {
    const [found] = await this.findMany(channel, [id])
    return found
  }

  async findMany(channel: ChannelId, ids: readonly MessageId[]): Promise<(MessageRecord | undefined)[]> {
    const stored = await this.#store.findMany(channel, ids)
    return ids.map((id, at) => {
      const held = stored[at]
      return isHeld(held) ? held : (this.#page.records.get(id) ?? held)
    })
  }
}

/** Whether the message itself is there, and not only what was said of it. */
function isHeld(record: MessageRecord | undefined): boolean {
  return record !== undefined && record.original !== null
}

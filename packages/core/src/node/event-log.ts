/**
 * Durable events (ND2): written in the batch of what caused them, released in order of their cursors, kept
 * for readers that are away, pruned with an explicit gap.
 *
 * An event names what it is about; whoever reads it looks up what that is now. So deleted content does not
 * survive in the log.
 */
import { type Codec, array, codec, literal, nullable, text, tuple } from '../encoding/index.ts'
import { type Batch, type Database, defineTable, sortNumber, type Table } from '../store/index.ts'

/** One event as it is kept. */
export interface EventRecord {
  /** `noun:verb`. */
  readonly type: string
  readonly server: string
  /** Ids the event is about, in an order fixed per type. */
  readonly refs: readonly string[]
  /** A word beside them: emoji, rule, reason, delivery. */
  readonly note: string | null
}

/** An event and its place. */
export interface LoggedEvent extends EventRecord {
  readonly cursor: number
}

/** Events kept for absent readers: about a day of a busy profile, some 10 MB. */
export const EVENTS_KEPT_MAX = 50_000

/** Events in one row: a turn's events share it, so that a burst costs a row a turn. */
const ROW_EVENTS_MAX = 256

const eventSchema = tuple({
  type: text(40, 3),
  server: text(80),
  refs: array(text(120), 8),
  note: nullable(text(1_024))
})
const rowCodec: Codec<{ readonly version: 1; readonly events: readonly EventRecord[] }> = codec(
  tuple({ version: literal(1), events: array(eventSchema, ROW_EVENTS_MAX, 1) }),
  { rule: 'ND2' }
)

/** Table of the event log, for `openDatabase`: rows of consecutive events under the cursor of their first. */
export const eventTable = defineTable({
  name: 'events',
  schema: 1,
  key: [sortNumber()] as const,
  value: rowCodec
})

/** The log. */
export interface EventLog {
  /** Newest released cursor; 0 before the first event. */
  readonly latest: number
  /** Cursor before the oldest event kept. */
  readonly floor: number
  /**
   * Adds events to a batch. Call `commit` of the ticket after the batch was committed: events are released
   * strictly in cursor order, so that no reader's cursor ever jumps over one.
   */
  append(batch: Batch, events: readonly EventRecord[]): EventTicket
  /** Released events after a cursor, in order, at most `limit`. */
  read(after: number, limit: number): Promise<readonly LoggedEvent[]>
  /** Calls back with each released event. Returns its removal. */
  listen(listener: (event: LoggedEvent) => void): () => void
  /** Deletes what is beyond EVENTS_KEPT_MAX. */
  prune(): Promise<void>
}

/** Releases the events of one batch, or gives their cursors up. */
export interface EventTicket {
  commit(): void
  abandon(): void
}

interface Waiting {
  readonly events: readonly LoggedEvent[]
  state: 'open' | 'done' | 'void'
}

/** Opens the log of a database. */
export async function openEventLog(database: Database): Promise<EventLog> {
  const table = database.table(eventTable)
  let newest = 0
  let oldest = 1
  for await (const row of table.scan({ reverse: true, limit: 1 }))
    newest = (row.sort[0] as number) + row.value.events.length - 1
  for await (const row of table.scan({ limit: 1 })) oldest = row.sort[0] as number
  return new DatabaseEventLog(database, newest, oldest - 1)
}

class DatabaseEventLog implements EventLog {
  readonly #database: Database
  readonly #table: ReturnType<typeof tableOf>
  readonly #listeners = new Set<(event: LoggedEvent) => void>()
  readonly #waiting: Waiting[] = []
  #assigned: number
  #released: number
  #floor: number

  constructor(database: Database, newest: number, floor: number) {
    this.#database = database
    this.#table = tableOf(database)
    this.#assigned = newest
    this.#released = newest
    this.#floor = floor
  }

  get latest(): number {
    return this.#released
  }

  get floor(): number {
    return this.#floor
  }

  append(batch: Batch, events: readonly EventRecord[]): EventTicket {
    const logged = events.map(event => ({ ...event, cursor: ++this.#assigned }))
    for (let at = 0; at < events.length; at += ROW_EVENTS_MAX) {
      batch.put(eventTable, [(logged[at] as LoggedEvent).cursor], {
        version: 1,
        events: events.slice(at, at + ROW_EVENTS_MAX)
      })
    }
    const entry: Waiting = { events: logged, state: 'open' }
    this.#waiting.push(entry)
    const settle = (state: 'done' | 'void'): void => {
      entry.state = state
      this.#release()
    }
    return { commit: () => settle('done'), abandon: () => settle('void') }
  }

  async read(after: number, limit: number): Promise<readonly LoggedEvent[]> {
    const found: LoggedEvent[] = []
    for await (const row of this.#table.scan({
      from: await this.#rowOf(after + 1),
      to: this.#released + 1
    })) {
      for (const [index, event] of row.value.events.entries()) {
        const cursor = (row.sort[0] as number) + index
        if (cursor > after && cursor <= this.#released && found.length < limit)
          found.push({ ...event, cursor })
      }
      if (found.length >= limit) break
    }
    return found
  }

  listen(listener: (event: LoggedEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async prune(): Promise<void> {
    const keepFrom = this.#released - EVENTS_KEPT_MAX + 1
    if (keepFrom <= this.#floor + 1) return
    const kept = await this.#rowOf(keepFrom)
    const batch = this.#database.batch()
    for await (const row of this.#table.scan({ to: kept })) batch.deleteRow(eventTable, row)
    await batch.commit({ sync: false })
    this.#floor = kept - 1
  }

  /** First cursor of the row that holds this cursor. */
  async #rowOf(cursor: number): Promise<number> {
    for await (const row of this.#table.scan({ to: cursor + 1, reverse: true, limit: 1 }))
      return row.sort[0] as number
    return cursor
  }

  #release(): void {
    for (let head = this.#waiting[0]; head !== undefined && head.state !== 'open'; head = this.#waiting[0]) {
      this.#waiting.shift()
      for (const event of head.events) {
        this.#released = event.cursor
        if (head.state === 'done') for (const listener of [...this.#listeners]) listener(event)
      }
    }
  }
}

function tableOf(
  database: Database
): Table<readonly [number], { readonly version: 1; readonly events: readonly EventRecord[] }> {
  return database.table(eventTable)
}

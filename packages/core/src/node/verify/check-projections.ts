/** What is kept beside chains so that nothing has to be read whole: acts, what waits, outbox, timeline, events. */
import type { MessageId } from '../../base/index.ts'
import type { Database } from '../../store/index.ts'
import { messageOf } from '../../timeline/index.ts'
import { blockOf } from '../replica/delivery-block.ts'
import { eventTable } from '../event-log.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { actTable, deliveryTable, outboxTable, pendingTable } from '../replica/tables.ts'
import { order, records } from '../timeline/timeline-tables.ts'
import type { Expected } from './check-chains.ts'
import type { CheckContext } from './check-operations.ts'
import type { Findings } from './problems.ts'

/** Waiting envelopes that have a row; SY14 leaves those beyond without one. */
const PENDING_ROWS_MAX = 20_000

/** Acts and waiting envelopes are found by index: each has its row, and each row its envelope. */
export async function checkIndexes(
  { database, server, findings }: CheckContext,
  expected: Expected
): Promise<void> {
  const acts = new Set<string>()
  for await (const { value } of database.table(actTable).scan({ prefix: [server] })) {
    acts.add(value.id)
  }
  for (const id of expected.acts)
    if (!acts.has(id)) findings.add('act-missing', server, `the row of act ${id} is not there`)
  const waiting = new Set<string>()
  for await (const { value } of database.table(pendingTable).scan({ prefix: [server] })) {
    waiting.add(value.id)
    if (!expected.waiting.has(value.id as MessageId))
      findings.add('waiting-orphaned', server, `${value.id} is said to wait, and does not`)
  }
  if (waiting.size >= PENDING_ROWS_MAX) return
  for (const id of expected.waiting)
    if (!waiting.has(id))
      findings.add('waiting-missing', server, `the row by which ${id} is found again is not there`)
}

/** The outbox and what is known of deliveries reach no further than our own chain. */
export async function checkOutbox(
  { database, server, findings }: CheckContext,
  state: ReplicaState
): Promise<void> {
  const tip = state.author(state.self).chain.tip()?.seq ?? 0
  const settledTo = (await database.table(outboxTable).get([server]))?.settledTo ?? 0
  if (settledTo > tip)
    findings.add(
      'outbox-ahead',
      server,
      `all up to ${settledTo} is said to be delivered; our chain ends at ${tip}`
    )
  for await (const { sort } of database.table(deliveryTable).scan({ prefix: [server] })) {
    const block = sort[0] as number
    if (block > blockOf(tip))
      findings.add('delivery-orphaned', server, `deliveries are noted beyond our chain, which ends at ${tip}`)
  }
}

/** Records and order are a projection of envelopes: neither more nor less. `messages`: those of all servers, by channel. */
export async function checkTimeline(
  database: Database,
  findings: Findings,
  messages: ReadonlyMap<MessageId, string>
): Promise<void> {
  const shown = new Set<MessageId>()
  for await (const { value } of database.table(records).scan()) {
    const { id, channel, original } = value
    if (original === null) continue
    if (messages.get(id) !== channel)
      findings.add('message-orphaned', null, `message ${id} is shown in ${channel}; no envelope says so`)
    if (messageOf(value) === undefined) continue
    shown.add(id)
    const entry = await database.table(order).get([channel, original.at, id])
    if (entry === undefined)
      findings.add('order-missing', null, `message ${id} is not in the order of ${channel}`)
  }
  for (const [id, channel] of messages)
    if (!shown.has(id))
      findings.add('message-missing', null, `message ${id} of ${channel} is not in the timeline`)
  let entries = 0
  for await (const { value } of database.table(order).scan()) {
    entries++
    if (!shown.has(value.id))
      findings.add(
        'order-orphaned',
        null,
        `${value.id} is in the order of a channel, and not in the timeline`
      )
  }
  if (entries > shown.size)
    findings.add('order-orphaned', null, `${entries} places in channels for ${shown.size} messages`)
}

/** Rows of events follow each other. */
export async function checkEvents(database: Database, findings: Findings): Promise<void> {
  let end = 0
  for await (const { value, sort } of database.table(eventTable).scan()) {
    const first = sort[0] as number
    if (first <= end) findings.add('events-overlap', null, `events ${first} to ${end} are there twice`)
    end = first + value.events.length - 1
  }
}

/**
 * The outbox (SY18) is not a table: it is everything of ours above the number up to which all is settled. Of a long
 * one, such as that of a founder whom nobody has joined yet, only the oldest part is in memory; the rest is a gap.
 */
import type { MessageId } from '../base/index.ts'
import { EnvelopeType, readEnvelope } from '../graph/index.ts'
import type { DeliveryEntry } from '../sync/index.ts'
import { blockOf, type DeliveryBlock, findDelivery } from './delivery-block.ts'
import type { OutboxGap, ReplicaState } from './replica-state.ts'
import { deliveryTable, envelopeTable, outboxTable } from './tables.ts'

/** Rows read when a profile opens: some 5 ms. */
const OPENING_ROWS_MAX = 256
/** Rows read when those before them are settled. */
const REFILL_ROWS_MAX = 1_024

/** A delivery row, as the store has it. */
export async function readBlock(state: ReplicaState, block: number): Promise<DeliveryBlock | undefined> {
  return await state.deps.database.table(deliveryTable).get([state.server, block])
}

/** What is kept of a message's delivery; `local` where nothing is. */
async function keptOf(state: ReplicaState, id: MessageId, seq: number): Promise<DeliveryEntry> {
  const kept = findDelivery(await readBlock(state, blockOf(seq)), { id, seq })
  return kept ?? { id, seq, level: 'local', holders: 0, durable: [], settled: false }
}

/** The outbox of a stored replica. */
export async function loadOutbox(state: ReplicaState): Promise<void> {
  state.settledTo = (await state.deps.database.table(outboxTable).get([state.server]))?.settledTo ?? 0
  const tip = state.author(state.self).chain.tip()?.seq ?? 0
  await load(state, { from: state.settledTo + 1, to: tip }, OPENING_ROWS_MAX)
}

/** Loads the next part once nothing before the gap is unsettled any more; true where it did. */
export async function refillOutbox(state: ReplicaState): Promise<boolean> {
  const gap = state.outboxGap
  const [oldest] = state.unsettled.values()
  if (gap === undefined || (oldest !== undefined && oldest <= gap.to)) return false
  await load(state, gap, REFILL_ROWS_MAX)
  return true
}

async function load(state: ReplicaState, range: OutboxGap, rowsMax: number): Promise<void> {
  const { database, suite } = state.deps
  const unsettled = new Map<MessageId, number>()
  let rows = 0
  let last = range.from - 1
  const scan = database
    .table(envelopeTable)
    .scan({ prefix: [state.server, state.self], from: range.from, to: range.to + 1, limit: rowsMax })
  for await (const { value, sort } of scan) {
    rows++
    last = sort[0] as number
    const read = value.stub ? undefined : readEnvelope(suite, value.bytes)
    if (read?.ok !== true || read.value.type !== EnvelopeType.chat || value.channel === null) continue
    const { id, seq } = read.value
    const entry = state.tracker.get(id) ?? (await keptOf(state, id, seq))
    state.ownChannels.set(id, value.channel as never)
    state.tracker.restore(entry)
    if (!entry.settled) unsettled.set(id, seq)
  }
  // Ascending: what is known already lies behind what was read.
  state.unsettled = new Map([...unsettled, ...state.unsettled])
  state.outboxGap = rows < rowsMax || last >= range.to ? undefined : { from: last + 1, to: range.to }
}

/** Receipts may name messages of the gap: those are taken into memory, so that their proof counts. */
export async function recall(state: ReplicaState, ids: readonly MessageId[]): Promise<void> {
  const gap = state.outboxGap
  if (gap === undefined) return
  const { timeline } = state.deps
  for (const id of ids) {
    const channel = state.tracker.get(id) === undefined ? await timeline.locate(id) : undefined
    const message = channel === undefined ? undefined : await timeline.message(channel, id)
    if (
      channel === undefined ||
      message?.device !== state.self ||
      message.seq < gap.from ||
      message.seq > gap.to
    )
      continue
    state.ownChannels.set(id, channel)
    state.tracker.restore(await keptOf(state, id, message.seq))
  }
}

/** Everything of ours up to this number is settled. */
export function settledUpTo(state: ReplicaState): number {
  const [oldest] = state.unsettled.values()
  const known = oldest === undefined ? (state.author(state.self).chain.tip()?.seq ?? 0) : oldest - 1
  return Math.min(known, (state.outboxGap?.from ?? Infinity) - 1)
}

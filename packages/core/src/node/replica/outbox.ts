/**
 * The outbox (SY18) is not a table: it is everything of ours above the number up to which all is settled. Of a long
 * one, such as that of a founder whom nobody has joined yet, only the oldest part is in memory; the rest is a gap.
 */
import type { ChannelId, MessageId } from '../../base/index.ts'
import { EnvelopeType, readEnvelope } from '../../graph/index.ts'
import type { DeliveryEntry, OfferedEnvelope, SyncFound } from '../../sync/index.ts'
import { blockOf, type DeliveryBlock, findDelivery, lastOfBlock, settledIn } from './delivery-block.ts'
import type { OutboxGap, ReplicaState } from './replica-state.ts'
import { deliveryTable, type EnvelopeRow, envelopeTable, outboxTable } from './tables.ts'

/** Rows read when a profile opens: some 5 ms. */
const OPENING_ROWS_MAX = 256
/** Rows read when most of those before them are settled. */
const REFILL_ROWS_MAX = 1_024
/** Unproven messages before the gap below which more of it is read: some may stay unproven for ever. */
const WAITING_MIN = 512

/** A delivery row, as the store has it. */
export async function readBlock(state: ReplicaState, block: number): Promise<DeliveryBlock | undefined> {
  return await state.deps.database.table(deliveryTable).get([state.server, block])
}

/** Rows remembered: what receipts name was written lately, and a row is read again for each receipt. */
const BLOCKS_REMEMBERED = 64

/** Rows as the turn before left them, by block; those that were never written are not looked for. */
export async function readBlocks(
  state: ReplicaState,
  blocks: readonly number[]
): Promise<ReadonlyMap<number, DeliveryBlock | undefined>> {
  const found = new Map<number, DeliveryBlock | undefined>()
  for (const block of blocks) found.set(block, state.deliveries.get(block))
  const unknown = blocks.filter(block => found.get(block) === undefined && block <= state.deliveriesTo)
  if (unknown.length === 0) return found
  const keys = unknown.map(block => [state.server, block] as const)
  const rows = await state.deps.database.table(deliveryTable).getMany(keys)
  for (const [index, block] of unknown.entries()) found.set(block, rows[index])
  return found
}

/** Remembers a row that a turn writes. */
export function rememberBlock(state: ReplicaState, block: number, row: DeliveryBlock): void {
  state.deliveries.delete(block)
  state.deliveries.set(block, row)
  state.deliveriesTo = Math.max(state.deliveriesTo, block)
  const [oldest] = state.deliveries.keys()
  if (state.deliveries.size > BLOCKS_REMEMBERED && oldest !== undefined) state.deliveries.delete(oldest)
}

/** What is kept of a message's delivery; `local` where nothing is. */
async function keptOf(state: ReplicaState, id: MessageId, seq: number): Promise<DeliveryEntry> {
  const kept = findDelivery(await readBlock(state, blockOf(seq)), { id, seq })
  return kept ?? unproven(id, seq)
}

function unproven(id: MessageId, seq: number): DeliveryEntry {
  return { id, seq, level: 'local', holders: 0, durable: [], settled: false }
}

/** An own envelope that others are to hold: content, as against what carries operations and keys. */
function contentOf(
  state: ReplicaState,
  row: EnvelopeRow
): { readonly id: MessageId; readonly seq: number } | undefined {
  if (row.stub || row.channel === null) return undefined
  const read = readEnvelope(state.deps.suite, row.bytes)
  return read.ok && read.value.type === EnvelopeType.chat ? read.value : undefined
}

/** Takes a message into memory, as the newest of what is tracked: the oldest are forgotten first. */
function track(state: ReplicaState, entry: DeliveryEntry, channel: ChannelId): void {
  state.ownChannels.delete(entry.id)
  state.ownChannels.set(entry.id, channel)
  state.tracker.restore(entry)
}

/** The outbox of a stored replica. */
export async function loadOutbox(state: ReplicaState): Promise<void> {
  state.settledTo = (await state.deps.database.table(outboxTable).get([state.server]))?.settledTo ?? 0
  const tip = state.author(state.self).chain.tip()?.seq ?? 0
  state.deliveriesTo = blockOf(tip)
  await load(state, { from: state.settledTo + 1, to: tip }, OPENING_ROWS_MAX)
}

/** Loads the next part once most of what lies before it is settled; true where it did, so that more may be due. */
export async function refillOutbox(state: ReplicaState): Promise<boolean> {
  const gap = state.outboxGap
  if (gap === undefined) return false
  let waiting = 0
  for (const seq of state.unsettled.values()) if (seq > gap.to || ++waiting === WAITING_MIN) break
  if (waiting === WAITING_MIN) return false
  await load(state, gap, REFILL_ROWS_MAX)
  return true
}

async function load(state: ReplicaState, range: OutboxGap, rowsMax: number): Promise<void> {
  const { database } = state.deps
  const unsettled = new Map<MessageId, number>()
  let rows = 0
  let last = range.from - 1
  const scan = database
    .table(envelopeTable)
    .scan({ prefix: [state.server, state.self], from: range.from, to: range.to + 1, limit: rowsMax })
  for await (const { value, sort } of scan) {
    rows++
    last = sort[0] as number
    const own = contentOf(state, value)
    if (own === undefined) continue
    const { id, seq } = own
    const entry = state.tracker.get(id) ?? (await keptOf(state, id, seq))
    track(state, entry, value.channel as ChannelId)
    if (!entry.settled) unsettled.set(id, seq)
  }
  const known = [...state.unsettled]
  const before = known.filter(([, seq]) => seq < range.from)
  state.unsettled = new Map([...before, ...unsettled, ...known.slice(before.length)])
  state.outboxGap = rows < rowsMax || last >= range.to ? undefined : { from: last + 1, to: range.to }
}

/** Blocks looked at for one part of an offer: some 10 ms where all of them are settled. */
const OFFER_BLOCKS_MAX = 512

/**
 * SY18: own content that is unproven, in author order, for an offer. All of it, whatever is in memory: one message that
 * nobody can prove must not keep those behind it from being offered. What is offered is tracked, so that its proof counts.
 */
export async function readOutbox(
  state: ReplicaState,
  from: number,
  itemsMax: number
): Promise<Extract<SyncFound, { kind: 'outbox' }>> {
  const tip = state.author(state.self).chain.tip()?.seq ?? 0
  const offers: OfferedEnvelope[] = []
  let at = Math.max(from, state.settledTo + 1)
  for (let blocks = 0; at <= tip && offers.length < itemsMax && blocks < OFFER_BLOCKS_MAX; blocks++) {
    const block = blockOf(at)
    const to = Math.min(lastOfBlock(block), tip)
    const kept = await readBlock(state, block)
    // Whole blocks of a settled past cost one row each.
    if (settledIn(kept, at, to) < to - at + 1)
      offers.push(...(await unprovenOf(state, kept, { from: at, to })))
    at = to + 1
  }
  return { kind: 'outbox', offers, next: at > tip ? null : at }
}

async function unprovenOf(
  state: ReplicaState,
  kept: DeliveryBlock | undefined,
  { from, to }: OutboxGap
): Promise<readonly OfferedEnvelope[]> {
  const offers: OfferedEnvelope[] = []
  const scan = state.deps.database
    .table(envelopeTable)
    .scan({ prefix: [state.server, state.self], from, to: to + 1 })
  for await (const { value } of scan) {
    const own = contentOf(state, value)
    if (own === undefined) continue
    const { id, seq } = own
    const entry = state.tracker.get(id) ?? findDelivery(kept, own) ?? unproven(id, seq)
    if (entry.settled) continue
    track(state, entry, value.channel as ChannelId)
    offers.push({ seq, id })
  }
  return offers
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
    track(state, await keptOf(state, id, message.seq), channel)
  }
}

/** Everything of ours up to this number is settled. */
export function settledUpTo(state: ReplicaState): number {
  const [oldest] = state.unsettled.values()
  const known = oldest === undefined ? (state.author(state.self).chain.tip()?.seq ?? 0) : oldest - 1
  return Math.min(known, (state.outboxGap?.from ?? Infinity) - 1)
}

/**
 * Delivery of own messages (SY17, SY18): receipts raise it, the store keeps each level once it is reached,
 * events tell it.
 */
import { type ChannelId, type DeviceId, type MessageId } from '../../base/index.ts'
import { permissionBit } from '../../authority/index.ts'
import { EnvelopeType } from '../../graph/index.ts'
import type { DeliveryEntry, DeliveryWorld, Receipt } from '../../sync/index.ts'
import type { DeliveryReport } from '../contract.ts'
import { blockOf, findDelivery, mergeDeliveries } from './delivery-block.ts'
import { readBlock, readBlocks, recall, refillOutbox, rememberBlock, settledUpTo } from './outbox.ts'
import type { ReplicaState } from './replica-state.ts'
import { deliveryTable, outboxTable } from './tables.ts'
import type { Work } from './work.ts'

/** Settled messages whose level may still rise stay in memory up to this many. */
const TRACKED_MAX = 4_096
const VIEW_CHANNEL = permissionBit('ViewChannel')
const ARRIVED: DeliveryReport = { state: 'delivered', holders: 0 }
/** What nothing is known of but that it is here. */
export const LOCAL: DeliveryReport = { state: 'local', holders: 0 }

/** Where a message lies in its author's chain. */
interface OwnPlace {
  readonly id: MessageId
  readonly device: DeviceId
  readonly seq: number
}

/** Own content of this turn starts as `local`, in the outbox. */
export function noteOwn(work: Work): void {
  const { state, turn } = work
  for (const envelope of turn.published) {
    if (envelope.type !== EnvelopeType.chat) continue
    state.tracker.add(envelope.id, envelope.seq)
    state.unsettled.set(envelope.id, envelope.seq)
  }
}

/** What could hold our messages, by present state. Whether it is one or more is all that counts (SY17). */
function worldOf(state: ReplicaState): DeliveryWorld {
  let otherHolders = -1
  for (const member of state.log.state().members()) {
    if (member.status === 'in') otherHolders += member.devices.length
    if (otherHolders > 1) break
  }
  return { self: state.user, otherHolders: Math.max(0, otherHolders), hasStores: false }
}

/** Applies a checked receipt; `settleDeliveries` writes and tells what came of it. */
export async function applyReceipt(work: Work, receipt: Receipt): Promise<void> {
  const { state, turn } = work
  const authority = state.log.state()
  const known = authority.device(receipt.signer)
  const member = known?.on === true ? authority.member(known.user) : undefined
  const reader = member?.status === 'in' ? member.user : undefined
  const views = new Map<ChannelId, boolean>()
  const mayRead = (id: MessageId): boolean => {
    const channel = state.ownChannels.get(id)
    if (reader === undefined || channel === undefined) return false
    const view = views.get(channel) ?? (authority.permissions(reader, channel, turn.at) & VIEW_CHANNEL) !== 0n
    views.set(channel, view)
    return view
  }
  const signer = {
    role: reader === undefined ? null : ('member' as const),
    ...(reader === undefined ? {} : { user: reader }),
    mayRead
  }
  await recall(state, receipt.ids)
  for (const { id, before, after } of state.tracker.apply(receipt, signer, worldOf(state))) {
    const entry = state.tracker.get(id)
    if (before.level !== after.level && entry !== undefined) turn.raised.set(id, entry)
  }
  for (const id of receipt.ids) if (state.tracker.get(id)?.settled === true) state.unsettled.delete(id)
  turn.receipted = true
}

/** Has the turn look on through a long outbox, of which the part in memory is settled. */
export function settleFurther({ turn }: Work): void {
  turn.receipted = true
}

/** What a turn's receipts came to: levels are kept before they are told, so that they never fall. */
export async function settleDeliveries(work: Work): Promise<void> {
  const { state, turn } = work
  if (!turn.receipted) return
  for (const entry of turn.raised.values()) tell(work, entry)
  await keep(work)
  if (await refillOutbox(state)) turn.outboxRefilled = true
  keepOutbox(work)
  forgetOldest(state)
}

function tell({ state, turn }: Work, { id, level, holders }: DeliveryEntry): void {
  const channel = state.ownChannels.get(id)
  if (channel === undefined) return
  turn.events.push({
    type: 'delivery:update',
    server: state.server,
    refs: [channel, id],
    note: `${level}:${holders}`
  })
}

async function keep({ state, turn }: Work): Promise<void> {
  const raised = Map.groupBy(turn.raised.values(), entry => blockOf(entry.seq))
  const before = await readBlocks(state, [...raised.keys()])
  for (const [block, entries] of raised) {
    const merged = mergeDeliveries(before.get(block), entries)
    turn.batch.put(deliveryTable, [state.server, block], { version: 1, ...merged })
    rememberBlock(state, block, merged)
  }
}

/** Everything of ours up to this sequence number is settled. */
function keepOutbox(work: Work): void {
  const { state, turn } = work
  const settledTo = settledUpTo(state)
  if (settledTo === state.settledTo) return
  state.settledTo = settledTo
  turn.batch.put(outboxTable, [state.server], { version: 1, settledTo })
}

function forgetOldest(state: ReplicaState): void {
  for (const id of state.ownChannels.keys()) {
    if (state.ownChannels.size <= TRACKED_MAX) return
    if (state.unsettled.has(id)) continue
    state.tracker.forget(id)
    state.ownChannels.delete(id)
  }
}

/** How far a message is known to have come, as far as memory tells. What others wrote has reached us. */
export function knownDelivery(state: ReplicaState, message: OwnPlace): DeliveryReport | undefined {
  if (message.device !== state.self) return ARRIVED
  const entry = state.tracker.get(message.id)
  return entry === undefined ? undefined : { state: entry.level, holders: entry.holders }
}

/** How far a message is known to have come. */
export async function deliveryOf(state: ReplicaState, message: OwnPlace): Promise<DeliveryReport> {
  const known = knownDelivery(state, message)
  if (known !== undefined) return known
  const entry = findDelivery(await readBlock(state, blockOf(message.seq)), message)
  return entry === undefined ? LOCAL : { state: entry.level, holders: entry.holders }
}

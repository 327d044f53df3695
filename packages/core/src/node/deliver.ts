/** Delivery of own messages (SY17, SY18): receipts raise it, the store keeps it, events tell it. */
import type { MessageId } from '../base/index.ts'
import { EnvelopeType } from '../graph/index.ts'
import type { DeliveryEntry, DeliveryWorld, Receipt } from '../sync/index.ts'
import type { DeliveryReport } from './contract.ts'
import { decodeDelivery, encodeDelivery } from './delivery-row.ts'
import type { ReplicaState } from './replica-state.ts'
import { deliveryTable } from './tables.ts'
import type { Work } from './work.ts'

/** Settled messages whose level may still rise stay in memory up to this many. */
const TRACKED_MAX = 4_096

/** Own content of this turn starts as `local`, in the outbox. */
export function noteOwn(work: Work): void {
  const { state, turn } = work
  for (const envelope of turn.published) {
    if (envelope.type !== EnvelopeType.chat) continue
    state.tracker.add(envelope.id, envelope.seq)
    const entry = state.tracker.get(envelope.id)
    if (entry !== undefined) keep(work, entry)
  }
}

function keep(work: Work, entry: DeliveryEntry): void {
  const { state, turn } = work
  const channel = state.ownChannels.get(entry.id)
  if (channel === undefined) return
  const row = { version: 1 as const, bytes: encodeDelivery(entry, channel) }
  if (entry.settled) turn.batch.delete(deliveryTable, [state.server, 0, entry.id])
  turn.batch.put(deliveryTable, [state.server, entry.settled ? 1 : 0, entry.id], row)
}

/** What could hold our messages, by present state. */
function worldOf(state: ReplicaState): DeliveryWorld {
  let otherHolders = -1
  for (const member of state.log.state().members()) if (member.status === 'in') otherHolders += member.devices.length
  return { self: state.user, otherHolders: Math.max(0, otherHolders), hasStores: false }
}

/** Applies a checked receipt. */
export function applyReceipt(work: Work, receipt: Receipt): void {
  const { state, turn } = work
  const authority = state.log.state()
  const known = authority.device(receipt.signer)
  const member = known === undefined ? undefined : authority.member(known.user)
  const counts = member?.status === 'in' && known?.on === true
  const changes = state.tracker.apply(receipt, {
    role: counts ? 'member' : null,
    ...(counts ? { user: member.user } : {}),
    mayRead: id => {
      const channel = state.ownChannels.get(id)
      return channel === undefined || !counts || (authority.permissions(member.user, channel, turn.at) & VIEW_CHANNEL) !== 0n
    }
  }, worldOf(state))
  for (const { id, after } of changes) {
    const channel = state.ownChannels.get(id)
    if (channel === undefined) continue
    turn.events.push({ type: 'delivery:update', server: state.server, refs: [channel, id], note: `${after.level}:${after.holders}` })
  }
  for (const id of receipt.ids) {
    const entry = state.tracker.get(id)
    if (entry !== undefined) keep(work, entry)
  }
  forgetOldest(state)
}

const VIEW_CHANNEL = 1n << 10n

function forgetOldest(state: ReplicaState): void {
  if (state.ownChannels.size <= TRACKED_MAX) return
  for (const id of state.ownChannels.keys()) {
    if (state.ownChannels.size <= TRACKED_MAX) return
    if (state.tracker.get(id)?.settled !== true) continue
    state.tracker.forget(id)
    state.ownChannels.delete(id)
  }
}

/** How far a message is known to have come. What others wrote has reached us. */
export async function deliveryOf(state: ReplicaState, id: MessageId): Promise<DeliveryReport> {
  const tracked = state.tracker.get(id)
  if (tracked !== undefined) return { state: tracked.level, holders: tracked.holders }
  const row = await state.deps.database.table(deliveryTable).get([state.server, 1, id])
  const kept = row === undefined ? undefined : decodeDelivery(row.bytes)
  return kept === undefined ? { state: 'delivered', holders: 0 } : { state: kept.level, holders: kept.holders }
}

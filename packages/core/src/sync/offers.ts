/**
 * The outbox, offered to whoever gives us receipts (SY18): part by part from the oldest, the next when the one before is
 * answered or the peer has been silent about it. What it lacks it fetches and answers by itself (SY16); an offer is for what
 * it holds and we have no word of.
 */
import type { MessageId } from '../base/index.ts'
import type { OfferedEnvelope, SyncFound } from './contract.ts'
import { OFFER_AGAIN_MS, OFFER_FRAMES_MAX, OFFER_WAIT_MS } from './limits.ts'
import { addRange, type Ranges } from './ranges.ts'
import { type Offering, send, type Share, type Turn } from './session.ts'

/**
 * The peer told what it holds: offers all that is unproven where that is worth its while. That is once it takes us for a
 * member, as it answers nobody else; and again when it first holds all that we hold. Later agreement is common, and asks
 * again only after a minute.
 */
export function considerOffering(turn: Turn, share: Share, agrees: boolean): void {
  if (!share.wantsReceipts || !share.opened || share.theirs?.level !== 2) return
  const first = share.offeredAt === -Infinity
  const again =
    agrees && (!share.agreed || (share.offering === null && turn.at >= share.offeredAt + OFFER_AGAIN_MS))
  if (agrees) share.agreed = true
  if (!first && !again) return
  share.offeredAt = turn.at
  share.offering = { next: 1, waiting: new Set(), until: Infinity }
  readOn(turn, share, share.offering)
}

function readOn(turn: Turn, share: Share, offering: Offering): void {
  const { session, server } = share
  if (offering.next === null) {
    share.offering = null
    return
  }
  offering.until = Infinity
  const lookup = turn.world.next++
  turn.world.lookups.set(lookup, { session, for: 'outbox', share, offering })
  const itemsMax = OFFER_FRAMES_MAX * session.limits.idsMax
  turn.effects.push({
    type: 'lookup',
    lookup,
    query: { kind: 'outbox', server, from: offering.next, itemsMax }
  })
}

/** A part of the outbox was read. */
export function onOutboxRead(turn: Turn, share: Share, offering: Offering, found: SyncFound): void {
  const { session, handle } = share
  if (found.kind !== 'outbox' || share.offering !== offering || session.shares.get(handle) !== share) return
  offering.next = found.next
  if (found.offers.length === 0) return readOn(turn, share, offering)
  const { idsMax } = session.limits
  for (let i = 0; i < found.offers.length; i += idsMax) {
    const part = found.offers.slice(i, i + idsMax)
    send(turn, session, { kind: 'offer', handle, numbers: numbersOf(part) })
  }
  for (const { id } of found.offers) offering.waiting.add(id)
  offering.until = turn.at + OFFER_WAIT_MS
}

/** A forked place counts once: the peer answers with whatever it holds there. */
function numbersOf(part: readonly OfferedEnvelope[]): Ranges {
  let out: Ranges = []
  for (const { seq } of part) out = addRange(out, seq, seq)
  return out
}

/** A receipt came, for whatever reason. */
export function noteAnswer(turn: Turn, share: Share, ids: readonly MessageId[]): void {
  const { offering } = share
  if (offering === null || offering.waiting.size === 0) return
  let answered = false
  for (const id of ids) if (offering.waiting.delete(id)) answered = true
  if (offering.waiting.size === 0) readOn(turn, share, offering)
  else if (answered) offering.until = turn.at + OFFER_WAIT_MS
}

/** The peer does not prove the rest of a part: goes on without. */
export function offerIfDue(turn: Turn, share: Share): void {
  const { offering } = share
  if (offering === null || offering.until > turn.at) return
  offering.waiting.clear()
  readOn(turn, share, offering)
}

/** When time alone brings the next part. */
export function offerDue(share: Share): number {
  return share.offering?.until ?? Infinity
}

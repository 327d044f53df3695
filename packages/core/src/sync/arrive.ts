/** What peers send: bounded, checked against what was asked, handed to the node, credited when it took it (SY8, SY13). */
import { refuse, type Refusal } from '../base/index.ts'
import { compareAgain } from './compare.ts'
import type { ItemKind, ServerView, SyncInput } from './contract.ts'
import { sequenceOf } from './envelope-form.ts'
import { reconsider, reconsiderAll, wasAsked } from './fetch.ts'
import type { Frame } from './frames.ts'
import { LOST_MS, STALE_ITEMS_MAX } from './limits.ts'
import { allowance, countArrived, deny, inTurn } from './metered.ts'
import { missingCount } from './missing.ts'
import { subtract, unite } from './ranges.ts'
import { closeSession } from './end-session.ts'
import {
  type Ask,
  claimKeys,
  plannerOf,
  send,
  type Session,
  type Share,
  type Turn,
  viewOf
} from './session.ts'
import { giveUpWalk } from './walk.ts'

type Items = Extract<Frame, { kind: ItemKind }>
/** An envelope smaller than a credit step is not worth a frame: credit goes back by eighths of the window. */
const CREDIT_STEPS = 8

/** Counts a frame against the window we gave (SY8). */
function receive(turn: Turn, session: Session, bytes: number): Refusal | undefined {
  const outstanding = session.inbox + session.owed
  if (outstanding > 0 && outstanding + bytes > session.limits.windowBytes)
    return refuse('SY8', 'sends beyond its credit')
  session.inbox += bytes
  turn.world.inbox += bytes
  return undefined
}

function deliver(
  turn: Turn,
  share: Share,
  ask: Ask | null,
  kind: ItemKind,
  items: readonly Uint8Array[],
  bytes: number
): void {
  const delivery = turn.world.next++
  const envelopes = kind === 'envelopes' || kind === 'stubs' ? items.length : 0
  turn.world.inboxEnvelopes += envelopes
  turn.world.deliveries.set(delivery, {
    session: share.session,
    share,
    ask,
    bytes,
    items: items.length,
    envelopes
  })
  turn.effects.push({
    type: 'deliver',
    delivery,
    session: share.session.id,
    device: share.session.peer,
    server: share.server,
    kind,
    items,
    pushed: ask === null
  })
}

/** Items that answer a request of ours. */
export function onItems(turn: Turn, share: Share, frame: Items, bytes: number): Refusal | undefined {
  const { session } = share
  const beyond = receive(turn, session, bytes)
  if (beyond !== undefined) return beyond
  const ask = session.asks.get(frame.request)
  const wanted = ask?.kind === 'compare' ? 'envelopes' : ask?.kind
  const kind = frame.kind === 'stubs' ? 'envelopes' : frame.kind
  if (ask === undefined || ask.share !== share || wanted !== kind || ask.status !== null)
    return refuse('SY13', 'sends what was not asked')
  if (frame.items.length === 0) return refuse('SY13', 'an answer without items')
  ask.items += frame.items.length
  if (ask.items > ask.itemsMax) return refuse('SY13', 'more items than were asked')
  if (frame.kind === 'envelopes' || frame.kind === 'stubs') {
    for (const item of frame.items) {
      const seq = sequenceOf(frame.kind, item)
      if (seq === undefined || !wasAsked(ask, seq)) return refuse('SY13', 'an envelope that was not asked')
    }
  }
  ask.progressAt = turn.at
  ask.waiting++
  if (kind === 'envelopes') countArrived(turn, frame.items.length, bytes)
  plannerOf(turn, share.server).progress(claimKeys(ask), session.id, ask.request, turn.at)
  deliver(turn, share, ask, frame.kind, frame.items, bytes)
  return undefined
}

/** Items that were not asked: live push, and an applicant's join (SY10, SY12). */
export function onPush(
  turn: Turn,
  share: Share,
  frame: Extract<Frame, { kind: 'push' }>,
  bytes: number
): Refusal | undefined {
  const { session } = share
  if (share.theirs === null) return refuse('SY2', 'pushes before open')
  const beyond = receive(turn, session, bytes)
  if (beyond !== undefined) return beyond
  const standing = viewOf(turn, share)?.standing(session.peer)
  // Who is no member yet may bring operations; the rest is dropped, not punished: its join may be on its way.
  const full = standing === 'member' || standing === 'unjudged'
  const parts = (['operations', 'records', 'envelopes'] as const)
    .map(kind => ({ kind, items: full || kind === 'operations' ? frame[kind] : [] }))
    .filter(part => part.items.length > 0)
  if (parts.length === 0) {
    giveCredit(turn, session, bytes)
    return undefined
  }
  for (const [i, { kind, items }] of parts.entries())
    deliver(turn, share, null, kind, items, i === parts.length - 1 ? bytes : 0)
  return undefined
}

function giveCredit(turn: Turn, session: Session, bytes: number): void {
  session.inbox -= bytes
  turn.world.inbox -= bytes
  session.owed += bytes
  if (session.owed === 0 || (session.inbox > 0 && session.owed < session.limits.windowBytes / CREDIT_STEPS))
    return
  send(turn, session, { kind: 'credit', bytes: session.owed })
  session.owed = 0
}

/** The node judged a delivery. */
export function onTaken(
  turn: Turn,
  { delivery, fresh, refusal, lost = false }: Extract<SyncInput, { type: 'taken' }>
): void {
  const owner = turn.world.deliveries.get(delivery)
  if (owner === undefined) return
  const { session, share, ask } = owner
  turn.world.deliveries.delete(delivery)
  turn.world.inboxEnvelopes -= owner.envelopes
  giveCredit(turn, session, owner.bytes)
  session.fresh += fresh
  if (!lost) session.stale += Math.max(0, owner.items - fresh)
  const verdict =
    refusal ??
    (session.stale > STALE_ITEMS_MAX && session.stale > 4 * session.fresh
      ? refuse('SY13', 'floods with what is known')
      : undefined)
  if (verdict !== undefined) {
    closeSession(turn, session, verdict.rule, verdict.reason)
    return
  }
  if (session.shares.get(share.handle) !== share) return
  if (lost) share.restsUntil = turn.at + LOST_MS
  if (ask !== null) {
    ask.waiting--
    ask.fresh += fresh
    ask.lost ||= lost
    ask.progressAt = turn.at
  }
  const view = viewOf(turn, share)
  if (owner.envelopes > 0 && view !== undefined) {
    share.received += owner.envelopes
    share.receivedBytes += owner.bytes
    turn.effects.push({
      type: 'progress',
      session: session.id,
      server: share.server,
      received: share.received,
      bytes: share.receivedBytes,
      missing: missingAfter(view, share, owner.envelopes)
    })
  }
  const broken = ask === null ? undefined : finishAsk(turn, ask)
  if (broken !== undefined) closeSession(turn, session, broken.rule, broken.reason)
}

/** Chains looked through for one delivery, on average, to tell how much is missing. */
const COUNTED_CHAINS = 64

/** How much is missing. Of many authors it is counted now and then: in between, what came is taken off. */
function missingAfter(view: ServerView, share: Share, envelopes: number): number {
  share.missing -= envelopes
  if (share.countIn-- > 0 && share.missing > 0) return share.missing
  share.missing = missingCount(view, share)
  share.countIn = Math.floor(share.pending.size / COUNTED_CHAINS)
  return share.missing
}

/** The peer says that a request is answered. */
export function onDone(turn: Turn, share: Share, request: number, status: number): Refusal | undefined {
  const ask = share.session.asks.get(request)
  if (ask === undefined || ask.share !== share || ask.status !== null)
    return refuse('SY13', 'ends what was not asked')
  ask.status = status
  return finishAsk(turn, ask)
}

function finishAsk(turn: Turn, ask: Ask): Refusal | undefined {
  const { share } = ask
  const { session } = share
  if (ask.status === null || ask.waiting > 0 || !session.asks.delete(ask.request)) return undefined
  plannerOf(turn, share.server).release(claimKeys(ask), session.id, ask.request)
  const broken = judgeAnswer(turn, ask)
  return (
    broken ?? (ask.waits && Number.isFinite(allowance(turn)) ? goOn(turn, share) : reconsiderAll(turn, share))
  )
}

/** One request of what can wait is out at a time under a budget (SY19): whoever asked longest ago is next. */
function goOn(turn: Turn, share: Share): Refusal | undefined {
  let broken: Refusal | undefined
  for (const other of inTurn(turn)) {
    const refusal = reconsider(turn, other)
    if (other === share) broken = refusal
  }
  return broken
}

/** SY9: what came could not be kept, so that it is as if it had not been asked for. */
function forgetAsked(share: Share, ask: Ask): void {
  if (ask.kind === 'operations') share.askedOperations = null
  if (ask.kind === 'records') share.askedRecords = null
  for (const chain of ask.ranges.keys()) share.pending.add(chain)
  if (ask.kind === 'compare') compareAgain(share)
}

/** What the answer was worth (SY13). */
function judgeAnswer(turn: Turn, ask: Ask): Refusal | undefined {
  const { share } = ask
  const view = viewOf(turn, share)
  if (view === undefined) return undefined
  if (ask.lost) {
    forgetAsked(share, ask)
    return undefined
  }
  let vain = false
  if (ask.kind === 'operations') vain = ask.heads.some(head => !view.operationIds.has(head))
  else if (ask.kind === 'records')
    vain = ask.items === 0 && (share.theirs?.records.count ?? 0) > view.recordIds.size
  else if (ask.kind === 'ranges') giveUpWalk(turn, share, ask.walk)
  else if (ask.kind === 'compare' && share.comparing !== null) share.comparing.busy = false
  else if (ask.kind === 'envelopes') {
    for (const [chain, asked] of ask.ranges) {
      const tip = share.tips.get(chain)
      if (tip === undefined) continue
      const left = subtract(asked, view.chains.get(chain)?.ranges ?? [])
      if (ask.status === 1 && left.length > 0) {
        if (ask.fresh > 0) tip.denials = 0
        deny(tip, turn.at)
        share.pending.add(chain)
        continue
      }
      tip.denials = 0
      const missed = left.length > 0 && ask.status === 0 && ask.items < ask.promised
      vain ||= left.length > 0
      if (missed && ++tip.misses >= 2) return refuse('SY13', 'promised items are missing twice')
      // Asked once more where they were promised and did not come; not again where they came and were refused.
      tip.got = unite(tip.got, missed ? subtract(asked, left) : asked)
      share.pending.add(chain)
    }
  }
  share.fruitless = vain && ask.fresh === 0 ? share.fruitless + 1 : ask.fresh > 0 ? 0 : share.fruitless
  return undefined
}

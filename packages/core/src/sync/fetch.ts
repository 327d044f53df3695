/** Asks for what is missing here: operations, key records, envelopes by author chain (SY5, SY8). */
import { idFromBytes, type OperationId, type RecordId, refuse, type Refusal } from '../base/index.ts'
import { asking, mayAsk, note } from './asks.ts'
import { bucketsDiffer, withholdsTips } from './buckets.ts'
import type { ChainId } from './chain-index.ts'
import { compareForks, settleChain } from './compare.ts'
import type { ChainRange, ServerView } from './contract.ts'
import type { Summary } from './frames.ts'
import {
  ENVELOPE_ASKS_MAX,
  FRUITLESS_ROUNDS_MAX,
  INBOX_BYTES_MAX,
  INBOX_ENVELOPES_MAX,
  ORDER_ABOVE,
  RANGE_ENVELOPES_MAX,
  RANGES_MAX,
  RECORDS_LISTED_MAX
} from './limits.ts'
import { haveList, leavesSum } from './past.ts'
import { allowance, isDenied, isHeld, tellHeld } from './metered.ts'
import { missingCount, missingOf } from './missing.ts'
import { contains, countOf, newest, type Ranges, unite } from './ranges.ts'
import {
  type Ask,
  type FirstRange,
  plannerOf,
  send,
  type Share,
  sharesOf,
  type Turn,
  viewOf
} from './session.ts'
import { continueWalks, walkItems, walkPages, walkWindows, wantListed } from './walk.ts'

const FIRST_RECORD = idFromBytes('k', new Uint8Array(32))
const LAST_RECORD = idFromBytes('k', new Uint8Array(32).fill(255))
/** Each chain's newest part comes before any chain's older ones; no part is smaller than this. */
const CHAIN_SHARE_MIN = 16

/** Looks again at what this peer offers, and asks for what is missing. */
export function reconsider(turn: Turn, share: Share): Refusal | undefined {
  const view = viewOf(turn, share)
  share.retryAt = Infinity
  if (view === undefined || share.theirs === null || !share.opened || view.holds?.() === true)
    return undefined
  if (share.restsUntil > turn.at) {
    share.retryAt = share.restsUntil
    return undefined
  }
  share.blocked = false
  askOperations(turn, share, view)
  askRecords(turn, share, view)
  continueWalks(turn, share)
  wantListed(turn, share, view)
  askWindows(turn, share, view)
  askEnvelopes(turn, share, view)
  compareForks(turn, share, view)
  tellOperations(turn, share, view)
  tellCaughtUp(turn, share, view)
  tellParted(turn, share, view)
  return share.fruitless > FRUITLESS_ROUNDS_MAX
    ? refuse('SY13', `${share.fruitless} rounds without progress`)
    : undefined
}

/** Looks again at all that share a server: what one was fetching is free, or no longer missing. */
export function reconsiderAll(turn: Turn, share: Share): Refusal | undefined {
  for (const other of sharesOf(turn, share.server)) if (other !== share) reconsider(turn, other)
  return reconsider(turn, share)
}

/** Heads of the peer that are unknown here. */
function unknownHeads(view: ServerView, share: Share): readonly OperationId[] {
  return (share.theirs?.heads ?? []).filter(head => !view.operationIds.has(head))
}

function lacksOperations(view: ServerView, share: Share): boolean {
  const { theirs } = share
  if (theirs === null || theirs.level < 1 || theirs.operations.sum === view.operationIds.sum) return false
  return unknownHeads(view, share).length > 0 || theirs.leaves !== leavesSum(view.operations)
}

function askOperations(turn: Turn, share: Share, view: ServerView): void {
  const { theirs, session } = share
  if (theirs === null || theirs.operations.sum === share.askedOperations || asking(share, 'operations') > 0)
    return
  if (!lacksOperations(view, share)) return
  if (plannerOf(turn, share.server).isTaken('operations', session.id, turn.at)) {
    share.blocked = true
    return
  }
  const heads = unknownHeads(view, share)
  const byRanges = heads.length === 0 && view.operations.leaves().length > RECORDS_LISTED_MAX
  if (byRanges && mayWalk(share, 'leaves')) {
    share.askedOperations = theirs.operations.sum
    return walkItems(turn, share, view, 'leaves')
  }
  if (!mayAsk(turn, session)) return
  share.askedOperations = theirs.operations.sum
  const request = note(turn, share, 'operations', { heads })
  send(turn, session, {
    kind: 'want-operations',
    handle: share.handle,
    request,
    have: haveList(view.operations, session.limits.haveMax)
  })
}

function lacksRecords(view: ServerView, share: Share): boolean {
  return share.theirs !== null && share.theirs.level >= 1 && share.theirs.records.sum !== view.recordIds.sum
}

function askRecords(turn: Turn, share: Share, view: ServerView): void {
  const { theirs, session } = share
  if (theirs === null || theirs.records.sum === share.askedRecords || asking(share, 'records') > 0) return
  if (!lacksRecords(view, share)) return
  if (plannerOf(turn, share.server).isTaken('records', session.id, turn.at)) {
    share.blocked = true
    return
  }
  if (view.recordIds.size > RECORDS_LISTED_MAX && mayWalk(share, 'records')) {
    share.askedRecords = theirs.records.sum
    return walkItems(turn, share, view, 'records')
  }
  if (!mayAsk(turn, session)) return
  share.askedRecords = theirs.records.sum
  const ids = [...view.recordIds.newestFirst()].sort()
  const size = session.limits.haveMax - 1
  for (let i = 0; i === 0 || i < ids.length; i += size) {
    const have = ids.slice(i, i + size + 1)
    const from: RecordId = i === 0 ? FIRST_RECORD : (ids[i] as RecordId)
    const to: RecordId = ids[i + size] ?? LAST_RECORD
    send(turn, session, {
      kind: 'want-records',
      handle: share.handle,
      request: note(turn, share, 'records', {}),
      from,
      to,
      have
    })
  }
}

function mayWalk(share: Share, kind: 'leaves' | 'records' | 'windows'): boolean {
  return share.session.ranges && !share.unwalkable.has(kind) && !share.walks.has(kind)
}

/** Whether this peer serves content, and we want any of it: whoever is out does not. */
function wantsContent({ theirs, session }: Share, view: ServerView): boolean {
  if (theirs === null || theirs.level < 2 || view.farewell?.() !== undefined) return false
  return view.standing(session.peer) !== 'removed'
}

/**
 * Message logs are walked where the peer keeps its rows of chains to itself, and where so much is missing that what
 * is looked at first should come first (SY7).
 */
function askWindows(turn: Turn, share: Share, view: ServerView): void {
  const { theirs, session } = share
  if (theirs === null || !wantsContent(share, view) || !mayWalk(share, 'windows')) return
  if (share.walked && !isHeld(turn)) return
  if (!bucketsDiffer(view, theirs)) return
  if (isHeld(turn)) return walkPages(turn, share, view)
  const withheld = withholdsTips(view, theirs)
  if (withheld || missingCount(view, share) > session.limits.orderAbove)
    walkWindows(turn, share, view, withheld)
}

function askEnvelopes(turn: Turn, share: Share, view: ServerView): void {
  const { session, theirs } = share
  if (theirs === null || !wantsContent(share, view)) return
  // While the newest pages are looked for, little is under way that they would have to wait for.
  const ordering = share.walks.has('windows')
  const asksMax = ordering ? 1 : ENVELOPE_ASKS_MAX
  while (asking(share, 'envelopes') < asksMax && hasRoom(turn)) {
    const most = allowance(turn)
    const first = pickFirst(turn, share, view, most)
    const spanMax = Math.min(most, ordering ? ORDER_ABOVE : RANGE_ENVELOPES_MAX)
    const ranges = first.length > 0 || most === 0 ? first : pickRanges(turn, share, view, spanMax)
    if (ranges.length === 0 || !mayAsk(turn, session)) break
    const byChain = new Map<ChainId, Ranges>()
    for (const { chain, from, to } of ranges)
      byChain.set(chain, unite(byChain.get(chain) ?? [], [[from, to]]))
    const promised = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0)
    // A fork has two envelopes at one number; more than two branches of everything are not owed a place.
    const request = note(turn, share, 'envelopes', {
      ranges: byChain,
      promised,
      itemsMax: promised * 2,
      waits: most > 0
    })
    send(turn, session, { kind: 'want-envelopes', handle: share.handle, request, ranges })
  }
  tellHeld(turn, share, view)
}

function hasRoom(turn: Turn): boolean {
  return turn.world.inbox < INBOX_BYTES_MAX / 2 && turn.world.inboxEnvelopes < INBOX_ENVELOPES_MAX
}

/** What a walk through windows found missing, most wanted first (SY7); of 0 only what somebody looks at (SY19). */
function pickFirst(turn: Turn, share: Share, view: ServerView, countMax: number): readonly ChainRange[] {
  const planner = plannerOf(turn, share.server)
  const picked = new Map<ChainId, Ranges>()
  const most = countMax === 0 ? RANGES_MAX : Math.min(RANGES_MAX, countMax)
  const rest: FirstRange[] = []
  let count = 0
  for (const each of share.first) {
    const { chain, from, to } = each
    const held = view.chains.has(chain, from) || contains(share.tips.get(chain)?.got ?? [], from)
    if (held || !view.knowsChain(chain)) continue
    const free = planner.free(chain, [[from, to]], share.session.id, turn.at).length > 0
    share.blocked ||= !free
    const waits = (countMax === 0 && !each.wanted) || isDenied(turn, share, share.tips.get(chain))
    if (!free || waits || count >= most) rest.push(each)
    else {
      picked.set(chain, unite(picked.get(chain) ?? [], [[from, to]]))
      count++
    }
  }
  share.first = rest
  return [...picked].flatMap(([chain, ranges]) =>
    [...ranges].reverse().map(([from, to]) => ({ chain, from, to }))
  )
}

/** The newest missing part of every chain, as far as one request goes (SY7 by chains). */
function pickRanges(turn: Turn, share: Share, view: ServerView, spanMax: number): readonly ChainRange[] {
  const planner = plannerOf(turn, share.server)
  const open: { chain: ChainId; free: Ranges }[] = []
  for (const chain of share.pending) {
    const tip = share.tips.get(chain)
    if (tip === undefined || !view.knowsChain(chain)) continue
    const missing = missingOf(view, chain, tip)
    if (missing.length === 0) {
      settleChain(share, view, chain, tip)
      continue
    }
    if (isDenied(turn, share, tip)) continue
    const free = planner.free(chain, missing, share.session.id, turn.at)
    if (free.length > 0) open.push({ chain, free })
    else share.blocked = true
  }
  const part = Math.max(CHAIN_SHARE_MIN, Math.floor(spanMax / Math.max(1, open.length)))
  const out: ChainRange[] = []
  let left = spanMax
  for (const { chain, free } of open) {
    const taken = newest(free, Math.min(part, left)).slice(-(RANGES_MAX - out.length))
    for (const [from, to] of [...taken].reverse()) out.push({ chain, from, to })
    left -= countOf(taken)
    if (left <= 0 || out.length >= RANGES_MAX) break
  }
  return out
}

/** Whether an envelope of this number was asked in this request. */
export function wasAsked(ask: Ask, seq: number): boolean {
  for (const ranges of ask.ranges.values()) if (contains(ranges, seq)) return true
  return false
}

/** Whether the peer told what it has: by rows, or where it keeps those to itself, by ranges. */
function hasSeen(share: Share, view: ServerView, theirs: Summary): boolean {
  return share.tipsSeen || (share.walked && share.session.ranges && withholdsTips(view, theirs))
}

/** ND40: whoever counts us as removed names our leave among its heads; who would let us in again holds all that we hold. */
function tellParted(turn: Turn, share: Share, view: ServerView): void {
  const { theirs, session, server } = share
  const leave = view.farewell?.()
  if (
    leave === undefined ||
    leave === null ||
    theirs === null ||
    share.parted ||
    view.standing(session.peer) !== 'member'
  )
    return
  const { count, sum } = theirs.operations
  const same = count === view.operationIds.size && sum === view.operationIds.sum
  if (!same && !theirs.heads.includes(leave)) return
  share.parted = true
  turn.effects.push({ type: 'parted', session: session.id, device: session.peer, server })
}

/** SY12: what the peer had of operations when asked is here, or not to be had from it. */
function tellOperations(turn: Turn, share: Share, view: ServerView): void {
  const { theirs, session, server } = share
  if (share.operationsTold || theirs === null || theirs.level < 1) return
  if (asking(share, 'operations') > 0 || share.walks.has('leaves') || share.listed.has('leaves')) return
  if (share.askedOperations === null && lacksOperations(view, share)) return
  share.operationsTold = true
  turn.effects.push({ type: 'operations', session: session.id, device: session.peer, server })
}

function tellCaughtUp(turn: Turn, share: Share, view: ServerView): void {
  const { theirs, session } = share
  if (share.caughtUp || theirs === null || share.blocked || share.comparing !== null) return
  if (share.walks.size > 0 || share.listed.size > 0) return
  for (const ask of session.asks.values()) if (ask.share === share) return
  if (lacksOperations(view, share) && share.askedOperations !== theirs.operations.sum) return
  if (lacksRecords(view, share) && share.askedRecords !== theirs.records.sum) return
  if (
    theirs.level === 2 &&
    view.standing(session.peer) !== 'removed' &&
    ((!hasSeen(share, view, theirs) && bucketsDiffer(view, theirs)) || missingCount(view, share) > 0)
  )
    return
  share.caughtUp = true
  turn.effects.push({ type: 'caught-up', session: session.id, device: session.peer, server: share.server })
  // A burst ended: others may lack what was just fetched (SY15).
  const awaited = session.ranges && withholdsTips(view, theirs)
  for (const other of sharesOf(turn, share.server)) {
    // This one would ask for rows of all chains if it did not learn that it was us who lacked something.
    if (other.changes > 0 && (other !== share || awaited)) other.quietAt = turn.at
  }
}

/** What each side tells unasked of a server: summaries (SY4), beats (SY15), tips of author chains (SY8). */
import { idToBytes, refuse, type Refusal } from '../base/index.ts'
import { equalBytes } from '../encoding/index.ts'
import { bucketsDiffer, withholdsTips } from './buckets.ts'
import { bucketOf, type Chain } from './chain-index.ts'
import type { OperationSource, ServerView, Standing } from './contract.ts'
import { reconsider } from './fetch.ts'
import { addFingerprint, fingerprintOf, NO_FINGERPRINT } from './fingerprint.ts'
import { encodeFrame, type Frame, type Summary, type Tip } from './frames.ts'
import {
  BEAT_JITTER_MS,
  BUCKETS_MAX,
  BURST_CHANGES,
  BURST_QUIET_MS,
  HEADS_MAX,
  IDLE_BEAT_MS,
  RECEIPT_PEERS_MAX,
  TIP_RANGES_MAX,
  TIPS_AT_OPEN_MAX,
  TIPS_KEPT_MAX,
  TIPS_PATIENCE_MS,
  TIPS_UNASKED_MAX
} from './limits.ts'
import { createTip } from './create-share.ts'
import { considerOffering } from './offers.ts'
import { randomBelow } from './random-below.ts'
import { highestHeads, leavesSum } from './past.ts'
import { countOf } from './ranges.ts'
import { send, type Share, sharesOf, type Turn, viewOf } from './session.ts'
import { walkWindows } from './walk.ts'

/** What is served at each standing: 0 nothing, 1 operations and key records, 2 envelopes too (SY3). */
const LEVELS: Readonly<Record<Standing, number>> = {
  member: 2,
  disputed: 1,
  applicant: 1,
  removed: 1,
  unjudged: 0,
  none: 0
}
/** Summary flag: receipts are wanted from this peer (SY16). */
const WANTS_RECEIPTS = 1

/** The serving level of a device now. */
export function levelOf(view: ServerView, share: Share): number {
  return LEVELS[view.standing(share.session.peer)]
}

/** What a peer may be told of operations, as far as what it is to us goes (SY3). */
export function operationsFor(view: ServerView, share: Share): OperationSource {
  if (view.standing(share.session.peer) !== 'removed') return view.operations
  const removals = view.removals(share.session.peer)
  return { heads: () => removals, leaves: () => [], get: id => view.operations.get(id) }
}

/** SY3: to a removed member its removal, and nothing that a member would see. */
function summaryOfRemoval(view: ServerView, share: Share): Summary {
  const { level } = share
  const heads = highestHeads(operationsFor(view, share), HEADS_MAX)
  const sum = heads.reduce((total, id) => addFingerprint(total, fingerprintOf(idToBytes(id))), NO_FINGERPRINT)
  return {
    level,
    flags: 0,
    checkpoint: idToBytes(view.server),
    operations: { count: heads.length, sum },
    heads,
    leaves: NO_FINGERPRINT,
    records: { count: 0, sum: NO_FINGERPRINT },
    buckets: []
  }
}

function createSummary(view: ServerView, share: Share): Summary {
  const { level } = share
  if (share.standing === 'removed') return summaryOfRemoval(view, share)
  const chains = view.chains.size
  const shown = level > 0
  const nothing = { count: 0, sum: NO_FINGERPRINT }
  return {
    level,
    flags: share.wantsReceipts ? WANTS_RECEIPTS : 0,
    checkpoint: idToBytes(view.server),
    operations: shown ? { count: view.operationIds.size, sum: view.operationIds.sum } : nothing,
    heads: shown ? highestHeads(view.operations, HEADS_MAX) : [],
    leaves: shown ? leavesSum(view.operations) : NO_FINGERPRINT,
    records: shown ? { count: view.recordIds.size, sum: view.recordIds.sum } : nothing,
    buckets: level === 2 ? view.chains.buckets(chains <= 8 ? 1 : chains <= 64 ? 4 : BUCKETS_MAX) : []
  }
}

function noteStanding(view: ServerView, share: Share): void {
  share.standing = view.standing(share.session.peer)
  share.level = LEVELS[share.standing]
}

/** Opens a server towards the peer. */
export function openShare(turn: Turn, share: Share, proof: Uint8Array): void {
  const view = viewOf(turn, share)
  if (view === undefined) return
  share.opened = true
  noteStanding(view, share)
  share.wantsReceipts =
    sharesOf(turn, share.server).filter(each => each.wantsReceipts).length < RECEIPT_PEERS_MAX
  const summary = createSummary(view, share)
  const { session } = share
  send(turn, session, { kind: 'open', handle: share.handle, proof, summary })
  noteSent(turn, share, summary)
  if (session.role !== 'dialler' || share.level < 2) return
  // Its summary comes a round trip later, and after a reconnect something is missing as a rule.
  if (session.ranges && view.chains.size > TIPS_UNASKED_MAX) walkWindows(turn, share, view, true)
  else if (view.chains.size > 0 && view.chains.size <= TIPS_AT_OPEN_MAX)
    tellRows(turn, share, [...view.chains.chains()])
}

function noteSent(turn: Turn, share: Share, summary: Summary): void {
  share.sent = encodeFrame({ kind: 'summary', handle: share.handle, summary })
  share.rowsFollowed = false
  share.beatAt = turn.at + IDLE_BEAT_MS
  share.quietAt = Infinity
  share.changes = 0
}

/** A beat (SY15): the summary, and tips that changed since they were told. `changed` false: also without news. */
export function beat(turn: Turn, share: Share, onlyChanged = false): void {
  const view = viewOf(turn, share)
  if (view === undefined || !share.opened) return
  noteStanding(view, share)
  const summary = createSummary(view, share)
  const frame = encodeFrame({ kind: 'summary', handle: share.handle, summary })
  if (onlyChanged && share.sent !== null && equalBytes(frame, share.sent)) return
  turn.effects.push({ type: 'send', session: share.session.id, bytes: frame })
  noteSent(turn, share, summary)
  if (share.theirs !== null && bucketsDiffer(view, share.theirs)) tellUnasked(turn, share, view)
}

/** Rows of chains, unless both sides have so many that ranges are told in fewer bytes (SY6). */
function tellUnasked(turn: Turn, share: Share, view: ServerView): void {
  if (share.theirs === null || (share.session.ranges && withholdsTips(view, share.theirs))) return
  const rows = rowsToTell(share, view)
  if (rows.length > 0 || !share.rowsFollowed) tellRows(turn, share, rows)
}

/** When rows of chains are asked for; not while a walk may make it needless. */
export function tipsDue(share: Share): number {
  return share.walks.size > 0 ? Infinity : share.tipsAt
}

/** Asks for rows of chains that ranges gave no reason for: what nobody could open yet, acts, holes in old parts. */
export function askTipsIfDue(turn: Turn, share: Share): void {
  if (turn.at < tipsDue(share)) return
  share.tipsAt = Infinity
  const view = viewOf(turn, share)
  const { theirs, session } = share
  if (view === undefined || theirs === null || theirs.level < 2 || share.tipsSeen) return
  if (!session.ranges || !bucketsDiffer(view, theirs)) return
  beat(turn, share, true)
  send(turn, session, { kind: 'want-tips', handle: share.handle })
}

/** The peer asks for them. */
export function onWantTips(turn: Turn, share: Share): Refusal | undefined {
  if (share.theirs === null) return refuse('SY2', 'asks before open')
  const view = viewOf(turn, share)
  if (view !== undefined) tellRows(turn, share, rowsToTell(share, view))
  return undefined
}

/** Something changed here: a beat within its time, at once when a burst ends (SY15). */
export function noteChange(turn: Turn, share: Share, count: number): void {
  // Who was removed is not told when others write.
  if (!share.opened || share.standing === 'removed') return
  share.changes += count
  const soonest = turn.at + share.session.limits.beatMs - BEAT_JITTER_MS
  // A beat that is due before that stays; with every message of a burst this is so.
  if (share.beatAt > soonest)
    share.beatAt = Math.min(
      share.beatAt,
      soonest + randomBelow(turn.world.init.random, 2 * BEAT_JITTER_MS + 1)
    )
  if (share.changes >= BURST_CHANGES) share.quietAt = turn.at + BURST_QUIET_MS
}

/** When the next beat is due. */
export function beatDue(share: Share): number {
  return share.opened ? Math.min(share.beatAt, share.quietAt) : Infinity
}

/** Chains in differing buckets of which the peer does not know our row yet. */
function rowsToTell(share: Share, view: ServerView): readonly Chain[] {
  if (share.theirs === null) return []
  const theirs = share.theirs.buckets
  const ours = theirs.length === 0 ? [] : view.chains.buckets(theirs.length)
  const width = BUCKETS_MAX / Math.max(1, theirs.length)
  const rows: Chain[] = []
  for (const chain of view.chains.chains()) {
    const bucket = Math.floor(bucketOf(chain.id) / width)
    if (theirs.length > 0 && ours[bucket] === theirs[bucket]) continue
    if (share.told.get(chain.id) === chain.sum || share.tips.get(chain.id)?.sum === chain.sum) continue
    rows.push(chain)
  }
  return rows
}

/** At least one frame, so that the peer knows it has all. */
function tellRows(turn: Turn, share: Share, chains: readonly Chain[]): void {
  if (share.level < 2) return
  share.rowsFollowed = true
  for (const { id, sum } of chains) share.told.set(id, sum)
  const size = share.session.limits.tipRows
  for (let i = 0; i === 0 || i < chains.length; i += size) {
    send(turn, share.session, {
      kind: 'tips',
      handle: share.handle,
      more: i + size < chains.length ? 1 : 0,
      rows: chains.slice(i, i + size).map(tipOf)
    })
  }
}

function tipOf(chain: Chain): Tip {
  return { chain: chain.id, sum: chain.sum, ranges: chain.ranges.slice(-TIP_RANGES_MAX) }
}

/** The peer told what it holds. */
export function acceptSummary(turn: Turn, share: Share, summary: Summary): Refusal | undefined {
  const view = viewOf(turn, share)
  if (view === undefined) return undefined
  const first = share.theirs === null
  share.theirs = summary
  const differs = bucketsDiffer(view, summary)
  share.tipsSeen = !differs
  // A dialler that holds much asked about ranges before it saw our summary: what it asks tells whether we lack any.
  share.walked =
    first && share.session.role === 'listener' && share.session.ranges && withholdsTips(view, summary)
  // Where it is the peer that lacks something, its next summary says so.
  if (differs) share.tipsAt = Math.min(share.tipsAt, turn.at + share.session.limits.beatMs + TIPS_PATIENCE_MS)
  else share.tipsAt = Infinity
  if (differs) tellUnasked(turn, share, view)
  considerOffering(turn, share, !differs)
  return reconsider(turn, share)
}

/** The peer's rows of author chains. */
export function acceptTips(
  turn: Turn,
  share: Share,
  frame: Extract<Frame, { kind: 'tips' }>
): Refusal | undefined {
  if (share.theirs === null) return refuse('SY2', 'tips before open')
  if (share.theirs.level < 2) return undefined
  for (const { chain, sum, ranges } of frame.rows) {
    const known = share.tips.get(chain)
    if (known === undefined) share.tips.set(chain, createTip(sum, ranges))
    else Object.assign(known, { sum, ranges })
    if (countOf(ranges) > 0) share.pending.add(chain)
  }
  share.countIn = 0
  if (share.tips.size > TIPS_KEPT_MAX) return refuse('SY13', `rows of more than ${TIPS_KEPT_MAX} chains`)
  if (frame.more === 0) {
    share.tipsSeen = true
    share.tipsAt = Infinity
  }
  return reconsider(turn, share)
}

/** The beats that are due. */
export function beatIfDue(turn: Turn, share: Share): void {
  if (beatDue(share) <= turn.at) beat(turn, share)
}

/** SY3 at an authority change: what the peer is to us now is told at once. */
export function rejudgeLevel(turn: Turn, share: Share): void {
  const view = viewOf(turn, share)
  if (view === undefined || !share.opened) return
  if (view.standing(share.session.peer) !== share.standing) beat(turn, share)
  else if (share.standing === 'removed') beat(turn, share, true)
  else noteChange(turn, share, 0)
}

/** The machine: every input leads here, finds its session, and leaves as effects. */
import { type Refusal, refuse, type ServerId, SYNC_FRAME_BYTES_MAX } from '../base/index.ts'
import { onDone, onItems, onPush, onTaken } from './arrive.ts'
import type { SyncInit, SyncInput, SyncMachine } from './contract.ts'
import { onCompareRead } from './compare.ts'
import { reconsider, reconsiderAll } from './fetch.ts'
import { decodeFrame, type Frame } from './frames.ts'
import { ItemLogs } from './item-logs.ts'
import { beginHello, offerServer, onHello, onOpen, openMatched, onTokens, onWelcome } from './hello.ts'
import { IDLE_BEAT_MS, PUSH_ENVELOPE_BYTES_MAX, STALL_MS } from './limits.ts'
import { offerDue, offerIfDue, onOutboxRead } from './offers.ts'
import { onLook } from './metered.ts'
import { flushReceipts, onOffer, onReceipt, queueReceipts } from './receipts.ts'
import { onCredit, onRead, onWant, pushLive } from './serve.ts'
import { closeSession, dropSession, endShare } from './end-session.ts'
import {
  createSession,
  plannerOf,
  send,
  type Session,
  type Share,
  sharesOf,
  type Turn,
  viewOf,
  type World
} from './session.ts'
import {
  acceptSummary,
  acceptTips,
  askTipsIfDue,
  beatDue,
  beatIfDue,
  noteChange,
  onWantTips,
  rejudgeLevel,
  tipsDue
} from './summary.ts'
import { onRanges, onWindowsRead } from './walk.ts'

/** Frames without a server's number, and those that must be paced (SY13). */
const PACED = new Set<Frame['kind']>([
  'tokens',
  'open',
  'summary',
  'end',
  'tips',
  'receipt',
  'offer',
  'want-tips',
  'unknown'
])

/** Builds a sync machine for all sessions of one node. */
export function createSync(init: SyncInit): SyncMachine {
  const world: World = {
    init,
    sessions: new Map(),
    planners: new Map(),
    itemLogs: new ItemLogs(),
    lookups: new Map(),
    deliveries: new Map(),
    receipts: new Map(),
    receiptsAt: Infinity,
    inbox: 0,
    inboxEnvelopes: 0,
    next: 1,
    timer: null
  }
  return {
    step: input => {
      const turn: Turn = { world, at: input.at, effects: [] }
      const spent = init.budget?.version
      take(turn, input)
      if (init.budget?.version !== spent) turn.effects.push({ type: 'spent' })
      setTimer(turn)
      return turn.effects
    },
    gauge: () => {
      const sessions = [...world.sessions.values()]
      const sum = (of: (session: Session) => number): number =>
        sessions.reduce((total, session) => total + of(session), 0)
      return {
        sessions: sessions.length,
        matched: sum(session => session.shares.size),
        requests: sum(session => session.asks.size),
        jobs: sum(session => session.jobs.length),
        tips: sum(session =>
          [...session.shares.values()].reduce((total, share) => total + share.tips.size, 0)
        ),
        ranges: sum(session =>
          [...session.shares.values()].reduce((total, share) => total + rangesOf(share), 0)
        ),
        inFlightBytes: sum(session => session.inFlight + session.readyBytes),
        inboxBytes: world.inbox
      }
    }
  }
}

function rangesOf({ walks, listed, first }: Share): number {
  let count = first.length
  for (const walk of walks.values()) count += walk.todo.length + walk.windows.length
  for (const rows of listed.values()) count += rows.length
  return count
}

function take(turn: Turn, input: SyncInput): void {
  const { world } = turn
  switch (input.type) {
    case 'open': {
      const session = createSession(input, input.at)
      world.sessions.set(input.session, session)
      return beginHello(turn, session)
    }
    case 'frame':
      return withSession(turn, input.session, session => takeFrame(turn, session, input.bytes))
    case 'gone':
      return withSession(turn, input.session, session => dropSession(turn, session))
    case 'gossip':
      return withSession(turn, input.session, session => void (session.gossip = input.linked))
    case 'server': {
      const view = world.init.views.get(input.server)
      if (view !== undefined) for (const session of world.sessions.values()) offerServer(turn, session, view)
      return
    }
    case 'leave':
      for (const share of sharesOf(turn, input.server)) endShare(turn, share, null)
      world.planners.delete(input.server)
      world.itemLogs.forget(input.server)
      return
    case 'standing':
      return rejudge(turn, input)
    case 'stored':
      return onStored(turn, input)
    case 'found':
      return onFound(turn, input)
    case 'taken':
      return onTaken(turn, input)
    case 'receipts':
      return queueReceipts(turn, input.server, input.author, input.kind, input.ids)
    case 'look':
      onLook(turn, input.server, input.channel, input.before)
      for (const share of sharesOf(turn, input.server)) check(turn, share)
      return
    case 'budget':
      for (const session of world.sessions.values())
        for (const share of [...session.shares.values()]) check(turn, share)
      return
    case 'wake':
      return wake(turn)
  }
}

function withSession(turn: Turn, id: number, run: (session: Session) => void): void {
  const session = turn.world.sessions.get(id)
  if (session !== undefined) run(session)
}

/** One frame: bounded, decoded, paced, then to whom it belongs. A refusal ends the stream with its rule. */
function takeFrame(turn: Turn, session: Session, bytes: Uint8Array): void {
  const decoded =
    bytes.length > SYNC_FRAME_BYTES_MAX
      ? refuse('SY1', `a frame of ${bytes.length} bytes`)
      : decodeFrame(bytes)
  const broken = decoded.ok ? route(turn, session, decoded.value, bytes.length) : decoded
  if (broken !== undefined) closeSession(turn, session, broken.rule, broken.reason)
}

function route(turn: Turn, session: Session, frame: Frame, size: number): Refusal | undefined {
  if (PACED.has(frame.kind) && !session.control.take(turn.at))
    return refuse('SY13', 'too many control frames')
  switch (frame.kind) {
    case 'unknown':
      return undefined
    case 'hello':
      return onHello(turn, session, frame)
    case 'welcome':
      return onWelcome(turn, session, frame)
    case 'tokens':
      return onTokens(turn, session, frame)
    case 'open':
      return onOpen(turn, session, frame)
    case 'credit':
      return onCredit(turn, session, frame.bytes)
    case 'close':
      turn.effects.push({
        type: 'close',
        session: session.id,
        device: session.peer,
        rule: null,
        reason: `the peer ended by rule ${frame.rule}`
      })
      dropSession(turn, session)
      return undefined
    default:
      return routeShared(turn, session, frame, size)
  }
}

type Shared = Exclude<
  Frame,
  { kind: 'unknown' | 'hello' | 'welcome' | 'tokens' | 'open' | 'credit' | 'close' }
>

function routeShared(turn: Turn, session: Session, frame: Shared, size: number): Refusal | undefined {
  const share = session.shares.get(frame.handle)
  if (share === undefined) return routeEnded(turn, session, frame, size)
  switch (frame.kind) {
    case 'end':
      endShare(turn, share, undefined, frame.rule === 3 ? 'SY3' : null)
      return undefined
    case 'summary':
      return share.theirs === null
        ? refuse('SY2', 'a summary before open')
        : acceptSummary(turn, share, frame.summary)
    case 'tips':
      return acceptTips(turn, share, frame)
    case 'want-operations':
    case 'want-records':
    case 'want-envelopes':
    case 'compare':
    case 'ask-ranges':
    case 'want-listed':
      return onWant(turn, share, frame)
    case 'ranges':
      return onRanges(turn, share, frame) ?? reconsiderAll(turn, share)
    case 'want-tips':
      return onWantTips(turn, share)
    case 'operations':
    case 'records':
    case 'envelopes':
    case 'stubs':
      return onItems(turn, share, frame, size)
    case 'done':
      return onDone(turn, share, frame.request, frame.status)
    case 'push':
      return onPush(turn, share, frame, size)
    case 'receipt':
      return onReceipt(turn, share, frame.receipt)
    case 'offer':
      return onOffer(turn, share, frame)
  }
}

/** Frames that crossed an `end` are harmless; others name a server that was never shared. */
function routeEnded(turn: Turn, session: Session, frame: Shared, size: number): Refusal | undefined {
  if (session.ended.has(frame.handle)) {
    const counted = frame.kind === 'push' || 'items' in frame
    if (counted) send(turn, session, { kind: 'credit', bytes: size })
    return undefined
  }
  const slot = session.slots[frame.handle]
  if (frame.kind !== 'end' || slot === undefined || slot === null)
    return refuse('SY2', 'names a server that is not shared')
  // Unproven, as nothing is owed to a device without standing: a hint that we were removed.
  session.ended.add(frame.handle)
  turn.effects.push({
    type: 'ended',
    session: session.id,
    device: session.peer,
    server: slot.server,
    rule: frame.rule === 3 ? 'SY3' : null
  })
  return undefined
}

function rejudge(turn: Turn, input: Extract<SyncInput, { type: 'standing' }>): void {
  for (const share of sharesOf(turn, input.server)) {
    const view = viewOf(turn, share)
    if (view === undefined || view.standing(share.session.peer) === 'none') endShare(turn, share, 'SY3')
    else {
      openMatched(turn, share)
      rejudgeLevel(turn, share)
      check(turn, share)
    }
  }
  reopen(turn, input.server)
}

/** Who had no standing when it was here last may have some now: its part of the stream begins anew (SY3). */
function reopen(turn: Turn, server: ServerId): void {
  const view = turn.world.init.views.get(server)
  if (view === undefined) return
  for (const session of turn.world.sessions.values()) {
    if (!session.refused.has(server) || view.standing(session.peer) === 'none') continue
    session.refused.delete(server)
    offerServer(turn, session, view)
  }
}

function check(turn: Turn, share: Share): void {
  const broken = reconsider(turn, share)
  if (broken !== undefined) closeSession(turn, share.session, broken.rule, broken.reason)
}

function onStored(turn: Turn, input: Extract<SyncInput, { type: 'stored' }>): void {
  const operations = input.operations ?? []
  const records = input.records ?? []
  const envelopes = input.envelopes ?? []
  for (const share of sharesOf(turn, input.server)) {
    noteChange(turn, share, operations.length + records.length + envelopes.length)
    const { session } = share
    if (session.peer === input.from || !share.opened || share.theirs === null) continue
    if (session.gossip && input.urgent !== true) continue
    // What was stored may have changed what the peer is to us: by what it is now.
    const standing = viewOf(turn, share)?.standing(session.peer) ?? 'none'
    const known = standing === 'member' || standing === 'disputed' || standing === 'applicant'
    pushLive(turn, share, {
      // Whoever is joining serves nothing yet, and still must show its join (SY12).
      operations: known || (standing === 'unjudged' && input.urgent === true) ? operations : [],
      records: known ? records : [],
      envelopes: standing === 'member' ? envelopes.filter(each => each.length <= PUSH_ENVELOPE_BYTES_MAX) : []
    })
  }
}

function onFound(turn: Turn, input: Extract<SyncInput, { type: 'found' }>): void {
  const owner = turn.world.lookups.get(input.lookup)
  if (owner === undefined) return
  turn.world.lookups.delete(input.lookup)
  if (owner.for === 'job') onRead(turn, owner.session, owner.job, input.found)
  else if (owner.for === 'outbox') onOutboxRead(turn, owner.share, owner.offering, input.found)
  else if (owner.for === 'windows') {
    onWindowsRead(turn, owner.share, owner.walk, owner.windows, input.found)
    check(turn, owner.share)
  } else onCompareRead(turn, owner.share, owner, input.found)
}

/** What time alone brings: late hellos, stalled requests, beats, receipts, second tries. */
function wake(turn: Turn): void {
  const { world, at } = turn
  world.timer = null
  for (const session of [...world.sessions.values()]) {
    const stalled = [...session.asks.values()].some(
      ask => ask.waiting === 0 && at - ask.progressAt >= STALL_MS
    )
    if (session.phase !== 'ready' && at >= session.helloBy)
      closeSession(turn, session, 'SY2', 'hello took too long')
    else if (stalled) closeSession(turn, session, 'SY13', 'a request was not answered')
    else {
      const { paced } = session
      session.paced = false
      for (const share of [...session.shares.values()]) {
        const due = dueAt(share) <= at
        if (due) {
          beatIfDue(turn, share)
          offerIfDue(turn, share)
          askTipsIfDue(turn, share)
        }
        // Where nothing was due and nothing waits for its time, time alone changed nothing.
        if (due || paced || share.blocked) check(turn, share)
      }
    }
  }
  flushReceipts(turn)
}

/** When time alone brings something of one share; the machine wakes for it, and looks at it again. */
function dueAt(share: Share): number {
  return Math.min(beatDue(share), offerDue(share), tipsDue(share), share.retryAt)
}

/** The next moment at which time alone brings something. */
function nextWake(turn: Turn): number {
  const { world, at } = turn
  let next = world.receiptsAt
  for (const session of world.sessions.values()) {
    if (session.phase !== 'ready') next = Math.min(next, session.helloBy)
    for (const ask of session.asks.values())
      if (ask.waiting === 0) next = Math.min(next, ask.progressAt + STALL_MS)
    if (session.paced) next = Math.min(next, session.ourRequests.nextAt(at))
    for (const share of session.shares.values()) {
      next = Math.min(next, dueAt(share))
      if (share.blocked)
        next = Math.min(next, plannerOf(turn, share.server).nextExpiry(session.id, at) ?? at + IDLE_BEAT_MS)
    }
  }
  return next
}

function setTimer(turn: Turn): void {
  const next = nextWake(turn)
  const at = next === Infinity ? null : next
  if (at === turn.world.timer) return
  turn.world.timer = at
  turn.effects.push({ type: 'timer', at })
}

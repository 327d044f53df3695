/** Answers what peers ask: a job a request, one read at a time, frames behind the receiver's credit (SY8). */
import { type OperationId, type RecordId, refuse, type Refusal } from '../base/index.ts'
import { toString } from 'uint8arrays'
import { answerSpans, messageSpans } from './answer-ranges.ts'
import type { ItemKind, MessageLog, ServerView, SyncFound, SyncQuery } from './contract.ts'
import { envelopeIdOf } from './envelope-form.ts'
import { reconsider } from './fetch.ts'
import { encodeFrame, type Frame } from './frames.ts'
import { ITEMS_MAX, RANGE_ENVELOPES_MAX, REQUESTS_WAITING_MAX } from './limits.ts'
import { isHeld, servable } from './metered.ts'
import { selectMissing } from './past.ts'
import { isItemLog } from './range-form.ts'
import { type Job, type Session, send, type Share, type Turn, viewOf } from './session.ts'
import { levelOf, operationsFor } from './summary.ts'

type Want = Extract<
  Frame,
  {
    kind: 'want-operations' | 'want-records' | 'want-envelopes' | 'compare' | 'ask-ranges' | 'want-listed'
  }
>
/** Frame fields beside the items, and a CBOR length before each. */
const FRAME_OVERHEAD = 40
const ITEM_OVERHEAD = 5
/** Operations are small, records may be 60 KiB each: how many are read at a time. */
const READ_IDS = { operations: 64, records: 8 } as const
const PRIORITY: Readonly<Record<Job['kind'], number>> = {
  operations: 0,
  records: 1,
  envelopes: 2,
  compare: 2,
  // A few hundred bytes that tell what is worth asking.
  ranges: 1
}
/** The door to reading more: bytes made ready and not yet sent. */
const READY_BYTES_MAX = 65_536

/** A request arrived. */
export function onWant(turn: Turn, share: Share, frame: Want): Refusal | undefined {
  const { session } = share
  if (share.theirs === null) return refuse('SY2', 'asks before open')
  if (!session.theirRequests.take(turn.at)) return refuse('SY13', 'too many requests')
  if (session.jobs.length >= REQUESTS_WAITING_MAX) return refuse('SY13', 'too many requests wait')
  const view = viewOf(turn, share)
  if (view === undefined || !mayAnswer(view, share, frame)) {
    send(turn, session, { kind: 'done', handle: share.handle, request: frame.request, status: 1 })
    return undefined
  }
  const job = createJob(turn, view, share, frame)
  if ('ok' in job) return job
  session.jobs.push(job)
  pump(turn, session)
  return undefined
}

/** SY3: whether the peer is owed an answer of this kind now. */
function mayServe(view: ServerView, share: Share, kind: 'operations' | 'records' | 'envelopes'): boolean {
  if (kind === 'operations') return levelOf(view, share) >= 1
  if (kind === 'records') return levelOf(view, share) >= 1 && view.standing(share.session.peer) !== 'removed'
  return levelOf(view, share) === 2
}

/** Who was removed is shown neither leaves nor key records (SY3), nor what they add up to. */
function mayAnswer(view: ServerView, share: Share, asked: Want | Job): boolean {
  if ('spans' in asked) {
    const messages = asked.spans.some(span => !isItemLog(span.log))
    return mayServe(view, share, messages ? 'envelopes' : 'records')
  }
  switch (asked.kind) {
    case 'operations':
    case 'want-operations':
      return mayServe(view, share, 'operations')
    case 'records':
    case 'want-records':
    case 'want-listed':
      return mayServe(view, share, 'records')
    default:
      return mayServe(view, share, 'envelopes')
  }
}

function createJob(turn: Turn, view: ServerView, share: Share, frame: Want): Job | Refusal {
  const base = { share, request: frame.request, busy: false }
  switch (frame.kind) {
    case 'want-operations': {
      const { have } = frame
      return { ...base, kind: 'operations', ids: selectMissing(operationsFor(view, share), have), have }
    }
    case 'want-records': {
      const have = new Set<RecordId>(frame.have)
      const ids = view.recordIds
        .newestFirst()
        .filter(id => id >= frame.from && id <= frame.to && !have.has(id))
      return { ...base, kind: 'records', ids }
    }
    case 'want-envelopes': {
      let span = 0
      for (const { from, to } of frame.ranges) span += to - from + 1
      if (span > RANGE_ENVELOPES_MAX) return refuse('SY8', `asks for ${span} envelopes at once`)
      return { ...base, kind: 'envelopes', ranges: frame.ranges, reserved: 0, withheld: false }
    }
    case 'ask-ranges':
      return { ...base, kind: 'ranges', spans: frame.spans }
    case 'want-listed': {
      const tree = turn.world.itemLogs.get(view, frame.log)
      const ids = frame.items.flatMap(item =>
        tree.has(item) ? (tree.at(tree.below(item).count)?.id ?? []) : []
      )
      return frame.log === 'leaves'
        ? { ...base, kind: 'operations', ids: ids as readonly OperationId[], have: null }
        : { ...base, kind: 'records', ids: ids as readonly RecordId[] }
    }
    case 'compare': {
      if (frame.to - frame.from >= ITEMS_MAX) return refuse('SY8', 'compares too wide a range')
      const { chain, from, to } = frame
      return {
        ...base,
        kind: 'compare',
        ranges: from > to ? [] : [{ chain, from, to }],
        have: new Set(frame.have.map(id => toString(id, 'hex')))
      }
    }
  }
}

/** Sends what credit allows, and reads on where little is ready. */
export function pump(turn: Turn, session: Session): void {
  for (let next = session.ready[0]; next !== undefined; next = session.ready[0]) {
    if (next.cost > 0 && session.inFlight > 0 && session.inFlight + next.cost > session.limits.windowBytes)
      break
    session.ready.shift()
    session.readyBytes -= next.cost
    session.inFlight += next.cost
    turn.effects.push({ type: 'send', session: session.id, bytes: next.bytes })
  }
  while (
    session.lookups < 2 &&
    session.readyBytes + session.lookups * READY_BYTES_MAX < READY_BYTES_MAX * 2
  ) {
    const job = nextJob(session)
    if (job === undefined) break
    read(turn, session, job)
  }
}

/** Operations before records before envelopes; among servers whoever was served longest ago (SY1); then as asked. */
function nextJob(session: Session): Job | undefined {
  let best: Job | undefined
  for (const job of session.jobs) {
    if (job.busy) continue
    if (best === undefined || rank(job, best) < 0) best = job
  }
  return best
}

function rank(a: Job, b: Job): number {
  return PRIORITY[a.kind] - PRIORITY[b.kind] || a.share.servedAt - b.share.servedAt
}

function read(turn: Turn, session: Session, job: Job): void {
  if (job.kind === 'envelopes') withhold(turn, job)
  const empty = 'ids' in job ? job.ids.length === 0 : 'ranges' in job && job.ranges.length === 0
  job.share.servedAt = ++session.served
  if ('spans' in job && messageSpans(job.spans).length === 0) {
    answerRanges(turn, session, job, [])
    pump(turn, session)
    return
  }
  if (empty) {
    finish(session, job, statusOf(job))
    pump(turn, session)
    return
  }
  job.busy = true
  session.lookups++
  const lookup = turn.world.next++
  turn.world.lookups.set(lookup, { session, for: 'job', job })
  turn.effects.push({ type: 'lookup', lookup, query: queryOf(turn, job) })
}

/** SY19: what waits is not served, and is said to be so in the end. */
function withhold(turn: Turn, job: Extract<Job, { kind: 'envelopes' }>): void {
  const ranges = servable(turn, job)
  job.withheld ||= ranges.length < job.ranges.length
  job.ranges = ranges
}

function statusOf(job: Job): number {
  return job.kind === 'envelopes' && job.withheld ? 1 : 0
}

function queryOf(turn: Turn, job: Job): SyncQuery {
  const {
    server,
    session: { peer: device }
  } = job.share
  if ('ids' in job) {
    return { kind: job.kind, server, ids: job.ids.slice(0, READ_IDS[job.kind]), bytesMax: READY_BYTES_MAX }
  }
  if ('spans' in job) return { kind: 'logs', server, device, spans: messageSpans(job.spans) }
  const bytesMax = job.kind === 'envelopes' ? promise(turn, job) : READY_BYTES_MAX
  return { kind: 'envelopes', server, device, ranges: job.ranges, itemsMax: ITEMS_MAX, bytesMax }
}

/** How much a read may bring: what the budget has left, and what is ours in any case (SY19). */
function promise(turn: Turn, job: Extract<Job, { kind: 'envelopes' }>): number {
  const { budget } = turn.world.init
  if (budget === undefined || isHeld(turn)) return READY_BYTES_MAX
  const granted = budget.reserve(READY_BYTES_MAX, turn.at)
  job.reserved = budget.limit === null ? 0 : granted
  return granted
}

/** The store answered for a job. */
export function onRead(turn: Turn, session: Session, job: Job, found: SyncFound): void {
  session.lookups--
  job.busy = false
  if (job.kind === 'envelopes') {
    turn.world.init.budget?.release(job.reserved)
    job.reserved = 0
  }
  // Reading had begun before a standing fell: what it brought stays here (SY3).
  const view = viewOf(turn, job.share)
  const allowed = view !== undefined && mayAnswer(view, job.share, job)
  if (!session.jobs.includes(job)) return pump(turn, session)
  if (!allowed) {
    finish(session, job, 1)
    return pump(turn, session)
  }
  if (found.kind === 'logs' && 'spans' in job) answerRanges(turn, session, job, found.logs)
  else if (found.kind === 'envelopes' && 'ranges' in job) {
    const unknown = (kind: 'envelopes' | 'stubs', item: Uint8Array): boolean =>
      job.kind !== 'compare' ||
      !job.have.has(toString(envelopeIdOf(turn.world.init.suite, kind, item).subarray(0, 16), 'hex'))
    makeReady(
      turn,
      session,
      job,
      'envelopes',
      found.items.filter(item => unknown('envelopes', item))
    )
    makeReady(
      turn,
      session,
      job,
      'stubs',
      found.stubs.filter(item => unknown('stubs', item))
    )
    job.ranges = found.rest
    if (job.ranges.length === 0) finish(session, job, statusOf(job))
  } else if (job.kind === 'operations' && found.kind === 'operations' && found.again === true) {
    if (job.have !== null) job.ids = selectMissing(operationsFor(view, job.share), job.have)
    if (job.ids.length === 0) finish(session, job, 0)
  } else if ((found.kind === 'operations' || found.kind === 'records') && 'ids' in job) {
    makeReady(turn, session, job, job.kind, found.items)
    const asked = Math.min(job.ids.length, READ_IDS[job.kind])
    const from = Math.max(1, asked - found.rest)
    if (job.kind === 'operations') job.ids = job.ids.slice(from)
    else job.ids = job.ids.slice(from)
    if (job.ids.length === 0) finish(session, job, 0)
  }
  pump(turn, session)
}

/** SY6: one frame answers, and needs no credit, since its size is bounded by what was asked. */
function answerRanges(
  turn: Turn,
  session: Session,
  job: Extract<Job, { kind: 'ranges' }>,
  logs: readonly (MessageLog | null)[]
): void {
  const { share, request, spans } = job
  const view = viewOf(turn, share)
  session.jobs = session.jobs.filter(each => each !== job)
  if (view === undefined) return
  const { told, lacks } = answerSpans(view, turn.world.itemLogs, spans, logs)
  send(turn, session, { kind: 'ranges', handle: share.handle, request, ...told })
  if (!lacks || !share.walked) return
  share.walked = false
  reconsider(turn, share)
}

function makeReady(
  turn: Turn,
  session: Session,
  job: Job,
  kind: ItemKind,
  items: readonly Uint8Array[]
): void {
  const { budget } = turn.world.init

  for (const part of packItems(items, session.limits.itemBytes)) {
    const bytes = encodeFrame({ kind, handle: job.share.handle, request: job.request, items: part })
    session.ready.push({ bytes, cost: bytes.length })
    session.readyBytes += bytes.length
    if (kind === 'envelopes' || kind === 'stubs') budget?.spend(bytes.length, turn.at)
  }
}

function finish(session: Session, job: Job, status: number): void {
  session.jobs = session.jobs.filter(each => each !== job)
  session.ready.push({
    bytes: encodeFrame({ kind: 'done', handle: job.share.handle, request: job.request, status }),
    cost: 0
  })
}

/** Fills frames in order; an item that is larger than a frame travels alone (SY1). */
export function packItems(items: readonly Uint8Array[], frameBytes: number): Uint8Array[][] {
  const out: Uint8Array[][] = []
  let size = 0
  for (const item of items) {
    const part = out.at(-1)
    const cost = item.length + ITEM_OVERHEAD
    if (part === undefined || part.length >= ITEMS_MAX || size + cost > frameBytes) {
      out.push([item])
      size = FRAME_OVERHEAD + cost
    } else {
      part.push(item)
      size += cost
    }
  }
  return out
}

/** The peer took bytes: more may go. */
export function onCredit(turn: Turn, session: Session, bytes: number): Refusal | undefined {
  if (bytes > session.inFlight) return refuse('SY8', 'credit for more than was sent')
  session.inFlight -= bytes
  pump(turn, session)
  return undefined
}

/** Live push (SY10) of what was stored, as far as credit goes; what does not go is found by a beat. */
export function pushLive(
  turn: Turn,
  share: Share,
  items: {
    readonly operations: readonly Uint8Array[]
    readonly records: readonly Uint8Array[]
    readonly envelopes: readonly Uint8Array[]
  }
): void {
  const { session } = share
  for (const kind of ['operations', 'records', 'envelopes'] as const) {
    for (const part of packItems(items[kind], session.limits.itemBytes)) {
      const bytes = encodeFrame({
        kind: 'push',
        handle: share.handle,
        operations: [],
        records: [],
        envelopes: [],
        [kind]: part
      })
      if (session.inFlight > 0 && session.inFlight + bytes.length > session.limits.windowBytes) return
      session.inFlight += bytes.length
      turn.effects.push({ type: 'send', session: session.id, bytes })
    }
  }
}

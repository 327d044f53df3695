/**
 * What a metered line changes (SY19): what can wait is asked and served as far as the budget goes; what people need at
 * once goes on. Only envelopes that answer a request are counted; operations, key records, pushes and what peers tell
 * each other of what they hold are not.
 */
import type { ChannelId } from '../base/index.ts'
import { asking } from './asks.ts'
import { bucketsDiffer } from './buckets.ts'
import type { ChainRange, ServerView } from './contract.ts'
import { missingCount } from './missing.ts'
import { DENIED_MS, DENIED_MS_MAX, LOOK_AGAIN_MS, LOOKS_MAX, RETRY_MS } from './limits.ts'
import { HIGHEST, LOWEST, type RangeBound } from './range-tree.ts'
import { type Job, type PeerTip, type Share, sharesOf, type Turn } from './session.ts'
import type { Window } from './walk-state.ts'

/** Whether what can wait has to. */
export function isHeld({ world, at }: Turn): boolean {
  return world.init.budget?.isSpent(at) === true
}

/** How many envelopes of what can wait may be asked now. One request is out at a time, so that little goes beyond. */
export function allowance(turn: Turn): number {
  const { init, sessions } = turn.world
  if (init.budget === undefined || init.budget.limit === null) return Infinity
  if (init.budget.isSpent(turn.at)) return 0
  for (const session of sessions.values()) for (const ask of session.asks.values()) if (ask.waits) return 0
  return init.budget.envelopesFor(turn.at)
}

/** Envelopes that answer a request of ours came. */
export function countArrived(turn: Turn, envelopes: number, bytes: number): void {
  const { budget } = turn.world.init
  budget?.learn(envelopes, bytes)
  budget?.spend(bytes, turn.at)
}

/** Tells once that what is missing waits, and once that it goes on. */
export function tellHeld(turn: Turn, share: Share, view: ServerView): void {
  const held = isHeld(turn)
  // Whatever is out may never be answered.
  if (!held && share.pending.size > 0 && allowance(turn) === 0)
    share.retryAt = Math.min(share.retryAt, turn.at + RETRY_MS)
  if (held) share.retryAt = Math.min(share.retryAt, turn.world.init.budget?.resumesAt(turn.at) ?? Infinity)
  if (held === share.held) return
  const missing = missingCount(view, share)
  if (held && missing === 0) return
  share.held = held
  if (!held) share.walked = false
  turn.effects.push({
    type: 'progress',
    session: share.session.id,
    server: share.server,
    received: share.received,
    bytes: share.receivedBytes,
    missing
  })
}

/** What of a request may be served now: with nothing left, what is ours, since nobody else may have it yet. */
export function servable(turn: Turn, job: Extract<Job, { kind: 'envelopes' }>): readonly ChainRange[] {
  if (!isHeld(turn)) return job.ranges
  return job.ranges.filter(({ chain }) => chain === turn.world.init.device)
}

/** A peer did not serve this chain: it is asked again, later each time. */
export function deny(tip: PeerTip, at: number): void {
  tip.deniedUntil = at + Math.min(DENIED_MS_MAX, DENIED_MS * 2 ** tip.denials)
  tip.denials++
}

/** Whether a chain is not asked of this peer now. */
export function isDenied(turn: Turn, share: Share, tip: PeerTip | undefined): boolean {
  if (tip === undefined || tip.deniedUntil <= turn.at) return false
  share.retryAt = Math.min(share.retryAt, tip.deniedUntil)
  return true
}

/** Somebody looks at a page: the newest of a channel, or the one before a time. */
export function onLook(
  turn: Turn,
  server: ServerView['server'],
  channel: ChannelId,
  before: number | null
): void {
  if (!isHeld(turn)) return
  for (const share of sharesOf(turn, server)) {
    const to = before === null ? HIGHEST : { time: before, share: 0n }
    noteLook(turn, share, channel, to)
  }
}

function noteLook(turn: Turn, share: Share, channel: ChannelId, to: RangeBound): void {
  const key = `${channel} ${to.time}`
  const known = share.looks.get(key)
  if (known !== undefined && turn.at - known.at < LOOK_AGAIN_MS) return
  share.looks.delete(key)
  share.looks.set(key, { channel, to, at: turn.at, asked: false })
  const [oldest] = share.looks.keys()
  if (share.looks.size > LOOKS_MAX && oldest !== undefined) share.looks.delete(oldest)
}

/** The pages that are to be walked through though nothing is left; empty where none is, or all flows anyway. */
export function pagesLookedAt(turn: Turn, share: Share, view: ServerView): readonly Window[] {
  if (!isHeld(turn) || share.theirs === null || !bucketsDiffer(view, share.theirs)) return []
  if (!share.walked) for (const channel of view.onScreen?.() ?? []) noteLook(turn, share, channel, HIGHEST)
  share.walked = true
  const windows: Window[] = []
  for (const look of share.looks.values()) {
    if (look.asked) continue
    look.asked = true
    windows.push(windowOf(look.channel, look.to, share.session.limits.windowFirst))
  }
  return windows
}

function windowOf(log: ChannelId, to: RangeBound, size: number): Window {
  return { log, order: 0, wanted: true, from: LOWEST, to, size, low: LOWEST, open: 0, differs: false }
}

/** Who asked longest ago is first when a request ended: one is out at a time, over all servers and peers. */
export function inTurn(turn: Turn): readonly Share[] {
  const shares = [...turn.world.sessions.values()].flatMap(session => [...session.shares.values()])
  return shares.sort((a, b) => a.askedAt - b.askedAt || asking(a, 'envelopes') - asking(b, 'envelopes'))
}

/**
 * Walks through ranges that differ (SY6): the side that may lack something asks, and goes down where sums differ
 * until the other lists what it has. It keeps nothing but the walk, and the other side nothing at all.
 */
import { refuse, type Refusal } from '../base/index.ts'
import { asking, mayAsk, note } from './asks.ts'
import type { ServerView, SyncFound } from './contract.ts'
import { checkAnswer } from './check-ranges.ts'
import type { Frame } from './frames.ts'
import {
  CHANNELS_WALKED_MAX,
  FRUITLESS_ROUNDS_MAX,
  LISTED_MISSING_MAX,
  SPLIT_DEPTH_MAX,
  TIPS_KEPT_MAX,
  WINDOW_MAX
} from './limits.ts'
import { createTip } from './create-share.ts'
import { pagesLookedAt } from './metered.ts'
import { isItemLog, type ItemLog, type Listing, type Split } from './range-form.ts'
import { compareBounds, HIGHEST, LOWEST, type RangeBound, type RangeTree } from './range-tree.ts'
import { addRange, contains } from './ranges.ts'
import { plannerOf, send, type Share, sharesOf, type Turn, viewOf } from './session.ts'
import type { Walk, WalkKind, WalkSpan, Window } from './walk-state.ts'

type Answer = Extract<Frame, { kind: 'ranges' }>

function begin(share: Share, kind: WalkKind, rest: Partial<Walk>): Walk {
  const walk: Walk = {
    kind,
    todo: [],
    windows: [],
    older: false,
    reading: false,
    asked: null,
    vain: 0,
    found: 0,
    ...rest
  }
  share.walks.set(kind, walk)
  share.caughtUp = false
  return walk
}

/** Walks leaves or key records: all of them, where any differ. */
export function walkItems(turn: Turn, share: Share, view: ServerView, log: ItemLog): void {
  const tree = turn.world.itemLogs.get(view, log)
  const todo = spansOf(log, tree, { from: LOWEST, to: HIGHEST, newest: 0 }, null)
  advance(turn, share, begin(share, log, { todo }))
}

/**
 * Walks the newest window of each channel, then, with `older`, those before it as long as they differ (SY7).
 * Not while another session is at it.
 */
export function walkWindows(turn: Turn, share: Share, view: ServerView, older: boolean): void {
  if (isWalkedElsewhere(turn, share)) return
  const shown = view.onScreen?.() ?? []
  const windows = [...view.channels().slice(0, CHANNELS_WALKED_MAX), 'acts' as const].map((log, order) => ({
    log,
    order,
    wanted: log !== 'acts' && shown.includes(log),
    from: LOWEST,
    to: HIGHEST,
    size: share.session.limits.windowFirst,
    low: LOWEST,
    open: 0,
    differs: false
  }))
  share.first = []
  advance(turn, share, begin(share, 'windows', { windows, older }))
}

/** Walks only the pages that somebody looks at, while all else waits for the budget (SY19). */
export function walkPages(turn: Turn, share: Share, view: ServerView): void {
  const seen = share.walked && [...share.looks.values()].every(look => look.asked)
  if (seen || isWalkedElsewhere(turn, share)) return
  const windows = pagesLookedAt(turn, share, view)
  if (windows.length > 0) advance(turn, share, begin(share, 'windows', { windows }))
}

function isWalkedElsewhere(turn: Turn, share: Share): boolean {
  const reading = sharesOf(turn, share.server).some(other => other.walks.get('windows')?.reading === true)
  if (!reading && !plannerOf(turn, share.server).isTaken('windows', share.session.id, turn.at)) return false
  share.blocked = true
  return true
}

/** The newest first: what we do not know at all may be new, and mostly is; what lies before it mostly agrees. */
function spansOf(
  log: WalkSpan['log'],
  tree: RangeTree<RangeBound>,
  range: { readonly from: RangeBound; readonly to: RangeBound; readonly newest: number },
  window: Window | null
): WalkSpan[] {
  const { from, to, newest } = range
  const span = (low: RangeBound, high: RangeBound): WalkSpan => ({
    log,
    from: low,
    to: high,
    newest,
    ...tree.measure(low, high),
    tree,
    window,
    depth: 0
  })
  const last = tree.at(tree.below(to).count - 1)
  if (last === undefined || compareBounds(last, from) < 0) return [span(from, to)]
  const cut = { time: last.time, share: last.share + 1n }
  return compareBounds(cut, to) < 0 ? [span(cut, to), span(from, cut)] : [span(from, to)]
}

/** Goes on where a walk waited for our own pace. */
export function continueWalks(turn: Turn, share: Share): void {
  for (const walk of [...share.walks.values()]) advance(turn, share, walk)
}

function advance(turn: Turn, share: Share, walk: Walk): void {
  if (walk.reading || walk.asked !== null) return
  const { session } = share
  if (walk.todo.length === 0) {
    if (walk.windows.length === 0 || walk.found > LISTED_MISSING_MAX) endWalk(turn, share, walk)
    else readWindows(turn, share, walk)
    return
  }
  if (!mayAsk(turn, session)) return
  const spans = walk.todo.slice(0, session.limits.spansMax)
  walk.todo = walk.todo.slice(spans.length)
  const request = note(turn, share, 'ranges', { walk: walk.kind })
  walk.asked = { request, spans }
  send(turn, session, { kind: 'ask-ranges', handle: share.handle, request, spans })
}

function readWindows(turn: Turn, share: Share, walk: Walk): void {
  const count = Math.max(1, share.session.limits.spansMax / 2)
  const windows = walk.windows.slice(0, count)
  walk.windows = walk.windows.slice(count)
  walk.reading = true
  const lookup = turn.world.next++
  turn.world.lookups.set(lookup, { session: share.session, for: 'windows', share, walk, windows })
  turn.effects.push({
    type: 'lookup',
    lookup,
    query: {
      kind: 'logs',
      server: share.server,
      device: turn.world.init.device,
      spans: windows.map(({ log, from, to, size }) => ({ log, from, to, newest: size }))
    }
  })
}

/** Our own part of the windows was read. */
export function onWindowsRead(
  turn: Turn,
  share: Share,
  walk: Walk,
  windows: readonly Window[],
  found: SyncFound
): void {
  walk.reading = false
  if (share.walks.get(walk.kind) !== walk || share.session.shares.get(share.handle) !== share) return
  if (found.kind === 'logs') {
    const todo = windows.flatMap((window, i) => {
      const log = found.logs[i]
      if (log === undefined || log === null) return []
      window.low = log.from
      const range = { from: log.from, to: window.to, newest: window.size }
      const spans = spansOf(window.log, log.tree, range, window)
      window.open = spans.length
      return spans
    })
    walk.todo = [...walk.todo, ...todo]
  }
  advance(turn, share, walk)
}

function endWalk(turn: Turn, share: Share, walk: Walk): void {
  share.walks.delete(walk.kind)
  if (walk.kind !== 'windows') return
  share.walked = true
  // Of so much, rows of chains tell in fewer bytes.
  if (walk.found > LISTED_MISSING_MAX) share.tipsAt = turn.at
}

/** The peer does not serve what a walk asks: then as with those that do not speak of ranges. */
export function giveUpWalk(turn: Turn, share: Share, kind: WalkKind | null): void {
  const walk = kind === null ? undefined : share.walks.get(kind)
  if (walk === undefined) return
  walk.asked = null
  share.unwalkable.add(walk.kind)
  share.walks.delete(walk.kind)
  if (walk.kind === 'leaves') share.askedOperations = null
  if (walk.kind === 'records') share.askedRecords = null
  if (walk.kind === 'windows') share.tipsAt = turn.at
}

/** An answer about ranges of ours. */
export function onRanges(turn: Turn, share: Share, frame: Answer): Refusal | undefined {
  const { session } = share
  const ask = session.asks.get(frame.request)
  const view = viewOf(turn, share)
  if (ask === undefined || ask.share !== share || ask.kind !== 'ranges' || ask.walk === null)
    return refuse('SY13', 'tells of ranges that were not asked')
  session.asks.delete(ask.request)
  plannerOf(turn, share.server).release(
    [ask.walk === 'windows' ? 'windows' : ask.walk === 'records' ? 'records' : 'operations'],
    session.id,
    ask.request
  )
  const walk = share.walks.get(ask.walk)
  if (walk?.asked?.request !== ask.request || view === undefined) return undefined
  const { spans } = walk.asked
  walk.asked = null
  const broken = checkAnswer(spans, frame) ?? takeAnswer(share, view, walk, spans, frame)
  if (broken !== undefined) return broken
  if (walk.vain > FRUITLESS_ROUNDS_MAX) {
    // Envelopes may be held and in no log, as nobody gave us their keys: no lie, and still not worth going on.
    if (walk.kind !== 'windows') return refuse('SY13', 'fingerprints never agree, and nothing is missing')
    giveUpWalk(turn, share, walk.kind)
    return undefined
  }
  if (share.tips.size > TIPS_KEPT_MAX) return refuse('SY13', `rows of more than ${TIPS_KEPT_MAX} chains`)
  advance(turn, share, walk)
  return undefined
}

function takeAnswer(
  share: Share,
  view: ServerView,
  walk: Walk,
  spans: readonly WalkSpan[],
  answer: Answer
): Refusal | undefined {
  const found = walk.found
  const told = new Map<number, Split | Listing>()
  for (const each of [...answer.splits, ...answer.lists]) told.set(each.span, each)
  const below: WalkSpan[] = []
  for (const [index, span] of spans.entries()) {
    const part = told.get(index)
    if (part !== undefined) {
      if (span.depth >= SPLIT_DEPTH_MAX && 'parts' in part)
        return refuse('SY6', 'splits and splits, and never lists')
      noteDifference(walk, span, part.from)
      if ('parts' in part) below.push(...partsThatDiffer(span, part))
      else takeRows(share, view, walk, span, part, answer)
    }
  }
  for (const span of below) if (span.window !== null) span.window.open++
  for (const { window } of spans) if (window !== null) settle(walk, window)
  walk.todo = [...below, ...walk.todo]
  // Who holds less than we do differs and need not have anything for us.
  const richer = spans.some((span, index) => countTold(told.get(index)) >= span.count)
  walk.vain = walk.found > found ? 0 : richer ? walk.vain + 1 : walk.vain
  return undefined
}

/** How many entries a part of an answer is about; less than any number where there is none. */
function countTold(part: Split | Listing | undefined): number {
  if (part === undefined) return -1
  return 'rows' in part ? part.rows.length : part.parts.reduce((sum, { count }) => sum + count, 0)
}

/** What lies between where the span began and where the answer does is another window's. */
function noteDifference(walk: Walk, { window, from, to }: WalkSpan, begins: RangeBound): void {
  if (window === null) return
  window.differs = true
  if (!walk.older || compareBounds(begins, from) <= 0) return
  const newer = compareBounds(begins, to) < 0 ? begins : to
  walk.windows = [older(window, from, newer), ...walk.windows]
}

function older(window: Window, from: RangeBound, to: RangeBound): Window {
  const size = Math.min(WINDOW_MAX, window.size * 2)
  return { ...window, wanted: false, from, to, size, low: from, open: 0, differs: false }
}

/** A window of which nothing is open: the one before it follows where this one differed. */
function settle(walk: Walk, window: Window): void {
  if (--window.open > 0 || !window.differs || !walk.older) return
  if (compareBounds(window.low, window.from) > 0)
    walk.windows = [...walk.windows, older(window, window.from, window.low)]
}

function partsThatDiffer(span: WalkSpan, { from, parts }: Split): WalkSpan[] {
  const out: WalkSpan[] = []
  let start = from
  for (const { to, count, sum } of parts) {
    const own = span.tree.measure(start, to)
    // Of what the other has less of, it fetches ours first, and its next summary tells what is left.
    const later = span.window !== null && count < own.count
    if (!later && (own.count !== count || own.sum !== sum))
      out.unshift({ ...span, from: start, to, newest: 0, ...own, depth: span.depth + 1 })
    start = to
  }
  return out
}

function takeRows(
  share: Share,
  view: ServerView,
  walk: Walk,
  span: WalkSpan,
  { rows }: Listing,
  { chains }: Answer
): void {
  for (const row of [...rows].reverse()) {
    if (span.tree.has(row)) continue
    if (isItemLog(span.log)) {
      share.listed.set(span.log, [
        ...(share.listed.get(span.log) ?? []),
        { time: row.time, share: row.share }
      ])
      walk.found++
      continue
    }
    const chain = chains[row.chain]
    if (chain === undefined || view.chains.has(chain, row.seq)) continue
    let tip = share.tips.get(chain)
    if (tip !== undefined && contains(tip.got, row.seq)) continue
    if (tip === undefined) share.tips.set(chain, (tip = createTip(null, [])))
    tip.ranges = addRange(tip.ranges, row.seq, row.seq)
    share.pending.add(chain)
    share.first = [
      ...share.first,
      { chain, from: row.seq, to: row.seq, wanted: span.window?.wanted === true }
    ]
    walk.found++
  }
}

/** Asks for leaves and key records that a walk found missing. */
export function wantListed(turn: Turn, share: Share, view: ServerView): void {
  for (const [log, rows] of share.listed) {
    const kind = log === 'leaves' ? 'operations' : 'records'
    const tree = turn.world.itemLogs.get(view, log)
    const missing = rows.filter(row => !tree.has(row))
    if (missing.length === 0) share.listed.delete(log)
    else if (asking(share, kind) === 0 && mayAsk(turn, share.session)) {
      const items = missing.slice(0, share.session.limits.idsMax)
      // What is not answered now is not asked again: the next difference brings it up.
      share.listed.set(log, missing.slice(items.length))
      const request = note(turn, share, kind, { itemsMax: items.length })
      send(turn, share.session, { kind: 'want-listed', handle: share.handle, request, log, items })
    }
  }
}

/** Answers about ranges (SY6): without memory, from what is held at this moment. */
import type { ChainId } from './chain-index.ts'
import type { MessageEntry, MessageLog, MessageSpan, ServerView } from './contract.ts'
import type { Frame } from './frames.ts'
import type { ItemLogs } from './item-logs.ts'
import { LIST_MAX, SPLIT_PARTS } from './limits.ts'
import { isItemLog, type Listing, type Part, type Row, type Span, type Split } from './range-form.ts'
import { boundBetween, compareBounds, type RangeBound, type RangeTree } from './range-tree.ts'

/** What is told, and whether what was asked shows that something is missing here. */
interface Answer {
  readonly told: Pick<Extract<Frame, { kind: 'ranges' }>, 'chains' | 'splits' | 'lists'>
  readonly lacks: boolean
}

/** Which message logs an answer needs: one for each span of a channel, in their order. */
export function messageSpans(spans: readonly Span[]): readonly MessageSpan[] {
  return spans.flatMap(({ log, from, to, newest }) => (isItemLog(log) ? [] : [{ log, from, to, newest }]))
}

/**
 * What of these spans differs here. Nothing is said of those that agree, nor of channels that are not served.
 *
 * @param logs - For `messageSpans`, in their order.
 */
export function answerSpans(
  view: ServerView,
  items: ItemLogs,
  spans: readonly Span[],
  logs: readonly (MessageLog | null)[]
): Answer {
  const chains: ChainId[] = []
  const splits: Split[] = []
  const lists: Listing[] = []
  let lacks = false
  let next = 0
  for (const [index, span] of spans.entries()) {
    const log = isItemLog(span.log) ? null : (logs[next++] ?? null)
    const tree: RangeTree<RangeBound> | undefined = isItemLog(span.log)
      ? items.get(view, span.log)
      : log?.tree
    if (tree === undefined) continue
    const from = lowerEnd(tree, span, log)
    const held = tree.measure(from, span.to)
    if (compareBounds(from, span.from) === 0 && held.count === span.count && held.sum === span.sum) continue
    const whole = tree.measure(span.from, span.to)
    lacks ||= whole.count < span.count || (whole.count === span.count && whole.sum !== span.sum)
    if (held.count > LIST_MAX) splits.push({ span: index, from, parts: partsOf(tree, from, span.to) })
    else lists.push({ span: index, from, rows: rowsOf(tree, from, span.to, chains) })
  }
  return { told: { chains, splits, lists }, lacks }
}

/** Where the answer begins: above the span's lower end where only the newest are wanted, or no more were read. */
function lowerEnd(tree: RangeTree<RangeBound>, span: Span, log: MessageLog | null): RangeBound {
  const read = log !== null && compareBounds(log.from, span.from) > 0 ? log.from : span.from
  if (span.newest === 0) return read
  const [low, high] = [tree.below(read).count, tree.below(span.to).count]
  if (high - low <= span.newest) return read
  const first = high - span.newest
  return boundBetween(tree.at(first - 1) as RangeBound, tree.at(first) as RangeBound)
}

/** Parts of equal size, the first ones smaller by one where it does not come out even. */
function partsOf(tree: RangeTree<RangeBound>, from: RangeBound, to: RangeBound): Part[] {
  const low = tree.below(from).count
  const count = tree.below(to).count - low
  const out: Part[] = []
  let start = from
  for (let i = 1; i <= SPLIT_PARTS; i++) {
    const rank = low + Math.floor((i * count) / SPLIT_PARTS)
    const end =
      i === SPLIT_PARTS ? to : boundBetween(tree.at(rank - 1) as RangeBound, tree.at(rank) as RangeBound)
    out.push({ to: end, ...tree.measure(start, end) })
    start = end
  }
  return out
}

function rowsOf(tree: RangeTree<RangeBound>, from: RangeBound, to: RangeBound, chains: ChainId[]): Row[] {
  return tree.slice(tree.below(from).count, tree.below(to).count).map(entry => {
    const { time, share } = entry
    if (!('chain' in entry)) return { time, share, chain: 0, seq: 0 }
    const { chain, seq } = entry as MessageEntry
    let place = chains.indexOf(chain)
    if (place < 0) place = chains.push(chain) - 1
    return { time, share, chain: place, seq }
  })
}

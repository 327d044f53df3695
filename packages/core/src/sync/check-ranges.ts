/** Whether an answer about ranges can be true (SY6): what contradicts itself, or the question, is a lie. */
import { refuse, type Refusal } from '../base/index.ts'
import { addFingerprint, NO_FINGERPRINT } from './fingerprint.ts'
import type { Frame } from './frames.ts'
import { LIST_MAX, SPLIT_PARTS } from './limits.ts'
import { isItemLog, type Listing, type Span, type Split } from './range-form.ts'
import { compareBounds, type Measure, type RangeBound } from './range-tree.ts'

type Answer = Extract<Frame, { kind: 'ranges' }>

/** The rule that an answer to these spans breaks. */
export function checkAnswer(spans: readonly Span[], answer: Answer): Refusal | undefined {
  const told = new Set<number>()
  for (const part of [...answer.splits, ...answer.lists]) {
    const span = spans[part.span]
    if (span === undefined || told.has(part.span)) return refuse('SY6', 'tells of a span that was not asked')
    told.add(part.span)
    const broken =
      checkBegin(span, part.from) ??
      ('parts' in part ? checkSplit(span, part) : checkList(span, part, answer))
    if (broken !== undefined) return broken
  }
  return undefined
}

function checkBegin(span: Span, from: RangeBound): Refusal | undefined {
  const above = compareBounds(from, span.from)
  const mayRaise = !isItemLog(span.log)
  return above < 0 || (above > 0 && !mayRaise) || compareBounds(from, span.to) > 0
    ? refuse('SY6', 'begins outside of its span')
    : undefined
}

/** Nobody has to tell of what agrees, and who does it keeps us busy. */
function checkMeasure(span: Span, from: RangeBound, held: Measure): Refusal | undefined {
  if (span.newest > 0 && held.count > span.newest) return refuse('SY6', 'tells of more than the newest')
  return compareBounds(from, span.from) === 0 && held.count === span.count && held.sum === span.sum
    ? refuse('SY6', 'tells of what agrees')
    : undefined
}

function checkSplit(span: Span, { from, parts }: Split): Refusal | undefined {
  let [count, sum, start] = [0, NO_FINGERPRINT, from]
  for (const part of parts) {
    if (compareBounds(part.to, start) <= 0 || compareBounds(part.to, span.to) > 0)
      return refuse('SY6', 'parts do not follow each other')
    start = part.to
    count += part.count
    sum = addFingerprint(sum, part.sum)
  }
  if (compareBounds(start, span.to) !== 0) return refuse('SY6', 'parts do not fill their span')
  if (count <= LIST_MAX) return refuse('SY6', 'splits what is to be listed')
  const even = parts.every(
    (part, i) =>
      part.count === Math.floor(((i + 1) * count) / SPLIT_PARTS) - Math.floor((i * count) / SPLIT_PARTS)
  )
  return even ? checkMeasure(span, from, { count, sum }) : refuse('SY6', 'parts are not of equal size')
}

function checkList(span: Span, { from, rows }: Listing, { chains }: Answer): Refusal | undefined {
  const messages = !isItemLog(span.log)
  let sum = NO_FINGERPRINT
  let before: RangeBound | undefined
  for (const row of rows) {
    const outside = compareBounds(row, from) < 0 || compareBounds(row, span.to) >= 0
    if (outside || (before !== undefined && compareBounds(before, row) >= 0))
      return refuse('SY6', 'rows do not follow each other inside their span')
    if (messages ? row.seq === 0 || row.chain >= chains.length : row.seq !== 0 || row.chain !== 0)
      return refuse('SY6', 'a row without a place')
    before = row
    sum = addFingerprint(sum, row.share)
  }
  return checkMeasure(span, from, { count: rows.length, sum })
}

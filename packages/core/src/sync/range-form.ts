/** What the frames of range reconciliation carry (SY6): logs, spans, splits and lists. */
import { type ChannelId, idFromBytes, idToBytes } from '../base/index.ts'
import { array, bytes, mapped, type Schema, tuple, uint } from '../encoding/index.ts'
import { chainIdSchema } from './chain-index.ts'
import { type Fingerprint, fingerprintSchema } from './fingerprint.ts'
import { CHAINS_LISTED_MAX, ITEMS_MAX, LIST_MAX, SPANS_MAX, SPLIT_PARTS, WINDOW_MAX } from './limits.ts'
import type { Measure, RangeBound } from './range-tree.ts'

/** Logs of envelopes: the messages of a channel; of all channels, what else is said of messages. */
export type EnvelopeLog = ChannelId | 'acts'

/** What is reconciled by ranges. */
export type LogName = ItemLog | EnvelopeLog

/** Whether a log is of items that are fetched by their place in it. */
export function isItemLog(log: LogName): log is ItemLog {
  return log === 'leaves' || log === 'records'
}

function isChannel(log: LogName): log is ChannelId {
  return !SHORT_LOGS.includes(log)
}

/** A part of a log as whoever asks holds it. */
export interface Span extends Measure {
  readonly log: LogName
  readonly from: RangeBound
  /** Not included. */
  readonly to: RangeBound
  /** Where the other holds more than so many in it, only its newest so many are meant; 0: all. */
  readonly newest: number
}

/** A range that the answerer holds too much of to list: its parts of equal size, each up to the next one's end. */
export interface Split {
  /** Which of the spans asked. */
  readonly span: number
  /** Where the first part begins: where the span does, or above it (`newest`). */
  readonly from: RangeBound
  readonly parts: readonly Part[]
}

/** One of a split's parts. */
export interface Part extends Measure {
  /** Not included. */
  readonly to: RangeBound
}

/** All that the answerer holds of a range. */
export interface Listing {
  readonly span: number
  readonly from: RangeBound
  readonly rows: readonly Row[]
}

/** One entry. `chain` counts in the frame's chains; of leaves and key records both numbers are 0. */
export interface Row extends RangeBound {
  readonly chain: number
  readonly seq: number
}

const SHARE_BYTES = 16
const time = uint()

/** A share without the zeros at its end: bounds are short where few bytes tell neighbours apart. */
const shareOfBound: Schema<Fingerprint> = mapped(
  bytes(0, SHARE_BYTES),
  'bytes that do not end in zero',
  each => {
    if (each.at(-1) === 0) return undefined
    let share = 0n
    for (let i = 0; i < SHARE_BYTES; i++) share = (share << 8n) | BigInt(each[i] ?? 0)
    return share
  },
  share => {
    const out = new Uint8Array(SHARE_BYTES)
    let length = 0
    for (let i = 0; i < SHARE_BYTES; i++) {
      out[i] = Number((share >> BigInt(8 * (SHARE_BYTES - 1 - i))) & 255n)
      if (out[i] !== 0) length = i + 1
    }
    return out.subarray(0, length)
  }
)

/** Logs of items that are fetched by their place in them. */
export type ItemLog = 'leaves' | 'records'
const SHORT_LOGS: readonly LogName[] = ['leaves', 'records', 'acts']

/** One byte for leaves, key records or acts, a channel's 32 for its messages. */
const logName: Schema<LogName> = mapped(
  bytes(1, 32),
  'a log',
  each =>
    each.length === 32
      ? idFromBytes('c', each)
      : each.length === 1
        ? SHORT_LOGS[each[0] as number]
        : undefined,
  log => (isChannel(log) ? idToBytes(log) : Uint8Array.of(SHORT_LOGS.indexOf(log)))
)

const itemLog: Schema<ItemLog> = mapped(
  uint(1),
  'leaves or key records',
  each => (each < 2 ? (SHORT_LOGS[each] as ItemLog) : undefined),
  log => SHORT_LOGS.indexOf(log)
)

const bound: Schema<RangeBound> = tuple({ time, share: shareOfBound })

/** A span on the wire. */
const span: Schema<Span> = tuple({
  log: logName,
  from: bound,
  to: bound,
  newest: uint(WINDOW_MAX),
  count: uint(),
  sum: fingerprintSchema
})

const split: Schema<Split> = tuple({
  span: uint(SPANS_MAX - 1),
  from: bound,
  parts: array(
    tuple({ to: bound, count: uint(undefined, 1), sum: fingerprintSchema }),
    SPLIT_PARTS,
    SPLIT_PARTS
  )
})

const listing: Schema<Listing> = tuple({
  span: uint(SPANS_MAX - 1),
  from: bound,
  rows: array(
    tuple({ time, share: fingerprintSchema, chain: uint(CHAINS_LISTED_MAX - 1), seq: uint() }),
    LIST_MAX
  )
})

/** Spans of one request. */
export const spanList: Schema<readonly Span[]> = array(span, SPANS_MAX, 1)

/** Fields of an answer, behind handle and request. */
export const rangesFields = {
  chains: array(chainIdSchema, CHAINS_LISTED_MAX),
  splits: array(split, SPANS_MAX),
  lists: array(listing, SPANS_MAX)
}

/** Fields that name listed items, behind handle and request. */
export const listedFields = {
  log: itemLog,
  items: array<RangeBound>(tuple({ time, share: fingerprintSchema }), ITEMS_MAX, 1)
}

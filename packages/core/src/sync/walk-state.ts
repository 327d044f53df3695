/** What a walk through ranges remembers (SY6): one a kind and shared server, forgotten when it ends. */
import type { EnvelopeLog, Span } from './range-form.ts'
import type { RangeBound, RangeTree } from './range-tree.ts'

/** What is walked: uncovered leaves, key records, windows of message logs. */
export type WalkKind = 'leaves' | 'records' | 'windows'

/** A part of an envelope log that is reconciled at once (SY7). */
export interface Window {
  readonly log: EnvelopeLog
  /** Most wanted first: 0. */
  readonly order: number
  /** Somebody looks at it (SY19). */
  readonly wanted: boolean
  readonly from: RangeBound
  readonly to: RangeBound
  readonly size: number
  /** How far back it went. */
  low: RangeBound
  /** Spans of it that are not settled yet, and whether any differed. */
  open: number
  differs: boolean
}

/** A range to ask about, and what we hold of it. */
export interface WalkSpan extends Span {
  readonly tree: RangeTree<RangeBound>
  readonly window: Window | null
  /** Splits above it. */
  readonly depth: number
}

/** One walk. */
export interface Walk {
  readonly kind: WalkKind
  /** Ranges that differ or may, in the order in which they are asked. */
  todo: readonly WalkSpan[]
  /** Windows that come when those are settled. */
  windows: readonly Window[]
  /** Whether it goes on to older windows where the newest differed. */
  readonly older: boolean
  reading: boolean
  asked: { readonly request: number; readonly spans: readonly WalkSpan[] } | null
  /** Answers in a row that showed nothing missing. */
  vain: number
  /** Entries found missing. */
  found: number
}

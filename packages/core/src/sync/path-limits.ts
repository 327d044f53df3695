/** What a path allows: direct ones and circuits differ by sizes and by how often one speaks (SY1, SY11). */
import {
  BEAT_MS,
  CIRCUIT_BEAT_MS,
  CIRCUIT_FRAME_BYTES_MAX,
  CIRCUIT_HAVE_MAX,
  CIRCUIT_IDS_MAX,
  CIRCUIT_SPANS_MAX,
  CIRCUIT_WINDOW_BYTES,
  CIRCUIT_WINDOW_FIRST,
  HAVE_MAX,
  ITEM_FRAME_BYTES,
  ORDER_ABOVE,
  RECEIPT_IDS_MAX,
  SPANS_MAX,
  WINDOW_BYTES,
  WINDOW_FIRST
} from './limits.ts'

/** What a path allows. */
export interface PathLimits {
  readonly itemBytes: number
  readonly windowBytes: number
  readonly haveMax: number
  readonly tipRows: number
  /** Ids in one receipt or offer. */
  readonly idsMax: number
  readonly beatMs: number
  /** Spans of one request, and entries of a channel's newest window (SY6, SY7). */
  readonly spansMax: number
  readonly windowFirst: number
  /** Missing envelopes above which the newest pages are looked for first. */
  readonly orderAbove: number
}

/** A direct path. */
export const DIRECT: PathLimits = {
  itemBytes: ITEM_FRAME_BYTES,
  windowBytes: WINDOW_BYTES,
  haveMax: HAVE_MAX,
  tipRows: 512,
  idsMax: RECEIPT_IDS_MAX,
  beatMs: BEAT_MS,
  spansMax: SPANS_MAX,
  windowFirst: WINDOW_FIRST,
  orderAbove: ORDER_ABOVE
}
/** SY11: a relayed one. */
export const CIRCUIT: PathLimits = {
  itemBytes: CIRCUIT_FRAME_BYTES_MAX - 64,
  windowBytes: CIRCUIT_WINDOW_BYTES,
  haveMax: CIRCUIT_HAVE_MAX,
  tipRows: 64,
  idsMax: CIRCUIT_IDS_MAX,
  beatMs: CIRCUIT_BEAT_MS,
  spansMax: CIRCUIT_SPANS_MAX,
  windowFirst: CIRCUIT_WINDOW_FIRST,
  orderAbove: CIRCUIT_WINDOW_FIRST
}

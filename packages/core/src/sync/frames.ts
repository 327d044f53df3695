/**
 * Frames of `/xcord/sync/1`: canonical CBOR arrays that begin with a registered number (SY1).
 *
 * Unknown numbers are legal and ignored, so that later versions may add kinds; a known number with another
 * form ends the session. 32 to 47 are range reconciliation's (SY6), spoken only to who announced it.
 */
import {
  accept,
  idFromBytes,
  idToBytes,
  type OperationId,
  type RecordId,
  refuse,
  SYNC_FRAME_BYTES_MAX,
  type Verdict
} from '../base/index.ts'
import {
  array,
  bytes,
  type CborValue,
  decodeCbor,
  encodeCbor,
  mapped,
  readSchema,
  type Schema,
  tuple,
  uint
} from '../encoding/index.ts'
import { type ChainId, chainIdSchema } from './chain-index.ts'
import type { ChainRange, ItemKind } from './contract.ts'
import { type Fingerprint, fingerprintSchema } from './fingerprint.ts'
import {
  BUCKETS_MAX,
  HAVE_MAX,
  HEADS_MAX,
  ITEMS_MAX,
  RANGES_MAX,
  RECEIPT_IDS_MAX,
  TIP_RANGES_MAX,
  TIPS_MAX
} from './limits.ts'
import {
  type ItemLog,
  type Listing,
  listedFields,
  rangesFields,
  type Span,
  spanList,
  type Split
} from './range-form.ts'
import type { RangeBound } from './range-tree.ts'
import { countOf, type Ranges } from './ranges.ts'

/** What a server's holdings look like from outside (SY4). */
export interface Summary {
  /** What the sender serves: 0 nothing, 1 operations and key records, 2 envelopes too (SY3). */
  readonly level: number
  /** Bit 0: the sender wants receipts from this peer (SY16). Others: ignored. */
  readonly flags: number
  /** Latest checkpoint, the server's own bytes while there is none. */
  readonly checkpoint: Uint8Array
  /** Operations accepted since the checkpoint. */
  readonly operations: { readonly count: number; readonly sum: Fingerprint }
  /** The highest 16 of the spine. */
  readonly heads: readonly OperationId[]
  /** Sum of leaves in no head's past. */
  readonly leaves: Fingerprint
  readonly records: { readonly count: number; readonly sum: Fingerprint }
  /** Sums over author chains: 1, 2, 4, 8 or 16; none below level 2. */
  readonly buckets: readonly Fingerprint[]
}

/** What the sender holds of one author chain. */
export interface Tip {
  readonly chain: ChainId
  readonly sum: Fingerprint
  /** Newest first on the wire, each `[to, from]`; ascending here. */
  readonly ranges: Ranges
}

/** Every frame. `handle`: the dialler's token index that stands for a server. `request`: chosen by who asks. */
export type Frame =
  | { readonly kind: 'hello'; readonly nonce: Uint8Array; readonly features: number }
  | {
      readonly kind: 'welcome'
      readonly nonce: Uint8Array
      readonly features: number
      readonly tokens: readonly Uint8Array[]
    }
  | { readonly kind: 'tokens'; readonly tokens: readonly Uint8Array[] }
  | { readonly kind: 'open'; readonly handle: number; readonly proof: Uint8Array; readonly summary: Summary }
  | { readonly kind: 'summary'; readonly handle: number; readonly summary: Summary }
  | { readonly kind: 'end'; readonly handle: number; readonly rule: number }
  | { readonly kind: 'close'; readonly rule: number }
  | { readonly kind: 'credit'; readonly bytes: number }
  | {
      readonly kind: 'want-operations'
      readonly handle: number
      readonly request: number
      readonly have: readonly OperationId[]
    }
  | {
      readonly kind: 'want-records'
      readonly handle: number
      readonly request: number
      readonly from: RecordId
      readonly to: RecordId
      readonly have: readonly RecordId[]
    }
  | {
      readonly kind: 'want-envelopes'
      readonly handle: number
      readonly request: number
      readonly ranges: readonly ChainRange[]
    }
  | {
      readonly kind: 'compare'
      readonly handle: number
      readonly request: number
      readonly chain: ChainId
      readonly from: number
      readonly to: number
      readonly have: readonly Uint8Array[]
    }
  | {
      readonly kind: ItemKind
      readonly handle: number
      readonly request: number
      readonly items: readonly Uint8Array[]
    }
  | { readonly kind: 'done'; readonly handle: number; readonly request: number; readonly status: number }
  | { readonly kind: 'tips'; readonly handle: number; readonly more: number; readonly rows: readonly Tip[] }
  | {
      readonly kind: 'push'
      readonly handle: number
      readonly operations: readonly Uint8Array[]
      readonly records: readonly Uint8Array[]
      readonly envelopes: readonly Uint8Array[]
    }
  | { readonly kind: 'receipt'; readonly handle: number; readonly receipt: Uint8Array }
  | { readonly kind: 'offer'; readonly handle: number; readonly numbers: Ranges }
  | {
      readonly kind: 'ask-ranges'
      readonly handle: number
      readonly request: number
      readonly spans: readonly Span[]
    }
  | {
      readonly kind: 'ranges'
      readonly handle: number
      readonly request: number
      readonly chains: readonly ChainId[]
      readonly splits: readonly Split[]
      readonly lists: readonly Listing[]
    }
  | {
      readonly kind: 'want-listed'
      readonly handle: number
      readonly request: number
      readonly log: ItemLog
      readonly items: readonly RangeBound[]
    }
  | { readonly kind: 'want-tips'; readonly handle: number }
  | { readonly kind: 'unknown'; readonly number: number }

/** Registered numbers. */
export const FRAME_NUMBERS = {
  hello: 1,
  welcome: 2,
  tokens: 3,
  open: 4,
  summary: 5,
  end: 6,
  close: 7,
  credit: 8,
  'want-operations': 16,
  'want-records': 17,
  'want-envelopes': 18,
  compare: 19,
  operations: 20,
  records: 21,
  envelopes: 22,
  stubs: 23,
  done: 24,
  tips: 25,
  push: 26,
  receipt: 27,
  offer: 28,
  'ask-ranges': 32,
  ranges: 33,
  'want-listed': 34,
  'want-tips': 35
} as const satisfies Partial<Record<Frame['kind'], number>>

/** A known kind. */
export type FrameKind = keyof typeof FRAME_NUMBERS

const operationId: Schema<OperationId> = mapped(
  bytes(32),
  'an operation id',
  each => idFromBytes('o', each),
  idToBytes
)
const recordId: Schema<RecordId> = mapped(bytes(32), 'a record id', each => idFromBytes('k', each), idToBytes)
const chainId = chainIdSchema
const seq = uint(undefined, 1)
/** Dialler's tokens number at most 64 × 256. */
const handle = uint(16_383)
const request = uint()
const token = bytes(16)
const tokens = array(token, 256)
const counted = tuple({ count: uint(), sum: fingerprintSchema })
const item = bytes(1, SYNC_FRAME_BYTES_MAX)
const items = array(item, ITEMS_MAX)
/** Rules on the wire: the number after SY; 0 for a polite end, 100 for a rule of another chapter. */
const rule = uint(65_535)
const version = uint(1, 1)

const bucketList: Schema<readonly Fingerprint[]> = mapped(
  array(fingerprintSchema, BUCKETS_MAX),
  '0, 1, 2, 4, 8 or 16 sums',
  each => ((each.length & (each.length - 1)) === 0 ? each : undefined),
  each => each
)

const summary: Schema<Summary> = tuple({
  level: uint(2),
  flags: uint(65_535),
  checkpoint: bytes(32),
  operations: counted,
  heads: array(operationId, HEADS_MAX),
  leaves: fingerprintSchema,
  records: counted,
  buckets: bucketList
})

/** Newest first: to, from, to, from, … strictly falling, with a hole between ranges. */
const fallingRanges = (rangesMax: number): Schema<Ranges> =>
  mapped(
    array(seq, rangesMax * 2),
    'falling ranges',
    ends => {
      const out: [number, number][] = []
      for (let i = 0; i < ends.length; i += 2) {
        const [to, from] = [ends[i] as number, ends[i + 1]]
        const above = out.at(-1)
        if (from === undefined || from > to || (above !== undefined && to >= above[0] - 1)) return undefined
        out.push([from, to])
      }
      return out.reverse()
    },
    ranges => [...ranges].reverse().flatMap(([from, to]) => [to, from])
  )

/** Numbers of the sender's own chain (SY18). */
const offeredNumbers: Schema<Ranges> = mapped(
  fallingRanges(RECEIPT_IDS_MAX),
  `1 to ${RECEIPT_IDS_MAX} numbers`,
  ranges => {
    const count = countOf(ranges)
    return count >= 1 && count <= RECEIPT_IDS_MAX ? ranges : undefined
  },
  ranges => ranges
)

const chainRange: Schema<ChainRange> = mapped(
  tuple({ chain: chainId, from: seq, to: seq }),
  'a rising range',
  each => (each.from <= each.to ? each : undefined),
  each => each
)
const answer = { handle, request, items }

const schemas: Record<FrameKind, Schema<never>> = {
  hello: tuple({ version, nonce: bytes(32), features: uint() }),
  welcome: tuple({ version, nonce: bytes(32), features: uint(), tokens }),
  tokens: tuple({ tokens }),
  open: tuple({ handle, proof: token, summary }),
  summary: tuple({ handle, summary }),
  end: tuple({ handle, rule }),
  close: tuple({ rule }),
  credit: tuple({ bytes: uint(SYNC_FRAME_BYTES_MAX * 4, 1) }),
  'want-operations': tuple({ handle, request, have: array(operationId, HAVE_MAX) }),
  'want-records': tuple({ handle, request, from: recordId, to: recordId, have: array(recordId, HAVE_MAX) }),
  'want-envelopes': tuple({ handle, request, ranges: array(chainRange, RANGES_MAX, 1) }),
  compare: tuple({
    handle,
    request,
    chain: chainId,
    from: seq,
    to: seq,
    have: array(bytes(16), ITEMS_MAX * 2)
  }),
  operations: tuple(answer),
  records: tuple(answer),
  envelopes: tuple(answer),
  stubs: tuple(answer),
  done: tuple({ handle, request, status: uint(255) }),
  tips: tuple({
    handle,
    more: uint(1),
    rows: array(
      tuple({ chain: chainId, sum: fingerprintSchema, ranges: fallingRanges(TIP_RANGES_MAX) }),
      TIPS_MAX
    )
  }),
  push: tuple({ handle, operations: items, records: items, envelopes: items }),
  receipt: tuple({ handle, receipt: bytes(1, 16_384) }),
  offer: tuple({ handle, numbers: offeredNumbers }),
  'ask-ranges': tuple({ handle, request, spans: spanList }),
  ranges: tuple({ handle, request, ...rangesFields }),
  'want-listed': tuple({ handle, request, ...listedFields }),
  'want-tips': tuple({ handle })
} as Record<FrameKind, Schema<never>>

const kinds = new Map(
  Object.entries(FRAME_NUMBERS).map(([kind, number]) => [number as number, kind as FrameKind])
)

/** Canonical bytes of a frame. Throws RangeError for one out of bounds: ours. */
export function encodeFrame(frame: Exclude<Frame, { kind: 'unknown' }>): Uint8Array {
  const value = 'nonce' in frame ? { version: 1, ...frame } : frame
  const fields = (schemas[frame.kind] as Schema<unknown>).write(value) as readonly CborValue[]
  const out = encodeCbor([FRAME_NUMBERS[frame.kind], ...fields])
  if (out.length > SYNC_FRAME_BYTES_MAX)
    throw new RangeError(`a frame of ${out.length} bytes; at most ${SYNC_FRAME_BYTES_MAX}`)
  return out
}

/** A peer's frame: a verdict by SY1, never an exception. */
export function decodeFrame(input: Uint8Array): Verdict<Frame> {
  const decoded = decodeCbor(input, { rule: 'SY1', maxBytes: SYNC_FRAME_BYTES_MAX, maxDepth: 6 })
  if (!decoded.ok) return decoded
  const [number, ...fields] = Array.isArray(decoded.value) ? (decoded.value as readonly CborValue[]) : []
  if (typeof number !== 'number') return refuse('SY1', 'not an array that begins with a number')
  const kind = kinds.get(number)
  if (kind === undefined) return accept({ kind: 'unknown', number })
  const read = readSchema(schemas[kind] as Schema<object>, fields, 'SY1')
  if (!read.ok) return read
  const { version: _, ...rest } = read.value as { version?: number }
  return accept({ kind, ...rest } as unknown as Frame)
}

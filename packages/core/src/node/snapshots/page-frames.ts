/** Frames of `/xcord/page/1` (ND27): the newest page of a channel, with the key records that open it. */
import { ENVELOPE_BYTES_MAX, KEY_RECORD_BYTES_MAX, OPERATION_BYTES_MAX } from '../../base/index.ts'
import { RID_BYTES } from '../../crypto/index.ts'
import { array, bytes, codec, literal, nullable, tuple } from '../../encoding/index.ts'
import type { ProtocolName } from '../../net/index.ts'

export const PAGE_PROTOCOL: ProtocolName = '/xcord/page/1'
/** A frame is sent when so much is in it; one item that is larger travels alone. */
export const PAGE_PART_BYTES = 60_000
export const PAGE_FRAME_BYTES_MAX = 131_136
/** Messages of a page, and what was said of them that travels along. */
export const PAGE_ROWS_MAX = 512
/** Envelopes of a page in all: 50 messages as long as messages may be are less. */
export const PAGE_TOTAL_BYTES_MAX = 524_288
/** Key records of a page, and their bytes: a key of @everyone in a large server has 13 kB, a page few keys. */
export const PAGE_RECORDS_MAX = 256
export const PAGE_RECORDS_BYTES_MAX = 1_048_576
const READERS_MAX = 16
const PART_ITEMS_MAX = 256
const PROFILE_BYTES_MAX = 8_192

const bounds = { rule: 'ND27', maxBytes: PAGE_FRAME_BYTES_MAX, maxDepth: 4 } as const

/** Asks for the newest page of a channel. `readers`: the boxes that the asker opens (EK3). `join`: its own, where it may be news. */
export const pageAskFrame = codec(
  tuple({
    version: literal(1),
    kind: literal(1),
    server: bytes(32),
    proof: bytes(16),
    channel: bytes(32),
    readers: array(bytes(RID_BYTES), READERS_MAX),
    join: nullable(bytes(1, OPERATION_BYTES_MAX + 128))
  }),
  bounds
)
/** Key records. An empty list ends them. */
export const pageRecordsFrame = codec(
  tuple({
    version: literal(1),
    kind: literal(2),
    records: array(bytes(1, KEY_RECORD_BYTES_MAX), PART_ITEMS_MAX)
  }),
  bounds
)
/** Envelopes, each with the device that signed it. An empty list ends them. */
export const pageRowsFrame = codec(
  tuple({
    version: literal(1),
    kind: literal(3),
    rows: array(tuple({ device: bytes(32), envelope: bytes(1, ENVELOPE_BYTES_MAX) }), PART_ITEMS_MAX)
  }),
  bounds
)
/** Signed profiles of the page's authors (ID13). An empty list ends the answer. */
export const pageProfilesFrame = codec(
  tuple({
    version: literal(1),
    kind: literal(4),
    profiles: array(bytes(1, PROFILE_BYTES_MAX), PART_ITEMS_MAX)
  }),
  bounds
)

/** Items in frames of about `PAGE_PART_BYTES`, and the empty list that ends them. */
export function* inParts<T>(items: readonly T[], sizeOf: (item: T) => number): Generator<readonly T[]> {
  let part: T[] = []
  let size = 0
  for (const item of items) {
    const more = sizeOf(item)
    if (part.length >= PART_ITEMS_MAX || (part.length > 0 && size + more > PAGE_PART_BYTES)) {
      yield part
      part = []
      size = 0
    }
    part.push(item)
    size += more
  }
  if (part.length > 0) yield part
  yield []
}

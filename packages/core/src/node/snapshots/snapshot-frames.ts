/** Frames of `/xcord/snapshot/1` (ND26): a snapshot is named, what came after it follows, its chunks are asked by hash. */
import { idToBytes, OPERATION_BYTES_MAX, type DeviceId, type ServerId } from '../../base/index.ts'
import { SNAPSHOT_CHUNKS_MAX } from '../../authority/index.ts'
import { kdf, type Suite } from '../../crypto/index.ts'
import { array, bytes, codec, literal, nullable, tuple } from '../../encoding/index.ts'
import type { ProtocolName } from '../../net/index.ts'

export const SNAPSHOT_PROTOCOL: ProtocolName = '/xcord/snapshot/1'
/** AU58: a chunk has 65,536 bytes, or is one record. */
const CHUNK_BYTES_MAX = 131_072
export const SNAPSHOT_FRAME_BYTES_MAX = CHUNK_BYTES_MAX + 64
/** Operations in one frame, and their bytes: a frame is sent when either is reached. */
export const LATER_ITEMS_MAX = 256
export const LATER_BYTES_MAX = 60_000
const PROOF_BYTES = 16

const bounds = { rule: 'ND26', maxBytes: SNAPSHOT_FRAME_BYTES_MAX, maxDepth: 3 } as const
const operation = bytes(1, OPERATION_BYTES_MAX + 128)

/** Asks for the newest snapshot of a server. */
export const askFrame = codec(
  tuple({ version: literal(1), kind: literal(1), server: bytes(32), proof: bytes(PROOF_BYTES) }),
  bounds
)
/** Asks for chunks by their hashes; each is answered in order. */
export const wantFrame = codec(
  tuple({ version: literal(1), kind: literal(2), chunks: array(bytes(32), SNAPSHOT_CHUNKS_MAX, 1) }),
  bounds
)
/** Names a snapshot: the operation that published it, and its chunks' hashes. Null and none: there is none. */
export const namedFrame = codec(
  tuple({
    version: literal(1),
    kind: literal(3),
    operation: nullable(operation),
    chunks: array(bytes(32), SNAPSHOT_CHUNKS_MAX)
  }),
  bounds
)
/** Operations that are not in it, in an order that respects pasts. An empty list ends them. */
export const laterFrame = codec(
  tuple({ version: literal(1), kind: literal(4), operations: array(operation, LATER_ITEMS_MAX) }),
  bounds
)
/** A chunk; null where it is not held any more. */
export const chunkFrame = codec(
  tuple({ version: literal(1), kind: literal(5), chunk: nullable(bytes(1, CHUNK_BYTES_MAX)) }),
  bounds
)

/** That the asking device knows a server's topic secret, said to one device and of no use to another. */
export function snapshotProof(
  suite: Suite,
  topicSecret: Uint8Array,
  who: { readonly server: ServerId; readonly asking: DeviceId; readonly answering: DeviceId }
): Uint8Array {
  const { server, asking, answering } = who
  return kdf(suite, topicSecret, 'hello', [server, asking, answering].map(idToBytes), PROOF_BYTES)
}

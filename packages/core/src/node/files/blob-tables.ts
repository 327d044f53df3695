/** Tables of sealed files (AT7): chunks as they travel, sealed once more like every row. */
import type { BlobId, ServerId } from '../../base/index.ts'
import { CHUNKS_MAX, LEAF_BYTES, SEALED_CHUNK_BYTES_MAX } from '../../attachment/index.ts'
import { bool, bytes, codec, literal, nullable, text, tuple, uint } from '../../encoding/index.ts'
import { type AnyTable, defineTable, hiddenId, sortNumber } from '../../store/index.ts'

/** A file of which chunks are kept here. */
export interface BlobRow {
  readonly version: 1
  readonly server: string
  readonly blob: string
  /** The message that carries it, or the user whose avatar it is (AT9); null while our own is not written yet. */
  readonly message: string | null
  /** Sent from this device: kept until its message is deleted. */
  readonly own: boolean
  readonly size: number
  /** When it was written or last read here, ms. */
  readonly usedAt: number
  /** Leaves of all chunks in order, for proofs; empty until every chunk is held. */
  readonly leaves: Uint8Array
}
export const blobTable = defineTable({
  name: 'blobs',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<BlobId>()] as const,
  value: codec(
    tuple({
      version: literal(1),
      server: text(80),
      blob: text(80),
      message: nullable(text(80)),
      own: bool,
      size: uint(),
      usedAt: uint(),
      leaves: bytes(0, CHUNKS_MAX * LEAF_BYTES)
    }),
    { rule: 'ND3' }
  )
})

export const chunkTable = defineTable({
  name: 'blob-chunks',
  schema: 1,
  key: [hiddenId<ServerId>(), hiddenId<BlobId>(), sortNumber()] as const,
  value: codec(tuple({ version: literal(1), bytes: bytes(1, SEALED_CHUNK_BYTES_MAX) }), {
    rule: 'ND3'
  })
})

export const BLOB_TABLES: readonly AnyTable[] = [blobTable, chunkTable]

/** The form of a sealed file (AT1): sizes follow from the one size that its row states. */
import type { BlobId } from '../base/index.ts'
import { padmeLength, type SecretKey } from '../crypto/index.ts'
import { concatBytes, utf8 } from '../encoding/index.ts'

/** AT5: a file we send or fetch. In memory whole while it is sent, so no more than a phone can spare. */
export const ATTACHMENT_BYTES_MAX = 33_554_432
/** AT1: bytes of the padded file in one chunk. */
export const CHUNK_BYTES = 65_536
const TAG_BYTES = 16
/** AT1: a whole chunk with its tag. */
export const SEALED_CHUNK_BYTES_MAX = CHUNK_BYTES + TAG_BYTES
/** AT2: a hash of the tree. */
export const LEAF_BYTES = 32
/** AT1: suite 1. */
const SUITE = 1

/** What opens a file, before its chunks gave it an address. */
export interface FileKey {
  /** Bytes of the file before padding. */
  readonly size: number
  /** AT1: 7 random bytes. */
  readonly noncePrefix: Uint8Array
  /** AT1: 32 random bytes, of this upload alone. */
  readonly key: SecretKey
}

/** A sealed file as its row (AT3) tells it: all that is needed to fetch, check and open it. */
export interface SealedFile extends FileKey {
  readonly blob: BlobId
  readonly keyCommit: Uint8Array
}

/** Bytes that are sealed of a file of this size. */
export function paddedSize(size: number): number {
  return padmeLength(size)
}

/** AT1: chunks of a file of this size. An empty file has one, of its tag alone. */
export function chunkCount(size: number): number {
  return Math.max(1, Math.ceil(paddedSize(size) / CHUNK_BYTES))
}

/** AT5: chunks of the largest file. */
export const CHUNKS_MAX = chunkCount(ATTACHMENT_BYTES_MAX)
/** AT2: hashes that prove a chunk's place in the largest file. */
export const PROOF_HASHES_MAX = Math.ceil(Math.log2(CHUNKS_MAX))

/** AT1: bytes of one sealed chunk; every one but the last is full. */
export function sealedChunkBytes(size: number, index: number): number {
  return Math.min(CHUNK_BYTES, paddedSize(size) - index * CHUNK_BYTES) + TAG_BYTES
}

/** AT1: prefix(7) ‖ index(4) ‖ last(1): no two chunks of a key share one, and a file cut short has no last. */
export function chunkNonce(file: FileKey, index: number): Uint8Array {
  const nonce = new Uint8Array(12)
  nonce.set(file.noncePrefix)
  new DataView(nonce.buffer).setUint32(7, index)
  nonce[11] = index === chunkCount(file.size) - 1 ? 1 : 0
  return nonce
}

const LABEL = utf8('xcord/v1/att')

/** AT1: "xcord/v1/att" ‖ 00 ‖ suite ‖ padded size(8). */
export function chunkContext(file: FileKey): Uint8Array {
  const size = new Uint8Array(8)
  new DataView(size.buffer).setBigUint64(0, BigInt(paddedSize(file.size)))
  return concatBytes([LABEL, Uint8Array.of(0, SUITE), size])
}

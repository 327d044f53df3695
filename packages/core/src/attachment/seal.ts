/** Sealing a file (AT1–AT3), chunk by chunk: whoever runs it decides when to breathe. */
import { idFromBytes, type Random } from '../base/index.ts'
import { kdf, type Suite } from '../crypto/index.ts'
import {
  ATTACHMENT_BYTES_MAX,
  CHUNK_BYTES,
  chunkContext,
  chunkCount,
  chunkNonce,
  type FileKey,
  type SealedFile,
  sealedChunkBytes
} from './form.ts'
import { rootOf } from './merkle.ts'

/**
 * AT1: a fresh key and prefix for one upload, so that equal files have nothing in common and no key seals two files.
 *
 * @throws RangeError for a size above ATTACHMENT_BYTES_MAX.
 */
export function createFileKey(random: Random, size: number): FileKey {
  if (!Number.isSafeInteger(size) || size < 0 || size > ATTACHMENT_BYTES_MAX)
    throw new RangeError(`a file has 0 to ${ATTACHMENT_BYTES_MAX} bytes, not ${size}`)
  return { size, noncePrefix: random.bytes(7), key: random.bytes(32) }
}

/** One sealed chunk of the file whose bytes these are. */
export function sealChunk(suite: Suite, file: FileKey, bytes: Uint8Array, index: number): Uint8Array {
  if (bytes.length !== file.size) throw new RangeError(`a file of ${bytes.length} bytes, not ${file.size}`)
  if (index < 0 || index >= chunkCount(file.size)) throw new RangeError(`no chunk ${index} in this file`)
  const from = index * CHUNK_BYTES
  const plaintext = new Uint8Array(sealedChunkBytes(file.size, index) - 16)
  plaintext.set(bytes.subarray(from, from + plaintext.length))
  return suite.aesGcmSeal(file.key, chunkNonce(file, index), chunkContext(file), plaintext)
}

/** AT2, AT3: what a message says of the file, given the leaves of all its chunks in order. */
export function describeFile(suite: Suite, file: FileKey, leaves: readonly Uint8Array[]): SealedFile {
  const root = rootOf(suite, leaves)
  return { ...file, blob: idFromBytes('b', root), keyCommit: kdf(suite, file.key, 'att-commit', [root]) }
}

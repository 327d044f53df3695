/** Opening a file that a message told of (AT1–AT3, AT5): commitment, then place, then contents. */
import { accept, idToBytes, refuse, type Verdict } from '../base/index.ts'
import { kdf, type Suite } from '../crypto/index.ts'
import { equalBytes } from '../encoding/index.ts'
import {
  ATTACHMENT_BYTES_MAX,
  CHUNK_BYTES,
  chunkContext,
  chunkCount,
  chunkNonce,
  type SealedFile,
  sealedChunkBytes
} from './form.ts'
import { leafOf, provenRoot } from './merkle.ts'

/**
 * AT3, AT5: before anything is fetched. Without the commitment one sealed file could open to two things under two
 * keys, each shown to other readers.
 */
export function checkFile<F extends SealedFile>(suite: Suite, file: F): Verdict<F> {
  if (file.size > ATTACHMENT_BYTES_MAX)
    return refuse('AT5', `the file is said to have ${file.size} bytes; at most ${ATTACHMENT_BYTES_MAX}`)
  const commit = kdf(suite, file.key, 'att-commit', [idToBytes(file.blob)])
  if (!equalBytes(commit, file.keyCommit))
    return refuse('AT3', 'the key is not the one that its sender committed to for this file')
  return accept(file)
}

/** AT2: whether a sealed chunk stands at this place of the file. Needs no key. */
export function checkPlace(
  suite: Suite,
  file: SealedFile,
  index: number,
  chunk: Uint8Array,
  proof: readonly Uint8Array[]
): Verdict<Uint8Array> {
  const count = chunkCount(file.size)
  if (index < 0 || index >= count)
    return refuse('AT2', `the file has ${count} chunks, none is number ${index}`)
  const bytes = sealedChunkBytes(file.size, index)
  if (chunk.length !== bytes)
    return refuse('AT1', `chunk ${index} has ${chunk.length} bytes; in a file of this size it has ${bytes}`)
  const root = provenRoot(suite, leafOf(suite, chunk), index, count, proof)
  if (root === undefined || !equalBytes(root, idToBytes(file.blob)))
    return refuse('AT2', `chunk ${index} is not part of this file`)
  return accept(chunk)
}

/** Opens a chunk whose place is known to be right: one that was checked when it was stored. */
export function openChunk(
  suite: Suite,
  file: SealedFile,
  index: number,
  chunk: Uint8Array
): Verdict<Uint8Array> {
  const opened = suite.aesGcmOpen(file.key, chunkNonce(file, index), chunkContext(file), chunk)
  if (opened === undefined) return refuse('AT1', `chunk ${index} does not open with the file's key`)
  const end = Math.max(0, Math.min(opened.length, file.size - index * CHUNK_BYTES))
  // One file has one sealed form: nothing hides in the padding.
  for (let at = end; at < opened.length; at++)
    if (opened[at] !== 0) return refuse('AT1', 'the padding of the file is not empty')
  return accept(opened.subarray(0, end))
}

/** Checks a chunk that a peer gave (AT2), then opens it (AT1). */
export function openProvenChunk(
  suite: Suite,
  file: SealedFile,
  index: number,
  chunk: Uint8Array,
  proof: readonly Uint8Array[]
): Verdict<Uint8Array> {
  const placed = checkPlace(suite, file, index, chunk, proof)
  return placed.ok ? openChunk(suite, file, index, chunk) : placed
}

/** A file sealed whole, from a seed. */
import type { Random } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { chunkCount, createFileKey, describeFile, leafOf, type SealedFile, sealChunk } from './index.ts'

export interface Whole {
  readonly file: SealedFile
  readonly chunks: readonly Uint8Array[]
  readonly leaves: readonly Uint8Array[]
}

/** Bytes that count up from a seed: no chance, only difference. */
export function seeded(seed: number): Random {
  let next = seed * 41
  return { bytes: length => Uint8Array.from({ length }, () => next++ & 0xff) }
}

export function sealWhole(suite: Suite, bytes: Uint8Array, random: Random = seeded(1)): Whole {
  const key = createFileKey(random, bytes.length)
  const chunks = Array.from({ length: chunkCount(bytes.length) }, (_, index) =>
    sealChunk(suite, key, bytes, index)
  )
  const leaves = chunks.map(chunk => leafOf(suite, chunk))
  return { file: describeFile(suite, key, leaves), chunks, leaves }
}

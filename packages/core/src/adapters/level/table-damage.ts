/**
 * Looks for damage in LevelDB's tables. Rows that a newer one replaced are in no answer of the engine, nor is a filter or a
 * block that nobody reads: a disk that rots there is told of before it rots where something lies.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FRESH_SUM, maskedSum, nextSum } from './checksum.ts'

/** A table is blocks one behind the other, each content ‖ kind(1) ‖ checksum(4) of both; then a footer that ends with MAGIC. */
const FOOTER_BYTES = 48
const MAGIC = 0xdb4775248b80fb57n
/** Kinds of block: as it is, compressed by snappy, by zstd. */
const KIND_MAX = 2

/**
 * Whether some block of a table is not as it was written. Where a block ends is told by its checksum, which needs no index.
 * A file without a footer was never finished: what a killed flush leaves counts for nothing, and a table in force that
 * lost its footer is refused by the engine.
 */
function isDamagedTable(table: Uint8Array): boolean {
  const end = table.length - FOOTER_BYTES
  if (end <= 0) return false
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  if (view.getBigUint64(table.length - 8, true) !== MAGIC) return false
  let sum = FRESH_SUM
  let ended = 0
  for (let at = 0; at + 5 <= end; at++) {
    const byte = table[at] as number
    sum = nextSum(sum, byte)
    if (byte > KIND_MAX || view.getUint32(at + 1, true) !== maskedSum(sum)) continue
    at += 4
    ended = at + 1
    sum = FRESH_SUM
  }
  return ended !== end
}

/** Name of the first damaged table of a database that is not being written; undefined where all are whole. */
export async function damagedTable(path: string): Promise<string | undefined> {
  for (const name of (await readdir(path)).sort())
    if (/\.(ldb|sst)$/.test(name) && isDamagedTable(await readFile(join(path, name)))) return name
  return undefined
}

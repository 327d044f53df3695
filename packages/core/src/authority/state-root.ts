/** AU41's stateRoot: a Merkle root over all cells, so that two peers compare a server's state by 32 bytes. */
import { idToBytes, type OperationId } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { compareBytes, concatBytes, encodeCbor } from '../encoding/index.ts'
import { cellName } from './cell.ts'
import type { Frozen } from './frozen.ts'
import type { Winner } from './reader.ts'
import { strengthRow } from './strength.ts'
import type { View } from './view.ts'

/** AU41: rows are hashed in chunks that a newcomer fetches one by one. */
const CHUNK_BYTES = 65_536
const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

/** One row `[cell, value, writer, strength]` in EN1. */
export function stateRow(key: string, winner: Winner): Uint8Array {
  return encodeCbor([
    cellName(key, id => idToBytes(id as OperationId)),
    winner.value,
    idToBytes(winner.by.op.id),
    strengthRow(winner.by.known.strength)
  ])
}

/** Rows in chunks: whole rows, bytewise ascending, each chunk as long as 64 KiB allow. */
export function stateChunks(rows: readonly Uint8Array[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let open: Uint8Array[] = []
  let length = 0
  for (const row of [...rows].sort(compareBytes)) {
    if (length + row.length > CHUNK_BYTES && open.length > 0) {
      chunks.push(concatBytes(open))
      open = []
      length = 0
    }
    open.push(row)
    length += row.length
  }
  chunks.push(concatBytes(open))
  return chunks
}

/** Root over the cells of a view. */
export function stateRoot(suite: Suite, view: View): Uint8Array {
  const rows: Uint8Array[] = []
  for (const key of view.ledger.cells.keys()) {
    const winner = view.winner(key)
    if (winner !== undefined) rows.push(stateRow(key, winner))
  }
  const { settled } = view.ledger
  if (settled !== undefined) rows.push(...frozenRows(settled.frozen, row => settled.thawed.has(row)))
  return merkleRoot(suite, stateChunks(rows))
}

/** Rows as a snapshot has them, but for those that speak for themselves by now. */
function* frozenRows(frozen: Frozen, isThawed: (row: number) => boolean): Iterable<Uint8Array> {
  for (let row = 0; row < frozen.rows; row++)
    if (frozen.wins(row) && !isThawed(row)) yield frozen.stateRow(row)
}

/** Root over the cells of a snapshot. */
export function frozenRoot(suite: Suite, frozen: Frozen): Uint8Array {
  return merkleRoot(suite, stateChunks([...frozenRows(frozen, () => false)]))
}

/** What a chunk is called in AU41's tree: H(00‖chunk). */
export function chunkHash(suite: Suite, chunk: Uint8Array): Uint8Array {
  return suite.sha256(concatBytes([LEAF, chunk]))
}

/** AU41's tree over chunks. */
export function merkleRoot(suite: Suite, chunks: readonly Uint8Array[]): Uint8Array {
  return rootOfHashes(
    suite,
    chunks.map(each => chunkHash(suite, each))
  )
}

/** AU41's tree over the hashes of one chunk or more: node H(01‖left‖right), split at the largest power of two. */
export function rootOfHashes(suite: Suite, hashes: readonly Uint8Array[]): Uint8Array {
  if (hashes.length === 1) return hashes[0] as Uint8Array
  let split = 1
  while (split * 2 < hashes.length) split *= 2
  const [left, right] = [hashes.slice(0, split), hashes.slice(split)]
  return suite.sha256(concatBytes([NODE, rootOfHashes(suite, left), rootOfHashes(suite, right)]))
}

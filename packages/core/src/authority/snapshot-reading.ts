/**
 * Reads a peer's snapshot while it comes (AU58): each chunk is looked at when it is there, so that a newcomer behind a slow
 * line has done nearly all of it when the last one arrives.
 */
import { accept, OPERATION_CITES_MAX, refuse, SNAPSHOT_CHUNK_BYTES_MAX, type Verdict } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { equalBytes } from '../encoding/index.ts'
import { Frozen, stateRowOf } from './frozen.ts'
import { FrozenScan } from './frozen-scan.ts'
import type { SnapshotClaim, SnapshotRoots } from './snapshot-claim.ts'
import { isFitting, isStrength } from './snapshot-values.ts'
import { byPlace, MARK_WINS, RecordWriter, type SnapshotWriter } from './snapshot-writer.ts'
import { merkleRoot, rootOfHashes, stateChunks } from './state-root.ts'
import { genesisOf } from './thaw.ts'

/** AU58: more is no server that a peer could hold. */
export const SNAPSHOT_CHUNKS_MAX = 1_024

/** A snapshot that was read. */
export interface OpenSnapshot extends SnapshotClaim {
  readonly frozen: Frozen
}

/** What a snapshot must hold for a log to begin with it. */
export function formFault(claim: SnapshotClaim, frozen: Frozen): string | undefined {
  if (claim.heads.length === 0 || claim.heads.length > OPERATION_CITES_MAX)
    return 'a snapshot has 1 to 16 heads'
  if (frozen.writers > claim.count) return 'it tells of more operations than it stands for'
  return frozen.lacks([...claim.heads, genesisOf(claim.server)])
}

/** Takes chunks in order; `end` tells what came of them. */
export class SnapshotReading {
  readonly #suite: Suite
  readonly #scan = new FrozenScan()
  readonly #frozen = new Frozen(this.#scan)
  /** Writes again what was read: the same bytes, or it was not the canonical form. */
  readonly #again = new RecordWriter()
  readonly #hashes: Uint8Array[] = []
  /** AU41's rows. */
  readonly #state: Uint8Array[] = []
  readonly #carried: Uint8Array[] = []
  #last: SnapshotWriter | undefined
  /** Bytes of the chunk before, and where the records that are few begin. */
  #before = 0
  #listedFrom: number | undefined
  #fault: string | undefined

  constructor(suite: Suite) {
    this.#suite = suite
  }

  /** @param hash - The chunk's own (`chunkHash`). */
  add(chunk: Uint8Array, hash: Uint8Array): void {
    if (this.#hashes.push(hash) > SNAPSHOT_CHUNKS_MAX) this.#fault ??= 'more chunks than a snapshot has'
    this.#fault ??= this.#read(chunk)
  }

  /** What is wrong with a chunk. Records are whole, and the next one would not have fitted into the chunk before. */
  #read(chunk: Uint8Array): string | undefined {
    const { cursor } = this.#scan
    this.#scan.append(chunk)
    for (let records = 1; !cursor.atEnd; records++) {
      const from = cursor.at
      const writers = this.#frozen.writers
      if (!this.#scan.next()) return 'the chunks hold no snapshot'
      const opens = records === 1 && this.#hashes.length > 1
      if (opens && this.#before + cursor.at - from <= SNAPSHOT_CHUNK_BYTES_MAX)
        return 'not the canonical form'
      if (records === 2 && chunk.length > SNAPSHOT_CHUNK_BYTES_MAX) return 'not the canonical form'
      if (this.#frozen.writers === writers) this.#listedFrom ??= from
      else {
        const fault = this.#readWriter(this.#frozen.writer(writers), cursor.bytes.subarray(from, cursor.at))
        if (fault !== undefined) return fault
      }
    }
    this.#before = chunk.length
    return chunk.length === 0 ? 'the chunks hold no snapshot' : undefined
  }

  /** What a stranger may have put into it: values that no operation writes, another form or order. */
  #readWriter(writer: SnapshotWriter, bytes: Uint8Array): string | undefined {
    if (!isStrength(writer.strength)) return 'a strength is none'
    for (const row of writer.rows)
      if (!isFitting(row.family, row.parts, row.value)) return 'a value does not fit its cell'
    const inOrder = this.#last === undefined || byPlace(this.#last, writer) <= 0
    if (!inOrder || !equalBytes(this.#again.writer(writer), bytes)) return 'not the canonical form'
    this.#last = writer
    this.#carried.push(...writer.carries)
    for (const row of writer.rows) if (row.mark === MARK_WINS) this.#state.push(stateRowOf(writer, row))
    return undefined
  }

  /** Holds it all against what was signed. */
  end(claim: SnapshotRoots): Verdict<OpenSnapshot> {
    if (this.#hashes.length === 0) return refuse('AU58', `no chunks; 1 to ${SNAPSHOT_CHUNKS_MAX}`)
    if (!equalBytes(rootOfHashes(this.#suite, this.#hashes), claim.contentRoot))
      return refuse('AU58', 'the chunks are not those of the snapshot')
    const fault = this.#fault ?? this.#endFault(claim)
    if (fault !== undefined) return refuse('AU58', fault)
    if (!equalBytes(merkleRoot(this.#suite, stateChunks(this.#state)), claim.stateRoot))
      return refuse('AU41', 'the state is not the one that was signed')
    const { server, count, sum, heads } = claim
    return accept({ server, count, sum, heads, frozen: this.#frozen })
  }

  #endFault(claim: SnapshotClaim): string | undefined {
    this.#scan.end()
    if (!this.#frozen.index()) return 'the chunks hold no snapshot'
    const fault = formFault(claim, this.#frozen)
    if (fault !== undefined) return fault
    if (this.#carried.some(id => this.#frozen.find(id) === undefined))
      return 'it names what it does not tell of'
    const { bytes } = this.#scan.cursor
    let at = this.#listedFrom ?? bytes.length
    for (const record of this.#again.listed(this.#scan.listed)) {
      if (!equalBytes(record, bytes.subarray(at, at + record.length))) return 'not the canonical form'
      at += record.length
    }
    return at === bytes.length ? undefined : 'not the canonical form'
  }
}

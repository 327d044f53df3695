/**
 * What a peer knows of every operation in its own snapshot (ND24): 50 bytes each, as they lie in the store. A server of
 * 100,000 is opened without making an object of any of them.
 */
import { HashIndex, idFromBytes, idToBytes, type OperationId } from '../../base/index.ts'
import type { OperationMark } from '../../authority/index.ts'
import { concatBytes } from '../../encoding/index.ts'

/** Id (32), Lamport value and time in ms (8 each, as doubles: both are below 2^53), kind (2), big-endian. */
const ROW_BYTES = 50
const ID_BYTES = 32
const LAMPORT_AT = 32
const TIME_AT = 40
const KIND_AT = 48
/** Rows in one piece of the store. */
const PIECE_BYTES = 3_600 * ROW_BYTES

/** Operations in order of acceptance, each once. */
export class Marks {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #index: HashIndex
  /** False where too many ids crowd around one number, as somebody may have wanted. */
  readonly #fair: boolean

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
    this.#index = new HashIndex(this.size)
    let fair = true
    for (let at = 0; at < this.size && fair; at++)
      fair = this.#index.add(this.#view.getUint32(at * ROW_BYTES), at)
    this.#fair = fair
  }

  /** Reads what `pieces` gave; undefined where it did not, or they cannot be found quickly: then all is replayed. */
  static read(pieces: readonly Uint8Array[]): Marks | undefined {
    if (pieces.some(each => each.length % ROW_BYTES !== 0)) return undefined
    const marks = new Marks(concatBytes([...pieces]))
    return marks.#fair ? marks : undefined
  }

  /** Those there were, and more behind them. */
  static join(before: Marks | undefined, more: readonly (readonly [OperationId, OperationMark])[]): Marks {
    const rows = new Uint8Array(more.length * ROW_BYTES)
    const view = viewOf(rows)
    for (const [index, [id, { kind, lamport, at }]] of more.entries()) {
      const start = index * ROW_BYTES
      rows.set(idToBytes(id), start)
      view.setFloat64(start + LAMPORT_AT, lamport)
      view.setFloat64(start + TIME_AT, at)
      view.setUint16(start + KIND_AT, kind)
    }
    return new Marks(before === undefined ? rows : concatBytes([before.#bytes, rows]))
  }

  /** As they are stored. */
  pieces(): readonly Uint8Array[] {
    return Array.from({ length: Math.ceil(this.#bytes.length / PIECE_BYTES) }, (_, at) =>
      this.#bytes.subarray(at * PIECE_BYTES, (at + 1) * PIECE_BYTES)
    )
  }

  get size(): number {
    return this.#bytes.length / ROW_BYTES
  }

  has(id: OperationId): boolean {
    return this.#find(id) !== undefined
  }

  get(id: OperationId): OperationMark | undefined {
    const start = this.#find(id)
    if (start === undefined) return undefined
    return {
      kind: this.#view.getUint16(start + KIND_AT),
      lamport: this.#view.getFloat64(start + LAMPORT_AT),
      at: this.#view.getFloat64(start + TIME_AT)
    }
  }

  newestFirst(): readonly OperationId[] {
    const { size } = this
    return Array.from({ length: size }, (_, at) => {
      const start = (size - 1 - at) * ROW_BYTES
      return idFromBytes('o', this.#bytes.subarray(start, start + ID_BYTES))
    })
  }

  /** Where its row begins. */
  #find(id: OperationId): number | undefined {
    const wanted = idToBytes(id)
    return this.#index
      .find(viewOf(wanted).getUint32(0))
      .map(at => at * ROW_BYTES)
      .find(start => wanted.every((byte, offset) => this.#bytes[start + offset] === byte))
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A set of ids with its sum: what a summary tells of operations and of key records (SY4). */
import { idToBytes, type OperationId, type RecordId } from '../base/index.ts'
import { addFingerprint, type Fingerprint, fingerprintOf, NO_FINGERPRINT } from './fingerprint.ts'

/** Grows only, like the log. */
export class IdSet<I extends OperationId | RecordId> {
  readonly #ids = new Set<I>()
  #sum: Fingerprint = NO_FINGERPRINT

  /** @returns false where it was known. */
  add(id: I): boolean {
    if (this.#ids.has(id)) return false
    this.#ids.add(id)
    this.#sum = addFingerprint(this.#sum, fingerprintOf(idToBytes(id)))
    return true
  }

  has(id: I): boolean {
    return this.#ids.has(id)
  }

  get size(): number {
    return this.#ids.size
  }

  get sum(): Fingerprint {
    return this.#sum
  }

  /** Newest first: the reverse of the order in which they were added. */
  newestFirst(): readonly I[] {
    return [...this.#ids].reverse()
  }
}

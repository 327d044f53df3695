/** A set of ids with its sum: what a summary tells of operations and of key records (SY4). */
import { idToBytes, type OperationId, type RecordId } from '../base/index.ts'
import { addFingerprint, type Fingerprint, fingerprintOf, NO_FINGERPRINT } from './fingerprint.ts'

/** Ids that a set begins with, held in some other way. */
export interface IdBeginning<I> {
  readonly size: number
  readonly sum: Fingerprint
  has(id: I): boolean
  newestFirst(): readonly I[]
}

/** Grows only, like the log. */
export class IdSet<I extends OperationId | RecordId> {
  readonly #begins: IdBeginning<I> | undefined
  readonly #ids = new Set<I>()
  #sum: Fingerprint

  constructor(begins?: IdBeginning<I>) {
    this.#begins = begins
    this.#sum = begins?.sum ?? NO_FINGERPRINT
  }

  /** @returns false where it was known. */
  add(id: I): boolean {
    if (this.has(id)) return false
    this.#ids.add(id)
    this.#sum = addFingerprint(this.#sum, fingerprintOf(idToBytes(id)))
    return true
  }

  has(id: I): boolean {
    return this.#ids.has(id) || this.#begins?.has(id) === true
  }

  get size(): number {
    return this.#ids.size + (this.#begins?.size ?? 0)
  }

  get sum(): Fingerprint {
    return this.#sum
  }

  /** Newest first: the reverse of the order in which they were added. */
  newestFirst(): readonly I[] {
    const added = [...this.#ids].reverse()
    return this.#begins === undefined ? added : [...added, ...this.#begins.newestFirst()]
  }
}

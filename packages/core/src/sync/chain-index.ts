/**
 * Which envelopes are held, by author chain: ranges of sequence numbers and a sum of ids for each chain, and
 * sums over buckets of chains (SY4). Small enough for memory; a row per chain is what the store keeps of it.
 */
import { type DeviceId, idFromBytes, idToBytes } from '../base/index.ts'
import { array, bytes, codec, mapped, type Schema, tuple, uint } from '../encoding/index.ts'
import { fromString, toString } from 'uint8arrays'
import {
  addFingerprint,
  type Fingerprint,
  fingerprintOf,
  fingerprintSchema,
  NO_FINGERPRINT,
  subtractFingerprint
} from './fingerprint.ts'
import { BUCKETS_MAX } from './limits.ts'
import { addRange, contains, type Range, type Ranges } from './ranges.ts'

/** An author chain: its device, or, while that is unknown, `a` and base32hex of the 16-byte authorId (SY14). */
export type ChainId = DeviceId | `a${string}`

/** One chain as held here. */
export interface Chain {
  readonly id: ChainId
  readonly ranges: Ranges
  /** Sum of the ids of all envelopes held, both branches of a fork included. */
  readonly sum: Fingerprint
  /** Envelopes held; more than the ranges count where the chain forks (EN8). */
  readonly count: number
}

const row = codec(
  tuple({ version: uint(1, 1), sum: fingerprintSchema, count: uint(), ranges: array(uint(), 65_536) }),
  { rule: 'SY9' }
)

/** The 32 bytes of a device, or the 16 of an authorId. */
export function chainToBytes(chain: ChainId): Uint8Array {
  return chain.startsWith('a') ? fromString(chain.slice(1), 'base32hex') : idToBytes(chain as never)
}

/** The chain of an author whose device is not known yet. */
export function chainOfAuthor(authorId: Uint8Array): ChainId {
  return `a${toString(authorId, 'base32hex')}`
}

/** A chain on the wire. */
export const chainIdSchema: Schema<ChainId> = mapped(
  bytes(16, 32),
  'a device or an author id',
  each =>
    each.length === 32 ? idFromBytes('d', each) : each.length === 16 ? chainOfAuthor(each) : undefined,
  chainToBytes
)

/** Grows only; envelopes removed from a store leave their place in the chain (EN3). */
export class ChainIndex {
  readonly #chains = new Map<ChainId, Chain>()
  readonly #buckets: Fingerprint[] = new Array<Fingerprint>(BUCKETS_MAX).fill(NO_FINGERPRINT)
  /** The same sums, added up to fewer: asked for by every session at every beat. */
  readonly #folded = new Map<number, readonly Fingerprint[]>()
  #count = 0

  /**
   * Notes one envelope. Call once an id: the sum cannot tell a repeated one.
   *
   * @param id - The envelope's id, 32 bytes (EN3).
   */
  add(chain: ChainId, seq: number, id: Uint8Array): void {
    this.#grow(chain, [seq, seq], fingerprintOf(id), 1)
  }

  /** An unknown author became known: its envelopes join the device's chain (SY14). */
  rename(from: ChainId, to: ChainId): void {
    const held = this.#chains.get(from)
    if (held === undefined || from === to) return
    this.#chains.delete(from)
    const bucket = bucketOf(from)
    this.#folded.clear()
    this.#buckets[bucket] = subtractFingerprint(this.#buckets[bucket] as Fingerprint, held.sum)
    this.#count -= held.count
    held.ranges.forEach((range, i) =>
      this.#grow(to, range, i === 0 ? held.sum : NO_FINGERPRINT, i === 0 ? held.count : 0)
    )
  }

  get(chain: ChainId): Chain | undefined {
    return this.#chains.get(chain)
  }

  /** Whether some envelope of that number is held; a fork's other branch may still be missing. */
  has(chain: ChainId, seq: number): boolean {
    return contains(this.#chains.get(chain)?.ranges ?? [], seq)
  }

  chains(): Iterable<Chain> {
    return this.#chains.values()
  }

  /** Chains known. */
  get size(): number {
    return this.#chains.size
  }

  /** Envelopes held. */
  get count(): number {
    return this.#count
  }

  /** Sums over chains by the first bits of their bytes, in `length` buckets: a power of two up to 16. */
  buckets(length: number = BUCKETS_MAX): readonly Fingerprint[] {
    if (length === BUCKETS_MAX) return this.#buckets
    let folded = this.#folded.get(length)
    if (folded === undefined) this.#folded.set(length, (folded = foldBuckets(this.#buckets, length)))
    return folded
  }

  /** What the store keeps of a chain; write it in the batch that writes the envelopes. */
  row(chain: ChainId): Uint8Array {
    const held = this.#chains.get(chain)
    return row.encode({
      version: 1,
      sum: held?.sum ?? NO_FINGERPRINT,
      count: held?.count ?? 0,
      ranges: held?.ranges.flat() ?? []
    })
  }

  /** Restores a chain from its row; false where the row is damaged (rebuild it from the envelopes). */
  restore(chain: ChainId, encoded: Uint8Array): boolean {
    const read = row.decode(encoded)
    if (!read.ok || read.value.ranges.length % 2 !== 0) return false
    const ends = read.value.ranges
    let before = -1
    for (let i = 0; i < ends.length; i += 2) {
      const [from, to] = [ends[i] as number, ends[i + 1] as number]
      if (from <= before + (before < 0 ? 0 : 1) || to < from) return false
      before = to
    }
    for (let i = 0; i < ends.length; i += 2) {
      const last = i + 2 >= ends.length
      this.#grow(
        chain,
        [ends[i] as number, ends[i + 1] as number],
        last ? read.value.sum : NO_FINGERPRINT,
        last ? read.value.count : 0
      )
    }
    return true
  }

  #grow(id: ChainId, range: Range, sum: Fingerprint, count: number): void {
    const held = this.#chains.get(id)
    this.#chains.set(id, {
      id,
      ranges: addRange(held?.ranges ?? [], range[0], range[1]),
      sum: addFingerprint(held?.sum ?? NO_FINGERPRINT, sum),
      count: (held?.count ?? 0) + count
    })
    const bucket = bucketOf(id)
    this.#folded.clear()
    this.#buckets[bucket] = addFingerprint(this.#buckets[bucket] as Fingerprint, sum)
    this.#count += count
  }
}

/** Adds neighbouring buckets up until `length` are left; both sides fold to the coarser of the two. */
function foldBuckets(buckets: readonly Fingerprint[], length: number): readonly Fingerprint[] {
  const width = buckets.length / length
  return Array.from({ length }, (_, i) =>
    buckets.slice(i * width, (i + 1) * width).reduce(addFingerprint, NO_FINGERPRINT)
  )
}

/** Which of the 16 buckets a chain falls in: its first four bits, of the five that its first letter stands for. */
export function bucketOf(chain: ChainId): number {
  return Number.parseInt(chain[1] as string, 32) >> 1
}

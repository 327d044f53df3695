/** Reads EN1 in one pass: what is not in canonical form never becomes a value. */
import { fromUtf8 } from './bytes.ts'
import type { CborValue } from './cbor-value.ts'

/** A value, or what is wrong with the bytes. */
export type CborRead = { readonly value: CborValue; readonly fault?: undefined } | { readonly fault: string }

const FOREIGN = 'not CBOR of the known kinds'
const LONGER = 'not the canonical form'
/** Texts up to here are read without the platform's decoder, whose call costs more than they do. */
const SHORT_TEXT_BYTES = 24

class Reader {
  readonly #bytes: Uint8Array
  readonly #maxDepth: number
  #at = 0
  /** First thing found wrong; everything read after it is void. */
  fault: string | undefined

  constructor(bytes: Uint8Array, maxDepth: number) {
    this.#bytes = bytes
    this.#maxDepth = maxDepth
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  /** One value that lies inside `depth` arrays. Recursion ends at the depth allowed. */
  read(depth: number): CborValue {
    if (depth > this.#maxDepth) return this.#fail(`nested deeper than ${this.#maxDepth}`)
    const head = this.#bytes[this.#at++]
    if (head === undefined) return this.#fail(FOREIGN)
    switch (head >> 5) {
      case 0:
        return this.#argument(head & 31)
      case 2:
        return this.#byteString(this.#argument(head & 31))
      case 3:
        return this.#text(this.#argument(head & 31))
      case 4:
        return this.#array(this.#argument(head & 31), depth)
      default:
        return this.#simple(head)
    }
  }

  #fail(fault: string): null {
    this.fault ??= fault
    return null
  }

  #simple(head: number): boolean | null {
    if (head === 0xf4) return false
    if (head === 0xf5) return true
    return head === 0xf6 ? null : this.#fail(FOREIGN)
  }

  /** Value or length behind a head, in its shortest form; 0 where there is none. */
  #argument(small: number): number {
    if (small < 24) return small
    if (small > 27) {
      this.#fail(FOREIGN) // reserved or indefinite
      return 0
    }
    const width = 1 << (small - 24)
    let value = 0
    for (let i = 0; i < width; i++) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) this.#fail(FOREIGN)
      value = value * 256 + (byte ?? 0)
    }
    const least = width === 1 ? 24 : 2 ** (width * 4)
    if (value < least) this.#fail(LONGER)
    if (value > Number.MAX_SAFE_INTEGER) this.#fail('a number that is not an unsigned integer below 2^53')
    return value
  }

  /** Where a string of this length ends; the string is passed over. */
  #skip(length: number): number {
    const end = this.#at + length
    if (end > this.#bytes.length) this.#fail(FOREIGN)
    this.#at = end
    return end
  }

  #byteString(length: number): Uint8Array | null {
    const from = this.#at
    const end = this.#skip(length)
    return this.fault === undefined ? this.#bytes.slice(from, end) : null
  }

  #text(length: number): string | null {
    const from = this.#at
    const end = this.#skip(length)
    if (this.fault !== undefined) return null
    return (
      (length <= SHORT_TEXT_BYTES ? this.#ascii(from, end) : undefined) ??
      fromUtf8(this.#bytes.subarray(from, end)) ??
      this.#fail(FOREIGN)
    )
  }

  /** Text of ASCII bytes; undefined where there are others. */
  #ascii(from: number, end: number): string | undefined {
    let text = ''
    for (let at = from; at < end; at++) {
      const byte = this.#bytes[at] as number
      if (byte > 127) return undefined
      text += String.fromCharCode(byte)
    }
    return text
  }

  /** Items are read one by one: a length that lies allocates nothing. */
  #array(length: number, depth: number): CborValue {
    const items: CborValue[] = []
    for (let i = 0; i < length && this.fault === undefined; i++) items.push(this.read(depth + 1))
    return items
  }
}

/** A plain view: a Buffer's `slice` would share the memory that a copy is wanted of. */
function plain(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Reads bytes that hold just one value. */
export function readCbor(bytes: Uint8Array, maxDepth: number): CborRead {
  const reader = new Reader(plain(bytes), maxDepth)
  const value = reader.read(0)
  if (reader.fault !== undefined) return { fault: reader.fault }
  return reader.atEnd ? { value } : { fault: FOREIGN }
}

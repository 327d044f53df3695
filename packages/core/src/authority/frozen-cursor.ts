/** Walks over a snapshot's records without making values of them (AU58). Past the end everything reads as nothing. */
import { type CborValue, decodeCbor } from '../encoding/index.ts'

const NAME_BYTES = 32
/** Head of a byte string of 32 bytes. */
const NAME_HEAD = 0x5820
const DEPTH_MAX = 6

/** Where each 32-byte name begins, by the order in which they first stand. */
export class NamePlaces {
  #places = new Int32Array(1_024)
  length = 0

  add(place: number): number {
    if (this.length === this.#places.length) {
      const wider = new Int32Array(this.length * 2)
      wider.set(this.#places)
      this.#places = wider
    }
    this.#places[this.length] = place
    return this.length++
  }

  at(index: number): number {
    return this.#places[index] as number
  }
}

export class Cursor {
  /** More may come behind them (`FrozenScan.append`). */
  bytes: Uint8Array
  readonly names: NamePlaces
  at: number
  /** How many names stand before this place. */
  met: number
  fault = false

  constructor(bytes: Uint8Array, names: NamePlaces, at = 0, met = 0) {
    this.bytes = bytes
    this.names = names
    this.at = at
    this.met = met
  }

  get atEnd(): boolean {
    return this.at >= this.bytes.length
  }

  fail(): number {
    this.fault = true
    return 0
  }

  /** Argument of the next head, which must be of this major type. */
  #argument(major: number): number {
    const head = this.bytes[this.at]
    if (head === undefined || head >> 5 !== major) return this.fail()
    this.at++
    const small = head & 31
    if (small < 24) return small
    if (small > 27) return this.fail()
    let value = 0
    for (let left = 1 << (small - 24); left > 0; left--) value = value * 256 + (this.bytes[this.at++] ?? 0)
    return value <= Number.MAX_SAFE_INTEGER && this.at <= this.bytes.length ? value : this.fail()
  }

  uint(): number {
    return this.#argument(0)
  }

  array(): number {
    const length = this.#argument(4)
    return length <= this.bytes.length - this.at ? length : this.fail()
  }

  isNull(): boolean {
    if (this.bytes[this.at] !== 0xf6) return false
    this.at++
    return true
  }

  /** A name: its place in the order of names. With `fresh`, one in full is a new name. */
  name(fresh: boolean): number {
    const head = this.bytes[this.at]
    if (head === undefined) return this.fail()
    if (head >> 5 === 0) {
      const back = this.#argument(0)
      return back >= 1 && back <= this.met ? this.met - back : this.fail()
    }
    if (((head << 8) | (this.bytes[this.at + 1] ?? 0)) !== NAME_HEAD) return this.fail()
    const place = this.at + 2
    if (place + NAME_BYTES > this.bytes.length) return this.fail()
    this.at = place + NAME_BYTES
    const index = this.met++
    if (fresh && this.names.add(place) !== index) return this.fail()
    return index
  }

  /** The bytes of a name. */
  nameBytes(index: number): Uint8Array {
    const place = this.names.at(index)
    return this.bytes.subarray(place, place + NAME_BYTES)
  }

  text(): string {
    const length = this.#argument(3)
    let text = ''
    for (let left = length; left > 0; left--) {
      const unit = this.bytes[this.at++]
      if (unit === undefined || unit > 127) {
        this.fail()
        return ''
      }
      text += String.fromCharCode(unit)
    }
    return text
  }

  /** Passes over one value. */
  skip(depth = 0): void {
    const head = this.bytes[this.at]
    if (head === undefined || depth > DEPTH_MAX) {
      this.fail()
      return
    }
    const major = head >> 5
    if (major === 4) for (let left = this.array(); left > 0 && !this.fault; left--) this.skip(depth + 1)
    else if (major === 2 || major === 3) {
      const length = this.#argument(major)
      this.at += length
      if (this.at > this.bytes.length) this.fail()
    } else if (major === 0) this.#argument(0)
    else this.at++
  }

  /** One value as it stands. */
  value(): CborValue {
    const from = this.at
    this.skip()
    const read = decodeCbor(this.bytes.subarray(from, this.at))
    if (read.ok) return read.value
    this.fail()
    return null
  }
}

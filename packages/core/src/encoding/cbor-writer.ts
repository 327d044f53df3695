/** Writes EN1: every value in its shortest form. */
import { CBOR_DEPTH_MAX } from '../base/index.ts'
import type { CborValue } from './cbor-value.ts'

/** Most of what is written fits: it is put together here and copied out once. */
const ROOM_BYTES = 65_536
const HEAD_BYTES_MAX = 9
/** UTF-8 takes at most three bytes a code unit. */
const UNIT_BYTES_MAX = 3
/** Texts up to here, such as ids, are written without the platform's encoder, whose call costs more than they do. */
const SHORT_TEXT_UNITS = 64
const encoder = new TextEncoder()

class Writer {
  #room = new Uint8Array(ROOM_BYTES)
  #at = 0

  /** The bytes of one value, where they were put together. Writing calls nothing that could write in between. */
  run(value: CborValue): Uint8Array {
    this.#at = 0
    this.#write(value, 0)
    const out = this.#room.subarray(0, this.#at)
    // What was large is left to whoever reads it.
    if (this.#room.length > ROOM_BYTES) this.#room = new Uint8Array(ROOM_BYTES)
    return out
  }

  /** Makes sure of room for this many bytes more. */
  #need(bytes: number): void {
    if (this.#at + bytes <= this.#room.length) return
    const wider = new Uint8Array(Math.max(this.#at + bytes, this.#room.length * 2))
    wider.set(this.#room.subarray(0, this.#at))
    this.#room = wider
  }

  #write(value: unknown, depth: number): void {
    if (depth > CBOR_DEPTH_MAX) throw foreign('nested too deeply')
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value) || value < 0 || Object.is(value, -0))
        throw foreign('a number that is not an unsigned integer below 2^53')
      this.#need(HEAD_BYTES_MAX)
      this.#head(0, value)
    } else if (value instanceof Uint8Array) {
      this.#need(HEAD_BYTES_MAX + value.length)
      this.#head(2, value.length)
      this.#room.set(value, this.#at)
      this.#at += value.length
    } else if (typeof value === 'string') {
      this.#text(value)
    } else if (Array.isArray(value)) {
      this.#need(HEAD_BYTES_MAX)
      this.#head(4, value.length)
      for (const item of value) this.#write(item, depth + 1)
    } else if (value === null || typeof value === 'boolean') {
      this.#need(1)
      this.#room[this.#at++] = value === null ? 0xf6 : value ? 0xf5 : 0xf4
    } else throw foreign(`a value of type ${typeof value}`)
  }

  /** Text goes behind the head that it needs if it is ASCII; other text is moved where its head is longer. */
  #text(text: string): void {
    this.#need(HEAD_BYTES_MAX + text.length * UNIT_BYTES_MAX)
    if (text.length <= SHORT_TEXT_UNITS && this.#ascii(text)) return
    if (!text.isWellFormed()) throw foreign('text with a lone surrogate')
    const guess = this.#at + headLength(text.length)
    const { written } = encoder.encodeInto(text, this.#room.subarray(guess))
    const from = this.#at + headLength(written)
    if (from !== guess) this.#room.copyWithin(from, guess, guess + written)
    this.#head(3, written)
    this.#at += written
  }

  /** Writes text of ASCII characters; false, with nothing written, where there are others. */
  #ascii(text: string): boolean {
    const from = this.#at
    this.#head(3, text.length)
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (unit > 127) {
        this.#at = from
        return false
      }
      this.#room[this.#at++] = unit
    }
    return true
  }

  #head(major: number, argument: number): void {
    const kind = major << 5
    const width = headLength(argument) - 1
    if (width === 0) {
      this.#room[this.#at++] = kind | argument
      return
    }
    this.#room[this.#at] = kind | (23 + Math.log2(width) + 1)
    let rest = argument
    for (let i = width; i > 0; i--) {
      this.#room[this.#at + i] = rest % 256
      rest = Math.floor(rest / 256)
    }
    this.#at += 1 + width
  }
}

/** Bytes of a head in its shortest form. */
function headLength(argument: number): number {
  if (argument < 24) return 1
  if (argument < 2 ** 8) return 2
  if (argument < 2 ** 16) return 3
  return argument < 2 ** 32 ? 5 : HEAD_BYTES_MAX
}

function foreign(what: string): TypeError {
  return new TypeError(`cannot be encoded: ${what}`)
}

const writer = new Writer()

/** Bytes of a value. @throws TypeError for a value outside EN1. */
export function writeCbor(value: CborValue): Uint8Array {
  return writer.run(value).slice()
}

/** The same, which the next value written overwrites. */
export function lentCbor(value: CborValue): Uint8Array {
  return writer.run(value)
}

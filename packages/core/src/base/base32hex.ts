/**
 * RFC 4648 base32hex, lower case, unpadded: how ids are written.
 *
 * Our own, because ids are the keys of nearly every map and row: the general encoder of `uint8arrays` took 7 %
 * of a peer's time (docs/adr/0090). A property test holds this one to it.
 */

const ALPHABET = '0123456789abcdefghijklmnopqrstuv'
const NO_DIGIT = 255
/** Character code of each digit. */
const CODES = Uint8Array.from(ALPHABET, digit => digit.charCodeAt(0))
/** Value of each character code below 128. */
const DIGITS = new Uint8Array(128).fill(NO_DIGIT)
for (const [value, code] of CODES.entries()) DIGITS[code] = value

/** Digits of bytes of a few lengths, to be turned into text at once: joined digit by digit, text is a chain of parts. */
const rooms = new Map<number, number[]>()
/** Lengths beyond this are not ids. */
const ROOM_BYTES_MAX = 64

/** Text of bytes, behind a prefix of one character. */
export function toBase32hex(bytes: Uint8Array, prefix = ''): string {
  const length = bytes.length
  const digits = length <= ROOM_BYTES_MAX ? roomFor(length) : roomOf(length)
  const wholes = length - (length % 5)
  let at = 0
  let n = 1
  for (; at < wholes; at += 5, n += 8) {
    const a = bytes[at] as number
    const b = bytes[at + 1] as number
    const c = bytes[at + 2] as number
    const d = bytes[at + 3] as number
    const e = bytes[at + 4] as number
    digits[n] = CODES[a >> 3] as number
    digits[n + 1] = CODES[((a << 2) | (b >> 6)) & 31] as number
    digits[n + 2] = CODES[(b >> 1) & 31] as number
    digits[n + 3] = CODES[((b << 4) | (c >> 4)) & 31] as number
    digits[n + 4] = CODES[((c << 1) | (d >> 7)) & 31] as number
    digits[n + 5] = CODES[(d >> 2) & 31] as number
    digits[n + 6] = CODES[((d << 3) | (e >> 5)) & 31] as number
    digits[n + 7] = CODES[e & 31] as number
  }
  let bits = 0
  let width = 0
  for (; at < length; at++) {
    bits = (bits << 8) | (bytes[at] as number)
    for (width += 8; width >= 5;) {
      width -= 5
      digits[n++] = CODES[(bits >>> width) & 31] as number
    }
    bits &= 31
  }
  // The last digit is filled up with zero bits.
  if (width > 0) digits[n] = CODES[(bits << (5 - width)) & 31] as number
  digits[0] = prefix === '' ? 48 : prefix.charCodeAt(0)
  const text = String.fromCharCode.apply(null, digits)
  return prefix === '' ? text.slice(1) : text
}

function roomOf(length: number): number[] {
  return new Array<number>(1 + Math.ceil((length * 8) / 5)).fill(0)
}

function roomFor(length: number): number[] {
  let room = rooms.get(length)
  if (room === undefined) rooms.set(length, (room = roomOf(length)))
  return room
}

/**
 * Bytes of text from a place on; undefined where a character is no digit or the text has another form for the
 * same bytes (a needless digit, bits set behind the last byte).
 */
export function fromBase32hex(text: string, from = 0): Uint8Array | undefined {
  const out = new Uint8Array(((text.length - from) * 5) >> 3)
  let bits = 0
  let width = 0
  let written = 0
  for (let at = from; at < text.length; at++) {
    const digit = DIGITS[text.charCodeAt(at)] ?? NO_DIGIT
    if (digit === NO_DIGIT) return undefined
    bits = (bits << 5) | digit
    width += 5
    if (width < 8) continue
    width -= 8
    out[written++] = bits >>> width
    bits &= (1 << width) - 1
  }
  return width >= 5 || bits !== 0 ? undefined : out
}

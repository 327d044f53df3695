/** Small byte helpers that have no home in a library we use. */
import { compare, concat, equals, fromString, toString } from 'uint8arrays'

export { concat as concatBytes, equals as equalBytes, compare as compareBytes }

const utf8Encoder = new TextEncoder()
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8 bytes of text. */
export function utf8(text: string): Uint8Array {
  return utf8Encoder.encode(text)
}

/** Text of UTF-8 bytes, or undefined where they are not valid UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8Decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** Big-endian bytes of an unsigned integer, `length` of 1 to 8. */
export function uintBytes(value: number, length: number): Uint8Array {
  const out = new Uint8Array(length)
  let rest = value
  for (let i = length - 1; i >= 0; i--) {
    out[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  if (rest !== 0) throw new RangeError(`${value} does not fit ${length} bytes`)
  return out
}

/** The unsigned integer of big-endian bytes; undefined above 2^53 − 1. */
export function uintFromBytes(bytes: Uint8Array): number | undefined {
  let value = 0
  for (const byte of bytes) value = value * 256 + byte
  return Number.isSafeInteger(value) ? value : undefined
}

/** lp(x): x behind its length in 4 big-endian bytes. */
export function lengthPrefixed(bytes: Uint8Array): Uint8Array {
  return concat([uintBytes(bytes.length, 4), bytes])
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Lower-case hex, for map keys and for people. By table: short keys cost the library's ways more than the digits. */
export function toHex(bytes: Uint8Array): string {
  return bytes.length === TAG_BYTES ? recentHex(bytes) : hexOf(bytes)
}

/** Length of tags, key ids and author ids: every message has some, and they recur. */
const TAG_BYTES = 16
const RECENT = 256
const recentTexts = new Array<string | undefined>(RECENT).fill(undefined)
const recentBytes = new Uint8Array(RECENT * TAG_BYTES)

/** The very same text where these bytes were written lately, so that maps need not hash it again. */
function recentHex(bytes: Uint8Array): string {
  const from = (bytes[TAG_BYTES - 1] as number) * TAG_BYTES
  let same = 0
  while (same < TAG_BYTES && recentBytes[from + same] === bytes[same]) same++
  const known = recentTexts[from / TAG_BYTES]
  if (same === TAG_BYTES && known !== undefined) return known
  recentBytes.set(bytes, from)
  return (recentTexts[from / TAG_BYTES] = hexOf(bytes))
}

function hexOf(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at++) text += HEX[bytes[at] as number] as string
  return text
}

/** RFC 4648 base32, lower case, unpadded: names of gossip topics. */
export function toBase32(bytes: Uint8Array): string {
  return toString(bytes, 'base32')
}

/** RFC 4648 base64url, unpadded: what fits a link. */
export function toBase64url(bytes: Uint8Array): string {
  return toString(bytes, 'base64url')
}

/** Bytes of unpadded base64url, or undefined unless the text is its one canonical form. */
export function fromBase64url(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined
  try {
    const bytes = fromString(text, 'base64url')
    return toBase64url(bytes) === text ? bytes : undefined
  } catch {
    return undefined
  }
}

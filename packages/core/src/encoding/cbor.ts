/**
 * Deterministic CBOR (EN1): arrays, unsigned integers, byte strings, UTF-8 text, booleans, null.
 *
 * Decoding re-encodes and compares, since every CBOR decoder we tried accepts some non-canonical form.
 */
import { decode as cborgDecode, encode as cborgEncode, type EncodeOptions, rfc8949EncodeOptions } from 'cborg'
import { accept, CBOR_BYTES_MAX, CBOR_DEPTH_MAX, refuse, type RuleId, type Verdict } from '../base/index.ts'
import { equalBytes } from './bytes.ts'

/** The values that EN1 knows. */
export type CborValue = number | Uint8Array | string | boolean | null | readonly CborValue[]

/** Bounds of one decode. */
export interface CborBounds {
  readonly maxBytes?: number
  readonly maxDepth?: number
  /** Rule named in refusals; EN1 unless told. */
  readonly rule?: RuleId
}

const encodeOptions: EncodeOptions = { ...rfc8949EncodeOptions, float64: true }

/** First thing in a value that EN1 does not know, or undefined. */
function findForeign(value: unknown, depth: number): string | undefined {
  if (depth < 0) return 'nested too deeply'
  if (value === null || typeof value === 'boolean') return undefined
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)
      ? undefined
      : 'a number that is not an unsigned integer below 2^53'
  }
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'text with a lone surrogate'
  if (value instanceof Uint8Array) return undefined
  if (Array.isArray(value)) {
    for (const item of value) {
      const foreign = findForeign(item, depth - 1)
      if (foreign !== undefined) return foreign
    }
    return undefined
  }
  return `a value of type ${typeof value}`
}

/**
 * Encodes a value to its one canonical form.
 *
 * @throws TypeError for a value outside EN1: our caller's mistake.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  const foreign = findForeign(value, CBOR_DEPTH_MAX)
  if (foreign !== undefined) throw new TypeError(`cannot be encoded: ${foreign}`)
  return cborgEncode(value, encodeOptions)
}

/** Decodes canonical bytes; anything else is refused by EN1 (or the rule given). */
export function decodeCbor(bytes: Uint8Array, bounds: CborBounds = {}): Verdict<CborValue> {
  const rule = bounds.rule ?? 'EN1'
  const maxBytes = bounds.maxBytes ?? CBOR_BYTES_MAX
  if (bytes.length > maxBytes) return refuse(rule, `${bytes.length} bytes; at most ${maxBytes}`)
  const deep = nestingExceeds(bytes, bounds.maxDepth ?? CBOR_DEPTH_MAX)
  if (deep) return refuse(rule, `nested deeper than ${bounds.maxDepth ?? CBOR_DEPTH_MAX}`)
  let value: unknown
  try {
    value = cborgDecode(bytes, { allowIndefinite: false, allowUndefined: false, allowNaN: false, allowInfinity: false, strict: true })
  } catch {
    return refuse(rule, 'not CBOR of the known kinds')
  }
  const foreign = findForeign(value, bounds.maxDepth ?? CBOR_DEPTH_MAX)
  if (foreign !== undefined) return refuse(rule, foreign)
  if (!equalBytes(cborgEncode(value, encodeOptions), bytes)) return refuse(rule, 'not the canonical form')
  return accept(value as CborValue)
}

/**
 * Whether array nesting exceeds a depth, found by a linear scan before any recursive decoder runs:
 * a depth bomb must not reach the stack. Lengths are only followed, never allocated.
 */
function nestingExceeds(bytes: Uint8Array, maxDepth: number): boolean {
  const open: number[] = []
  let at = 0
  while (at < bytes.length) {
    const head = bytes[at++] as number
    const major = head >> 5
    const small = head & 31
    let length = small
    if (small >= 24) {
      if (small > 27) return false // reserved or indefinite: the decoder refuses it
      const width = 1 << (small - 24)
      length = 0
      for (let i = 0; i < width; i++) length = length * 256 + (bytes[at + i] ?? 0)
      at += width
    }
    if (major === 2 || major === 3) at += length
    if (major === 4 && length > 0) {
      open.push(length)
      if (open.length > maxDepth) return true
      continue
    }
    if (major === 5 || major === 6) return false // maps and tags: the decoder's result is refused
    while (open.length > 0) {
      const left = (open.pop() as number) - 1
      if (left > 0) {
        open.push(left)
        break
      }
    }
  }
  return false
}

/**
 * Deterministic CBOR (EN1): arrays, unsigned integers, byte strings, UTF-8 text, booleans, null.
 *
 * Seven kinds in one form each, so both ways are a walk of our own, ten times as fast as a general decoder whose
 * result is encoded again and compared (docs/adr/0091). Tests hold it to that slower way.
 */
import { accept, CBOR_BYTES_MAX, CBOR_DEPTH_MAX, refuse, type RuleId, type Verdict } from '../base/index.ts'
import type { CborValue } from './cbor-value.ts'
import { readCbor } from './cbor-reader.ts'
import { lentCbor, writeCbor } from './cbor-writer.ts'

export type { CborValue }

/** Bounds of one decode. */
export interface CborBounds {
  readonly maxBytes?: number
  readonly maxDepth?: number
  /** Rule named in refusals; EN1 unless told. */
  readonly rule?: RuleId
}

/**
 * Encodes a value to its one canonical form.
 *
 * @throws TypeError for a value outside EN1: our caller's mistake.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  return writeCbor(value)
}

/** As `encodeCbor`, in memory that the next encoding writes over. */
export function lendCbor(value: CborValue): Uint8Array {
  return lentCbor(value)
}

/** Decodes canonical bytes; anything else is refused by EN1 (or the rule given). Byte strings are copies. */
export function decodeCbor(bytes: Uint8Array, bounds: CborBounds = {}): Verdict<CborValue> {
  const rule = bounds.rule ?? 'EN1'
  const maxBytes = bounds.maxBytes ?? CBOR_BYTES_MAX
  if (bytes.length > maxBytes) return refuse(rule, `${bytes.length} bytes; at most ${maxBytes}`)
  const read = readCbor(bytes, bounds.maxDepth ?? CBOR_DEPTH_MAX)
  return read.fault === undefined ? accept(read.value) : refuse(rule, read.fault)
}

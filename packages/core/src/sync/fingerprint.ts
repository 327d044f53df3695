/**
 * Fingerprints: sums of ids modulo 2^128. Additive, so that they fold, grow and shrink without a walk.
 * Equality is a hint, never a proof (SY6): chains, parents and signatures prove.
 */
import { type Schema, bytes, mapped } from '../encoding/index.ts'

/** A sum of ids. */
export type Fingerprint = bigint
/** Nothing summed. */
export const NO_FINGERPRINT: Fingerprint = 0n
const MASK = (1n << 128n) - 1n

/** Read and written in one place: a view of its own for each sum costs more than the sum. */
const room = new Uint8Array(16)
const words = new DataView(room.buffer)

function read(bytes: Uint8Array, offset: number): bigint {
  for (let at = 0; at < 16; at++) room[at] = bytes[offset + at] as number
  return (words.getBigUint64(0) << 64n) | words.getBigUint64(8)
}

/** An id's own share: its last 16 bytes, big-endian. */
export function fingerprintOf(id: Uint8Array): Fingerprint {
  return read(id, id.length - 16)
}

/** Sum. */
export function addFingerprint(a: Fingerprint, b: Fingerprint): Fingerprint {
  return (a + b) & MASK
}

/** Difference. */
export function subtractFingerprint(a: Fingerprint, b: Fingerprint): Fingerprint {
  return (a - b) & MASK
}

/** On the wire: 16 bytes, big-endian. */
export const fingerprintSchema: Schema<Fingerprint> = mapped(
  bytes(16),
  '16 bytes',
  each => read(each, 0),
  value => {
    words.setBigUint64(0, value >> 64n)
    words.setBigUint64(8, value & 0xffff_ffff_ffff_ffffn)
    return room.slice()
  }
)

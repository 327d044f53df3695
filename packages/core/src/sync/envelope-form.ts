/** The little that sync reads of an envelope (EN2): its length and its place in its chain. */
import { ENVELOPE_BYTES_MAX } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { concatBytes, uintFromBytes } from '../encoding/index.ts'

/** EN2: bytes before the ciphertext. */
export const ENVELOPE_HEADER_BYTES = 108
/** EN2: bytes after it. */
export const SIGNATURE_BYTES = 64
/** A stub: header, H(ciphertext), signature (EN3). */
export const STUB_BYTES = ENVELOPE_HEADER_BYTES + 32 + SIGNATURE_BYTES
const SEQ_OFFSET = 52

/** The sequence number of an envelope or stub; undefined where it cannot be one. */
export function sequenceOf(kind: 'envelopes' | 'stubs', bytes: Uint8Array): number | undefined {
  const fits = kind === 'stubs' ? bytes.length === STUB_BYTES : bytes.length > ENVELOPE_HEADER_BYTES + SIGNATURE_BYTES && bytes.length <= ENVELOPE_BYTES_MAX
  return fits ? uintFromBytes(bytes.subarray(SEQ_OFFSET, SEQ_OFFSET + 8)) : undefined
}

/** EN3: H(header ‖ H(ciphertext)). */
export function envelopeIdOf(suite: Suite, envelope: Uint8Array): Uint8Array {
  const ciphertext = envelope.subarray(ENVELOPE_HEADER_BYTES, Math.max(ENVELOPE_HEADER_BYTES, envelope.length - SIGNATURE_BYTES))
  return suite.sha256(concatBytes([envelope.subarray(0, ENVELOPE_HEADER_BYTES), suite.sha256(ciphertext)]))
}

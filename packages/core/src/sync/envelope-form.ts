/**
 * The little that sync reads of an envelope: that it may be one, its number, its id. Versions and types it does
 * not know pass: whoever holds them was asked for the range they are in, and the node drops them (EN15).
 */
import { ENVELOPE_BYTES_MAX } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { concatBytes, uintFromBytes } from '../encoding/index.ts'
import { CIPHERTEXT_BYTES_MIN, ENVELOPE_HEADER_BYTES, ENVELOPE_SIGNATURE_BYTES } from '../graph/index.ts'

const ENVELOPE_BYTES_MIN = ENVELOPE_HEADER_BYTES + CIPHERTEXT_BYTES_MIN + ENVELOPE_SIGNATURE_BYTES
/** A stub is a tuple of three byte strings (EN3): heads of 1 and 2 bytes before the header. */
const STUB_HEADER_OFFSET = 3
const STUB_BYTES = STUB_HEADER_OFFSET + ENVELOPE_HEADER_BYTES + 2 + 32 + 2 + ENVELOPE_SIGNATURE_BYTES
/** EN2: where a header keeps seq. */
const SEQ_OFFSET = 52

/** The sequence number of an envelope or stub; undefined where it cannot be one. */
export function sequenceOf(kind: 'envelopes' | 'stubs', bytes: Uint8Array): number | undefined {
  const fits =
    kind === 'stubs'
      ? bytes.length === STUB_BYTES
      : bytes.length >= ENVELOPE_BYTES_MIN && bytes.length <= ENVELOPE_BYTES_MAX
  const at = (kind === 'stubs' ? STUB_HEADER_OFFSET : 0) + SEQ_OFFSET
  return fits ? uintFromBytes(bytes.subarray(at, at + 8)) : undefined
}

/** EN3's id of an envelope or stub, whatever its version: H(header ‖ H(ciphertext)). */
export function envelopeIdOf(suite: Suite, kind: 'envelopes' | 'stubs', bytes: Uint8Array): Uint8Array {
  if (kind === 'stubs') {
    const hash = STUB_HEADER_OFFSET + ENVELOPE_HEADER_BYTES + 2
    return suite.sha256(
      concatBytes([bytes.subarray(STUB_HEADER_OFFSET, hash - 2), bytes.subarray(hash, hash + 32)])
    )
  }
  const ciphertext = bytes.subarray(
    ENVELOPE_HEADER_BYTES,
    Math.max(ENVELOPE_HEADER_BYTES, bytes.length - ENVELOPE_SIGNATURE_BYTES)
  )
  return suite.sha256(concatBytes([bytes.subarray(0, ENVELOPE_HEADER_BYTES), suite.sha256(ciphertext)]))
}

/** What people are told when a key store does not open: one sentence, what to do, a stable code. */
import { type Refusal, XcordError } from '../base/index.ts'
import { decodeCbor } from '../encoding/index.ts'

const SUPPORTED_VERSION = 1

/** Version that the bytes claim, 0 where they claim none. */
function claimedVersion(encoded: Uint8Array): number {
  const decoded = decodeCbor(encoded)
  const version = decoded.ok && Array.isArray(decoded.value) ? (decoded.value as unknown[])[1] : 0
  return typeof version === 'number' ? version : 0
}

/** Turns a refusal of `openKeyStore` or `outlineKeyStore` into the error that applications match on. */
export function keyStoreError(refusal: Refusal, encoded: Uint8Array, path?: string): XcordError {
  const file = path ?? 'the key store'
  const where = path === undefined ? {} : { path }
  if (refusal.rule === 'KS5') {
    return new XcordError(
      'XCORD_KEYSTORE_REFUSED',
      `The password is wrong, or ${file} was altered. Try again, or recover with your 24 words.`,
      where
    )
  }
  if (refusal.rule === 'KS10') {
    const found = claimedVersion(encoded)
    return new XcordError(
      'XCORD_NEWER_VERSION',
      `${file} was written by a newer XCord (${refusal.reason}). Update this program; the file was left as it is.`,
      {
        what: 'key store',
        found,
        supported: SUPPORTED_VERSION
      }
    )
  }
  return new XcordError(
    'XCORD_KEYSTORE_INVALID',
    `Cannot use ${file}: ${refusal.reason}. Restore it from a copy, or recover with your 24 words.`,
    {
      rule: refusal.rule,
      reason: refusal.reason
    }
  )
}

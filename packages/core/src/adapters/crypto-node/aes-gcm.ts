/** AES-256-GCM by node:crypto: the processor's own instructions. */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Suite } from '../../crypto/index.ts'
import { checkGcm } from '../crypto-sodium/index.ts'

const CIPHER = 'aes-256-gcm'
const TAG_BYTES = 16

export const aesGcmSeal: Suite['aesGcmSeal'] = (key, nonce, aad, plaintext) => {
  checkGcm(key, nonce)
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(aad)
  const sealed = new Uint8Array(plaintext.length + TAG_BYTES)
  // GCM is a stream: all of it comes at once, `final` has nothing left.
  sealed.set(cipher.update(plaintext))
  cipher.final()
  sealed.set(cipher.getAuthTag(), plaintext.length)
  return sealed
}

export const aesGcmOpen: Suite['aesGcmOpen'] = (key, nonce, aad, sealed) => {
  checkGcm(key, nonce)
  const length = sealed.length - TAG_BYTES
  if (length < 0) return undefined
  // The length is said: without it OpenSSL would take a tag of four bytes.
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(length))
  const opened = decipher.update(sealed.subarray(0, length))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return new Uint8Array(opened.buffer, opened.byteOffset, opened.length)
}

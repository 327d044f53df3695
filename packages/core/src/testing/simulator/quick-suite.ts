/**
 * A suite whose primitives cost a cheap hash instead of cryptography: in a world of a thousand peers the same bytes are
 * hashed, opened and checked a thousand times. Keys, nonces and everything that is bound to them are as they are in a
 * real one: what does not belong together does not open, and who lacks a key reads nothing. Anybody who tried could
 * forge with it; nobody in the simulation does.
 */
import type { SigningKey, Suite } from '../../crypto/index.ts'
import { quickCover, quickHash } from './quick-hash.ts'

const SIGNATURE_BYTES = 64
const KEY_BYTES = 32
const TAG_BYTES = 16
const NO_NONCE = new Uint8Array(0)

/** What a hash is for: one of them is never another. */
const DOMAIN = { hash: 1, mac: 2, derive: 3, sign: 4, box: 5, shared: 6, stream: 7, tag: 8 } as const

/** A suite over a real one. Signing keys are those of the real one, so that devices and addresses stay what they are. */
export function quickSuite(real: Suite): Suite {
  const signingKeys = new Map<string, SigningKey>()
  const publicOf = (secret: Uint8Array): Uint8Array => quickHash(DOMAIN.box, [secret])
  return {
    ...real,
    name: `${real.name}, simulated`,
    sha256: message => quickHash(DOMAIN.hash, [message]),
    hmacSha256: (key, message) => quickHash(DOMAIN.mac, [key, message]),
    hkdfSha256: (key, salt, info, length) => quickHash(DOMAIN.derive, [key, salt, info], length),
    signingKey: seed => {
      const name = seed.join(',')
      let found = signingKeys.get(name)
      if (found === undefined) signingKeys.set(name, (found = signingKey(real.signingKey(seed).publicKey)))
      return found
    },
    verify: (publicKey, message, signature) => {
      if (signature.length !== SIGNATURE_BYTES || publicKey.length !== KEY_BYTES) return false
      return isEqual(quickHash(DOMAIN.sign, [publicKey, message], SIGNATURE_BYTES), signature, 0)
    },
    x25519PublicKey: publicOf,
    x25519: (secret, publicKey) => {
      const own = publicOf(secret)
      // Both sides come to the same, whoever is who.
      const pair = isBefore(own, publicKey) ? [own, publicKey] : [publicKey, own]
      return quickHash(DOMAIN.shared, pair)
    },
    xchachaSeal: seal,
    xchachaOpen: open,
    chachaSealOnce: (key, aad, plaintext) => seal(key, NO_NONCE, aad, plaintext),
    chachaOpenOnce: (key, aad, sealed) => open(key, NO_NONCE, aad, sealed),
    aesGcmSeal: (key, nonce, aad, plaintext) => seal(key, nonce, aad, plaintext),
    aesGcmOpen: open
  }
}

function signingKey(publicKey: Uint8Array): SigningKey {
  return { publicKey, sign: message => quickHash(DOMAIN.sign, [publicKey, message], SIGNATURE_BYTES) }
}

function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  out = new Uint8Array(plaintext.length + TAG_BYTES)
): Uint8Array {
  const ahead = out.length - plaintext.length - TAG_BYTES
  quickCover(DOMAIN.stream, [key, nonce], plaintext, out, ahead)
  out.set(quickHash(DOMAIN.tag, [key, nonce, aad, plaintext], TAG_BYTES), ahead + plaintext.length)
  return out
}

function open(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array
): Uint8Array | undefined {
  const length = sealed.length - TAG_BYTES
  if (length < 0) return undefined
  const plaintext = new Uint8Array(length)
  quickCover(DOMAIN.stream, [key, nonce], sealed.subarray(0, length), plaintext, 0)
  const tag = quickHash(DOMAIN.tag, [key, nonce, aad, plaintext], TAG_BYTES)
  return isEqual(tag, sealed, length) ? plaintext : undefined
}

function isEqual(expected: Uint8Array, bytes: Uint8Array, from: number): boolean {
  for (let at = 0; at < expected.length; at++) if (expected[at] !== bytes[from + at]) return false
  return bytes.length - from === expected.length
}

function isBefore(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = 0; at < one.length; at++)
    if (one[at] !== other[at]) return (one[at] as number) < (other[at] as number)
  return false
}

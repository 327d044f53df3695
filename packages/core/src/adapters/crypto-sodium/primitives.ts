/**
 * The primitives of suite 1 that libsodium serves on every platform, behind the contract's manners: lengths
 * are the caller's duty (RangeError), contents a peer's (undefined).
 */
import { gcm } from '@noble/ciphers/aes.js'
import sodium from 'libsodium-wrappers-sumo'
import type { Suite } from '../../crypto/index.ts'
import { createRawSodium, type RawSodium } from './raw.ts'

/** libsodium, ready to call. */
export type Sodium = typeof sodium

/** What libsodium provides alone, Ed25519 and SHA-256 apart. */
export type SodiumPrimitives = Omit<Suite, 'name' | 'sha256' | 'signingKey' | 'verify'>

const KEY_BYTES = 32
const NONCE_BYTES = 24
const TAG_BYTES = 16
const GCM_NONCE_BYTES = 12
const HMAC_BLOCK_BYTES = 64
const HASH_BYTES = 32
const HKDF_BLOCKS_MAX = 255
/** Points decided once: 40 bytes or so each. */
const ENROLLABLE_MAX = 8_192

/** Loads libsodium once a process. */
export async function loadSodium(): Promise<Sodium> {
  await sodium.ready
  return sodium
}

/** @throws RangeError unless `bytes` has exactly `length`. */
export function checkLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) throw new RangeError(`${what} has ${bytes.length} bytes, not ${length}`)
}

/** libsodium reports a wrong tag and an all-zero secret by throwing; both are a peer's doing. */
function attempt(run: () => Uint8Array): Uint8Array | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}

/** Bytes as a map key, shorter and cheaper than hex. */
export function mapKey(bytes: Uint8Array): string {
  let key = ''
  for (let at = 0; at < bytes.length; at += 2)
    key += String.fromCharCode(((bytes[at] as number) << 8) | (bytes[at + 1] ?? 0))
  return key
}

function createHmac(lib: Sodium, raw: RawSodium): Suite['hmacSha256'] {
  return (key, message) => {
    if (key.length === KEY_BYTES) return raw.hmac(key, message) ?? lib.crypto_auth_hmacsha256(message, key)
    // RFC 2104: other keys are brought to 32 bytes only where they are longer than the hash's block.
    const state = lib.crypto_auth_hmacsha256_init(key)
    lib.crypto_auth_hmacsha256_update(state, message)
    return lib.crypto_auth_hmacsha256_final(state)
  }
}

/** RFC 5869 over the provider's HMAC: its own one-shot costs twice as much in Node, and WebCrypto's is asynchronous. */
function createHkdf(hmac: Suite['hmacSha256']): Suite['hkdfSha256'] {
  return (key, salt, info, length) => {
    if (length < 1 || length > HKDF_BLOCKS_MAX * HASH_BYTES)
      throw new RangeError(`HKDF gives 1 to ${HKDF_BLOCKS_MAX * HASH_BYTES} bytes, not ${length}`)
    const extracted = hmac(salt.length === 0 ? new Uint8Array(HMAC_BLOCK_BYTES) : salt, key)
    const blocks = Math.ceil(length / HASH_BYTES)
    const out = new Uint8Array(blocks * HASH_BYTES)
    let input = new Uint8Array(info.length + 1)
    input.set(info)
    for (let block = 1; block <= blocks; block++) {
      input[input.length - 1] = block
      const step = hmac(extracted, input)
      out.set(step, (block - 1) * HASH_BYTES)
      if (block === 1 && blocks > 1) {
        input = new Uint8Array(HASH_BYTES + info.length + 1)
        input.set(info, HASH_BYTES)
      }
      if (blocks > 1) input.set(step)
    }
    return out.length === length ? out : out.slice(0, length)
  }
}

/** CR5, remembered: the same few keys come again with every operation. */
function createIsEnrollable(lib: Sodium): Suite['isEnrollable'] {
  const known = new Map<string, boolean>()
  return publicKey => {
    if (publicKey.length !== KEY_BYTES) return false
    const key = mapKey(publicKey)
    let answer = known.get(key)
    if (answer === undefined) {
      answer = lib.crypto_core_ed25519_is_valid_point(publicKey)
      const oldest = known.size >= ENROLLABLE_MAX ? known.keys().next().value : undefined
      if (oldest !== undefined) known.delete(oldest)
      known.set(key, answer)
    }
    return answer
  }
}

/** The bytes, at the end of others where some are given. */
function putLast(bytes: Uint8Array, out: Uint8Array | undefined): Uint8Array {
  out?.set(bytes, out.length - bytes.length)
  return out ?? bytes
}

function createXchacha(lib: Sodium, raw: RawSodium): Pick<Suite, 'xchachaSeal' | 'xchachaOpen'> {
  const check = (key: Uint8Array, nonce: Uint8Array): void => {
    checkLength(key, KEY_BYTES, 'an XChaCha20-Poly1305 key')
    checkLength(nonce, NONCE_BYTES, 'an XChaCha20-Poly1305 nonce')
  }
  return {
    xchachaSeal: (key, nonce, aad, plaintext, out) => {
      check(key, nonce)
      return (
        raw.seal(key, nonce, aad, plaintext, out) ??
        putLast(lib.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, aad, null, nonce, key), out)
      )
    },
    xchachaOpen: (key, nonce, aad, sealed) => {
      check(key, nonce)
      if (sealed.length < TAG_BYTES) return undefined
      const opened = raw.open(key, nonce, aad, sealed)
      if (opened !== undefined) return opened ?? undefined
      return attempt(() => lib.crypto_aead_xchacha20poly1305_ietf_decrypt(null, sealed, aad, nonce, key))
    }
  }
}

function createChachaOnce(lib: Sodium): Pick<Suite, 'chachaSealOnce' | 'chachaOpenOnce'> {
  const zeroNonce = new Uint8Array(12)
  return {
    chachaSealOnce: (key, aad, plaintext) => {
      checkLength(key, KEY_BYTES, 'a ChaCha20-Poly1305 key')
      return lib.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, aad, null, zeroNonce, key)
    },
    chachaOpenOnce: (key, aad, sealed) => {
      checkLength(key, KEY_BYTES, 'a ChaCha20-Poly1305 key')
      if (sealed.length < TAG_BYTES) return undefined
      return attempt(() => lib.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, aad, zeroNonce, key))
    }
  }
}

/**
 * AES-256-GCM by noble: libsodium's needs instructions that WebAssembly has not, and WebCrypto's is asynchronous
 * (docs/adr/0210).
 */
function createAesGcm(): Pick<Suite, 'aesGcmSeal' | 'aesGcmOpen'> {
  return {
    aesGcmSeal: (key, nonce, aad, plaintext) => {
      checkGcm(key, nonce)
      return gcm(key, nonce, aad).encrypt(plaintext)
    },
    aesGcmOpen: (key, nonce, aad, sealed) => {
      checkGcm(key, nonce)
      if (sealed.length < TAG_BYTES) return undefined
      return attempt(() => gcm(key, nonce, aad).decrypt(sealed))
    }
  }
}

/** @throws RangeError unless key and nonce are AES-256-GCM's; other nonce lengths are another mode (SP 800-38D, 7.1). */
export function checkGcm(key: Uint8Array, nonce: Uint8Array): void {
  checkLength(key, KEY_BYTES, 'an AES-256-GCM key')
  checkLength(nonce, GCM_NONCE_BYTES, 'an AES-256-GCM nonce')
}

/** CR1's primitives by libsodium, but for AES-256-GCM. */
export function createSodiumPrimitives(lib: Sodium, raw: RawSodium = createRawSodium(lib)): SodiumPrimitives {
  const hmacSha256 = createHmac(lib, raw)
  return {
    hmacSha256,
    hkdfSha256: createHkdf(hmacSha256),
    isEnrollable: createIsEnrollable(lib),
    x25519PublicKey: secret => {
      checkLength(secret, KEY_BYTES, 'an X25519 secret')
      return lib.crypto_scalarmult_base(secret)
    },
    x25519: (secret, publicKey) => {
      checkLength(secret, KEY_BYTES, 'an X25519 secret')
      if (publicKey.length !== KEY_BYTES) return undefined
      return attempt(() => lib.crypto_scalarmult(secret, publicKey))
    },
    ...createXchacha(lib, raw),
    ...createChachaOnce(lib),
    ...createAesGcm(),
    argon2id: (password, salt, memoryKiB, passes, length) => {
      checkLength(salt, lib.crypto_pwhash_SALTBYTES, 'an Argon2id salt')
      return lib.crypto_pwhash(
        length,
        password,
        salt,
        passes,
        memoryKiB * 1024,
        lib.crypto_pwhash_ALG_ARGON2ID13
      )
    }
  }
}

/**
 * Calls into libsodium's module without its wrappers, for the primitives that every message and row needs several
 * times: inputs go to one place that is kept, so that a call makes nothing but its result. The wrappers take memory
 * and make some ten objects for each call.
 */
import type { Sodium } from './primitives.ts'

/** What is used of the module: addresses and lengths in, a status out; 64-bit lengths come in halves. */
interface Module {
  readonly HEAPU8: Uint8Array
  _malloc(bytes: number): number
  readonly _crypto_aead_xchacha20poly1305_ietf_encrypt: (...args: number[]) => number
  readonly _crypto_aead_xchacha20poly1305_ietf_decrypt: (...args: number[]) => number
  _crypto_auth_hmacsha256(...args: number[]): number
  _crypto_hash_sha256(...args: number[]): number
}

const KEY_BYTES = 32
const NONCE_BYTES = 24
const TAG_BYTES = 16
const HASH_BYTES = 32
/** Room for associated data, and for a text and its tag: an envelope, a row, a frame. Longer ones go by the wrappers. */
const AAD_ROOM = 1_024
const TEXT_ROOM = 65_536 + TAG_BYTES

/** The calls; undefined where an input is too long for the room. */
export interface RawSodium {
  seal(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
    out?: Uint8Array
  ): Uint8Array | undefined
  /** null where they do not belong together. */
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | null | undefined
  /** HMAC-SHA-256 under a key of 32 bytes. */
  hmac(key: Uint8Array, message: Uint8Array): Uint8Array | undefined
  sha256(message: Uint8Array): Uint8Array | undefined
}

/** The room: where each input lies, and how results leave it. */
function createRoom(module: Module) {
  const key = module._malloc(KEY_BYTES + NONCE_BYTES + AAD_ROOM + 2 * TEXT_ROOM)
  const nonce = key + KEY_BYTES
  const aad = nonce + NONCE_BYTES
  const from = aad + AAD_ROOM
  const to = from + TEXT_ROOM
  return {
    key,
    nonce,
    aad,
    from,
    to,
    // Memory is asked for at each call: it is another when it has grown.
    put: (secret: Uint8Array, text: Uint8Array): void => {
      module.HEAPU8.set(secret, key)
      module.HEAPU8.set(text, from)
    },
    putContext: (once: Uint8Array, context: Uint8Array): void => {
      module.HEAPU8.set(once, nonce)
      module.HEAPU8.set(context, aad)
    },
    result: (length: number, out: Uint8Array = new Uint8Array(length)): Uint8Array => {
      out.set(module.HEAPU8.subarray(to, to + length), out.length - length)
      return out
    }
  }
}

/** Takes its room once; it is never given back. */
export function createRawSodium(lib: Sodium): RawSodium {
  const { libsodium: module } = lib as unknown as { readonly libsodium: Module }
  const { key, nonce, aad, from, to, put, putContext, result } = createRoom(module)
  const seal = module._crypto_aead_xchacha20poly1305_ietf_encrypt
  const open = module._crypto_aead_xchacha20poly1305_ietf_decrypt

  return {
    seal: (secret, once, context, plaintext, out) => {
      const { length } = plaintext
      if (length + TAG_BYTES > TEXT_ROOM || context.length > AAD_ROOM) return undefined
      put(secret, plaintext)
      putContext(once, context)
      seal(to, 0, from, length, 0, aad, context.length, 0, 0, nonce, key)
      return result(length + TAG_BYTES, out)
    },
    open: (secret, once, context, sealed) => {
      const { length } = sealed
      if (length > TEXT_ROOM || context.length > AAD_ROOM) return undefined
      put(secret, sealed)
      putContext(once, context)
      const status = open(to, 0, 0, from, length, 0, aad, context.length, 0, nonce, key)
      return status === 0 ? result(length - TAG_BYTES) : null
    },
    hmac: (secret, message) => {
      if (message.length > TEXT_ROOM) return undefined
      put(secret, message)
      module._crypto_auth_hmacsha256(to, from, message.length, 0, key)
      return result(HASH_BYTES)
    },
    sha256: message => {
      if (message.length > TEXT_ROOM) return undefined
      module.HEAPU8.set(message, from)
      module._crypto_hash_sha256(to, from, message.length, 0)
      return result(HASH_BYTES)
    }
  }
}

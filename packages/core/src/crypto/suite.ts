/**
 * The primitives of suite 1 (CR1) as one synchronous value.
 *
 * Providers load asynchronously in their adapter; pure code gets a ready suite. No primitive is written
 * here: adapters wrap the platform and well-kept libraries behind CR4, CR5 and CR6.
 */

/** 32-byte Ed25519 or X25519 secret, or symmetric key. Never logged, never serialised outside sealed records (CR8). */
export type SecretKey = Uint8Array

/** A signing key ready for use: providers keep an imported key object, since import costs more than a signature. */
export interface SigningKey {
  /** Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array
  /** Ed25519 signature of the message, 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

/** Synchronous primitives. Lengths are the caller's duty (RangeError); contents are a peer's (boolean, undefined). */
export interface Suite {
  /** Provider name, for `version` and doctor. */
  readonly name: string
  sha256(message: Uint8Array): Uint8Array
  hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array
  /** HKDF-SHA256, RFC 5869. */
  hkdfSha256(key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array
  /** Imports a 32-byte Ed25519 seed. */
  signingKey(seed: SecretKey): SigningKey
  /** CR6: one verification rule on every platform. Wrong lengths are false. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
  /** CR5: may this Ed25519 public key enter any state? Cached by the provider. */
  isEnrollable(publicKey: Uint8Array): boolean
  x25519PublicKey(secret: SecretKey): Uint8Array
  /** CR4: undefined where the shared secret would be all zero. */
  x25519(secret: SecretKey, publicKey: Uint8Array): Uint8Array | undefined
  /**
   * XChaCha20-Poly1305: ciphertext, then 16-byte tag. Nonce 24 bytes.
   *
   * @param out - Where it goes: to the end of these bytes, which are returned. Default new ones of its length.
   */
  xchachaSeal(
    key: SecretKey,
    nonce: Uint8Array,
    aad: Uint8Array,
    plaintext: Uint8Array,
    out?: Uint8Array
  ): Uint8Array
  /** undefined where key, nonce, data or AAD do not belong together. */
  xchachaOpen(key: SecretKey, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
  /** ChaCha20-Poly1305 (IETF) under the zero nonce: only for keys that encrypt once (CR1). */
  chachaSealOnce(key: SecretKey, aad: Uint8Array, plaintext: Uint8Array): Uint8Array
  chachaOpenOnce(key: SecretKey, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
  /** AES-256-GCM, ciphertext, then 16-byte tag: for chunks of attachments alone (CR1, AT1). Nonce 12 bytes. */
  aesGcmSeal(key: SecretKey, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array
  /** undefined where key, nonce, data or AAD do not belong together. */
  aesGcmOpen(key: SecretKey, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined
  /** Argon2id 1.3, p = 1. Slow by design; shells run it where blocking is allowed. */
  argon2id(
    password: Uint8Array,
    salt: Uint8Array,
    memoryKiB: number,
    passes: number,
    length: number
  ): Uint8Array
}

import type { Suite } from '../../crypto/index.ts'
import { checkLength, createSodiumPrimitives, loadSodium } from './primitives.ts'
import { createRawSodium } from './raw.ts'
import { assertSuite } from './self-test.ts'

const SIGNATURE_BYTES = 64
const KEY_BYTES = 32

/**
 * The suite by libsodium alone. Its `crypto_sign_verify_detached` is rule CR6 as it stands (1.0.22).
 *
 * @throws Error if the self-test fails.
 */
export async function createSodiumSuite(): Promise<Suite> {
  const sodium = await loadSodium()
  const raw = createRawSodium(sodium)
  const suite: Suite = {
    ...createSodiumPrimitives(sodium, raw),
    name: `libsodium ${sodium.SODIUM_VERSION_STRING}`,
    sha256: message => raw.sha256(message) ?? sodium.crypto_hash_sha256(message),
    signingKey: seed => {
      checkLength(seed, KEY_BYTES, 'an Ed25519 seed')
      const pair = sodium.crypto_sign_seed_keypair(seed)
      return {
        publicKey: pair.publicKey,
        sign: message => sodium.crypto_sign_detached(message, pair.privateKey)
      }
    },
    verify: (publicKey, message, signature) =>
      publicKey.length === KEY_BYTES &&
      signature.length === SIGNATURE_BYTES &&
      sodium.crypto_sign_verify_detached(signature, message, publicKey)
  }
  assertSuite(suite)
  return suite
}

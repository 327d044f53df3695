import { hash } from 'node:crypto'
import type { Suite } from '../../crypto/index.ts'
import { assertSuite, createRawSodium, createSodiumPrimitives, loadSodium } from '../crypto-sodium/index.ts'
import { aesGcmOpen, aesGcmSeal } from './aes-gcm.ts'
import { createSigningKey, createVerify } from './ed25519.ts'

/** A call into OpenSSL costs more than hashing so many bytes in WebAssembly (docs/adr/0125). */
const SHORT_BYTES = 256

/**
 * The suite for Node: Ed25519, SHA-256 and AES-256-GCM by node:crypto, the rest by libsodium, each where it measured
 * faster (docs/adr/0010, 0125).
 *
 * @throws Error if the self-test fails.
 */
export async function createNodeSuite(): Promise<Suite> {
  const sodium = await loadSodium()
  const raw = createRawSodium(sodium)
  const suite: Suite = {
    ...createSodiumPrimitives(sodium, raw),
    name: `node:crypto ${process.versions.openssl}, libsodium ${sodium.SODIUM_VERSION_STRING}`,
    sha256: message => {
      const short = message.length <= SHORT_BYTES ? raw.sha256(message) : undefined
      if (short !== undefined) return short
      const digest = hash('sha256', message, 'buffer')
      return new Uint8Array(digest.buffer, digest.byteOffset, digest.length)
    },
    aesGcmSeal,
    aesGcmOpen,
    signingKey: createSigningKey,
    verify: createVerify()
  }
  assertSuite(suite)
  return suite
}

/**
 * A suite whose signatures cost a hash instead of a curve: in a world of a thousand peers the same signature is
 * checked a thousand times. Everything else is real. Anybody could forge with it; nobody in the simulation does.
 */
import type { Suite } from '../../crypto/index.ts'

const SIGNATURE_BYTES = 64
const HASH_BYTES = 32

/** A suite over a real one. Keys are those of the real one, so that ids and addresses stay what they are. */
export function quickSuite(real: Suite): Suite {
  const seal = (publicKey: Uint8Array, message: Uint8Array): Uint8Array => {
    const whole = new Uint8Array(publicKey.length + message.length)
    whole.set(publicKey)
    whole.set(message, publicKey.length)
    return real.sha256(whole)
  }
  return {
    ...real,
    name: `${real.name}, signatures simulated`,
    signingKey: seed => {
      const { publicKey } = real.signingKey(seed)
      return {
        publicKey,
        sign: message => {
          const signature = new Uint8Array(SIGNATURE_BYTES)
          signature.set(seal(publicKey, message))
          return signature
        }
      }
    },
    verify: (publicKey, message, signature) => {
      if (signature.length !== SIGNATURE_BYTES || publicKey.length !== HASH_BYTES) return false
      const expected = seal(publicKey, message)
      for (let at = 0; at < SIGNATURE_BYTES; at++)
        if (signature[at] !== (at < HASH_BYTES ? expected[at] : 0)) return false
      return true
    }
  }
}

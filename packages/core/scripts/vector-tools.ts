/** What the vector generators share: hex, fixed bytes, and randomness from a seed. */
import { createHash } from 'node:crypto'
import { toString } from 'uint8arrays'
import type { Random } from '../src/base/index.ts'
import type { Suite } from '../src/crypto/index.ts'
import { type RootSecret, rootFromPhrase } from '../src/identity/index.ts'

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return toString(bytes, 'hex')
}

/** `length` bytes of one value. */
export function fill(value: number, length = 32): Uint8Array {
  return new Uint8Array(length).fill(value)
}

/** Randomness that anyone can replay: block n is SHA-256("<seed>/<n>"), each call starting a new block. */
export function seededRandom(seed: string): Random {
  let block = 0
  return {
    bytes: length => {
      const out = new Uint8Array(length)
      for (let at = 0; at < length; at += 32)
        out.set(
          createHash('sha256')
            .update(`${seed}/${block++}`)
            .digest()
            .subarray(0, length - at),
          at
        )
      return out
    }
  }
}

/** The root of a phrase that is known to be one. */
export function rootOf(suite: Suite, phrase: string): RootSecret {
  const root = rootFromPhrase(suite, phrase)
  if (!root.ok) throw new Error(root.reason)
  return root.value
}

/** The last bit turned: one way of altering. */
export function flipLast(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte))
}

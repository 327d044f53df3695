/** Known answers that every implementation must reach, by every provider. */
import { fromString, toString } from 'uint8arrays'
import { beforeAll, describe, expect, test } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { createSodiumSuite } from '../adapters/crypto-sodium/index.ts'
import {
  SIGNATURE_CONTEXTS,
  kdf,
  labelledHash,
  signBytes,
  type Suite,
  verifyBytes,
  verifyDigest
} from './index.ts'

const fill = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value)
const hex = (bytes: Uint8Array): string => toString(bytes, 'hex')

describe.each([
  ['node', createNodeSuite],
  ['sodium', createSodiumSuite]
] as const)('by %s', (_, create) => {
  let suite: Suite
  beforeAll(async () => {
    suite = await create()
  })

  test('[CR2] tag, keyId, keyRef and authorId', () => {
    const tag = kdf(suite, fill(0), 'server-tag', [], 16)
    expect(hex(tag)).toBe('49ac4ce79a48603e2cf90959d24031b5')
    const keyId = kdf(suite, fill(3), 'key-id', [fill(1), Uint8Array.of(3), fill(2)], 16)
    expect(hex(keyId)).toBe('9a25c798fb68d99b2f5e530f7df04227')
    const mask = suite.hmacSha256(kdf(suite, fill(0), 'key-mask'), fill(4, 24))
    expect(hex(keyId.map((byte, at) => byte ^ (mask[at] as number)))).toBe('a807b83ea6dfd6af1d7eaf19d374150a')
    const device = fromString('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex')
    expect(hex(labelledHash(suite, 'author', tag, device).subarray(0, 16))).toBe(
      '9f70afa6ec4cfe2044dfdb4f2442d6d5'
    )
  })

  test('[CR2] contexts do not run together, labels differ, lengths differ only at the end', () => {
    const of = (...contexts: string[]): string =>
      hex(
        kdf(
          suite,
          fill(1),
          'back',
          contexts.map(each => fromString(each, 'utf8'))
        )
      )
    expect(new Set([of(), of(''), of('', ''), of('ab'), of('a', 'b'), of('', 'ab'), of('ab', '')]).size).toBe(
      7
    )
    expect(kdf(suite, fill(1), 'back')).not.toEqual(kdf(suite, fill(1), 'gate'))
    expect(kdf(suite, fill(1), 'back', [], 16)).toEqual(kdf(suite, fill(1), 'back').slice(0, 16))
  })

  test('[CR3] a signature verifies under its own context alone', () => {
    const key = suite.signingKey(fill(5))
    const message = fromString('the same bytes', 'utf8')
    for (const context of SIGNATURE_CONTEXTS) {
      const signature = signBytes(suite, key, context, message)
      for (const other of SIGNATURE_CONTEXTS) {
        expect(verifyBytes(suite, key.publicKey, other, message, signature)).toBe(other === context)
        expect(verifyDigest(suite, key.publicKey, other, suite.sha256(message), signature)).toBe(
          other === context
        )
      }
    }
  })
})

/** One contract for every provider of suite 1 (CR): published vectors, the edge file, and each other. */
import {
  argon2Sync,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman
} from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { Point } from '@noble/ed25519'
import fc from 'fast-check'
import { fromString, toString } from 'uint8arrays'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Suite } from '../crypto/index.ts'
import { passesChecks } from './crypto-node/ed25519.ts'
import { createNodeSuite } from './crypto-node/index.ts'
import { assertSuite, createSodiumSuite } from './crypto-sodium/index.ts'

const hex = (text: string): Uint8Array => fromString(text, 'hex')
const toHex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : toString(bytes, 'hex')
const count = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => from + i)
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const runs = Number(process.env['XCORD_RUNS'] ?? 60)

interface EdgeCase {
  id: number
  note: string
  publicKey: string
  message: string
  signature: string
  required: { enrolKey: string; verify: string }
  observed: { library: { node_crypto: string } }
}
const edge = JSON.parse(
  readFileSync(new URL('../../../../docs/spec/vectors/crypto/ed25519-edge.json', import.meta.url), 'utf8')
) as { cases: EdgeCase[] }

/** RFC 8032, 7.1. */
const RFC8032 = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'
  ]
] as const

const providers = [
  { name: 'node', create: createNodeSuite },
  { name: 'sodium', create: createSodiumSuite }
]

describe.each(providers)('suite by $name', ({ create }) => {
  let suite: Suite
  beforeAll(async () => {
    suite = await create()
  })

  test('[CR1] signs and verifies RFC 8032', () => {
    for (const [seed, publicKey, message, signature] of RFC8032) {
      const key = suite.signingKey(hex(seed))
      expect(toHex(key.publicKey)).toBe(publicKey)
      expect(toHex(key.sign(hex(message)))).toBe(signature)
      expect(suite.verify(hex(publicKey), hex(message), hex(signature))).toBe(true)
      expect(suite.isEnrollable(hex(publicKey))).toBe(true)
    }
  })

  test.each(edge.cases)('[CR6] edge case $id: $note', ({ publicKey, message, signature, required }) => {
    // Twice: the second answer comes from the provider's cache.
    for (let round = 0; round < 2; round++) {
      expect(suite.verify(hex(publicKey), hex(message), hex(signature))).toBe(required.verify === 'accept')
      expect(suite.isEnrollable(hex(publicKey))).toBe(required.enrolKey === 'accept')
    }
  })

  test('[CR6] wrong lengths are false, never an exception', () => {
    const [, publicKey, , signature] = RFC8032[0]
    for (const length of [0, 1, 31, 33, 64])
      expect(suite.verify(new Uint8Array(length), new Uint8Array(), hex(signature))).toBe(false)
    for (const length of [0, 1, 63, 65, 128])
      expect(suite.verify(hex(publicKey), new Uint8Array(), new Uint8Array(length))).toBe(false)
    for (const length of [0, 31, 33]) expect(suite.isEnrollable(new Uint8Array(length))).toBe(false)
    expect(() => suite.signingKey(new Uint8Array(31))).toThrow(RangeError)
  })

  test('[CR6] each flipped bit of signature, key or message is refused', () => {
    const key = suite.signingKey(count(1, 32))
    const message = ascii('one bit')
    const signature = key.sign(message)
    const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
      bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
    for (let bit = 0; bit < 512; bit++)
      expect(suite.verify(key.publicKey, message, flipped(signature, bit))).toBe(false)
    for (let bit = 0; bit < 256; bit++)
      expect(suite.verify(flipped(key.publicKey, bit), message, signature)).toBe(false)
    for (let bit = 0; bit < message.length * 8; bit++)
      expect(suite.verify(key.publicKey, flipped(message, bit), signature)).toBe(false)
    expect(suite.verify(key.publicKey, message, signature)).toBe(true)
  })

  test('[CR1] long inputs and short ones go the same way, whatever room a provider keeps', () => {
    const key = count(1, 32)
    const nonce = count(7, 24)
    for (const length of [0, 1, 255, 256, 257, 65_519, 65_520, 65_521, 65_552, 65_553, 200_000]) {
      const text = new Uint8Array(length).map((_, at) => at * 31)
      for (const aad of [count(3, 40), new Uint8Array(1_024).fill(5), new Uint8Array(1_025).fill(5)]) {
        const sealed = suite.xchachaSeal(key, nonce, aad, text)
        expect(sealed.length).toBe(length + 16)
        const room = new Uint8Array(length + 16 + 25).fill(9)
        expect(suite.xchachaSeal(key, nonce, aad, text, room)).toBe(room)
        expect(room.subarray(0, 25)).toEqual(new Uint8Array(25).fill(9))
        expect(room.subarray(25)).toEqual(sealed)
        expect(suite.xchachaOpen(key, nonce, aad, sealed)).toEqual(text)
        expect(suite.xchachaOpen(key, nonce, aad.slice(1), sealed)).toBeUndefined()
        sealed[0] = (sealed[0] as number) ^ 1
        expect(suite.xchachaOpen(key, nonce, aad, sealed)).toBeUndefined()
      }
      expect(toHex(suite.sha256(text))).toBe(createHash('sha256').update(text).digest('hex'))
      expect(toHex(suite.hmacSha256(key, text))).toBe(createHmac('sha256', key).update(text).digest('hex'))
    }
  })

  test('[CR1] results are the receiver’s own: a later call does not change them', () => {
    const key = count(1, 32)
    const nonce = count(7, 24)
    const first = suite.xchachaSeal(key, nonce, ascii('a'), ascii('first'))
    const hashed = suite.sha256(ascii('first'))
    const copies = [first.slice(), hashed.slice()]
    suite.xchachaSeal(key, nonce, ascii('b'), ascii('other'))
    suite.sha256(ascii('other'))
    expect([first, hashed]).toEqual(copies)
  })

  test('[CR1] X25519 of RFC 7748, 1,000 rounds', () => {
    expect(
      toHex(
        suite.x25519(
          hex('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4'),
          hex('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c')
        )
      )
    ).toBe('c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552')
    let k = hex('0900000000000000000000000000000000000000000000000000000000000000')
    let u = k
    for (let round = 1; round <= 1000; round++) {
      const next = suite.x25519(k, u) as Uint8Array
      u = k
      k = next
      if (round === 1)
        expect(toHex(k)).toBe('422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079')
    }
    expect(toHex(k)).toBe('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51')
    expect(toHex(suite.x25519PublicKey(count(1, 32)))).toBe(
      toHex(suite.x25519(count(1, 32), Uint8Array.of(9, ...new Uint8Array(31))))
    )
  })

  test('[CR4] an all-zero X25519 result is undefined', () => {
    for (const point of [
      '0000000000000000000000000000000000000000000000000000000000000000',
      '0100000000000000000000000000000000000000000000000000000000000000',
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
      'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'
    ])
      expect(suite.x25519(count(1, 32), hex(point)), point).toBeUndefined()
    expect(suite.x25519(count(1, 32), new Uint8Array(31))).toBeUndefined()
  })

  test('[CR1] XChaCha20-Poly1305 of draft-irtf-cfrg-xchacha-03, A.3.1', () => {
    const plaintext = ascii(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
    )
    const aad = hex('50515253c0c1c2c3c4c5c6c7')
    const sealed = suite.xchachaSeal(count(0x80, 32), count(0x40, 24), aad, plaintext)
    expect(toHex(sealed)).toBe(
      'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49'
    )
    expect(suite.xchachaOpen(count(0x80, 32), count(0x40, 24), aad, sealed)).toEqual(plaintext)
    for (let at = 0; at < sealed.length; at++) {
      expect(
        suite.xchachaOpen(
          count(0x80, 32),
          count(0x40, 24),
          aad,
          sealed.map((byte, i) => (i === at ? byte ^ 1 : byte))
        )
      ).toBeUndefined()
    }
    expect(suite.xchachaOpen(count(0x80, 32), count(0x40, 24), new Uint8Array(), sealed)).toBeUndefined()
    expect(suite.xchachaOpen(count(0x80, 32), count(0x40, 24), aad, sealed.subarray(0, 15))).toBeUndefined()
    expect(() => suite.xchachaSeal(count(0, 31), count(0, 24), aad, plaintext)).toThrow(RangeError)
    expect(() => suite.xchachaOpen(count(0, 32), count(0, 12), aad, sealed)).toThrow(RangeError)
  })

  test('[CR1] ChaCha20-Poly1305 under the zero nonce: RFC 8439, A.1, and HChaCha20 of the XChaCha draft, 2.2.1', () => {
    const sealed = suite.chachaSealOnce(new Uint8Array(32), new Uint8Array(), new Uint8Array(64))
    expect(toHex(sealed.subarray(0, 64))).toBe(
      '9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f'
    )
    // XChaCha with eight zero bytes last is ChaCha under HChaCha20's key and the zero nonce.
    const nonce = hex('000000090000004a00000000314159270000000000000000')
    const derived = hex('82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc')
    expect(toHex(suite.xchachaSeal(count(0, 32), nonce, ascii('aad'), ascii('text')))).toBe(
      toHex(suite.chachaSealOnce(derived, ascii('aad'), ascii('text')))
    )
    expect(suite.chachaOpenOnce(new Uint8Array(32), new Uint8Array(), sealed)).toEqual(new Uint8Array(64))
    expect(suite.chachaOpenOnce(count(1, 32), new Uint8Array(), sealed)).toBeUndefined()
    expect(suite.chachaOpenOnce(new Uint8Array(32), Uint8Array.of(0), sealed)).toBeUndefined()
    expect(suite.chachaOpenOnce(new Uint8Array(32), new Uint8Array(), new Uint8Array(3))).toBeUndefined()
  })

  test('[CR1] HMAC of RFC 4231, HKDF of RFC 5869', () => {
    expect(toHex(suite.hmacSha256(ascii('Jefe'), ascii('what do ya want for nothing?')))).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
    )
    expect(
      toHex(
        suite.hmacSha256(
          new Uint8Array(131).fill(0xaa),
          ascii('Test Using Larger Than Block-Size Key - Hash Key First')
        )
      )
    ).toBe('60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54')
    expect(toHex(suite.hkdfSha256(new Uint8Array(22).fill(0x0b), count(0, 13), count(0xf0, 10), 42))).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865'
    )
    expect(toHex(suite.hkdfSha256(count(0, 80), count(0x60, 80), count(0xb0, 80), 82))).toBe(
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87'
    )
    expect(
      toHex(suite.hkdfSha256(new Uint8Array(22).fill(0x0b), new Uint8Array(), new Uint8Array(), 42))
    ).toBe('8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8')
    expect(() => suite.hkdfSha256(count(0, 32), count(0, 32), count(0, 1), 255 * 32 + 1)).toThrow(RangeError)
  })

  test('[CR1] SHA-256 and HMAC agree with node:crypto on any input, and results are plain bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        (message, key) => {
          expect(toHex(suite.sha256(message))).toBe(createHash('sha256').update(message).digest('hex'))
          expect(toHex(suite.hmacSha256(key, message))).toBe(
            createHmac('sha256', key).update(message).digest('hex')
          )
          for (const out of [suite.sha256(message), suite.hmacSha256(key, message)])
            expect(Object.getPrototypeOf(out)).toBe(Uint8Array.prototype)
        }
      ),
      { numRuns: runs }
    )
  })

  test('[CR1] ciphers and X25519 agree with an independent implementation on any input', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    const text = fc.uint8Array({ maxLength: 200 })
    fc.assert(
      fc.property(bytes(32), bytes(24), text, text, (key, nonce, aad, message) => {
        const zero = new Uint8Array(12)
        expect(suite.xchachaSeal(key, nonce, aad, message)).toEqual(
          xchacha20poly1305(key, nonce, aad).encrypt(message)
        )
        expect(suite.chachaSealOnce(key, aad, message)).toEqual(
          chacha20poly1305(key, zero, aad).encrypt(message)
        )
        expect(suite.aesGcmSeal(key, nonce.slice(12), aad, message)).toEqual(
          gcm(key, nonce.slice(12), aad).encrypt(message)
        )
      }),
      { numRuns: runs }
    )
    const der = (prefix: string, raw: Uint8Array): Buffer => Buffer.concat([hex(prefix), raw])
    fc.assert(
      fc.property(bytes(32), bytes(32), (secret, seed) => {
        const publicKey = suite.x25519PublicKey(seed)
        const shared = diffieHellman({
          privateKey: createPrivateKey({
            key: der('302e020100300506032b656e04220420', secret),
            format: 'der',
            type: 'pkcs8'
          }),
          publicKey: createPublicKey({
            key: der('302a300506032b656e032100', publicKey),
            format: 'der',
            type: 'spki'
          })
        })
        expect(toHex(suite.x25519(secret, publicKey))).toBe(shared.toString('hex'))
      }),
      { numRuns: runs }
    )
  })

  test('[CR1] Argon2id agrees with OpenSSL, which answers RFC 9106, 5.3', () => {
    const oracle = argon2Sync('argon2id', {
      message: new Uint8Array(32).fill(1),
      nonce: new Uint8Array(16).fill(2),
      secret: new Uint8Array(8).fill(3),
      associatedData: new Uint8Array(12).fill(4),
      parallelism: 4,
      tagLength: 32,
      memory: 32,
      passes: 3
    })
    expect(toHex(oracle)).toBe('0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659')
    for (const [memory, passes] of [
      [1024, 1],
      [19_456, 2]
    ] as const) {
      const expected = argon2Sync('argon2id', {
        message: ascii('password'),
        nonce: count(7, 16),
        parallelism: 1,
        tagLength: 32,
        memory,
        passes
      })
      expect(toHex(suite.argon2id(ascii('password'), count(7, 16), memory, passes, 32))).toBe(toHex(expected))
    }
  })

  test('[CR5] enrolment decides as noble does, for random and mixed-order points', () => {
    const eight = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 250n }), fc.boolean(), (scalar, mixed) => {
        const point = mixed ? Point.BASE.multiply(scalar).add(eight) : Point.BASE.multiply(scalar)
        expect(suite.isEnrollable(point.toBytes())).toBe(!mixed)
      }),
      { numRuns: Math.min(runs, 100) }
    )
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), bytes => {
        let expected: boolean
        try {
          const point = Point.fromBytes(bytes)
          expected = !point.isSmallOrder() && point.isTorsionFree() && toHex(point.toBytes()) === toHex(bytes)
        } catch {
          expected = false
        }
        expect(suite.isEnrollable(bytes)).toBe(expected)
      }),
      { numRuns: Math.min(runs, 100) }
    )
  })
})

describe('providers', () => {
  test('[CR6] the explicit checks refuse by themselves all that an older OpenSSL accepts against the rule', () => {
    const lenient = edge.cases.filter(
      ({ observed, required }) => observed.library.node_crypto === 'accept' && required.verify === 'reject'
    )
    expect(lenient.map(({ id }) => id)).toEqual([30, 38, 39, 40, 41, 43, 44, 45, 46, 47])
    for (const { id, publicKey, signature } of lenient)
      expect(passesChecks(hex(publicKey), hex(signature)), String(id)).toBe(false)
    const accepted = edge.cases.filter(({ required }) => required.verify === 'accept')
    for (const { id, publicKey, signature } of accepted)
      expect(passesChecks(hex(publicKey), hex(signature)), String(id)).toBe(true)
    // S = L and S = L + 1 are out, S = L - 1 is in.
    const withS = (s: string): Uint8Array =>
      Uint8Array.from([...hex(RFC8032[0][3]).subarray(0, 32), ...hex(s)])
    const key = hex(RFC8032[0][1])
    expect(passesChecks(key, withS('ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010'))).toBe(
      true
    )
    expect(passesChecks(key, withS('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010'))).toBe(
      false
    )
    expect(passesChecks(key, withS('eed3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010'))).toBe(
      false
    )
  })

  test('[CR7] decide alike on signatures bent in R, S and key', async () => {
    const [node, sodium] = await Promise.all([createNodeSuite(), createSodiumSuite()])
    const torsion = edge.cases.map(each => [hex(each.publicKey), hex(each.signature)] as const)
    fc.assert(
      fc.property(
        fc.nat(edge.cases.length - 1),
        fc.nat(edge.cases.length - 1),
        fc.uint8Array({ maxLength: 40 }),
        (a, b, message) => {
          const [publicKey] = torsion[a] as readonly [Uint8Array, Uint8Array]
          const [, signature] = torsion[b] as readonly [Uint8Array, Uint8Array]
          expect(node.verify(publicKey, message, signature)).toBe(
            sodium.verify(publicKey, message, signature)
          )
        }
      ),
      { numRuns: runs * 5 }
    )
  })

  test('[CR7] a provider that decides an edge case otherwise refuses to start', async () => {
    const good = await createSodiumSuite()
    expect(() => assertSuite({ ...good, name: 'lenient', verify: () => true })).toThrow(/lenient.*case 19/)
    expect(() => assertSuite({ ...good, name: 'unwilling', verify: () => false })).toThrow(
      /unwilling.*case 1 /
    )
    expect(() => assertSuite({ ...good, name: 'careless', isEnrollable: () => true })).toThrow(
      /careless.*case 41/
    )
  })
})

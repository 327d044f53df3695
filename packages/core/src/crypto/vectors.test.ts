/** docs/spec/vectors/crypto, read as another implementation would read them, by every provider. */
import { readFileSync } from 'node:fs'
import { fromString, toString } from 'uint8arrays'
import { beforeAll, describe, expect, test } from 'vitest'
import { buildCryptoVectors } from '../../scripts/vectors-crypto.ts'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { createSodiumSuite } from '../adapters/crypto-sodium/index.ts'
import {
  type BoxKind,
  HASH_LABELS,
  type HashLabel,
  KDF_LABELS,
  kdf,
  type KdfLabel,
  labelledHash,
  openBox,
  pad,
  paddedLength,
  readBoxes,
  SIGNATURE_CONTEXTS,
  signBytes,
  type SignatureContext,
  type Suite,
  unpad,
  verifyBytes
} from './index.ts'

const hex = (text: string): Uint8Array => fromString(text, 'hex')
const toHex = (bytes: Uint8Array): string => toString(bytes, 'hex')
function read<T>(name: string): T {
  return JSON.parse(
    readFileSync(new URL(`../../../../docs/spec/vectors/crypto/${name}.json`, import.meta.url), 'utf8')
  ) as T
}

interface Derivation {
  kdf: { label: KdfLabel; key: string; contexts: string[]; length: number; out: string }[]
  hash: { label: HashLabel; parts: string[]; out: string }[]
  signatures: {
    context: SignatureContext
    seed: string
    publicKey: string
    bytes: string
    signature: string
  }[]
}
interface Box {
  ephemeral: string
  secret: string
  rid: string
  kind: BoxKind
  keyId: string
  box: string
  content?: string
}
interface Lockbox {
  open: Box[]
  refuse: Box[]
  sets: { accept: { boxes: string; max: number; rids: string[] }[]; refuse: { boxes: string; max: number }[] }
}
interface Edges {
  x25519: { note: string; secret: string; point: string; shared: string | null }[]
  seals: {
    cipher: keyof ReturnType<typeof ciphers>
    key: string
    nonce: string
    aad: string
    text: string
    sealed: string
    refuse: { note: string; sealed: string }[]
  }[]
  hkdf: {
    note: string
    key: string
    salt: string
    info: string
    length: number
    out?: string
    sha256?: string
  }[]
  hkdfRefused: number[]
}
/** The three ciphers as functions of text alone. */
function ciphers(suite: Suite, key: Uint8Array, nonce: Uint8Array, aad: Uint8Array) {
  return {
    'xchacha20-poly1305': {
      seal: (text: Uint8Array) => suite.xchachaSeal(key, nonce, aad, text),
      open: (sealed: Uint8Array) => suite.xchachaOpen(key, nonce, aad, sealed)
    },
    'chacha20-poly1305': {
      seal: (text: Uint8Array) => suite.chachaSealOnce(key, aad, text),
      open: (sealed: Uint8Array) => suite.chachaOpenOnce(key, aad, sealed)
    },
    'aes-256-gcm': {
      seal: (text: Uint8Array) => suite.aesGcmSeal(key, nonce, aad, text),
      open: (sealed: Uint8Array) => suite.aesGcmOpen(key, nonce, aad, sealed)
    }
  }
}
interface Padding {
  lengths: { length: number; padded: number }[]
  pad: { bytes: string; padded: string }[]
  refuse: { padded: string }[]
}

test('[CR2] the files are what the generator writes', async () => {
  for (const [name, content] of Object.entries(await buildCryptoVectors()))
    expect(JSON.parse(JSON.stringify(content)), name).toEqual(read(name))
})

describe.each([
  ['node', createNodeSuite],
  ['sodium', createSodiumSuite]
] as const)('vectors by %s', (_, create) => {
  let suite: Suite
  beforeAll(async () => {
    suite = await create()
  })

  test('[CR2] [CR3] derivation.json covers every label', () => {
    const vectors = read<Derivation>('derivation')
    for (const { label, key, contexts, length, out } of vectors.kdf)
      expect(toHex(kdf(suite, hex(key), label, contexts.map(hex), length)), label).toBe(out)
    for (const { label, parts, out } of vectors.hash)
      expect(toHex(labelledHash(suite, label, ...parts.map(hex))), label).toBe(out)
    for (const { context, seed, publicKey, bytes, signature } of vectors.signatures) {
      expect(toHex(signBytes(suite, suite.signingKey(hex(seed)), context, hex(bytes))), context).toBe(
        signature
      )
      expect(verifyBytes(suite, hex(publicKey), context, hex(bytes), hex(signature)), context).toBe(true)
    }
    expect(new Set(vectors.kdf.map(({ label }) => label))).toEqual(new Set(KDF_LABELS))
    expect(vectors.hash.map(({ label }) => label)).toEqual(HASH_LABELS)
    expect(vectors.signatures.map(({ context }) => context)).toEqual(SIGNATURE_CONTEXTS)
  })

  test('[EK3] lockbox.json', () => {
    const vectors = read<Lockbox>('lockbox')
    const open = ({ ephemeral, secret, rid, kind, keyId, box }: Box): Uint8Array | undefined =>
      openBox(
        suite,
        hex(ephemeral),
        hex(box),
        { rid: hex(rid), secret: hex(secret), publicKey: suite.x25519PublicKey(hex(secret)) },
        { kind, keyId: hex(keyId) }
      )
    for (const each of vectors.open) expect(open(each)).toEqual(hex(each.content as string))
    for (const each of vectors.refuse) expect(open(each)).toBeUndefined()
    for (const { boxes, max, rids } of vectors.sets.accept)
      expect(readBoxes(hex(boxes), max)?.rids().map(toHex)).toEqual(rids)
    for (const { boxes, max } of vectors.sets.refuse) expect(readBoxes(hex(boxes), max)).toBeUndefined()
  })

  test('[CR1] [CR4] edges.json: low-order and odd points, tags cut and turned, lengths at their bounds', () => {
    const { x25519, seals, hkdf, hkdfRefused } = read<Edges>('edges')
    for (const { note, secret, point, shared } of x25519)
      expect(suite.x25519(hex(secret), hex(point)), note).toEqual(shared === null ? undefined : hex(shared))
    // The eight points of small order, and what has not 32 bytes, by each secret.
    expect(x25519.filter(each => each.shared === null)).toHaveLength(3 * 11)
    for (const { cipher, key, nonce, aad, text, sealed, refuse } of seals) {
      const [k, n, a] = [hex(key), hex(nonce), hex(aad)] as const
      const { seal, open } = ciphers(suite, k, n, a)[cipher]
      expect(toHex(seal(hex(text))), cipher).toBe(sealed)
      expect(open(hex(sealed)), cipher).toEqual(hex(text))
      for (const each of refuse) expect(open(hex(each.sealed)), `${cipher}: ${each.note}`).toBeUndefined()
    }
    for (const { note, key, salt, info, length, out, sha256 } of hkdf) {
      const given = suite.hkdfSha256(hex(key), hex(salt), hex(info), length)
      expect(toHex(sha256 === undefined ? given : suite.sha256(given)), note).toBe(out ?? sha256)
    }
    for (const length of hkdfRefused)
      expect(() => suite.hkdfSha256(hex('01'), hex(''), hex(''), length)).toThrow(RangeError)
  })

  test('[EN7] padding.json', () => {
    const vectors = read<Padding>('padding')
    for (const { length, padded } of vectors.lengths) expect(paddedLength(length)).toBe(padded)
    for (const { bytes, padded } of vectors.pad) {
      expect(toHex(pad(hex(bytes)))).toBe(padded)
      expect(unpad(hex(padded))).toEqual(hex(bytes))
    }
    for (const { padded } of vectors.refuse) expect(unpad(hex(padded))).toBeUndefined()
  })
})

import { fromString, toString } from 'uint8arrays'
import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { createSodiumSuite } from '../adapters/crypto-sodium/index.ts'
import { kdf, type Suite } from '../crypto/index.ts'
import { idFromBytes, idToBytes } from '../base/index.ts'
import { sealWhole, seeded, type Whole } from './attachment.fixture.ts'
import {
  ATTACHMENT_BYTES_MAX,
  CHUNK_BYTES,
  CHUNKS_MAX,
  checkFile,
  chunkCount,
  createFileKey,
  leafOf,
  openChunk,
  openProvenChunk,
  PROOF_HASHES_MAX,
  proofOf,
  rootOf,
  sealChunk
} from './index.ts'

let suite: Suite
let other: Suite
beforeAll(async () => {
  ;[suite, other] = await Promise.all([createNodeSuite(), createSodiumSuite()])
})

const open = (whole: Whole, index: number, chunk: Uint8Array): ReturnType<typeof openProvenChunk> =>
  openProvenChunk(suite, whole.file, index, chunk, proofOf(suite, whole.leaves, index))

describe('a sealed file', () => {
  it.each([0, 1, 2, 100, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 200_000, 5 * CHUNK_BYTES])(
    '[AT1] of %i bytes is sealed and opened by every provider alike',
    size => {
      const bytes = Uint8Array.from({ length: size }, (_, at) => at * 31)
      const whole = sealWhole(suite, bytes)
      expect(sealWhole(other, bytes)).toEqual(whole)
      expect(whole.chunks).toHaveLength(chunkCount(size))
      expect(checkFile(suite, whole.file).ok).toBe(true)
      const parts = whole.chunks.map((chunk, index) => {
        const opened = open(whole, index, chunk)
        if (!opened.ok) throw new Error(opened.reason)
        return opened.value
      })
      expect(Buffer.concat(parts).equals(bytes)).toBe(true)
    }
  )

  it('[AT1] hides its exact size: what lies in a Padmé step is equally long', () => {
    const bytesOf = (size: number): number =>
      sealWhole(suite, new Uint8Array(size)).chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    expect(bytesOf(100_001)).toBe(bytesOf(100_300))
    expect(bytesOf(0)).toBe(16)
  })

  it('[AT1] shares nothing with the same file uploaded again', () => {
    const bytes = new Uint8Array(1_000).fill(7)
    const [first, second] = [sealWhole(suite, bytes, seeded(1)), sealWhole(suite, bytes, seeded(2))]
    expect(second.file.key).not.toEqual(first.file.key)
    expect(second.file.blob).not.toBe(first.file.blob)
  })

  it('[AT1] no nonce serves twice under a key', () => {
    const nonces = new Set<string>()
    const watched: Suite = {
      ...suite,
      aesGcmSeal: (key, nonce, ...rest) => {
        nonces.add(toString(nonce, 'hex'))
        return suite.aesGcmSeal(key, nonce, ...rest)
      }
    }
    expect(sealWhole(watched, new Uint8Array(6 * CHUNK_BYTES)).chunks).toHaveLength(6)
    expect(nonces.size).toBe(6)
  })

  it('[AT1] opens with no other key, and holds nothing in its padding', () => {
    const whole = sealWhole(suite, new Uint8Array(100_001).fill(1))
    const foreign = { ...whole.file, key: new Uint8Array(32) }
    expect(openChunk(suite, foreign, 0, whole.chunks[0] as Uint8Array)).toMatchObject({
      ok: false,
      rule: 'AT1'
    })
    // As a hostile sender would: more bytes than it tells of, in the same padded size.
    const longer = sealWhole(suite, new Uint8Array(100_300).fill(1))
    const told = { ...longer.file, size: 100_001 }
    expect(openChunk(suite, told, 1, longer.chunks[1] as Uint8Array)).toMatchObject({
      rule: 'AT1',
      reason: 'the padding of the file is not empty'
    })
  })

  it('[AT2] chunks swapped, altered, cut, or of another file are refused before they are opened', () => {
    let opened = 0
    const whole = sealWhole(suite, new Uint8Array(3 * CHUNK_BYTES).fill(3))
    const [first, second, third] = whole.chunks as [Uint8Array, Uint8Array, Uint8Array]
    const watched: Suite = {
      ...suite,
      aesGcmOpen: (...args) => {
        opened++
        return suite.aesGcmOpen(...args)
      }
    }
    const take = (index: number, chunk: Uint8Array, proof = proofOf(suite, whole.leaves, index)): string => {
      const read = openProvenChunk(watched, whole.file, index, chunk, proof)
      return read.ok ? 'opened' : read.rule
    }
    const altered = first.slice()
    altered[9] = (altered[9] as number) ^ 1
    const strange = sealWhole(suite, new Uint8Array(3 * CHUNK_BYTES).fill(4), seeded(9))
    expect(take(0, second)).toBe('AT2')
    expect(take(1, first)).toBe('AT2')
    expect(take(0, first, proofOf(suite, whole.leaves, 1))).toBe('AT2')
    expect(take(0, altered)).toBe('AT2')
    expect(take(0, strange.chunks[0] as Uint8Array, proofOf(suite, strange.leaves, 0))).toBe('AT2')
    expect(take(0, first, [])).toBe('AT2')
    expect(take(0, first, [...proofOf(suite, whole.leaves, 0), new Uint8Array(32)])).toBe('AT2')
    expect(take(3, third, proofOf(suite, whole.leaves, 2))).toBe('AT2')
    expect(take(-1, third, proofOf(suite, whole.leaves, 2))).toBe('AT2')
    expect(take(2, third.subarray(1))).toBe('AT1')
    expect(opened).toBe(0)
    expect(take(2, third)).toBe('opened')
  })

  it('[AT2] a file cut at a chunk is no file: neither under its own address nor under one made for it', () => {
    const whole = sealWhole(suite, new Uint8Array(3 * CHUNK_BYTES).fill(3))
    const leaves = whole.leaves.slice(0, 2)
    const root = rootOf(suite, leaves)
    // The size of two chunks, an address of two chunks, a true commitment: the last flag and the padded size tell.
    const cut = {
      ...whole.file,
      size: 2 * CHUNK_BYTES,
      blob: idFromBytes('b', root),
      keyCommit: kdf(suite, whole.file.key, 'att-commit', [root])
    }
    expect(checkFile(suite, cut).ok).toBe(true)
    for (const index of [0, 1])
      expect(
        openProvenChunk(suite, cut, index, whole.chunks[index] as Uint8Array, proofOf(suite, leaves, index))
      ).toMatchObject({ ok: false, rule: 'AT1' })
  })

  it('[AT2] a node of the tree is no chunk', () => {
    const whole = sealWhole(suite, new Uint8Array(2 * CHUNK_BYTES))
    const [left, right] = whole.leaves as [Uint8Array, Uint8Array]
    expect(leafOf(suite, Buffer.concat([left, right]))).not.toEqual(idToBytes(whole.file.blob))
  })

  it('[AT3] another key for the same bytes is refused by the commitment, before anything is fetched', () => {
    const { file } = sealWhole(suite, new Uint8Array(50))
    const refused = { ok: false, rule: 'AT3' }
    const second = new Uint8Array(32).fill(8)
    expect(checkFile(suite, { ...file, key: second })).toMatchObject(refused)
    expect(checkFile(suite, { ...file, keyCommit: new Uint8Array(32) })).toMatchObject(refused)
    // A commitment to the second key for another file does not serve either.
    const elsewhere = kdf(suite, second, 'att-commit', [new Uint8Array(32)])
    expect(checkFile(suite, { ...file, key: second, keyCommit: elsewhere })).toMatchObject(refused)
  })

  it('[AT5] sizes beyond the bound are refused by both sides, and the bounds fit each other', () => {
    const { file } = sealWhole(suite, new Uint8Array(50))
    expect(checkFile(suite, { ...file, size: ATTACHMENT_BYTES_MAX + 1 })).toMatchObject({ rule: 'AT5' })
    expect(checkFile(suite, { ...file, size: Number.MAX_SAFE_INTEGER })).toMatchObject({ rule: 'AT5' })
    for (const size of [-1, 0.5, ATTACHMENT_BYTES_MAX + 1])
      expect(() => createFileKey(seeded(1), size)).toThrow(RangeError)
    expect(() => sealChunk(suite, createFileKey(seeded(1), 5), new Uint8Array(6), 0)).toThrow(RangeError)
    expect(() => sealChunk(suite, createFileKey(seeded(1), 5), new Uint8Array(5), 1)).toThrow(RangeError)
    expect(2 ** PROOF_HASHES_MAX).toBeGreaterThanOrEqual(CHUNKS_MAX)
  })
})

describe('AES-256-GCM', () => {
  it('[CR1] answers the test cases 13 and 14 of the GCM specification, at every provider', () => {
    const zeros = new Uint8Array(32)
    for (const each of [suite, other]) {
      const seal = (text: Uint8Array): string =>
        toString(each.aesGcmSeal(zeros, new Uint8Array(12), new Uint8Array(), text), 'hex')
      expect(seal(new Uint8Array())).toBe('530f8afbc74536b9a963b4f1c4cb738b')
      expect(seal(new Uint8Array(16))).toBe(
        'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919'
      )
    }
  })

  it('[CR1] refuses altered bytes, other data, and tags cut short; other key and nonce lengths are ours to avoid', () => {
    const key = new Uint8Array(32).fill(1)
    const nonce = new Uint8Array(12).fill(2)
    const aad = fromString('aad')
    for (const each of [suite, other]) {
      const sealed = each.aesGcmSeal(key, nonce, aad, fromString('text'))
      expect(each.aesGcmOpen(key, nonce, aad, sealed)).toEqual(fromString('text'))
      for (let at = 0; at < sealed.length; at++) {
        const bent = sealed.map((byte, i) => (i === at ? byte ^ 1 : byte))
        expect(each.aesGcmOpen(key, nonce, aad, bent)).toBeUndefined()
        expect(each.aesGcmOpen(key, nonce, aad, sealed.subarray(0, at))).toBeUndefined()
      }
      expect(each.aesGcmOpen(key, nonce, new Uint8Array(), sealed)).toBeUndefined()
      expect(each.aesGcmOpen(key, new Uint8Array(12), aad, sealed)).toBeUndefined()
      expect(() => each.aesGcmOpen(key, new Uint8Array(16), aad, sealed)).toThrow(RangeError)
      expect(() => each.aesGcmSeal(new Uint8Array(16), nonce, aad, sealed)).toThrow(RangeError)
    }
  })
})

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { idToBytes } from '../base/index.ts'
import { kdf, type Suite } from '../crypto/index.ts'
import { sealWhole, seeded } from './attachment.fixture.ts'
import {
  CHUNK_BYTES,
  checkFile,
  chunkCount,
  leafOf,
  openProvenChunk,
  proofOf,
  provenRoot,
  rootOf
} from './index.ts'

const runs = Number(process.env['XCORD_RUNS'] ?? 40)
let suite: Suite
beforeAll(async () => {
  suite = await createNodeSuite()
})

const leaves = fc
  .integer({ min: 1, max: 40 })
  .map(count => Array.from({ length: count }, (_, at) => leafOf(suite, Uint8Array.of(at))))

describe('the tree', () => {
  it('[AT2] proves each leaf at its place and nowhere else', () => {
    fc.assert(
      fc.property(leaves, fc.nat(), fc.nat(), (all, a, b) => {
        const [at, elsewhere] = [a % all.length, b % all.length]
        const root = rootOf(suite, all)
        const proof = proofOf(suite, all, at)
        const leaf = all[at] as Uint8Array
        expect(provenRoot(suite, leaf, at, all.length, proof)).toEqual(root)
        if (elsewhere !== at) expect(provenRoot(suite, leaf, elsewhere, all.length, proof)).not.toEqual(root)
        expect(provenRoot(suite, leafOf(suite, leaf), at, all.length, proof)).not.toEqual(root)
      }),
      { numRuns: runs * 5 }
    )
  })
})

describe('a hostile peer or sender', () => {
  it('[AT1, AT2] no change of any chunk, order, length, proof or row opens to anything but the file', () => {
    const size = fc.integer({ min: 0, max: 4 * CHUNK_BYTES })
    const kinds = ['bit', 'cut', 'grow', 'swap', 'foreign', 'root', 'key', 'prefix', 'size', 'proof'] as const
    fc.assert(
      fc.property(size, fc.constantFrom(...kinds), fc.nat(), fc.nat(), (length, kind, a, b) => {
        const bytes = new Uint8Array(length).map((_, at) => at * 7)
        const whole = sealWhole(suite, bytes)
        const index = a % chunkCount(length)
        const honest = whole.chunks[index] as Uint8Array
        let { file } = whole
        let chunk = honest
        let proof = proofOf(suite, whole.leaves, index)
        const another = (index + 1) % whole.chunks.length
        switch (kind) {
          case 'bit':
            chunk = honest.map((byte, at) => (at === b % honest.length ? byte ^ (1 << (b & 7)) : byte))
            break
          case 'cut':
            chunk = honest.subarray(0, b % honest.length)
            break
          case 'grow':
            chunk = Uint8Array.from([...honest.subarray(0, 64), ...honest])
            break
          case 'swap':
            if (another === index) return
            chunk = whole.chunks[another] as Uint8Array
            break
          case 'foreign':
            chunk = sealWhole(suite, bytes, seeded(5)).chunks[index] as Uint8Array
            break
          case 'root': {
            const root = idToBytes(sealWhole(suite, bytes, seeded(6)).file.blob)
            file = { ...file, blob: sealWhole(suite, bytes, seeded(6)).file.blob }
            file = { ...file, keyCommit: kdf(suite, file.key, 'att-commit', [root]) }
            break
          }
          case 'key': {
            const key = new Uint8Array(32).fill(b)
            file = { ...file, key, keyCommit: kdf(suite, key, 'att-commit', [idToBytes(file.blob)]) }
            break
          }
          case 'prefix':
            file = { ...file, noncePrefix: new Uint8Array(7).fill(b) }
            break
          case 'size':
            file = { ...file, size: b % (4 * CHUNK_BYTES) }
            if (file.size === length) return
            break
          case 'proof':
            proof = b % 2 === 0 ? [...proof, new Uint8Array(32)] : proof.slice(1)
            if (proof.length === proofOf(suite, whole.leaves, index).length) return
        }
        const read = openProvenChunk(suite, file, index, chunk, proof)
        if (read.ok) {
          // A size inside the same padded one, over zeros, is another true telling of the same bytes.
          expect(kind).toBe('size')
          expect(bytes.subarray(index * CHUNK_BYTES).subarray(0, read.value.length)).toEqual(read.value)
        } else expect(read.rule).toMatch(/^AT[12]$/)
      }),
      { numRuns: runs }
    )
  })

  it('[AT3] no row of another key, root or commitment passes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('key', 'keyCommit'),
        fc.nat(31),
        fc.integer({ min: 1, max: 255 }),
        (field, at, bits) => {
          const { file } = sealWhole(suite, new Uint8Array(10))
          const bent = file[field].map((byte, i) => (i === at ? byte ^ bits : byte))
          expect(checkFile(suite, { ...file, [field]: bent })).toMatchObject({ ok: false, rule: 'AT3' })
        }
      ),
      { numRuns: runs * 5 }
    )
  })
})

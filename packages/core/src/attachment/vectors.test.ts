/** docs/spec/vectors/attachment, read as another implementation would read them, by every provider. */
import { readFileSync } from 'node:fs'
import { fromString, toString } from 'uint8arrays'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildAttachmentVectors } from '../../scripts/vectors-attachment.ts'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { createSodiumSuite } from '../adapters/crypto-sodium/index.ts'
import { idFromBytes, type Verdict } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { decodeCbor } from '../encoding/index.ts'
import {
  checkFile,
  checkPicture,
  describeFile,
  leafOf,
  openProvenChunk,
  type PictureType,
  proofOf,
  provenRoot,
  readAvatar,
  removeMetadata,
  rootOf,
  type SealedFile,
  sealChunk
} from './index.ts'

const hex = (text: string): Uint8Array => fromString(text, 'hex')
const toHex = (bytes: Uint8Array): string => toString(bytes, 'hex')
function read<T>(name: string): T {
  const path = new URL(`../../../../docs/spec/vectors/attachment/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8')) as T
}

interface Row {
  blob: string
  size: number
  noncePrefix: string
  key: string
  keyCommit: string
}
interface Files {
  seal: (Row & { leaves: string[]; lengths: number[]; chunks?: string[] })[]
  refuse: (Row & { note: string; rule: string; index: number; chunk: string; proof: string[] })[]
}
const rowOf = (row: Row): SealedFile => ({
  blob: idFromBytes('b', hex(row.blob)),
  size: row.size,
  noncePrefix: hex(row.noncePrefix),
  key: hex(row.key),
  keyCommit: hex(row.keyCommit)
})

it('[AT1] the files are what the generator writes', async () => {
  for (const [name, content] of Object.entries(await buildAttachmentVectors()))
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

  it('[AT1, AT2, AT3] files.json', () => {
    const { seal, refuse } = read<Files>('files')
    for (const each of seal) {
      const row = rowOf(each)
      const bytes = Uint8Array.from({ length: row.size }, (_, at) => at * 31)
      const chunks = each.lengths.map((_, index) => sealChunk(suite, row, bytes, index))
      expect(chunks.map(({ length }) => length)).toEqual(each.lengths)
      if (each.chunks !== undefined) expect(chunks.map(toHex)).toEqual(each.chunks)
      const leaves = chunks.map(chunk => leafOf(suite, chunk))
      expect(leaves.map(toHex)).toEqual(each.leaves)
      expect(describeFile(suite, row, leaves)).toEqual(row)
      for (const [index, chunk] of chunks.entries())
        expect(openProvenChunk(suite, row, index, chunk, proofOf(suite, leaves, index)).ok).toBe(true)
    }
    for (const { note, rule, index, chunk, proof, ...row } of refuse) {
      const file = rowOf(row)
      const checked: Verdict<unknown> = checkFile(suite, file)
      const verdict = checked.ok ? openProvenChunk(suite, file, index, hex(chunk), proof.map(hex)) : checked
      expect(verdict, note).toMatchObject({ ok: false, rule })
    }
  })

  it('[AT2] trees.json', () => {
    const { trees } = read<{ trees: { count: number; root: string; proofs: string[][] }[] }>('trees')
    for (const { count, root, proofs } of trees) {
      const leaves = Array.from({ length: count }, (_, at) => leafOf(suite, Uint8Array.of(at)))
      expect(toHex(rootOf(suite, leaves))).toBe(root)
      for (const [at, proof] of proofs.entries())
        expect(provenRoot(suite, leaves[at] as Uint8Array, at, count, proof.map(hex))).toEqual(hex(root))
    }
  })
})

it('[AT4] images.json', () => {
  interface Images {
    strip: { note: string; type: string; bytes: string; stripped: string }[]
    broken: { note: string; bytes: string }[]
    unknown: { note: string; bytes: string }[]
  }
  const { strip, broken, unknown } = read<Images>('images')
  for (const { note, type, bytes, stripped } of strip)
    expect(removeMetadata(hex(bytes)), note).toEqual({ kind: 'image', type, bytes: hex(stripped) })
  for (const { note, bytes } of broken) expect(removeMetadata(hex(bytes)), note).toEqual({ kind: 'broken' })
  for (const { note, bytes } of unknown) expect(removeMetadata(hex(bytes)), note).toEqual({ kind: 'unknown' })
})

it('[AT3, AT9] avatars.json', async () => {
  interface Avatars {
    rows: { note: string; row: string; avatar: (Row & { type: string }) | null }[]
    refuseRows: { note: string; row: string; rule: string }[]
    pictures: { note: string; type: string; bytes: string; rule?: string }[]
  }
  const suite = await createNodeSuite()
  const verdictOf = (row: string): Verdict<unknown> => {
    const decoded = decodeCbor(hex(row))
    const found = decoded.ok ? readAvatar(decoded.value) : decoded
    return found.ok && found.value !== null ? checkFile(suite, found.value) : found
  }
  const { rows, refuseRows, pictures } = read<Avatars>('avatars')
  for (const { note, row, avatar } of rows) {
    const value = avatar === null ? null : { ...rowOf(avatar), type: avatar.type }
    expect(verdictOf(row), note).toEqual({ ok: true, value })
  }
  for (const { note, row, rule } of refuseRows)
    expect(verdictOf(row), note).toMatchObject({ ok: false, rule })
  for (const { note, type, bytes, rule } of pictures)
    expect(checkPicture(hex(bytes), type as PictureType), note).toMatchObject(
      rule === undefined ? { ok: true } : { ok: false, rule }
    )
})

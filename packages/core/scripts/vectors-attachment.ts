/** Writes docs/spec/vectors/attachment from fixed seeds: `node --conditions=xcord-source packages/core/scripts/vectors-attachment.ts`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import {
  avatarRow,
  chunkCount,
  createFileKey,
  describeFile,
  leafOf,
  proofOf,
  removeMetadata,
  rootOf,
  type SealedAvatar,
  type SealedFile,
  sealChunk
} from '../src/attachment/index.ts'
import { idFromBytes, idToBytes } from '../src/base/index.ts'
import { PICTURES } from '../src/attachment/picture.fixture.ts'
import { kdf, type Suite } from '../src/crypto/index.ts'
import { type CborValue, encodeCbor } from '../src/encoding/index.ts'
import { fill, flipLast, seededRandom, toHex } from './vector-tools.ts'

/** Contents of a file by its size: byte i is 31·i mod 256. */
const contents = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, at) => at * 31)

interface Made {
  readonly file: SealedFile
  readonly chunks: readonly Uint8Array[]
  readonly leaves: readonly Uint8Array[]
}

function make(suite: Suite, size: number): Made {
  const bytes = contents(size)
  const key = createFileKey(seededRandom(`attachment ${size}`), size)
  const chunks = Array.from({ length: chunkCount(size) }, (_, index) => sealChunk(suite, key, bytes, index))
  const leaves = chunks.map(chunk => leafOf(suite, chunk))
  return { file: describeFile(suite, key, leaves), chunks, leaves }
}

const rowOf = ({ blob, size, noncePrefix, key, keyCommit }: SealedFile): object => ({
  blob: toHex(idToBytes(blob)),
  size,
  noncePrefix: toHex(noncePrefix),
  key: toHex(key),
  keyCommit: toHex(keyCommit)
})

function files(suite: Suite): object {
  const small = make(suite, 100)
  const [chunk] = small.chunks as [Uint8Array]
  const shorter = { ...small.file, size: 99 }
  const root = idToBytes(small.file.blob)
  const another = fill(9)
  const refuse = (
    note: string,
    rule: string,
    file: SealedFile,
    given = chunk,
    proof: Uint8Array[] = []
  ): object => ({
    note,
    rule,
    ...rowOf(file),
    index: 0,
    chunk: toHex(given),
    proof: proof.map(toHex)
  })
  return {
    title: 'Sealed files',
    rules: 'AT1, AT2, AT3, AT5',
    contents: 'byte i of a file is 31·i mod 256',
    seal: [0, 1, 100, 65_536, 65_537, 200_000].map(size => {
      const { file, chunks, leaves } = make(suite, size)
      return {
        ...rowOf(file),
        leaves: leaves.map(toHex),
        lengths: chunks.map(({ length }) => length),
        ...(size <= 100 ? { chunks: chunks.map(toHex) } : {})
      }
    }),
    refuse: [
      refuse('one bit of the chunk', 'AT2', small.file, flipLast(chunk)),
      refuse('cut short', 'AT1', small.file, chunk.subarray(1)),
      refuse('a proof where none belongs', 'AT2', small.file, chunk, [fill(1)]),
      refuse('another address', 'AT3', { ...small.file, blob: idFromBytes('b', fill(1)) }),
      refuse('another key', 'AT3', { ...small.file, key: another }),
      refuse('another commitment', 'AT3', { ...small.file, keyCommit: fill(2) }),
      refuse('another key with its own commitment', 'AT1', {
        ...small.file,
        key: another,
        keyCommit: kdf(suite, another, 'att-commit', [root])
      }),
      refuse('another nonce prefix', 'AT1', { ...small.file, noncePrefix: fill(3, 7) }),
      refuse('a byte in the padding', 'AT1', shorter),
      refuse('too large', 'AT5', { ...small.file, size: 33_554_433 })
    ]
  }
}

function trees(suite: Suite): object {
  return {
    title: 'Addresses of chunks',
    rules: 'AT2',
    leaves: 'leaf i is H(00 ‖ the byte i)',
    trees: [1, 2, 3, 4, 5, 7, 8, 13].map(count => {
      const leaves = Array.from({ length: count }, (_, at) => leafOf(suite, Uint8Array.of(at)))
      return {
        count,
        root: toHex(rootOf(suite, leaves)),
        proofs: leaves.map((_, at) => proofOf(suite, leaves, at).map(toHex))
      }
    })
  }
}

const HEX = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const TIFF = '4d4d002a00000008 0001 0112000300000001 0006 0000 00000000'
const SCAN = 'ffda 0004 0100 12ff0034 ffd0 56'
const IMAGES = [
  {
    note: 'JPEG: comment, Exif with an orientation, XMP, bytes behind the end',
    bytes: HEX(
      `ffd8 ffe0 0010 4a46494600 0101 00 0001 0001 00 00 ffe1 0022 457869660000 ${TIFF} ffe1 0006 687474 70 fffe 0004 4142 ${SCAN} ffd9 4344`
    )
  },
  {
    note: 'PNG: text and time',
    bytes: HEX(
      '89504e470d0a1a0a 0000000d 49484452 00000001000000010800000000 3a7e9b55 00000003 74455874 410042 9bafcc0f 00000007 74494d45 07ea0101000000 00000000 0000000a 49444154 789c636700000000 0800 00000000 00000000 49454e44 ae426082'
    )
  },
  {
    note: 'WebP: XMP, and the flag that tells of it',
    bytes: HEX(
      '52494646 2c000000 57454250 56503858 0a000000 04000000000000000000 5650384c 03000000 2f0102 00 584d5020 02000000 4142'
    )
  }
]

function images(): object {
  return {
    title: 'Images without metadata',
    rules: 'AT4',
    strip: IMAGES.map(({ note, bytes }) => {
      const stripped = removeMetadata(bytes)
      if (stripped.kind !== 'image') throw new Error(`${note}: ${stripped.kind}`)
      return { note, type: stripped.type, bytes: toHex(bytes), stripped: toHex(stripped.bytes) }
    }),
    broken: IMAGES.map(({ note, bytes }) => ({ note: `${note}; cut`, bytes: toHex(bytes.subarray(0, 40)) })),
    unknown: [{ note: 'GIF', bytes: '474946383961' }]
  }
}

function avatars(suite: Suite): object {
  const { file } = make(suite, 100)
  const worn: SealedAvatar = { ...file, type: 'image/png' }
  const row = avatarRow(worn) as CborValue[]
  const hexOf = (value: CborValue): string => toHex(encodeCbor(value))
  const but = (at: number, value: CborValue): string =>
    hexOf(row.map((each, index) => (index === at ? value : each)))
  const commit = { ...worn, keyCommit: fill(2) }
  return {
    title: 'Avatars: their rows, and what their bytes may be',
    rules: 'AT3, AT9',
    rows: [
      { note: 'none', row: hexOf(null), avatar: null },
      { note: 'a PNG', row: hexOf(row), avatar: { ...rowOf(worn), type: worn.type } }
    ],
    refuseRows: [
      { note: 'empty', rule: 'AT9', row: but(1, 0) },
      { note: 'too large', rule: 'AT9', row: but(1, 262_145) },
      { note: 'no picture', rule: 'AT9', row: but(2, 'image/svg+xml') },
      { note: 'with a name', rule: 'AT9', row: but(3, 'me.png') },
      { note: 'a field more', rule: 'AT9', row: hexOf([...row, null]) },
      { note: 'another commitment', rule: 'AT3', row: hexOf(avatarRow(commit)) }
    ],
    pictures: Object.entries(PICTURES).flatMap(([note, make]) => {
      const type = note.split(';')[0] as string
      return [
        { note, type, bytes: toHex(make(4_096, 1)) },
        { note: `${note}: too wide`, type, bytes: toHex(make(4_097, 1)), rule: 'AT9' },
        { note: `${note}: too high`, type, bytes: toHex(make(1, 4_097)), rule: 'AT9' },
        { note: `${note}: another type`, type: 'image/bmp', bytes: toHex(make(1, 1)), rule: 'AT9' }
      ]
    })
  }
}

/** Content of each file, by name. */
export async function buildAttachmentVectors(): Promise<Record<string, object>> {
  const suite = await createNodeSuite()
  return { files: files(suite), trees: trees(suite), images: images(), avatars: avatars(suite) }
}

if (import.meta.main) {
  const folder = new URL('../../../docs/spec/vectors/attachment/', import.meta.url)
  await mkdir(folder, { recursive: true })
  for (const [name, content] of Object.entries(await buildAttachmentVectors()))
    await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(content, null, 1)}\n`)
}

import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../../adapters/crypto-node/index.ts'
import { createMemoryStore } from '../../adapters/memory/index.ts'
import { idFromBytes, type MessageId, type ServerId } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { sealWhole, seeded, type Whole } from '../../attachment/attachment.fixture.ts'
import { checkPlace } from '../../attachment/index.ts'
import { type Database, openDatabase } from '../../store/index.ts'
import { Allowance } from './blob-service.ts'
import { BlobStore } from './blob-store.ts'
import { BLOB_TABLES } from './blob-tables.ts'

const id = <L extends 's' | 'm'>(letter: L, of: number) => idFromBytes(letter, new Uint8Array(32).fill(of))
const server: ServerId = id('s', 1)
const MEGABYTE = 1_000_000

let suite: Suite
let database: Database
beforeAll(async () => {
  suite = await createNodeSuite()
})
beforeEach(async () => {
  database = await openDatabase({
    store: createMemoryStore(),
    suite,
    masterKey: new Uint8Array(32),
    random: seeded(3),
    schema: 1,
    tables: BLOB_TABLES
  })
})

async function keep(store: BlobStore, whole: Whole, own: boolean, message: MessageId | null, at: number) {
  await store.begin(server, whole.file, { own, message, at })
  for (const [index, chunk] of whole.chunks.entries())
    await store.keepChunk(server, whole.file.blob, index, chunk)
  await store.wasRead(server, whole.file, at)
}

const files = (count: number, bytes: number): Whole[] =>
  Array.from({ length: count }, (_, at) => sealWhole(suite, new Uint8Array(bytes), seeded(at + 1)))
const isHeld = async (store: BlobStore, { file }: Whole): Promise<boolean> =>
  (await store.chunk(server, file.blob, 0)) !== undefined

describe('files on disk', () => {
  it('[AT7] keeps others’ files up to a bound, those read last, and its own always', async () => {
    const store = new BlobStore(suite, database, 250_000)
    const [mine, a, b, c, huge] = files(4, 100_000).concat(files(1, 300_000)) as [
      Whole,
      Whole,
      Whole,
      Whole,
      Whole
    ]
    await keep(store, mine, true, id('m', 1), 1)
    await keep(store, a, false, id('m', 2), 2)
    await keep(store, b, false, id('m', 3), 3)
    await store.wasRead(server, a.file, 4)
    await keep(store, c, false, id('m', 4), 5)
    expect(await Promise.all([mine, a, b, c].map(each => isHeld(store, each)))).toEqual([
      true,
      true,
      false,
      true
    ])
    // One file larger than all that is kept is kept while it is the newest.
    await keep(store, huge, false, id('m', 5), 6)
    expect(await Promise.all([mine, a, c, huge].map(each => isHeld(store, each)))).toEqual([
      true,
      false,
      false,
      true
    ])
  })

  it('[AT6] gives chunks with their proofs once the file is whole, and not before', async () => {
    const store = new BlobStore(suite, database)
    const [whole] = files(1, 200_000) as [Whole]
    await store.begin(server, whole.file, { own: false, message: null, at: 1 })
    await store.keepChunk(server, whole.file.blob, 0, whole.chunks[0] as Uint8Array)
    await store.wasRead(server, whole.file, 2)
    expect(await store.proven(server, whole.file.blob, 0)).toBeUndefined()
    await keep(store, whole, false, null, 3)
    for (const index of whole.chunks.keys()) {
      const given = await store.proven(server, whole.file.blob, index)
      expect(given && checkPlace(suite, whole.file, index, given.chunk, given.proof).ok).toBe(true)
    }
    expect(await store.proven(server, whole.file.blob, whole.chunks.length)).toBeUndefined()
    expect(await store.proven(id('s', 2), whole.file.blob, 0)).toBeUndefined()
  })

  it('[AT7] lets files go with their message, and what a crash left before it was written', async () => {
    const store = new BlobStore(suite, database)
    const [a, b, c, unsent] = files(4, 1_000) as [Whole, Whole, Whole, Whole]
    await keep(store, a, true, id('m', 1), 1)
    await keep(store, b, false, id('m', 2), 1)
    await keep(store, c, false, id('m', 3), 1)
    await keep(store, unsent, true, null, 1)
    await store.dropMessage(server, id('m', 1))
    await store.tidy(message => Promise.resolve(message === id('m', 3)))
    const held = await Promise.all([a, b, c, unsent].map(each => isHeld(store, each)))
    expect(held).toEqual([false, true, false, false])
  })
})

describe('what a device is served', () => {
  it('[AT8] 64 MiB at once, 4 MiB a second over a while, each device for itself', () => {
    const allowance = new Allowance()
    const [ada, grace] = [idFromBytes('d', new Uint8Array(32)), idFromBytes('d', new Uint8Array(32).fill(1))]
    let given = 0
    while (allowance.take(ada, MEGABYTE, 0)) given++
    expect(given).toBe(67)
    expect(allowance.take(grace, MEGABYTE, 0)).toBe(true)
    // A clock that went back gives nothing.
    expect(allowance.take(ada, MEGABYTE, -60_000)).toBe(false)
    given = 0
    while (allowance.take(ada, MEGABYTE, 1_000)) given++
    expect(given).toBe(4)
    given = 0
    while (allowance.take(ada, MEGABYTE, 3_600_000)) given++
    expect(given).toBe(67)
  })
})

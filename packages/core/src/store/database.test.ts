import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { createMemoryStore, type MemoryStore, type MemoryStoreInit } from '../adapters/memory/index.ts'
import { type ChannelId, idFromBytes, type MessageId, type Random } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { codec, encodeCbor, text, tuple, uint, utf8 } from '../encoding/index.ts'
import type { Store } from './contract.ts'
import { HEADER_KEY } from './database-keys.ts'
import type { DatabaseInit, Row } from './database-types.ts'
import {
  defineTable,
  hiddenBytes,
  hiddenId,
  hiddenText,
  openDatabase,
  sortNumber,
  verifyDatabase
} from './index.ts'
import { contextHead, sealContext } from './sealing.ts'

let suite: Suite
beforeAll(async () => {
  suite = await createNodeSuite()
})

/** Bytes that never repeat within a test, and are the same in every run. */
function counting(): Random {
  let at = 0
  return { bytes: length => Uint8Array.from({ length }, () => (at++ * 131) & 255) }
}

const note = codec(tuple({ author: text(64), words: text(8_000) }), { rule: 'DB3' })
const notes = defineTable({
  name: 'notes',
  schema: 1,
  key: [hiddenId<ChannelId>(), sortNumber(), hiddenId<MessageId>()] as const,
  value: note
})
const names = defineTable({
  name: 'names',
  schema: 1,
  key: [hiddenText()] as const,
  value: codec(text(100), { rule: 'DB3' }),
  cacheRows: 4
})

const masterKey = new Uint8Array(32).fill(7)
const channel = (n: number): ChannelId => idFromBytes('c', new Uint8Array(32).fill(n))
const message = (n: number): MessageId => idFromBytes('m', new Uint8Array(32).fill(n))

function initOf(store: Store, over: Partial<DatabaseInit> = {}): DatabaseInit {
  return { store, suite, masterKey, random: counting(), schema: 1, tables: [notes, names], ...over }
}

async function rowsOf<V>(rows: AsyncIterable<Row<V>>): Promise<Row<V>[]> {
  const out: Row<V>[] = []
  for await (const row of rows) out.push(row)
  return out
}

async function stored(store: Store): Promise<(readonly [Uint8Array, Uint8Array])[]> {
  const out: (readonly [Uint8Array, Uint8Array])[] = []
  for await (const row of store.scan({})) out.push(row)
  return out
}

/** A database with some notes in two channels, and its store. */
async function filled(init: MemoryStoreInit = {}) {
  const store = createMemoryStore(init)
  const database = await openDatabase(initOf(store))
  const batch = database.batch()
  for (let n = 1; n <= 9; n++) {
    batch.put(notes, [channel(n % 2), n * 1_000, message(n)], { author: 'ada', words: `note ${n}` })
  }
  batch.put(names, ['general'], 'Allgemeines')
  await batch.commit()
  return { store, database }
}

describe('tables', () => {
  it('[DB3] rows come back by key and, under a prefix, in order of their sort number', async () => {
    const { database } = await filled()
    const table = database.table(notes)
    expect(await table.get([channel(1), 3_000, message(3)])).toEqual({ author: 'ada', words: 'note 3' })
    expect(await table.get([channel(0), 3_000, message(3)])).toBeUndefined()
    expect(
      await table.getMany([
        [channel(0), 2_000, message(2)],
        [channel(0), 2_000, message(9)]
      ])
    ).toEqual([{ author: 'ada', words: 'note 2' }, undefined])
    const odd = await rowsOf(table.scan({ prefix: [channel(1)] }))
    expect(odd.map(row => row.sort)).toEqual([[1_000], [3_000], [5_000], [7_000], [9_000]])
    const newest = await rowsOf(
      table.scan({ prefix: [channel(1)], from: 3_000, to: 9_000, reverse: true, limit: 2 })
    )
    expect(newest.map(row => row.value.words)).toEqual(['note 7', 'note 5'])
    expect(await table.count()).toBe(9)
    expect(await table.count({ prefix: [channel(0)] })).toBe(4)
  })

  it('[DB3] refuses definitions, keys and ranges that do not fit', async () => {
    const { database } = await filled()
    expect(() => defineTable({ ...names, name: 'Bad Name' })).toThrow(RangeError)
    expect(() => defineTable({ ...names, schema: 256 })).toThrow(RangeError)
    await expect(
      openDatabase(initOf(createMemoryStore(), { tables: [names, { ...names }] }))
    ).rejects.toThrow(RangeError)
    const other = defineTable({ ...names, name: 'other' })
    expect(() => database.table(other)).toThrow(RangeError)
    expect(() =>
      database.batch().put(notes, [channel(1), -1, message(1)], { author: '', words: '' })
    ).toThrow(RangeError)
    await expect(rowsOf(database.table(notes).scan({ from: 3 }))).rejects.toThrow(RangeError)
  })

  it('[DB4] [DB5] [KS7] neither names, ids, table names nor values are readable in the store, and one id differs by table and place', async () => {
    const store = createMemoryStore()
    const pairs = defineTable({
      name: 'pairs',
      schema: 1,
      key: [hiddenBytes(), hiddenBytes()] as const,
      value: codec(text(9), { rule: 'DB3' })
    })
    const others = defineTable({ ...pairs, name: 'others' })
    const database = await openDatabase(initOf(store, { tables: [pairs, others, names] }))
    const same = utf8('canary-of-the-key')
    await database
      .batch()
      .put(pairs, [same, same], 'canary')
      .put(others, [same, same], 'canary')
      .put(names, ['canary'], 'canary')
      .commit()
    const raw = await stored(store)
    const all = Buffer.concat(raw.flat()).toString('latin1')
    expect(all).not.toContain('canary')
    expect(all).not.toContain('pairs')
    const parts = raw
      .filter(([key]) => key.length === 5 + 32)
      .flatMap(([key]) => [
        Buffer.from(key.subarray(5, 21)).toString('hex'),
        Buffer.from(key.subarray(21)).toString('hex')
      ])
    expect(new Set(parts).size).toBe(4)
  })

  it('[DB6] the context of a seal is the EN1 tuple of table, key and schema', () => {
    for (const length of [1, 5, 23, 24, 70, 255, 256, 300]) {
      for (const schema of [1, 23, 24, 255]) {
        const key = new Uint8Array(length).fill(length & 255)
        expect(sealContext(contextHead('notes'), key, schema)).toEqual(encodeCbor(['notes', key, schema]))
      }
    }
  })

  it('[DB6] a value altered, cut, moved to another key or re-labelled does not open; [DB11] verify names each', async () => {
    const { store, database } = await filled()
    const rows = (await stored(store)).filter(([key]) => key.length === 5 + 40)
    const [a, b, c, d] = rows as [
      (typeof rows)[0] & object,
      (typeof rows)[0] & object,
      (typeof rows)[0] & object,
      (typeof rows)[0] & object
    ]
    const flipped = Uint8Array.from(a[1])
    flipped[30] = (flipped[30] as number) ^ 1
    const relabelled = Uint8Array.from(d[1])
    relabelled[0] = 2
    await store.write([
      { key: a[0], value: flipped },
      { key: b[0], value: c[1] },
      { key: c[0], value: c[1].subarray(0, 40) },
      { key: d[0], value: relabelled },
      { key: Uint8Array.of(1, 9, 9, 9, 9, 9), value: Uint8Array.of(1) }
    ])
    await expect(rowsOf(database.table(notes).scan())).rejects.toMatchObject({
      code: 'XCORD_STORE_CORRUPT',
      details: { table: 'notes' }
    })
    const report = await database.verify()
    expect(report).toMatchObject({ records: 12, tables: { notes: 9, names: 1 }, problemCount: 5 })
    expect(report.problems.map(problem => problem.table).sort()).toEqual([
      'notes',
      'notes',
      'notes',
      'notes',
      'unknown'
    ])
    expect(await verifyDatabase(initOf(store))).toEqual(report)
  })

  it('[DB11] an untouched database has no problems; one without header has that one', async () => {
    const { store, database } = await filled()
    expect(await database.verify()).toEqual({
      records: 11,
      tables: { notes: 9, names: 1 },
      problemCount: 0,
      problems: []
    })
    await store.write([{ key: HEADER_KEY, value: undefined }])
    expect((await database.verify()).problems).toMatchObject([
      { table: 'xcord-db', reason: 'the header is missing' }
    ])
  })

  it('[DB6] the same value sealed twice has different bytes', async () => {
    const { store, database } = await filled()
    const before = await stored(store)
    await database.batch().put(names, ['general'], 'Allgemeines').commit()
    const after = await stored(store)
    const changed = after.filter(
      ([, value], i) => Buffer.compare(value, (before[i] as [Uint8Array, Uint8Array])[1]) !== 0
    )
    expect(changed).toHaveLength(1)
  })
})

describe('batches', () => {
  it('[DB9] concurrent commits share one write, and each resolves with its bytes on disk', async () => {
    const gates: (() => void)[] = []
    const { store, database } = await (async () => {
      const made = createMemoryStore({
        beforeWrite: ({ number }) =>
          number === 1 ? undefined : new Promise<undefined>(resolve => gates.push(() => resolve(undefined)))
      })
      return { store: made, database: await openDatabase(initOf(made)) }
    })()
    const commits = Array.from({ length: 50 }, (_, n) =>
      database
        .batch()
        .put(names, [`n${n}`], 'x')
        .commit({ sync: n === 49 })
    )
    await Promise.all([...Array(5)].map(() => Promise.resolve()))
    const late = Array.from({ length: 50 }, (_, n) =>
      database
        .batch()
        .put(names, [`late${n}`], 'x')
        .commit()
    )
    while (gates.length < 1) await Promise.resolve()
    gates.shift()?.()
    await Promise.all(commits)
    expect(store.unsynced).toBe(0)
    while (gates.length < 1) await Promise.resolve()
    gates.shift()?.()
    await Promise.all(late)
    expect(store.writes).toBe(3)
    expect(database.commits).toEqual({ writes: 2, commits: 100 })
    expect(await database.table(names).count()).toBe(100)
  })

  it('[DB9] after a crash everything whose commit resolved is there, whole batches only', async () => {
    for (let crashAt = 1; crashAt <= 12; crashAt++) {
      let store: MemoryStore
      store = createMemoryStore({
        beforeWrite: ({ number }) => {
          if (number === crashAt + 1) store.crash()
          return undefined
        }
      })
      const database = await openDatabase(initOf(store))
      const acknowledged: number[] = []
      void (async () => {
        for (let n = 0; n < 20; n++) {
          await database
            .batch()
            .put(names, [`a${n}`], 'x')
            .put(names, [`b${n}`], 'x')
            .commit()
          acknowledged.push(n)
        }
      })()
      for (let turn = 0; turn < 400; turn++) await Promise.resolve()
      store = store.reopen({})
      const again = (await openDatabase(initOf(store))).table(names)
      expect(acknowledged).toEqual([...Array(crashAt - 1).keys()])
      for (let n = 0; n < 20; n++) {
        const pair = await again.getMany([[`a${n}`], [`b${n}`]])
        if (n < crashAt - 1) expect(pair).toEqual(['x', 'x'])
        else expect(new Set(pair).size).toBe(1)
      }
    }
  })

  it('[DB9] a failed write rejects every commit it served and spoils none that follow', async () => {
    const { database } = await filled({ beforeWrite: ({ number }) => (number === 3 ? 'full' : undefined) })
    const failing = [1, 2, 3].map(n =>
      database
        .batch()
        .put(names, [`f${n}`], 'x')
        .commit()
    )
    for (const each of await Promise.allSettled(failing)) {
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'XCORD_DISK_FULL' } })
    }
    await database.batch().put(names, ['after'], 'x').commit()
    expect(await database.table(names).getMany([['f1'], ['f2'], ['f3'], ['after'], ['general']])).toEqual([
      undefined,
      undefined,
      undefined,
      'x',
      'Allgemeines'
    ])
  })

  it('[DB9] what was begun before a failure was known does not land behind it', async () => {
    let fault: 'fail' | undefined
    const { database, store } = await filled({ beforeWrite: () => fault })
    const told: string[] = []
    const begin = (name: string) =>
      database
        .batch()
        .put(names, [name], 'x')
        .onSettled(ok => told.push(`${name} ${ok}`))
    const early = begin('early')
    fault = 'fail'
    const running = begin('running').commit()
    await Promise.resolve()
    await Promise.resolve()
    const queued = begin('queued').commit()
    await expect(running).rejects.toMatchObject({ code: 'XCORD_STORE_FAILED' })
    await expect(queued).rejects.toMatchObject({ code: 'XCORD_STORE_FAILED' })
    fault = undefined
    // At once, before anything is begun on what is on disk; and whoever stages into it nevertheless hears it, too.
    expect(told).toEqual(['running false', 'queued false', 'early false'])
    early.put(names, ['late'], 'x').onSettled(ok => told.push(`late ${ok}`))
    await expect(early.commit()).rejects.toMatchObject({ code: 'XCORD_STORE_FAILED' })
    await begin('next').commit()
    const dropped = begin('dropped')
    const behind = begin('behind')
    dropped.abandon()
    expect(told.slice(-2)).toEqual(['dropped false', 'behind false'])
    await expect(behind.commit()).rejects.toMatchObject({ code: 'XCORD_STORE_FAILED' })
    await expect(dropped.commit()).rejects.toThrow(TypeError)
    expect(told).toEqual([
      'running false',
      'queued false',
      'early false',
      'late false',
      'next true',
      'dropped false',
      'behind false'
    ])
    expect(
      await database
        .table(names)
        .getMany([['running'], ['queued'], ['early'], ['next'], ['dropped'], ['behind']])
    ).toEqual([undefined, undefined, undefined, 'x', undefined, undefined])
    expect(store.writes).toBe(4)
  })

  it('[DB9] spans tables, deletes by key and by row, keeps the last change, commits once', async () => {
    const { database } = await filled()
    const table = database.table(notes)
    const [first] = await rowsOf(table.scan({ prefix: [channel(0)] }))
    const batch = database
      .batch()
      .deleteRow(notes, first as Row<{ author: string; words: string }>)
      .delete(notes, [channel(0), 4_000, message(4)])
      .put(names, ['general'], 'a')
      .put(names, ['general'], 'b')
    expect(batch.size).toBe(4)
    expect(await table.count()).toBe(9)
    await batch.commit()
    expect(await table.count()).toBe(7)
    expect(await database.table(names).get(['general'])).toBe('b')
    await expect(batch.commit()).rejects.toThrow(TypeError)
    expect(() => batch.delete(names, ['general'])).toThrow(TypeError)
  })

  it('[DB10] the read cache never shows anything but the disk, failures and overlapping reads included', async () => {
    let fail = false
    const { store, database } = await filled({ beforeWrite: () => (fail ? 'fail-late' : undefined) })
    const table = database.table(names)
    expect(await table.get(['general'])).toBe('Allgemeines')
    fail = true
    await expect(database.batch().put(names, ['general'], 'late').commit()).rejects.toMatchObject({
      code: 'XCORD_STORE_FAILED'
    })
    expect(await table.get(['general'])).toBe('late') // kept by the disk although reported as failed
    fail = false
    const reading = table.get(['general'])
    const writing = database.batch().put(names, ['general'], 'new').commit()
    await Promise.all([reading, writing])
    expect(await table.get(['general'])).toBe('new')
    await database.batch().delete(names, ['general']).commit()
    expect(await table.get(['general'])).toBeUndefined()
    for (let n = 0; n < 10; n++)
      await database
        .batch()
        .put(names, [`n${n}`], `${n}`)
        .commit()
    const raw = store.writes
    expect(await table.getMany([...Array(10).keys()].map(n => [`n${n}`] as const))).toEqual([...'0123456789'])
    expect(store.writes).toBe(raw)
  })
})

describe('header and closing', () => {
  it('[DB7] opens again under the same key only', async () => {
    const { store, database } = await filled()
    await database.close()
    const again = store.reopen()
    await expect(
      openDatabase(initOf(again, { masterKey: new Uint8Array(32).fill(8) }))
    ).rejects.toMatchObject({ code: 'XCORD_STORE_CORRUPT' })
    await expect(again.get(HEADER_KEY)).rejects.toMatchObject({ code: 'XCORD_CLOSED' }) // closed when opening fails
    const right = await openDatabase(initOf(store.reopen()))
    expect(await right.table(names).get(['general'])).toBe('Allgemeines')
  })

  it('[DB7] a store with records but no header is refused, not adopted', async () => {
    const store = createMemoryStore()
    await store.write([{ key: Uint8Array.of(5), value: Uint8Array.of(5) }])
    await expect(openDatabase(initOf(store))).rejects.toMatchObject({ code: 'XCORD_STORE_CORRUPT' })
    expect(await stored(store.reopen())).toEqual([[Uint8Array.of(5), Uint8Array.of(5)]])
  })

  it('[DB8] a newer schema or format is refused with nothing touched', async () => {
    const { store, database } = await filled()
    await database.close()
    const migrations = [{ to: 2, name: 'nothing', run: async () => undefined }]
    await (await openDatabase(initOf(store.reopen(), { schema: 2, migrations }))).close()
    const before = await stored(store.reopen())
    await expect(openDatabase(initOf(store.reopen()))).rejects.toMatchObject({
      code: 'XCORD_NEWER_VERSION',
      details: { found: 2, supported: 1 }
    })
    const writer = store.reopen()
    await writer.write([{ key: HEADER_KEY, value: Uint8Array.of(2, 1, 2, 3) }])
    await expect(openDatabase(initOf(writer))).rejects.toMatchObject({ code: 'XCORD_NEWER_VERSION' })
    const after = await stored(store.reopen())
    expect(after.slice(1)).toEqual(before.slice(1))
    expect(after[0]?.[1]).toEqual(Uint8Array.of(2, 1, 2, 3))
  })

  it('[KS8] closing waits for commits, zeroes derived keys and refuses what follows', async () => {
    const derived: Uint8Array[] = []
    const watched: Suite = {
      ...suite,
      hkdfSha256: (...args) => {
        const key = suite.hkdfSha256(...args)
        derived.push(key)
        return key
      }
    }
    const store = createMemoryStore()
    const database = await openDatabase(initOf(store, { suite: watched }))
    const commit = database.batch().put(names, ['x'], 'y').commit()
    await Promise.all([database.close(), database.close(), commit])
    expect(derived.length).toBeGreaterThan(2)
    for (const key of derived) expect(key).toEqual(new Uint8Array(32))
    expect(masterKey).toEqual(new Uint8Array(32).fill(7)) // the caller's own
    await expect(database.table(names).get(['x'])).rejects.toMatchObject({ code: 'XCORD_CLOSED' })
    expect(() => database.batch().put(names, ['x'], 'y')).toThrow('closed')
    expect(await (await openDatabase(initOf(store.reopen()))).table(names).get(['x'])).toBe('y')
  })
})

describe('migrations', () => {
  const notes2 = defineTable({
    ...notes,
    schema: 2,
    value: codec(tuple({ author: text(64), words: text(8_000), size: uint() }), { rule: 'DB3' })
  })
  const migrations = [
    {
      to: 2,
      name: 'notes know their size',
      run: async (context: Parameters<NonNullable<DatabaseInit['migrations']>[0]['run']>[0]) => {
        await context.rewrite(notes, notes2, value => ({ ...value, size: value.words.length }))
      }
    },
    {
      to: 3,
      name: 'names are dropped',
      run: async (context: Parameters<NonNullable<DatabaseInit['migrations']>[0]['run']>[0]) => {
        const rows = await context.table(names).get(['general'])
        await context
          .batch()
          .put(notes2, [channel(5), 1, message(99)], { author: 'was', words: rows ?? '', size: 0 })
          .commit()
        await context.clear(names)
      }
    }
  ]

  it('[DB8] go forward one step at a time, and a crash at any write is repaired by opening again', async () => {
    for (let crashAt = 1; crashAt <= 8; crashAt++) {
      const { store, database } = await filled()
      await database.close()
      const now: MemoryStore = store.reopen({
        beforeWrite: ({ number }) => {
          if (number === crashAt) now.crash()
          return undefined
        }
      })
      const opening = openDatabase(initOf(now, { schema: 3, tables: [notes2], migrations }))
      let opened = false
      void opening.then(() => {
        opened = true
      })
      for (let turn = 0; turn < 300; turn++) await Promise.resolve()
      if (opened) await (await opening).close()
      const again = await openDatabase(initOf(now.reopen({}), { schema: 3, tables: [notes2], migrations }))
      expect(await again.table(notes2).get([channel(1), 3_000, message(3)])).toEqual({
        author: 'ada',
        words: 'note 3',
        size: 6
      })
      expect(await again.table(notes2).count()).toBe(10)
      expect(await again.verify()).toMatchObject({ records: 11, problemCount: 0 })
    }
  })

  it('[DB8] must be complete and single', async () => {
    await expect(
      openDatabase(
        initOf(createMemoryStore(), { schema: 3, migrations: [migrations[1] as (typeof migrations)[0]] })
      )
    ).rejects.toThrow(RangeError)
  })
})

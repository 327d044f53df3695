/**
 * The suite that every store adapter passes (DB1, DB2): cases by rule, and random histories against a naive
 * model. Called from the adapters' tests.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Store, StoreRange, StoreWrite } from './contract.ts'

/** What a suite run needs of an adapter. */
export interface StoreContractInit {
  readonly name: string
  /** Opens a fresh, empty store. `reopen` closes nothing: it opens the same bytes after `close`. */
  create(): Promise<{ readonly store: Store; reopen(): Promise<Store>; destroy(): Promise<void> }>
  /** Random histories; each some dozens of steps. */
  readonly runs: number
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const put = (key: Uint8Array, value: Uint8Array): StoreWrite => ({ key, value })
const del = (key: Uint8Array): StoreWrite => ({ key, value: undefined })

async function collect(store: Store, range: StoreRange): Promise<[number[], number[]][]> {
  const out: [number[], number[]][] = []
  for await (const [key, value] of store.scan(range)) out.push([[...key], [...value]])
  return out
}

/** The naive model: a sorted array, copied on every write. */
class Model {
  #rows: [string, Uint8Array, Uint8Array][] = []

  static #name(key: Uint8Array): string {
    return Array.from(key, byte => byte.toString(16).padStart(2, '0')).join('')
  }

  write(batch: readonly StoreWrite[]): void {
    for (const { key, value } of batch) {
      const name = Model.#name(key)
      this.#rows = this.#rows.filter(row => row[0] !== name)
      if (value !== undefined) this.#rows.push([name, key, value])
    }
    this.#rows.sort((a, b) => (a[0] < b[0] ? -1 : 1))
  }

  get(key: Uint8Array): number[] | undefined {
    const found = this.#rows.find(row => row[0] === Model.#name(key))
    return found && [...found[2]]
  }

  scan(range: StoreRange): [number[], number[]][] {
    const rows = this.#rows.filter(
      row =>
        (!range.from || row[0] >= Model.#name(range.from)) && (!range.to || row[0] < Model.#name(range.to))
    )
    if (range.reverse === true) rows.reverse()
    return rows.slice(0, range.limit ?? rows.length).map(row => [[...row[1]], [...row[2]]])
  }
}

const arbitraryKey = fc
  .uint8Array({ minLength: 1, maxLength: 3, max: 255 })
  .map(key => key.map(byte => [0, 1, 127, 128, 254, 255][byte % 6] as number))
const arbitraryWrite = fc.record({
  key: arbitraryKey,
  value: fc.option(fc.uint8Array({ maxLength: 8 }), { nil: undefined, freq: 3 })
})
const arbitraryRange = fc.record(
  { from: arbitraryKey, to: arbitraryKey, reverse: fc.boolean(), limit: fc.nat(6) },
  { requiredKeys: [] }
)
const arbitraryStep = fc.oneof(
  fc.record({
    do: fc.constant('write' as const),
    batch: fc.array(arbitraryWrite, { maxLength: 6 }),
    sync: fc.boolean()
  }),
  fc.record({
    do: fc.constant('get' as const),
    keys: fc.array(arbitraryKey, { minLength: 1, maxLength: 4 })
  }),
  fc.record({ do: fc.constant('scan' as const), range: arbitraryRange }),
  fc.record({ do: fc.constant('reopen' as const) })
)

/** Declares the suite for one adapter. */
export function storeContract(init: StoreContractInit): void {
  async function using(run: (store: Store, reopen: () => Promise<Store>) => Promise<void>): Promise<void> {
    const { store, reopen, destroy } = await init.create()
    try {
      await run(store, reopen)
    } finally {
      await destroy()
    }
  }

  describe(`store contract: ${init.name}`, () => {
    it('[DB1] gives undefined for what was never written', () =>
      using(async store => {
        expect(await store.get(bytes(1))).toBeUndefined()
        expect(await store.getMany([bytes(1), bytes(2)])).toEqual([undefined, undefined])
        expect(await store.getMany([])).toEqual([])
        expect(await collect(store, {})).toEqual([])
      }))

    it('[DB1] keeps empty values apart from missing ones, and the last change of a key in a batch', () =>
      using(async store => {
        await store.write([
          put(bytes(1), bytes()),
          put(bytes(2), bytes(1)),
          put(bytes(2), bytes(2)),
          put(bytes(3), bytes(3)),
          del(bytes(3))
        ])
        expect(await store.get(bytes(1))).toEqual(bytes())
        expect(await store.get(bytes(2))).toEqual(bytes(2))
        expect(await store.get(bytes(3))).toBeUndefined()
      }))

    it('[DB1] sorts keys bytewise, bounds a scan by from and to, and honours reverse and limit', () =>
      using(async store => {
        const keys = [
          bytes(0),
          bytes(1),
          bytes(1, 0),
          bytes(1, 255),
          bytes(127),
          bytes(128),
          bytes(255),
          bytes(255, 255)
        ]
        await store.write([...keys].reverse().map(key => put(key, key)))
        expect((await collect(store, {})).map(([key]) => key)).toEqual(keys.map(key => [...key]))
        expect((await collect(store, { from: bytes(1), to: bytes(128) })).map(([key]) => key)).toEqual([
          [1],
          [1, 0],
          [1, 255],
          [127]
        ])
        expect(
          (await collect(store, { from: bytes(1), to: bytes(128), reverse: true, limit: 2 })).map(
            ([key]) => key
          )
        ).toEqual([[127], [1, 255]])
        expect(await collect(store, { limit: 0 })).toEqual([])
        expect(await collect(store, { from: bytes(2), to: bytes(2) })).toEqual([])
        expect(await collect(store, { from: bytes(9), to: bytes(2) })).toEqual([])
      }))

    it('[DB1] owes nobody its bytes: later changes of arguments and results change nothing', () =>
      using(async store => {
        const value = bytes(1, 2, 3)
        const writing = store.write([put(bytes(7), value)])
        await writing
        value.fill(9)
        const got = (await store.get(bytes(7))) as Uint8Array
        expect(got).toEqual(bytes(1, 2, 3))
        got.fill(8)
        expect(await store.get(bytes(7))).toEqual(bytes(1, 2, 3))
      }))

    it('[DB1] a scan sees the state of its first step and releases everything when left early', () =>
      using(async store => {
        await store.write(Array.from({ length: 300 }, (_, i) => put(bytes(i >> 8, i & 255), bytes(1))))
        let seen = 0
        for await (const [, value] of store.scan({})) {
          if (seen === 0)
            await store.write([put(bytes(1, 43), bytes(2)), put(bytes(9), bytes(9)), del(bytes(0, 5))])
          expect([...value]).toEqual([1])
          seen++
        }
        expect(seen).toBe(300)
        for (let i = 0; i < 50; i++) {
          for await (const _ of store.scan({ reverse: true })) break
        }
        await store.close() // hangs or fails where an iterator was left open
      }))

    it('[DB2] writes land in the order they were asked for', () =>
      using(async store => {
        await Promise.all(
          Array.from({ length: 40 }, (_, i) => store.write([put(bytes(1), bytes(i))], { sync: i % 7 === 0 }))
        )
        expect(await store.get(bytes(1))).toEqual(bytes(39))
      }))

    it('[DB2] what was written is there after closing and opening again, synced or not', () =>
      using(async (store, reopen) => {
        await store.write([put(bytes(1), bytes(1))])
        await store.write([put(bytes(2), bytes(2))], { sync: false })
        await store.close()
        const again = await reopen()
        expect(await collect(again, {})).toEqual([
          [[1], [1]],
          [[2], [2]]
        ])
      }))

    it('[DB2] has one owner at a time', () =>
      using(async (store, reopen) => {
        await store.write([put(bytes(1), bytes(1))])
        await expect(reopen()).rejects.toMatchObject({ code: 'XCORD_PROFILE_IN_USE' })
        expect(await store.get(bytes(1))).toEqual(bytes(1))
      }))

    it('[DB2] finishes what was begun before closing, refuses what comes after, and closes twice', () =>
      using(async (store, reopen) => {
        const writing = store.write([put(bytes(1), bytes(1))])
        const closing = store.close()
        await expect(writing).resolves.toBeUndefined()
        await closing
        await store.close()
        await expect(store.get(bytes(1))).rejects.toMatchObject({ code: 'XCORD_CLOSED' })
        await expect(store.getMany([bytes(1)])).rejects.toMatchObject({ code: 'XCORD_CLOSED' })
        await expect(store.write([put(bytes(1), bytes(2))])).rejects.toMatchObject({ code: 'XCORD_CLOSED' })
        await expect(collect(store, {})).rejects.toMatchObject({ code: 'XCORD_CLOSED' })
        expect(await (await reopen()).get(bytes(1))).toEqual(bytes(1))
      }))

    it('[DB1] answers as the naive model does, over random histories', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(arbitraryStep, { maxLength: 40 }), async steps => {
          const { store: first, reopen, destroy } = await init.create()
          let store = first
          const model = new Model()
          try {
            for (const step of steps) {
              if (step.do === 'write') {
                await store.write(step.batch, { sync: step.sync })
                model.write(step.batch)
              } else if (step.do === 'get') {
                const found = await store.getMany(step.keys)
                expect(found.map(value => value && [...value])).toEqual(step.keys.map(key => model.get(key)))
              } else if (step.do === 'scan') {
                expect(await collect(store, step.range)).toEqual(model.scan(step.range))
              } else {
                await store.close()
                store = await reopen()
              }
            }
            expect(await collect(store, {})).toEqual(model.scan({}))
          } finally {
            await destroy()
          }
        }),
        { numRuns: init.runs }
      )
    })
  })
}

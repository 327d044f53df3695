/** The store contract on a real IndexedDB: the suite runs here, each call travels into a page. */
import type { JSHandle, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { XcordError, type ErrorCode } from '@xcord/core'
import type { Store } from '@xcord/core/store'
import { storeContract } from '../../../core/src/store/store.contract.ts'
import { type Browser, startBrowser } from './chromium.fixture.ts'

let browser: Browser
let page: Page
beforeAll(async () => {
  browser = await startBrowser()
  page = await browser.open()
})
afterAll(async () => await browser.end())

interface Failure {
  readonly failed: { readonly code: string; readonly message: string }
}

/** Errors do not travel as what they are: their code does. */
function unwrap<T>(answer: T | Failure): T {
  if (answer !== null && typeof answer === 'object' && 'failed' in answer) {
    const { code, message } = answer.failed
    throw code === '' ? new Error(message) : new XcordError(code as ErrorCode, message, {})
  }
  return answer
}

type Inside = Awaited<ReturnType<typeof xcord.openIndexedStore>>
type Rows = readonly [number[], number[]][]

/** A store in the page, as one in this process. */
function remote(handle: JSHandle<Inside>): Store {
  const getMany = async (keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> => {
    const found = unwrap<(number[] | null)[]>(
      await handle.evaluate(
        async (store, wanted) =>
          await store.getMany(wanted.map(each => Uint8Array.from(each))).then(
            values => values.map(each => (each === undefined ? null : [...each])),
            (error: { code?: string; message: string }) => ({
              failed: { code: error.code ?? '', message: error.message }
            })
          ),
        keys.map(each => [...each])
      )
    )
    return found.map(each => (each === null ? undefined : Uint8Array.from(each)))
  }
  return {
    get: async key => (await getMany([key]))[0],
    getMany,
    async *scan({ from, to, ...rest }) {
      const range = { ...rest, ...(from && { from: [...from] }), ...(to && { to: [...to] }) }
      const rows = await handle.evaluateHandle((store, { from: lower, to: upper, ...others }) => {
        const wanted = {
          ...others,
          ...(lower && { from: Uint8Array.from(lower) }),
          ...(upper && { to: Uint8Array.from(upper) })
        }
        return store.scan(wanted)[Symbol.asyncIterator]()
      }, range)
      try {
        for (;;) {
          const taken: Rows | Failure = await rows.evaluate(
            async iterator =>
              await iterator.next().then(
                ({ done, value }) =>
                  done === true ? [] : [[[...value[0]], [...value[1]]] as [number[], number[]]],
                (error: { code?: string; message: string }) => ({
                  failed: { code: error.code ?? '', message: error.message }
                })
              )
          )
          const [row] = unwrap<Rows>(taken)
          if (row === undefined) return
          yield [Uint8Array.from(row[0]), Uint8Array.from(row[1])] as const
        }
      } finally {
        await rows.evaluate(async iterator => void (await iterator.return?.(undefined)))
        await rows.dispose()
      }
    },
    write: async (batch, options) => {
      const changes = batch.map(
        ({ key, value }) => [[...key], value === undefined ? null : [...value]] as const
      )
      unwrap(
        await handle.evaluate(
          async (store, [list, wished]) =>
            await store
              .write(
                list.map(([key, value]) => ({
                  key: Uint8Array.from(key),
                  value: value === null ? undefined : Uint8Array.from(value)
                })),
                wished
              )
              .then(
                () => null,
                (error: { code?: string; message: string }) => ({
                  failed: { code: error.code ?? '', message: error.message }
                })
              ),
          [changes, options ?? {}] as const
        )
      )
    },
    close: async () => await handle.evaluate(async store => await store.close())
  }
}

let made = 0

/** Opens a store in the page. */
async function open(name: string): Promise<Store> {
  const answer = await page.evaluateHandle(
    async called =>
      await xcord.openIndexedStore(called).catch((error: { code?: string; message: string }) => ({
        failed: { code: error.code ?? '', message: error.message }
      })),
    name
  )
  const failure = await answer.evaluate(found => ('failed' in found ? found : null))
  if (failure !== null) unwrap(failure)
  return remote(answer as JSHandle<Inside>)
}

storeContract({
  name: 'IndexedDB in Chromium',
  runs: Number(process.env['XCORD_RUNS'] ?? 20),
  create: async () => {
    const name = `contract ${made++}`
    let store = await open(name)
    return {
      store,
      reopen: async () => (store = await open(name)),
      destroy: async () => await store.close()
    }
  }
})

describe('what a page keeps', () => {
  it('[DB2] is told apart from no room and from storage that is denied', async () => {
    const told = await page.evaluate(async () => {
      const codeOf = async (run: () => Promise<unknown>): Promise<string> =>
        await run().then(
          () => 'nothing',
          (error: { code: string; message: string }) => `${error.code} ${error.message}`
        )
      const store = await xcord.openIndexedStore('refused')
      const { put } = IDBObjectStore.prototype
      IDBObjectStore.prototype.put = () => {
        throw new DOMException('no room', 'QuotaExceededError')
      }
      const full = await codeOf(
        async () => await store.write([{ key: Uint8Array.of(1), value: Uint8Array.of(1) }])
      )
      IDBObjectStore.prototype.put = put
      const after = await codeOf(
        async () => await store.write([{ key: Uint8Array.of(1), value: Uint8Array.of(1) }])
      )
      const opening = IDBFactory.prototype.open
      IDBFactory.prototype.open = () => {
        throw new DOMException('denied', 'SecurityError')
      }
      const denied = await codeOf(async () => await xcord.openIndexedStore('denied'))
      IDBFactory.prototype.open = opening
      const allowed = await codeOf(async () => await xcord.openIndexedStore('denied'))
      return { full, after, denied, allowed }
    })
    expect(told.full).toMatch(/^XCORD_DISK_FULL .*no more room/)
    expect(told.denied).toMatch(/^XCORD_STORE_FAILED The browser does not let this page keep anything/)
    expect([told.after, told.allowed]).toEqual(['nothing', 'nothing'])
  })
})

/**
 * The store contract on IndexedDB (DB1, DB2): one object store of rows with binary keys, which sort bytewise.
 *
 * A transaction of IndexedDB ends as soon as nobody asks it for anything, so a scan that waits for its reader between
 * rows could not stay on one state: a scan is read whole before its first row is given (docs/adr/0230).
 */
import { XcordError } from '../../base/index.ts'
import type { Store, StoreRange, StoreWrite } from '../../store/index.ts'
import { holdLock, type PageLock } from '../runtime-browser/index.ts'
import { answerOf, endOf, openDatabase, ownBytes, ROWS, storageError } from './database.ts'

type Row = readonly [Uint8Array, Uint8Array]

class IndexedStore implements Store {
  readonly #database: IDBDatabase
  readonly #lock: PageLock
  #closed: Promise<void> | undefined
  readonly #writing = new Set<Promise<void>>()

  constructor(database: IDBDatabase, lock: PageLock) {
    this.#database = database
    this.#lock = lock
  }

  #rows(): IDBObjectStore {
    if (this.#closed !== undefined) throw closed()
    return this.#database.transaction(ROWS).objectStore(ROWS)
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const [value] = await this.getMany([key])
    return value
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.length === 0 && this.#closed === undefined) return []
    try {
      const rows = this.#rows()
      const found = keys.map(key => answerOf<ArrayBuffer | undefined>(rows.get(ownBytes(key))))
      return (await Promise.all(found)).map(value => value && new Uint8Array(value))
    } catch (error) {
      throw storageError(error, 'read', this.#database.name)
    }
  }

  async *scan(range: StoreRange): AsyncGenerator<Row> {
    const rows = await this.#read(range)
    for (const row of rows) {
      if (this.#closed !== undefined) throw closed()
      yield row
    }
  }

  async #read(range: StoreRange): Promise<readonly Row[]> {
    try {
      const rows = this.#rows()
      const keys = keyRange(range)
      if (keys === null || range.limit === 0) return []
      if (range.reverse === true && range.limit !== undefined) return await lastOf(rows, keys, range.limit)
      const [found, values] = await Promise.all([
        answerOf(rows.getAllKeys(keys, range.limit)),
        answerOf<ArrayBuffer[]>(rows.getAll(keys, range.limit))
      ])
      const read = found.map((key, at): Row => [
        new Uint8Array(key as ArrayBuffer),
        new Uint8Array(values[at] as ArrayBuffer)
      ])
      return range.reverse === true ? read.reverse() : read
    } catch (error) {
      throw storageError(error, 'read', this.#database.name)
    }
  }

  write(batch: readonly StoreWrite[], options: { readonly sync?: boolean } = {}): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closed())
    const run = this.#write(batch, options.sync ?? true)
    this.#writing.add(run)
    void run.catch(() => undefined).then(() => this.#writing.delete(run))
    return run
  }

  /** Transactions that write are carried out in the order they were made, without waiting for one another here. */
  async #write(batch: readonly StoreWrite[], sync: boolean): Promise<void> {
    try {
      const durability = sync ? 'strict' : 'relaxed'
      const transaction = this.#database.transaction(ROWS, 'readwrite', { durability })
      const rows = transaction.objectStore(ROWS)
      for (const { key, value } of batch) {
        if (value === undefined) rows.delete(ownBytes(key))
        else rows.put(ownBytes(value), ownBytes(key))
      }
      await endOf(transaction)
    } catch (error) {
      throw storageError(error, 'write', this.#database.name)
    }
  }

  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#writing).then(async () => {
      this.#database.close()
      await this.#lock.release()
    })
    return this.#closed
  }
}

function closed(): XcordError {
  return new XcordError('XCORD_CLOSED', 'The store is closed.', { what: 'store' })
}

/** undefined for everything, null for nothing. */
function keyRange({ from, to }: StoreRange): IDBKeyRange | undefined | null {
  const [lower, upper] = [from && ownBytes(from), to && ownBytes(to)]
  if (lower !== undefined && upper !== undefined)
    return indexedDB.cmp(lower, upper) < 0 ? IDBKeyRange.bound(lower, upper, false, true) : null
  if (lower !== undefined) return IDBKeyRange.lowerBound(lower)
  return upper === undefined ? undefined : IDBKeyRange.upperBound(upper, true)
}

/** The last rows of a range, last first: the one question that needs a cursor. */
function lastOf(rows: IDBObjectStore, keys: IDBKeyRange | undefined, limit: number): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    const found: Row[] = []
    const request = rows.openCursor(keys, 'prev')
    request.onerror = () => reject(request.error ?? new Error('no answer'))
    request.onsuccess = () => {
      const { result: cursor } = request
      if (cursor === null) return resolve(found)
      found.push([new Uint8Array(cursor.key as ArrayBuffer), new Uint8Array(cursor.value as ArrayBuffer)])
      if (found.length >= limit) resolve(found)
      else cursor.continue()
    }
  })
}

/**
 * Opens the store of that name in this origin, making it if there is none.
 *
 * @throws XcordError XCORD_PROFILE_IN_USE while another page (or this one) has it open; XCORD_STORE_FAILED where the
 *   browser denies storage.
 */
export async function openIndexedStore(name: string): Promise<Store> {
  const lock = await holdLock(name, name)
  try {
    return new IndexedStore(await openDatabase(name), lock)
  } catch (error) {
    await lock.release()
    throw error
  }
}

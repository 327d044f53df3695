/** The store contract on `level` in Node (DB1, DB2): bytes in, bytes out, fsync on request. */
import { statfs } from 'node:fs/promises'
import { Level } from 'level'
import { XcordError } from '../../base/index.ts'
import { concatBytes, equalBytes } from '../../encoding/index.ts'
import type { Store, StoreRange, StoreWrite } from '../../store/index.ts'
import { levelError } from './level-errors.ts'
import { damagedLog, orphanedFile } from './log-damage.ts'

/** Options for `openLevelStore`. */
export interface LevelStoreOptions {
  /** LevelDB's block cache, bytes. Default 8 MiB. */
  readonly cacheBytes?: number
}

type Bytes = Uint8Array
type Database = Level<Bytes, Bytes>

/** Rows fetched from the engine at a time: a native call costs as much as some dozens of rows. */
const SCAN_ROWS = 128
/** No key of ours has so many zeros, or ones, behind the prefix of its table. */
const EDGE_BYTES = 64
/** Bytes at which the engine hands over fewer rows than asked. */
const SCAN_BYTES = 131_072

/**
 * A plain view of the engine's bytes. They come as Buffers, whose `slice` shares memory where a Uint8Array's
 * copies: nobody above should be able to tell which adapter is below.
 */
function plain(bytes: Bytes): Bytes {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

class LevelStore implements Store {
  readonly #database: Database
  readonly #path: string
  #closed: Promise<void> | undefined
  /** Writes in the order asked for; a reopen takes its place among them. */
  #last: Promise<unknown> = Promise.resolve()
  /** A write failed: the end of LevelDB's log is unknown. */
  #suspect = false
  /** The write that failed last: replaying the log may bring it back. */
  #failed: readonly StoreWrite[] = []
  /** Reads wait while the database is closed for an instant. */
  #reopening: Promise<void> | undefined

  constructor(database: Database, path: string) {
    this.#database = database
    this.#path = path
  }

  async #ready(): Promise<void> {
    if (this.#closed !== undefined) throw closed()
    // Its failure is told to whoever asked for it.
    await this.#reopening?.catch(() => undefined)
    if (this.#database.status !== 'closed') return
    try {
      await this.#reopen()
    } catch (error) {
      throw levelError(error, 'read', this.#path)
    }
  }

  async get(key: Bytes): Promise<Bytes | undefined> {
    await this.#ready()
    try {
      // Level 10 gives undefined for a missing key; its universal type does not say so.
      const value = (await this.#database.get(key)) as Bytes | undefined
      return value && plain(value)
    } catch (error) {
      throw levelError(error, 'read', this.#path)
    }
  }

  async getMany(keys: readonly Bytes[]): Promise<(Bytes | undefined)[]> {
    await this.#ready()
    try {
      const values = (await this.#database.getMany([...keys])) as (Bytes | undefined)[]
      return values.map(value => value && plain(value))
    } catch (error) {
      throw levelError(error, 'read', this.#path)
    }
  }

  async *scan(range: StoreRange): AsyncGenerator<readonly [Bytes, Bytes]> {
    await this.#ready()
    if (range.limit === 0) return
    const iterator = this.#database.iterator({
      ...(range.from && { gte: range.from }),
      ...(range.to && { lt: range.to }),
      reverse: range.reverse ?? false,
      limit: range.limit ?? -1,
      ...{ highWaterMarkBytes: SCAN_BYTES }
    })
    try {
      for (;;) {
        const rows = await iterator.nextv(SCAN_ROWS)
        if (rows.length === 0) return
        for (const [key, value] of rows) yield [plain(key), plain(value)]
      }
    } catch (error) {
      throw levelError(error, 'read', this.#path)
    } finally {
      await iterator.close()
    }
  }

  write(batch: readonly StoreWrite[], options: { readonly sync?: boolean } = {}): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closed())
    const run = this.#last.then(() => this.#write(batch, options.sync ?? true))
    this.#last = run.catch(() => undefined)
    return run
  }

  async #write(writes: readonly StoreWrite[], sync: boolean): Promise<void> {
    try {
      if (this.#suspect) {
        await assertRoom(this.#path, writes)
        await this.#reopen()
        await this.#assertNothingCameBack()
      }
      this.#failed = writes
      // Handed over one by one: a list of operations is made twice, and read by name for each row (four times the cost).
      const batch = this.#database.batch()
      for (const { key, value } of writes) {
        if (value === undefined) batch.del(key)
        else batch.put(key, value)
      }
      await batch.write({ sync })
      this.#failed = []
    } catch (error) {
      this.#suspect = true
      throw levelError(error, 'write', this.#path)
    }
  }

  /**
   * A write that reached the log and failed only on its way to the disk (fsync) is there after a reopen, though it
   * was refused. What is to be written now was made without it: refused once, so that its maker looks again.
   */
  async #assertNothingCameBack(): Promise<void> {
    const put = this.#failed.find(each => each.value !== undefined)
    this.#failed = []
    const found = put && ((await this.#database.get(put.key)) as Bytes | undefined)
    if (put?.value === undefined || found === undefined || !equalBytes(found, put.value)) return
    throw new XcordError(
      'XCORD_STORE_FAILED',
      'An earlier change that had failed turned out to be stored, so this one was not tried. Look again, then try again.',
      { operation: 'write' }
    )
  }

  /**
   * After a failed write the last record of LevelDB's log may be torn, and what is appended behind a torn record
   * can be dropped at the next start. Closing and opening replays the log and starts a fresh one first.
   */
  #reopen(): Promise<void> {
    this.#reopening ??= (async () => {
      try {
        await this.#database.close()
        await this.#database.open()
        this.#suspect = false
      } finally {
        this.#reopening = undefined
      }
    })()
    return this.#reopening
  }

  compact(prefix: Bytes): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closed())
    const run = this.#last.then(async () => {
      try {
        await this.#compact(prefix)
      } catch (error) {
        throw levelError(error, 'write', this.#path)
      }
    })
    this.#last = run.catch(() => undefined)
    return run
  }

  /**
   * LevelDB flushes what is in memory to the deepest level where nothing overlaps it, and never rewrites that level by
   * itself. So the range is flushed, and then overlapped from end to end by two deletions of keys that are not there:
   * what merges these into the level leaves out what was deleted before.
   */
  async #compact(prefix: Bytes): Promise<void> {
    // LevelDB's own; Level's type covers browsers too, which have nothing of the kind.
    const database = this.#database as Database & { compactRange(from: Bytes, to: Bytes): Promise<void> }
    const edge = (fill: number): Bytes => concatBytes([prefix, new Uint8Array(EDGE_BYTES).fill(fill)])
    const [from, to] = [edge(0), edge(0xff)]
    await database.compactRange(from, to)
    await database.batch(
      [
        { type: 'del', key: from },
        { type: 'del', key: to }
      ],
      { sync: true }
    )
    await database.compactRange(from, to)
  }

  close(): Promise<void> {
    this.#closed ??= this.#last.then(async () => {
      try {
        await this.#database.close()
      } catch (error) {
        throw levelError(error, 'close', this.#path)
      }
    })
    return this.#closed
  }
}

/** Room that opening needs for what it rewrites: the log in memory (4 MiB) and small change. */
const REOPEN_BYTES = 6_291_456

/**
 * Refuses to close a database that could not be opened again: with a full disk one can still read what is there.
 * Quotas do not show here; then opening fails, and is tried again at each use.
 */
async function assertRoom(path: string, writes: readonly StoreWrite[]): Promise<void> {
  const { bavail, bsize } = await statfs(path)
  const bytes = writes.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), REOPEN_BYTES)
  if (bavail * bsize < bytes) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
}

function closed(): XcordError {
  return new XcordError('XCORD_CLOSED', 'The store is closed.', { what: 'store' })
}

/**
 * Opens the LevelDB database in a directory, making it if there is none. Values arrive sealed, so they are not
 * compressed: that would cost time and gain nothing.
 *
 * @throws XcordError XCORD_PROFILE_IN_USE while another process (or this one) has it open; XCORD_STORE_CORRUPT;
 *   XCORD_DISK_FULL; XCORD_STORE_FAILED.
 */
export async function openLevelStore(path: string, options: LevelStoreOptions = {}): Promise<Store> {
  // Before the engine is made: making it begins to open the files.
  const damaged = await damagedLog(path)
  if (damaged !== undefined)
    throw levelError(new Error(`corruption: ${damaged} has a record that does not check out`), 'open', path)
  const orphaned = await orphanedFile(path)
  if (orphaned !== undefined)
    throw levelError(new Error(`corruption: CURRENT is not there, and ${orphaned} is`), 'open', path)
  const database: Database = new Level<Bytes, Bytes>(path, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    compression: false,
    cacheSize: options.cacheBytes ?? 8_388_608
  })
  try {
    await database.open()
  } catch (error) {
    throw levelError(error, 'open', path)
  }
  return new LevelStore(database, path)
}

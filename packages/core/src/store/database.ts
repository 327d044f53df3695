/** The sealed database: typed tables over one store, batches over any of them, group commit (DB). */
import { XcordError } from '../base/index.ts'
import { createCommitter } from './committer.ts'
import type { StoreWrite } from './contract.ts'
import { createDatabaseKeys, type DatabaseKeys, HEADER_KEY, newer } from './database-keys.ts'
import type { Batch, Database, DatabaseInit, Table } from './database-types.ts'
import { checkMigrations, runMigrations } from './migrate.ts'
import { cacheKey, createTable, type OpenTable } from './open-table.ts'
import { Slab } from './slab.ts'
import type { AnyTable, TableDefinition } from './table.ts'
import { walkStore } from './verify-database.ts'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- invariant in K and V; any is their only common supertype
type AnyOpenTable = OpenTable<any, any>

interface Change extends StoreWrite {
  readonly table: AnyOpenTable
  readonly plain: unknown
}

/** What a batch needs of its database. */
interface BatchDeps {
  tableOf(definition: AnyTable): AnyOpenTable
  assertOpen(): void
  commit(changes: readonly Change[], sync: boolean, decided: (committed: boolean) => void): Promise<void>
  failures(): number
  abandon(): void
  /** Batches that somebody waits to hear of. */
  readonly undecided: Set<PendingBatch>
}

class PendingBatch implements Batch {
  readonly #deps: BatchDeps
  readonly #changes: Change[] = []
  readonly #slab = new Slab()
  readonly #settled: ((committed: boolean) => void)[] = []
  readonly #failuresAtStart: number
  #committed = false

  constructor(deps: BatchDeps) {
    this.#deps = deps
    this.#failuresAtStart = deps.failures()
  }

  get size(): number {
    return this.#changes.length
  }

  #add(change: Change): this {
    if (this.#committed) throw new TypeError('this batch was committed already')
    this.#changes.push(change)
    return this
  }

  put<K extends readonly unknown[], V>(definition: TableDefinition<K, V>, key: K, value: V): this {
    this.#deps.assertOpen()
    const table = this.#deps.tableOf(definition)
    const rawKey = table.rawKey(key, this.#slab)
    const plain = table.cache === undefined ? undefined : value
    return this.#add({ key: rawKey, value: table.sealValue(rawKey, value, this.#slab), table, plain })
  }

  delete<K extends readonly unknown[], V>(definition: TableDefinition<K, V>, key: K): this {
    this.#deps.assertOpen()
    const table = this.#deps.tableOf(definition)
    return this.#add({ key: table.rawKey(key, this.#slab), value: undefined, table, plain: undefined })
  }

  deleteRow<K extends readonly unknown[], V>(
    definition: TableDefinition<K, V>,
    row: { readonly rawKey: Uint8Array }
  ): this {
    this.#deps.assertOpen()
    return this.#add({
      key: row.rawKey,
      value: undefined,
      table: this.#deps.tableOf(definition),
      plain: undefined
    })
  }

  onSettled(run: (committed: boolean) => void): this {
    if (this.#isLost) run(false)
    else {
      this.#settled.push(run)
      this.#deps.undecided.add(this)
    }
    return this
  }

  get #isLost(): boolean {
    return !this.#committed && this.#deps.failures() !== this.#failuresAtStart
  }

  #settle(committed: boolean): void {
    this.#deps.undecided.delete(this)
    for (const run of this.#settled.splice(0)) run(committed)
  }

  /** Another failed: this one can be committed no more, and whoever staged into it hears so before anything else is staged. */
  lose(): void {
    if (this.#isLost) this.#settle(false)
  }

  async commit(options: { readonly sync?: boolean } = {}): Promise<void> {
    if (this.#committed) throw new TypeError('this batch was committed already')
    const lost = this.#isLost
    this.#committed = true
    try {
      this.#deps.assertOpen()
      if (lost) {
        throw new XcordError(
          'XCORD_STORE_FAILED',
          'An earlier change could not be stored, so neither was this one, which may build on it. Try again.',
          { operation: 'write' }
        )
      }
    } catch (error) {
      this.#settle(false)
      throw error
    }
    if (this.#changes.length === 0) return this.#settle(true)
    await this.#deps.commit(this.#changes, options.sync ?? true, committed => this.#settle(committed))
  }

  abandon(): void {
    if (this.#committed) return
    this.#committed = true
    const isBuiltOn = this.#settled.length > 0
    this.#settle(false)
    if (isBuiltOn) this.#deps.abandon()
  }
}

/** Hands changes to the committer and keeps the tables' caches in step with the disk. */
async function commitChanges(
  changes: readonly Change[],
  write: (writes: readonly StoreWrite[]) => Promise<void>
): Promise<void> {
  const cached = changes
    .filter(change => change.table.cache !== undefined)
    .map(change => ({ ...change, name: cacheKey(change.key) }))
  for (const { table, name } of cached) table.cache?.writing(name)
  let written = false
  try {
    await write(changes)
    written = true
  } finally {
    for (const { table, name, plain } of cached)
      table.cache?.wrote(name, written ? { value: plain } : undefined)
  }
}

/** Makes or checks the header and brings older schemas forward. */
async function prepareStore(init: DatabaseInit, keys: DatabaseKeys, name: string): Promise<void> {
  const { store } = init
  const header = await store.get(HEADER_KEY)
  if (header !== undefined) {
    const found = keys.openHeader(header, name)
    if (found > init.schema) throw newer(name, found, init.schema)
    if (found < init.schema) await runMigrations(init, keys, found)
    return
  }
  for await (const _ of store.scan({ limit: 1 })) {
    const details = { table: 'xcord-db', reason: 'the header is missing' }
    throw new XcordError(
      'XCORD_STORE_CORRUPT',
      `The ${name} has records but no header: it is damaged, or no XCord wrote it.`,
      details
    )
  }
  await store.write([{ key: HEADER_KEY, value: keys.sealHeader(init.schema) }])
}

/**
 * Opens the sealed database in a store: checks its header, refuses what a newer XCord wrote, and brings older
 * schemas forward.
 *
 * Owns the store from here on; it is closed when opening fails. The master key is not kept.
 *
 * @throws XcordError XCORD_NEWER_VERSION (nothing was changed), XCORD_STORE_CORRUPT, XCORD_DISK_FULL,
 *   XCORD_STORE_FAILED. RangeError for tables or migrations that do not fit together: our caller's mistake.
 *
 * Source: rules DB3 to DB9, KS7, KS8.
 */
export async function openDatabase(init: DatabaseInit): Promise<Database> {
  const name = init.name ?? 'store'
  let keys: DatabaseKeys | undefined
  try {
    checkMigrations(init)
    keys = createDatabaseKeys(init)
    await prepareStore(init, keys, name)
  } catch (error) {
    keys?.forget()
    await init.store.close().catch(() => undefined) // the first failure is the one to tell
    throw error
  }
  return createDatabase(init, keys, name)
}

/** The database over a store that is ready. */
function createDatabase(init: DatabaseInit, keys: DatabaseKeys, name: string): Database {
  const { store } = init
  const undecided = new Set<PendingBatch>()
  const committer = createCommitter(store, () => {
    for (const batch of undecided) batch.lose()
  })
  const tables = new Map<AnyTable, AnyOpenTable>()
  let closing: Promise<void> | undefined
  function assertOpen(): void {
    if (closing !== undefined) throw new XcordError('XCORD_CLOSED', `The ${name} is closed.`, { what: name })
  }
  for (const definition of init.tables)
    tables.set(definition, createTable(definition, { store, seal: keys.sealOf(definition), assertOpen }))
  function tableOf(definition: AnyTable): AnyOpenTable {
    const found = tables.get(definition)
    if (found === undefined)
      throw new RangeError(`table "${definition.name}" was not named when the database was opened`)
    return found
  }
  const deps: BatchDeps = {
    tableOf,
    assertOpen,
    commit: (changes, sync, decided) =>
      commitChanges(changes, writes => committer.commit(writes, sync, decided)),
    failures: () => committer.failures,
    abandon: () => committer.abandon(),
    undecided
  }

  return {
    schema: init.schema,
    commits: committer.counts,
    table: <K extends readonly unknown[], V>(definition: TableDefinition<K, V>) =>
      tableOf(definition) as Table<K, V>,
    batch: () => new PendingBatch(deps),
    compact: async definition => {
      assertOpen()
      await committer.idle()
      await store.compact?.(keys.sealOf(definition).rawKey([]))
    },
    verify: () => {
      assertOpen()
      return walkStore(store, init.tables, keys, init.schema)
    },
    close: () => {
      closing ??= (async () => {
        await committer.idle()
        for (const table of tables.values()) table.cache?.clear()
        try {
          await store.close()
        } finally {
          keys.forget()
        }
      })()
      return closing
    }
  }
}

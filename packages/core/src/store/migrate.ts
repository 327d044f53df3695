/** Forward migrations (DB8): one step a version, repeatable, the header raised last. */
import { invariant } from '../base/index.ts'
import { DATABASE_SCHEMA_MAX, type DatabaseKeys, HEADER_KEY } from './database-keys.ts'
import { createDatabaseKeys } from './database-keys.ts'
import type { Batch, DatabaseInit, MigrationContext, Table } from './database-types.ts'
import { afterPrefix, corruptRow, createTable, openRow } from './open-table.ts'
import type { StoreWrite } from './contract.ts'
import type { TableSeal } from './sealing.ts'
import type { AnyTable, TableDefinition } from './table.ts'

/** Rows rewritten in one commit: what a crash may repeat. */
const ROWS_PER_COMMIT = 256

/** Checks that there is exactly one step for every version after the first. */
export function checkMigrations(init: Pick<DatabaseInit, 'schema' | 'migrations'>): void {
  if (!Number.isInteger(init.schema) || init.schema < 1 || init.schema > DATABASE_SCHEMA_MAX) {
    throw new RangeError(`schema ${init.schema} is not 1 to ${DATABASE_SCHEMA_MAX}`)
  }
  const steps = (init.migrations ?? []).map(migration => migration.to).sort((a, b) => a - b)
  const wanted = Array.from({ length: init.schema - 1 }, (_, index) => index + 2)
  if (steps.join() !== wanted.join()) {
    throw new RangeError(
      `schema ${init.schema} needs migrations to [${wanted.join(', ')}], not [${steps.join(', ')}]`
    )
  }
}

/** Runs the steps after `found`, each followed by the header that says it is done. */
export async function runMigrations(init: DatabaseInit, keys: DatabaseKeys, found: number): Promise<void> {
  const { context, forget } = createContext(init)
  try {
    for (let to = found + 1; to <= init.schema; to++) {
      const migration = init.migrations?.find(each => each.to === to)
      invariant(migration, 'DB8', `no migration to ${to}`)
      await migration.run(context)
      await init.store.write([{ key: HEADER_KEY, value: keys.sealHeader(to) }])
    }
  } finally {
    forget()
  }
}

/** A plain batch: migrations run alone, so nothing is merged and nothing is cached. */
class MigrationBatch implements Batch {
  readonly #writes: StoreWrite[] = []
  readonly #settled: ((committed: boolean) => void)[] = []
  readonly #init: DatabaseInit
  readonly #sealOf: (table: AnyTable) => TableSeal

  constructor(init: DatabaseInit, sealOf: (table: AnyTable) => TableSeal) {
    this.#init = init
    this.#sealOf = sealOf
  }

  get size(): number {
    return this.#writes.length
  }

  put<K extends readonly unknown[], V>(table: TableDefinition<K, V>, key: K, value: V): this {
    const seal = this.#sealOf(table)
    const rawKey = seal.rawKey(key)
    this.#writes.push({ key: rawKey, value: seal.seal(rawKey, table.schema, table.value.encode(value)) })
    return this
  }

  delete<K extends readonly unknown[], V>(table: TableDefinition<K, V>, key: K): this {
    this.#writes.push({ key: this.#sealOf(table).rawKey(key), value: undefined })
    return this
  }

  deleteRow<K extends readonly unknown[], V>(
    _table: TableDefinition<K, V>,
    row: { readonly rawKey: Uint8Array }
  ): this {
    this.#writes.push({ key: row.rawKey, value: undefined })
    return this
  }

  onSettled(run: (committed: boolean) => void): this {
    this.#settled.push(run)
    return this
  }

  abandon(): void {
    this.#writes.length = 0
    for (const run of this.#settled.splice(0)) run(false)
  }

  async commit(options: { readonly sync?: boolean } = {}): Promise<void> {
    const writes = this.#writes.splice(0)
    let done = false
    try {
      if (writes.length > 0) await this.#init.store.write(writes, { sync: options.sync ?? true })
      done = true
    } finally {
      for (const run of this.#settled.splice(0)) run(done)
    }
  }
}

function createContext(init: DatabaseInit): { readonly context: MigrationContext; forget(): void } {
  const made = new Map<AnyTable, { readonly seal: TableSeal; forget(): void }>()
  function sealOf(definition: AnyTable): TableSeal {
    let found = made.get(definition)
    if (found === undefined) {
      // Old and new definitions of one table share a name, so each gets keys of its own.
      const keys = createDatabaseKeys({ ...init, tables: [definition] })
      found = { seal: keys.sealOf(definition), forget: keys.forget }
      made.set(definition, found)
    }
    return found.seal
  }
  const batch = (): Batch => new MigrationBatch(init, sealOf)

  /** Walks all rows of a table, committing what `change` made of them in bounded batches. */
  async function walk(
    definition: AnyTable,
    change: (rawKey: Uint8Array, stored: Uint8Array) => StoreWrite | undefined
  ): Promise<number> {
    const { tag } = sealOf(definition)
    let changed = 0
    let writes: StoreWrite[] = []
    for await (const [rawKey, stored] of init.store.scan({ from: tag, to: afterPrefix(tag) })) {
      const write = change(rawKey, stored)
      if (write === undefined) continue
      changed++
      writes.push(write)
      if (writes.length < ROWS_PER_COMMIT) continue
      await init.store.write(writes)
      writes = []
    }
    if (writes.length > 0) await init.store.write(writes)
    return changed
  }

  const context: MigrationContext = {
    table: <K extends readonly unknown[], V>(definition: TableDefinition<K, V>): Table<K, V> =>
      createTable(definition, { store: init.store, seal: sealOf(definition), assertOpen: () => undefined }),
    batch,
    clear: definition => walk(definition, key => ({ key, value: undefined })),
    rewrite: (from, to, change) => {
      if (from.name !== to.name || from.schema >= to.schema)
        throw new RangeError('a rewrite raises the schema of one table')
      const seal = sealOf(to)
      return walk(from, (key, stored) => {
        if (stored[0] === to.schema) return undefined
        const row = openRow(from as unknown as TableDefinition<never, never>, sealOf(from), key, stored)
        if (!row.ok) throw corruptRow(from.name, row.reason)
        return { key, value: seal.seal(key, to.schema, to.value.encode(change(row.value))) }
      })
    }
  }
  return {
    context,
    forget: () => {
      for (const { forget } of made.values()) forget()
    }
  }
}

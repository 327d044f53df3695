/** The sealed database as the layers above see it (DB). */
import type { Random } from '../base/index.ts'
import type { SecretKey, Suite } from '../crypto/index.ts'
import type { Store } from './contract.ts'
import type { AnyTable, TableDefinition } from './table.ts'

/** Everything `openDatabase` needs. */
export interface DatabaseInit {
  /** Owned by the database from here on: closed with it, and when opening fails. */
  readonly store: Store
  readonly suite: Suite
  /** MK of the key store (KS1): the database derives its keys from it and does not keep it. */
  readonly masterKey: SecretKey
  readonly random: Random
  /** Version of the whole database this code knows, from 1. Raised whenever a migration is added. */
  readonly schema: number
  readonly tables: readonly AnyTable[]
  /** Steps up to `schema`, one for each version after the first. */
  readonly migrations?: readonly Migration[]
  /** For XCORD_* messages: what to call this database. */
  readonly name?: string
}

/** One step from schema `to` − 1 to `to`. Must be repeatable: a crash may run it again from the start. */
export interface Migration {
  readonly to: number
  readonly name: string
  run(context: MigrationContext): Promise<void>
}

/** What a migration may do. Tables of older shapes are given by their old definition. */
export interface MigrationContext {
  /** Reads a table by any definition, old ones included. */
  table<K extends readonly unknown[], V>(definition: TableDefinition<K, V>): Table<K, V>
  batch(): Batch
  /**
   * Rewrites every row of a table from one schema to the next, keys unchanged, in bounded batches. Rows
   * already of the new schema are left alone, so a repeat continues where a crash stopped.
   */
  rewrite<K extends readonly unknown[], A, B>(
    from: TableDefinition<K, A>,
    to: TableDefinition<K, B>,
    change: (value: A) => B
  ): Promise<number>
  /** Deletes every row of a table. */
  clear(definition: AnyTable): Promise<number>
}

/** A key as it lies in the store. */
export type RawKey = Uint8Array

/** One row of a scan. Hidden components cannot be read back: values carry the ids they need. */
export interface Row<V> {
  readonly value: V
  readonly rawKey: RawKey
  /** The clear sort numbers of its key, in order. */
  readonly sort: readonly number[]
}

/** All but the first components of a key may be left out. */
export type KeyPrefix<K extends readonly unknown[]> = K extends readonly [...infer Init, unknown]
  ? K | KeyPrefix<Init>
  : readonly []

/** A scan under a prefix. */
export interface ScanOptions<K extends readonly unknown[]> {
  /** Leading components that rows share; empty or left out: the whole table. */
  readonly prefix?: KeyPrefix<K>
  /** Bounds of the sort number that follows the prefix: `from` inclusive, `to` exclusive. */
  readonly from?: number
  readonly to?: number
  /** Descending order of keys. */
  readonly reverse?: boolean
  readonly limit?: number
}

/** Reads of one table. Uncommitted batches are not seen. */
export interface Table<K extends readonly unknown[], V> {
  readonly definition: TableDefinition<K, V>
  /** XCORD_STORE_CORRUPT where the row does not open; XCORD_CLOSED after `close`. */
  get(key: K): Promise<V | undefined>
  getMany(keys: readonly K[]): Promise<(V | undefined)[]>
  /** In order of clear sort numbers under one hidden prefix; ties in no meaningful order. Snapshot at its first step. */
  scan(options?: ScanOptions<K>): AsyncIterable<Row<V>>
  /** Rows under a prefix, without opening them. */
  count(options?: ScanOptions<K>): Promise<number>
}

/** Changes over any tables, committed together or not at all. */
export interface Batch {
  /** Seals at once: later changes to `value` have no effect. */
  put<K extends readonly unknown[], V>(table: TableDefinition<K, V>, key: K, value: V): this
  delete<K extends readonly unknown[], V>(table: TableDefinition<K, V>, key: K): this
  /** Deletes a row that a scan gave. */
  deleteRow<K extends readonly unknown[], V>(table: TableDefinition<K, V>, row: Row<V>): this
  /** Changes so far. */
  readonly size: number
  /**
   * Called once when the batch is decided: with true before `commit` resolves; with false before it rejects, when it is
   * abandoned, or as soon as another failed that it may build on. Then what it held may be on disk or not: a failed write
   * can have reached it. For projections that keep what they staged in memory until it is on disk. Must not throw.
   */
  onSettled(run: (committed: boolean) => void): this
  /**
   * Resolves when all is on disk (`sync` false: when the store took it). Concurrent commits share one fsync.
   * A batch commits once; an empty one at once. XCORD_DISK_FULL, XCORD_STORE_FAILED, XCORD_CLOSED.
   *
   * Batches land in the order of their commits. When one fails, so do all that were begun before its failure
   * was known, since what they hold may follow from what it held: begin again from what is on disk.
   */
  commit(options?: CommitOptions): Promise<void>
  /** This batch will not be committed: whoever staged into it forgets. For `finally`; after `commit` it does nothing. */
  abandon(): void
}

/** How a batch is committed. */
export interface CommitOptions {
  /** Default true. False only for what may be lost without breaking a promise, such as caches. */
  readonly sync?: boolean
}

/** An open sealed database. */
export interface Database {
  readonly schema: number
  table<K extends readonly unknown[], V>(definition: TableDefinition<K, V>): Table<K, V>
  batch(): Batch
  /** What was deleted from this table leaves the disk (DB13). Costs a rewrite of the table's files. */
  compact(table: AnyTable): Promise<void>
  /** Reads every record and tells what does not open: for `xcord verify`. */
  verify(): Promise<DatabaseReport>
  /** Writes handed to the store so far, and the commits they served. */
  readonly commits: { readonly writes: number; readonly commits: number }
  /** Waits for commits under way, closes the store, zeroes keys (KS8). Repeatable. */
  close(): Promise<void>
}

/** One record that `verifyDatabase` could not accept. */
export interface DatabaseProblem {
  /** Table name, or `unknown`. */
  readonly table: string
  /** Key in the store, hex. */
  readonly key: string
  readonly reason: string
  readonly kind: ProblemKind
}

/**
 * What is wrong with a record: it does not open; a newer or an older XCord wrote it; no table of this database has its key;
 * the header, likewise; the walk ended where the store could not be read on.
 */
export type ProblemKind =
  | 'damaged'
  | 'newer'
  | 'older'
  | 'unknown'
  | 'header-damaged'
  | 'header-missing'
  | 'header-newer'
  | 'header-older'
  | 'unreadable'

/** What `verifyDatabase` found. */
export interface DatabaseReport {
  readonly records: number
  readonly tables: Readonly<Record<string, number>>
  /** All problems, counted. */
  readonly problemCount: number
  /** The first 1,000. */
  readonly problems: readonly DatabaseProblem[]
}

/** One table of an open database: reads, scans, and the sealed form of its writes. */
import { XcordError } from '../base/index.ts'
import { concatBytes, uintBytes } from '../encoding/index.ts'
import type { Store, StoreRange } from './contract.ts'
import type { KeyPrefix, ProblemKind, Row, ScanOptions, Table } from './database-types.ts'
import { createReadCache, type ReadCache } from './read-cache.ts'
import { type TableSeal, textOfBytes } from './sealing.ts'
import type { Slab } from './slab.ts'
import { SORT_KEY_BYTES, type TableDefinition } from './table.ts'

/** What a table needs of its database. */
export interface TableDeps {
  readonly store: Store
  readonly seal: TableSeal
  /** Throws XCORD_CLOSED once the database is closed. */
  assertOpen(): void
}

/** A table with what batches need of it. */
export interface OpenTable<K extends readonly unknown[], V> extends Table<K, V> {
  readonly cache: ReadCache<V> | undefined
  rawKey(key: K, slab?: Slab): Uint8Array
  sealValue(rawKey: Uint8Array, value: V, slab: Slab): Uint8Array
}

/** A row that does not open. */
export function corruptRow(table: string, reason: string): XcordError<'XCORD_STORE_CORRUPT'> {
  return new XcordError('XCORD_STORE_CORRUPT', `A record of the table "${table}" is damaged: ${reason}.`, {
    table,
    reason
  })
}

/** Name of a raw key in caches. */
export function cacheKey(rawKey: Uint8Array): string {
  return textOfBytes(rawKey)
}

/** A row's value, or what is wrong with it. */
type RowVerdict<V> =
  | { readonly ok: true; readonly value: V }
  | { readonly ok: false; readonly reason: string; readonly kind: ProblemKind }

/** Opens and decodes one stored value, or says what is wrong with it. */
export function openRow<V>(
  definition: TableDefinition<never, V>,
  seal: TableSeal,
  rawKey: Uint8Array,
  stored: Uint8Array
): RowVerdict<V> {
  const opened = seal.open(rawKey, stored)
  if (opened === undefined) return { ok: false, kind: 'damaged', reason: 'it does not open under its key' }
  if (opened.schema !== definition.schema) {
    const kind = opened.schema > definition.schema ? 'newer' : 'older'
    return { ok: false, kind, reason: `it has schema ${opened.schema}; ${definition.schema} was expected` }
  }
  const decoded = definition.value.decode(opened.plaintext)
  return decoded.ok ? decoded : { ok: false, kind: 'damaged', reason: decoded.reason }
}

/** The least key above all that begin with a prefix. */
export function afterPrefix(prefix: Uint8Array): Uint8Array {
  const out = Uint8Array.from(prefix)
  for (let i = out.length - 1; i >= 0; i--) {
    if (out[i] !== 255) {
      out[i] = (out[i] as number) + 1
      return out.subarray(0, i + 1)
    }
  }
  throw new RangeError('no key lies above this prefix')
}

/** Bounds of a scan in raw keys. */
function rangeOf<K extends readonly unknown[]>(
  definition: TableDefinition<K, unknown>,
  seal: TableSeal,
  options: ScanOptions<K>
): StoreRange {
  const prefix: KeyPrefix<K> | readonly [] = options.prefix ?? []
  const raw = seal.rawKey(prefix)
  if (options.from !== undefined || options.to !== undefined) {
    const next = definition.key[prefix.length] as { kind: string } | undefined
    if (next?.kind !== 'sort')
      throw new RangeError(`no sort number follows this prefix of "${definition.name}"`)
  }
  return {
    from: options.from === undefined ? raw : concatBytes([raw, uintBytes(options.from, SORT_KEY_BYTES)]),
    to:
      options.to === undefined ? afterPrefix(raw) : concatBytes([raw, uintBytes(options.to, SORT_KEY_BYTES)]),
    ...(options.reverse !== undefined && { reverse: options.reverse }),
    ...(options.limit !== undefined && { limit: options.limit })
  }
}

/** Opens a table. */
export function createTable<K extends readonly unknown[], V>(
  definition: TableDefinition<K, V>,
  deps: TableDeps
): OpenTable<K, V> {
  const { seal, assertOpen } = deps
  const rows = definition.cacheRows ?? 0
  const cache = rows > 0 ? createReadCache<V>(rows) : undefined

  function rawKey(key: K, slab?: Slab): Uint8Array {
    assertOpen()
    if (key.length !== definition.key.length)
      throw new RangeError(`a key of "${definition.name}" has ${definition.key.length} parts`)
    return seal.rawKey(key, slab)
  }
  function open(key: Uint8Array, stored: Uint8Array): V {
    assertOpen() // keys are zeroed at closing: what was read before must not be called damaged
    const row = openRow(definition as unknown as TableDefinition<never, V>, seal, key, stored)
    if (!row.ok) throw corruptRow(definition.name, row.reason)
    return row.value
  }

  return {
    definition,
    cache,
    rawKey,
    // Sealed at once: what was lent is read before anything else is encoded.
    sealValue: (key, value, slab) => seal.seal(key, definition.schema, definition.value.lend(value), slab),
    ...createReads(deps.store, cache, rawKey, open),
    scan: async function* (options = {}): AsyncGenerator<Row<V>> {
      assertOpen()
      for await (const [key, stored] of deps.store.scan(rangeOf(definition, seal, options))) {
        const sort = seal.sortNumbers(key)
        if (sort === undefined) throw corruptRow(definition.name, 'its key has another layout')
        yield { value: open(key, stored), rawKey: key, sort }
      }
    },
    count: async (options = {}) => {
      assertOpen()
      let found = 0
      for await (const _ of deps.store.scan(rangeOf(definition, seal, options))) found++
      return found
    }
  }
}

/** Reads by key, through the cache where there is one. */
function createReads<K extends readonly unknown[], V>(
  store: Store,
  cache: ReadCache<V> | undefined,
  rawKey: (key: K) => Uint8Array,
  open: (rawKey: Uint8Array, stored: Uint8Array) => V
): Pick<Table<K, V>, 'get' | 'getMany'> {
  return {
    get: async key => {
      const raw = rawKey(key)
      const name = cache === undefined ? '' : cacheKey(raw)
      const known = cache?.get(name)
      if (known !== undefined) return known.value
      const begun = cache?.begin() ?? 0
      const stored = await store.get(raw)
      const value = stored && open(raw, stored)
      cache?.remember(name, value, begun)
      return value
    },
    getMany: async keys => {
      const raws = keys.map(key => rawKey(key))
      const names = cache ? raws.map(cacheKey) : []
      const known = names.map(name => cache?.get(name))
      const wanted = raws.flatMap((raw, index) => (known[index] === undefined ? [{ raw, index }] : []))
      const begun = cache?.begin() ?? 0
      const stored = wanted.length === 0 ? [] : await store.getMany(wanted.map(({ raw }) => raw))
      const out = Array.from(raws, (_, index) => known[index]?.value)
      for (const [at, { raw, index }] of wanted.entries()) {
        const bytes = stored[at]
        out[index] = bytes && open(raw, bytes)
        cache?.remember(names[index] as string, out[index], begun)
      }
      return out
    }
  }
}

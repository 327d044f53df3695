/** Reads every record of a database and tells what does not open (DB11): for `xcord verify` and doctor. */
import { isXcordError } from '../base/index.ts'
import { equalBytes } from '../encoding/index.ts'
import { createDatabaseKeys, type DatabaseKeys, HEADER_KEY } from './database-keys.ts'
import type { DatabaseInit, DatabaseProblem, DatabaseReport, ProblemKind } from './database-types.ts'
import type { Store } from './contract.ts'
import { openRow } from './open-table.ts'
import { TABLE_TAG_BYTES } from './sealing.ts'
import type { AnyTable, TableDefinition } from './table.ts'

/** Problems told in full; the rest is only counted. */
export const PROBLEMS_LISTED_MAX = 1_000

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

/** Walks a store whose keys are at hand. */
export async function walkStore(
  store: Store,
  tables: readonly AnyTable[],
  keys: DatabaseKeys,
  schema: number
): Promise<DatabaseReport> {
  const byTag = tables.map(table => ({ table, seal: keys.sealOf(table) }))
  const counts: Record<string, number> = Object.fromEntries(tables.map(table => [table.name, 0]))
  const problems: DatabaseProblem[] = []
  let problemCount = 0
  let records = 0
  let headers = 0
  function report(table: string, key: Uint8Array, kind: ProblemKind, reason: string): void {
    problemCount++
    if (problems.length < PROBLEMS_LISTED_MAX) problems.push({ table, key: hex(key), kind, reason })
  }

  function check(rawKey: Uint8Array, stored: Uint8Array): void {
    if (equalBytes(rawKey, HEADER_KEY)) {
      headers++
      try {
        const found = keys.openHeader(stored, 'store')
        if (found !== schema)
          report(
            'xcord-db',
            rawKey,
            found > schema ? 'header-newer' : 'header-older',
            `the header says schema ${found}; ${schema} was expected`
          )
      } catch (error) {
        report(
          'xcord-db',
          rawKey,
          isXcordError(error, 'XCORD_NEWER_VERSION') ? 'header-newer' : 'header-damaged',
          error instanceof Error ? error.message : 'the header does not open'
        )
      }
      return
    }
    const found = byTag.find(({ seal }) => equalBytes(rawKey.subarray(0, 1 + TABLE_TAG_BYTES), seal.tag))
    if (found === undefined) return report('unknown', rawKey, 'unknown', 'no table has this tag')
    counts[found.table.name] = (counts[found.table.name] ?? 0) + 1
    if (found.seal.sortNumbers(rawKey) === undefined)
      return report(found.table.name, rawKey, 'unknown', 'its key has another layout')
    const row = openRow(found.table as TableDefinition<never, unknown>, found.seal, rawKey, stored)
    if (!row.ok) report(found.table.name, rawKey, row.kind, row.reason)
  }

  try {
    for await (const [rawKey, stored] of store.scan({})) {
      records++
      check(rawKey, stored)
    }
  } catch (error) {
    // A damaged file ends the walk; a store closed under us is no finding.
    if (!isXcordError(error, 'XCORD_STORE_CORRUPT')) throw error
    report(
      'unknown',
      new Uint8Array(0),
      'unreadable',
      `the walk ended after ${records} records: ${error.message}`
    )
  }
  if (headers === 0 && records > 0) report('xcord-db', HEADER_KEY, 'header-missing', 'the header is missing')
  return { records, tables: counts, problemCount, problems }
}

/**
 * Walks every record of a store without opening it as a database, so that one whose header is damaged can be
 * examined too. Nothing is written and the store stays open.
 *
 * @throws XcordError XCORD_STORE_FAILED or XCORD_CLOSED where the store cannot be read at all.
 */
export async function verifyDatabase(init: Omit<DatabaseInit, 'migrations'>): Promise<DatabaseReport> {
  const keys = createDatabaseKeys(init)
  try {
    return await walkStore(init.store, init.tables, keys, init.schema)
  } finally {
    keys.forget()
  }
}

/** The keys of one open database and the tables made of them; zeroed together at closing (KS8). */
import { type Random, XcordError } from '../base/index.ts'
import { kdf, type SecretKey, type Suite } from '../crypto/index.ts'
import { codec, equalBytes, tuple, uint, utf8 } from '../encoding/index.ts'
import { createNonces, createTableSeal, type NextNonce, type TableSeal } from './sealing.ts'
import type { AnyTable } from './table.ts'

/** Version of everything below the tables: keys, sealing, header. Written first, in the clear. */
export const DATABASE_FORMAT = 1
/** Where the header lies: before every row. */
export const HEADER_KEY: Uint8Array = Uint8Array.of(0, ...utf8('xcord-db'))
/** Highest schema of a database. */
export const DATABASE_SCHEMA_MAX = 65_535

const HEADER_TABLE: AnyTable = {
  name: 'xcord-db',
  schema: DATABASE_FORMAT,
  key: [],
  value: codec(uint(), { rule: 'DB7' })
}
const headerCodec = codec(tuple({ schema: uint(DATABASE_SCHEMA_MAX, 1) }), { rule: 'DB7', maxBytes: 16 })

/** Derived keys and the seals made of them. */
export interface DatabaseKeys {
  sealOf(table: AnyTable): TableSeal
  sealHeader(schema: number): Uint8Array
  /** Schema in a header. XCORD_NEWER_VERSION, XCORD_STORE_CORRUPT. */
  openHeader(value: Uint8Array, name: string): number
  forget(): void
}

/** Derives what a database needs of the master key, which is not kept. Seals are derived for `tables` at once. */
export function createDatabaseKeys(init: {
  readonly suite: Suite
  readonly masterKey: SecretKey
  readonly random: Random
  readonly tables: readonly AnyTable[]
}): DatabaseKeys {
  const valueKey = kdf(init.suite, init.masterKey, 'db')
  const nextNonce: NextNonce = createNonces(init.random)
  const shared = { suite: init.suite, masterKey: init.masterKey, valueKey, nextNonce }
  const seals = new Map<AnyTable, TableSeal>()
  for (const table of init.tables) {
    const seal = createTableSeal(shared, table)
    for (const [other, known] of seals) {
      if (other.name === table.name || equalBytes(known.tag, seal.tag)) {
        throw new RangeError(`tables "${other.name}" and "${table.name}" cannot be told apart`)
      }
    }
    seals.set(table, seal)
  }
  const headerSeal = createTableSeal(shared, HEADER_TABLE)

  return {
    sealOf: table => {
      const found = seals.get(table)
      if (found === undefined)
        throw new RangeError(`table "${table.name}" was not named when the database was opened`)
      return found
    },
    sealHeader: schema => headerSeal.seal(HEADER_KEY, DATABASE_FORMAT, headerCodec.encode({ schema })),
    openHeader: (value, name) => {
      const format = value[0] ?? 0
      if (format > DATABASE_FORMAT) throw newer(name, format, DATABASE_FORMAT)
      const opened = headerSeal.open(HEADER_KEY, value)
      const header = opened && headerCodec.decode(opened.plaintext)
      if (!header?.ok) {
        throw new XcordError(
          'XCORD_STORE_CORRUPT',
          `The header of the ${name} does not open: it was altered, or it belongs to another key store.`,
          { table: HEADER_TABLE.name, reason: 'the header does not open under this key' }
        )
      }
      return header.value.schema
    },
    forget: () => {
      valueKey.fill(0)
      headerSeal.forget()
      for (const seal of seals.values()) seal.forget()
    }
  }
}

/** The refusal of a store that a later XCord wrote. */
export function newer(what: string, found: number, supported: number): XcordError {
  return new XcordError(
    'XCORD_NEWER_VERSION',
    `The ${what} was written by a newer XCord (version ${found}; this one knows ${supported}). Nothing was changed: update XCord to open it.`,
    { what, found, supported }
  )
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { kdf, type Suite } from '../crypto/index.ts'
import { bytes, codec, utf8 } from '../encoding/index.ts'
import { createDatabaseKeys } from './database-keys.ts'
import { contextHead, createTableSeal, sealContext } from './sealing.ts'
import { defineTable, hiddenBytes, type KeyPart, sortNumber } from './table.ts'

interface Vectors {
  masterKey: string
  valueKey: string
  tables: { table: string; indexKey: string; tag: string }[]
  keys: { table: string; components: { hidden?: string; sort?: number }[]; key: string }[]
  values: {
    table: string
    key: string
    schema: number
    nonce: string
    aad: string
    plaintext: string
    stored: string
  }[]
  invalidValues: { rule: string; why: string; table: string; key: string; stored: string }[]
  headers: { stored: string; schema?: number; error?: string; nonce?: string }[]
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../docs/spec/vectors/store/sealed.json'), 'utf8')
) as Vectors
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const masterKey = unhex(vectors.masterKey)

let suite: Suite
beforeAll(async () => {
  suite = await createNodeSuite()
})

function sealOf(name: string, parts: readonly ('hidden' | 'sort')[] = ['hidden'], nonce = '') {
  const key = parts.map(
    (part): KeyPart<never> => (part === 'sort' ? sortNumber() : hiddenBytes()) as KeyPart<never>
  )
  const table = defineTable({ name, schema: 1, key, value: codec(bytes(0, 9), { rule: 'DB3' }) })
  return createTableSeal(
    { suite, masterKey, valueKey: kdf(suite, masterKey, 'db'), nextNonce: () => unhex(nonce) },
    table
  )
}

describe('store vectors', () => {
  it('[DB4] keys derive from the master key and the table name', () => {
    expect(kdf(suite, masterKey, 'db')).toEqual(unhex(vectors.valueKey))
    for (const { table, indexKey, tag } of vectors.tables) {
      expect(kdf(suite, masterKey, 'db-index', [utf8(table)])).toEqual(unhex(indexKey))
      expect(sealOf(table).tag).toEqual(unhex(tag))
    }
  })

  it('[DB5] keys and prefixes', () => {
    for (const { table, components, key } of vectors.keys) {
      const seal = sealOf(
        table,
        components.map(part => (part.sort === undefined ? 'hidden' : 'sort'))
      )
      expect(seal.rawKey(components.map(part => part.sort ?? unhex(part.hidden ?? '')))).toEqual(unhex(key))
    }
  })

  it('[DB6] values, and what must not open', () => {
    for (const { table, key, schema, nonce, aad, plaintext, stored } of vectors.values) {
      expect(sealContext(contextHead(table), unhex(key), schema)).toEqual(unhex(aad))
      const seal = sealOf(table, ['hidden'], nonce)
      expect(seal.seal(unhex(key), schema, unhex(plaintext))).toEqual(unhex(stored))
      expect(seal.open(unhex(key), unhex(stored))).toEqual({ schema, plaintext: unhex(plaintext) })
    }
    for (const { table, key, stored, why } of vectors.invalidValues)
      expect(sealOf(table).open(unhex(key), unhex(stored)), why).toBeUndefined()
    expect(vectors.invalidValues.length).toBeGreaterThan(7)
  })

  it('[DB7] [DB8] headers', () => {
    for (const { stored, schema, error, nonce } of vectors.headers) {
      const fixed = unhex(nonce ?? '')
      const keys = createDatabaseKeys({
        suite,
        masterKey,
        tables: [],
        random: { bytes: length => Uint8Array.from({ length }, (_, i) => fixed[i % 24] ?? 0) }
      })
      if (schema === undefined) {
        expect(() => keys.openHeader(unhex(stored), 'store')).toThrow(
          expect.objectContaining({ code: error })
        )
      } else {
        expect(keys.openHeader(unhex(stored), 'store')).toBe(schema)
        expect(keys.sealHeader(schema)).toEqual(unhex(stored))
      }
    }
  })
})

/** Writes docs/spec/vectors/store: run with Node 24, `node packages/core/scripts/vectors-store.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import { idFromBytes } from '../src/base/index.ts'
import { kdf } from '../src/crypto/index.ts'
import { bytes, codec, encodeCbor, utf8 } from '../src/encoding/index.ts'
import { createDatabaseKeys, HEADER_KEY } from '../src/store/database-keys.ts'
import { contextHead, createTableSeal, sealContext } from '../src/store/sealing.ts'
import { defineTable, hiddenId, hiddenText, sortNumber } from '../src/store/table.ts'

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex')
const suite = await createNodeSuite()
const masterKey = Uint8Array.from({ length: 32 }, (_, i) => i)
const nonce = Uint8Array.from({ length: 24 }, (_, i) => 200 + i)
const random = { bytes: (length: number) => Uint8Array.from({ length }, (_, i) => nonce[i % 24] as number) }

const value = codec(bytes(0, 100), { rule: 'DB3' })
const order = defineTable({
  name: 'timeline-order',
  schema: 1,
  key: [hiddenId<never>(), sortNumber(), hiddenId<never>()] as const,
  value
})
const names = defineTable({ name: 'names', schema: 24, key: [hiddenText()] as const, value })
const channel = new Uint8Array(32).fill(0xc1)
const message = new Uint8Array(32).fill(0x3e)
const at = 1_790_000_000_000

const shared = { suite, masterKey, valueKey: kdf(suite, masterKey, 'db'), nextNonce: () => nonce }
const orderSeal = createTableSeal(shared, order)
const namesSeal = createTableSeal(shared, names)
const orderKey = orderSeal.rawKey([idFromBytes('c', channel), at, idFromBytes('m', message)])
const namesKey = namesSeal.rawKey(['general'])
const plaintext = encodeCbor(utf8('what people wrote'))
const sealed = orderSeal.seal(orderKey, 1, plaintext)
const flip = (index: number): string => {
  const out = Uint8Array.from(sealed)
  out[index] = (out[index] as number) ^ 1
  return hex(out)
}
const keys = createDatabaseKeys({ suite, masterKey, random, tables: [] })
const header = keys.sealHeader(3)
const alteredHeader = Uint8Array.from(header)
alteredHeader[40] = (alteredHeader[40] as number) ^ 1

const vectors = {
  chapter: 'store',
  masterKey: hex(masterKey),
  valueKey: hex(kdf(suite, masterKey, 'db')),
  tables: [order, names].map(table => ({
    table: table.name,
    indexKey: hex(kdf(suite, masterKey, 'db-index', [utf8(table.name)])),
    tag: hex(createTableSeal(shared, table).tag)
  })),
  keys: [
    {
      rule: 'DB5',
      table: 'timeline-order',
      components: [{ hidden: hex(channel) }, { sort: at }, { hidden: hex(message) }],
      key: hex(orderKey)
    },
    {
      rule: 'DB5',
      table: 'timeline-order',
      components: [{ hidden: hex(channel) }],
      prefix: true,
      key: hex(orderSeal.rawKey([idFromBytes('c', channel)]))
    },
    { rule: 'DB5', table: 'names', components: [{ hidden: hex(utf8('general')) }], key: hex(namesKey) }
  ],
  values: [
    {
      rule: 'DB6',
      table: 'timeline-order',
      key: hex(orderKey),
      schema: 1,
      nonce: hex(nonce),
      aad: hex(sealContext(contextHead(order.name), orderKey, 1)),
      plaintext: hex(plaintext),
      stored: hex(sealed)
    },
    {
      rule: 'DB6',
      table: 'names',
      key: hex(namesKey),
      schema: 24,
      nonce: hex(nonce),
      aad: hex(sealContext(contextHead(names.name), namesKey, 24)),
      plaintext: hex(plaintext),
      stored: hex(namesSeal.seal(namesKey, 24, plaintext))
    }
  ],
  invalidValues: [
    { rule: 'DB6', why: 'schema byte changed', table: 'timeline-order', key: hex(orderKey), stored: flip(0) },
    { rule: 'DB6', why: 'nonce changed', table: 'timeline-order', key: hex(orderKey), stored: flip(1) },
    { rule: 'DB6', why: 'ciphertext changed', table: 'timeline-order', key: hex(orderKey), stored: flip(25) },
    {
      rule: 'DB6',
      why: 'tag changed',
      table: 'timeline-order',
      key: hex(orderKey),
      stored: flip(sealed.length - 1)
    },
    {
      rule: 'DB6',
      why: 'cut short',
      table: 'timeline-order',
      key: hex(orderKey),
      stored: hex(sealed.subarray(0, 40))
    },
    { rule: 'DB6', why: 'empty', table: 'timeline-order', key: hex(orderKey), stored: '' },
    {
      rule: 'DB6',
      why: 'moved to another key',
      table: 'timeline-order',
      key: hex(orderSeal.rawKey([idFromBytes('c', channel), at + 1, idFromBytes('m', message)])),
      stored: hex(sealed)
    },
    { rule: 'DB6', why: 'moved to another table', table: 'names', key: hex(orderKey), stored: hex(sealed) }
  ],
  headers: [
    { rule: 'DB7', key: hex(HEADER_KEY), nonce: hex(nonce), stored: hex(header), schema: 3 },
    { rule: 'DB7', key: hex(HEADER_KEY), stored: hex(alteredHeader), error: 'XCORD_STORE_CORRUPT' },
    { rule: 'DB8', key: hex(HEADER_KEY), stored: '02' + hex(header).slice(2), error: 'XCORD_NEWER_VERSION' }
  ]
}

const folder = join(import.meta.dirname, '../../../docs/spec/vectors/store')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'sealed.json'), JSON.stringify(vectors, null, 2) + '\n')

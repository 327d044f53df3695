/** Every kind of damage that a profile can have, done to a real one, and what verification says of it (ND41). */
import { beforeAll, describe, expect, it } from 'vitest'
import { createMemoryStore, type MemoryStore } from '../../src/adapters/memory/index.ts'
import { type ChannelId, idFromBytes, type MessageId, type ServerId } from '../../src/base/index.ts'
import { equalBytes } from '../../src/encoding/index.ts'
import { verifyProfile, type ProfileProblemCode, type ProfileReport } from '../../src/node/index.ts'
import { openDatabase, type AnyTable, type Database, type Row } from '../../src/store/index.ts'
import { eventTable } from '../../src/node/event-log.ts'
import {
  actTable,
  chainTable,
  type BytesRow,
  type EnvelopeRow,
  DATABASE_SCHEMA,
  deliveryTable,
  envelopeTable,
  operationTable,
  outboxTable,
  pendingTable,
  recordTable,
  serverTable,
  snapshotTable
} from '../../src/node/replica/tables.ts'
import { PROFILE_TABLES } from '../../src/node/profile-tables.ts'
import { order, records } from '../../src/node/timeline/timeline-tables.ts'
import { createSimulation, type Simulation } from '../../src/testing/simulator/simulation.ts'
import type { SimulatedPeer } from '../../src/testing/simulator/peer.ts'

const MASTER_KEY = new Uint8Array(32).fill(7)
const OPEN = { maxUses: null, expiresInMs: null, reason: null, approval: false }

let simulation: Simulation
let peer: SimulatedPeer
let server: ServerId

beforeAll(async () => {
  simulation = await createSimulation({ seed: 11, signatures: 'real' })
  const [ada, grace] = [simulation.add('ada'), simulation.add('grace')]
  await simulation.do(async () => {
    await ada.start()
    await grace.start()
    server = await ada.node.createServer({ name: 'Engine', channels: ['general'] })
    const link = (await ada.node.replica(server)?.invite(OPEN))?.link ?? ''
    await grace.node.join(link, { timeoutMs: 60_000 })
  })
  const [hers, his] = [ada.node.replica(server), grace.node.replica(server)]
  const channel = hers?.state().channels()[0]?.id as ChannelId
  await simulation.do(async () => {
    for (let i = 0; i < 5; i++) {
      const { message } = (await hers?.send(channel, `from ada ${i}`, null)) ?? {}
      await his?.send(channel, `from grace ${i}`, null)
      if (message !== undefined) await hers?.edit(channel, message.id, `edited ${i}`)
    }
  })
  await simulation.run(20_000)
  await simulation.do(async () => await ada.stop())
  peer = ada
})

async function verify(store: MemoryStore): Promise<ProfileReport> {
  const { suite, chance: random } = simulation
  return await verifyProfile({ suite, random, store, masterKey: MASTER_KEY, account: peer.account })
}

/** Opens the sealed tables of a copy, changes them, and verifies what is there then. */
async function afterChange(
  change: (database: Database, batch: ReturnType<Database['batch']>) => Promise<void> | void
): Promise<ProfileReport> {
  const store = peer.disk.copy({})
  const { suite, chance: random } = simulation
  const database = await openDatabase({
    store: { ...methods(store), close: () => Promise.resolve() },
    suite,
    random,
    masterKey: MASTER_KEY,
    schema: DATABASE_SCHEMA,
    tables: PROFILE_TABLES
  })
  const batch = database.batch()
  await change(database, batch)
  await batch.commit()
  await database.close()
  return await verify(store)
}

const methods = (store: MemoryStore) => ({
  get: store.get.bind(store),
  getMany: store.getMany.bind(store),
  scan: store.scan.bind(store),
  write: store.write.bind(store)
})

async function rowsOf<V>(database: Database, definition: AnyTable): Promise<readonly Row<V>[]> {
  const out: Row<V>[] = []
  for await (const row of database.table<readonly unknown[], V>(definition as never).scan()) out.push(row)
  return out
}

/** Codes found, each once. */
const codesOf = ({ problems }: ProfileReport): readonly ProfileProblemCode[] =>
  [...new Set(problems.map(each => each.code))].sort()

describe('[ND41] a profile', () => {
  it('[ND41] that nobody damaged has no problems, and is told in numbers', async () => {
    const store = peer.disk.copy({})
    const report = await verify(store)
    expect(report.problems).toEqual([])
    expect(report).toMatchObject({ problemCount: 0, complete: true })
    const [one] = report.servers
    expect(one).toMatchObject({ server, messages: 10 })
    expect(one?.operations).toBeGreaterThan(3)
    expect(one?.envelopes).toBeGreaterThan(15)
    expect(one?.keyRecords).toBeGreaterThan(0)
    expect(one?.stateHash).toHaveLength(32)
  })

  it('[ND41] is not changed by verification', async () => {
    const store = peer.disk.copy({})
    const all = async (): Promise<string> => {
      const rows: string[] = []
      for await (const [key, value] of store.scan({})) rows.push(`${String(key)} ${String(value)}`)
      return rows.join('\n')
    }
    const before = await all()
    await verify(store)
    expect(await all()).toBe(before)
  })

  it('[ND41] of which any record is flipped, cut short, or lies in another place, is told so for each record', async () => {
    const keys: Uint8Array[] = []
    for await (const [key] of peer.disk.scan({})) keys.push(key)
    const damages: readonly ((value: Uint8Array, other: Uint8Array) => Uint8Array)[] = [
      value => value.map((byte, at) => (at === value.length >> 1 ? byte ^ 1 : byte)),
      value => value.subarray(0, value.length - 1),
      value => value.subarray(0, 3),
      (value, other) => (equalBytes(value, other) ? value.subarray(1) : other)
    ]
    for (const [index, key] of keys.entries()) {
      const store = peer.disk.copy({})
      const value = (await store.get(key)) as Uint8Array
      const other = (await store.get(keys[(index + 1) % keys.length] as Uint8Array)) as Uint8Array
      const damage = damages[index % damages.length] as (typeof damages)[number]
      await store.write([{ key, value: damage(value, other) }])
      const report = await verify(store)
      expect(codesOf(report)).toContain(index === 0 ? 'header-damaged' : 'record-damaged')
    }
  }, 120_000)

  it('[ND41] with a record that another key sealed, or that no table has, is told so', async () => {
    const store = peer.disk.copy({})
    const { suite, chance: random } = simulation
    const foreign = createMemoryStore()
    const database = await openDatabase({
      store: { ...methods(foreign), close: () => Promise.resolve() },
      suite,
      random,
      masterKey: new Uint8Array(32).fill(8),
      schema: DATABASE_SCHEMA,
      tables: PROFILE_TABLES
    })
    await database.batch().put(outboxTable, [server], { version: 1, settledTo: 1 }).commit()
    await database.close()
    for await (const [key, value] of foreign.scan({})) if (key[0] === 1) await store.write([{ key, value }])
    expect(codesOf(await verify(store))).toEqual(['record-unknown'])
  })

  it('[ND41] without its header, or with that of a newer version, is not read on', async () => {
    const store = peer.disk.copy({})
    for await (const [key] of store.scan({ limit: 1 })) await store.write([{ key, value: undefined }])
    expect(await verify(store)).toMatchObject({ complete: false, servers: [] })
    expect(codesOf(await verify(store))).toEqual(['header-missing'])
    const newer = peer.disk.copy({})
    for await (const [key, value] of newer.scan({ limit: 1 }))
      await newer.write([{ key, value: Uint8Array.of(9, ...value.subarray(1)) }])
    expect(codesOf(await verify(newer))).toEqual(['header-newer'])
  })

  it('[ND41] with a record of a newer schema is told so', async () => {
    const { suite, chance: random } = simulation
    const store = peer.disk.copy({})
    const later = { ...outboxTable, schema: 2 }
    const database = await openDatabase({
      store: { ...methods(store), close: () => Promise.resolve() },
      suite,
      random,
      masterKey: MASTER_KEY,
      schema: DATABASE_SCHEMA,
      tables: [later]
    })
    await database.batch().put(later, [server], { version: 1, settledTo: 0 }).commit()
    await database.close()
    expect(codesOf(await verify(store))).toEqual(['record-newer'])
  })
})

/** A row that is taken away, by its table, its place among its rows, and what is said of it. */
const MISSING: readonly (readonly [string, AnyTable, number, readonly ProfileProblemCode[]])[] = [
  ['the first operation', operationTable, 0, ['operation-missing', 'server-unloadable']],
  ['an operation in between', operationTable, 2, ['operation-missing']],
  ['a key record', recordTable, 0, ['key-record-missing']],
  ['an envelope', envelopeTable, 3, ['envelope-missing']],
  ['the row of a chain', chainTable, 0, ['chain-missing']],
  ['a message', records, 1, ['message-missing']],
  ['the place of a message', order, 1, ['order-missing']],
  ['the row of an act', actTable, 1, ['act-missing']],
  ['the row of the server', serverTable, 0, ['record-orphaned']]
]

describe('[ND41] a record that is missing', () => {
  it.each(MISSING)('[ND41] %s', async (_, table, index, codes) => {
    const report = await afterChange(async (database, batch) => {
      const row = (await rowsOf(database, table))[index]
      expect(row).toBeDefined()
      batch.deleteRow(table, row as never)
    })
    expect(codesOf(report)).toEqual(expect.arrayContaining([...codes]))
  })
})

describe('[ND41] a record that opens and does not belong', () => {
  const bytesOf = async (database: Database, table: AnyTable): Promise<readonly BytesRow[]> =>
    (await rowsOf<BytesRow>(database, table)).map(each => each.value)

  it('[ND41] an operation twice, one with another signature, and one out of its order', async () => {
    const twice = await afterChange(async (database, batch) => {
      const rows = await bytesOf(database, operationTable)
      batch.put(operationTable, [server, rows.length], rows[1] as BytesRow)
    })
    expect(codesOf(twice)).toEqual(['operation-invalid'])
    const forged = await afterChange(async (database, batch) => {
      const [, row] = await bytesOf(database, operationTable)
      const bytes = Uint8Array.from((row as BytesRow).bytes)
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
      batch.put(operationTable, [server, 1], { version: 1, bytes })
    })
    expect(codesOf(forged)).toContain('operation-invalid')
    const swapped = await afterChange(async (database, batch) => {
      const rows = await bytesOf(database, operationTable)
      batch.put(operationTable, [server, 1], rows[2] as BytesRow)
      batch.put(operationTable, [server, 2], rows[1] as BytesRow)
    })
    expect(codesOf(swapped)).toContain('operation-invalid')
  })

  it('[ND41] a key record with another signature', async () => {
    const report = await afterChange(async (database, batch) => {
      const [row] = await rowsOf<BytesRow & { receivedAt: number }>(database, recordTable)
      const { value } = row as Row<BytesRow & { receivedAt: number }>
      const bytes = Uint8Array.from(value.bytes)
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
      batch.put(recordTable, [server, 0], { ...value, bytes })
    })
    expect(codesOf(report)).toContain('key-record-invalid')
  })

  it('[ND41] envelopes: the last of a chain with another signature, one at another number, one of another author', async () => {
    const tips = async (database: Database) => {
      const chains = await rowsOf<{ readonly device: string }>(database, chainTable)
      return await Promise.all(
        chains.map(async ({ value: { device } }) => {
          const rows: Row<EnvelopeRow>[] = []
          for await (const row of database.table(envelopeTable).scan({ prefix: [server, device as never] }))
            rows.push(row)
          return { device: device as never, rows }
        })
      )
    }
    const forged = await afterChange(async (database, batch) => {
      const [{ device, rows } = { device: '' as never, rows: [] }] = await tips(database)
      const last = rows.at(-1) as Row<EnvelopeRow>
      const bytes = Uint8Array.from(last.value.bytes)
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
      const id = simulation.suite.sha256(bytes)
      batch.deleteRow(envelopeTable, last)
      batch.put(envelopeTable, [server, device, last.sort[0] as number, idOf(id)], { ...last.value, bytes })
    })
    expect(codesOf(forged)).toEqual(['envelope-unsigned'])
    const moved = await afterChange(async (database, batch) => {
      const [{ device, rows } = { device: '' as never, rows: [] }] = await tips(database)
      const last = rows.at(-1) as Row<EnvelopeRow>
      batch.deleteRow(envelopeTable, last)
      batch.put(envelopeTable, [server, device, 900, idOf(new Uint8Array(32))], last.value)
    })
    expect(codesOf(moved)).toContain('envelope-misplaced')
    const foreign = await afterChange(async (database, batch) => {
      const [one, two] = await tips(database)
      const last = two?.rows.at(-1) as Row<EnvelopeRow>
      batch.put(
        envelopeTable,
        [server, one?.device as never, last.sort[0] as number, idOf(new Uint8Array(32))],
        last.value
      )
    })
    expect(codesOf(foreign)).toContain('envelope-misplaced')
  })

  it('[ND41] a chain that is said to be shorter than it is', async () => {
    const report = await afterChange(async (database, batch) => {
      const chains = await rowsOf<{ device: string; index: Uint8Array }>(database, chainTable)
      const [one, two] = chains.map(each => each.value)
      batch.put(chainTable, [server, one?.device as never], {
        ...(one as object),
        index: two?.index
      } as never)
    })
    expect(codesOf(report)).toEqual(['chain-differs'])
  })

  it('[ND41] a snapshot that does not fit', async () => {
    const report = await afterChange((_, batch) => {
      batch.put(snapshotTable, [server, 0], { version: 1, part: 0, bytes: new Uint8Array(40).fill(1) })
    })
    expect(codesOf(report)).toEqual(['snapshot-damaged'])
  })

  it('[ND41] what is shown, waits, or was delivered, and never was', async () => {
    const report = await afterChange(async (database, batch) => {
      const [message] = await rowsOf<{ channel: ChannelId; original: object }>(database, records)
      const other = idOf(new Uint8Array(32).fill(3))
      const original = { ...message?.value.original, id: other }
      const row = { ...message?.value, id: other, original }
      batch.put(records, [other, message?.value.channel as never], row as never)
      batch.put(order, [message?.value.channel as never, 5, other], {
        at: 5,
        id: other,
        author: peer.account.user,
        status: 'visible',
        mentioned: false
      })
      batch.put(pendingTable, [server, other], {
        version: 1,
        id: other,
        device: peer.account.device.device,
        seq: 1,
        keyId: null,
        operations: []
      })
      batch.put(outboxTable, [server], { version: 1, settledTo: 10_000 })
      batch.put(deliveryTable, [server, 10_000], { version: 1, devices: [], entries: [] })
      const events = await rowsOf<{ events: readonly unknown[] }>(database, eventTable)
      const long = events.find(each => each.value.events.length > 1)
      expect(long).toBeDefined()
      batch.put(eventTable, [(long?.sort[0] as number) + 1], {
        version: 1,
        events: [{ type: 'member:join', server, refs: [], note: null }]
      })
    })
    expect(codesOf(report)).toEqual([
      'delivery-orphaned',
      'events-overlap',
      'message-orphaned',
      'order-missing',
      'outbox-ahead',
      'waiting-orphaned'
    ])
  })
})

const idOf = (bytes: Uint8Array): MessageId => idFromBytes('m', bytes)

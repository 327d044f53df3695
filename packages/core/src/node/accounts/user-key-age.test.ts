/** ID7: the user key is renewed after 90 days of an injected clock. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createNodeSuite } from '../../adapters/crypto-node/index.ts'
import { createMemoryStore } from '../../adapters/memory/index.ts'
import { appendUserKey, createAccount, refreshAccount } from '../../identity/index.ts'
import { openDatabase } from '../../store/index.ts'
import { DATABASE_SCHEMA, settingTable } from '../replica/tables.ts'
import { isUserKeyOver, USER_KEY_MS_MAX } from './user-key-age.ts'

const START = 1_764_000_000_000

describe('age of the user key', () => {
  it('[ID7] counts from when a generation was first seen, for 90 days, across restarts', async () => {
    const suite = await createNodeSuite()
    const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) }
    const account = createAccount(suite, random, START)
    let store = createMemoryStore()
    const open = async (): Promise<Awaited<ReturnType<typeof openDatabase>>> =>
      await openDatabase({
        store,
        suite,
        random,
        masterKey: new Uint8Array(32).fill(1),
        schema: DATABASE_SCHEMA,
        tables: [settingTable]
      })
    let database = await open()
    expect(await isUserKeyOver(database, account, START)).toBe(false)
    expect(await isUserKeyOver(database, account, START + USER_KEY_MS_MAX - 1)).toBe(false)
    await database.close()
    store = store.reopen()
    database = await open()
    expect(await isUserKeyOver(database, account, START + USER_KEY_MS_MAX)).toBe(true)
    appendUserKey(suite, random, account.log, account.device, account.userKeys.at(-1))
    const renewed = refreshAccount(suite, account)
    expect(renewed.userKeys).toHaveLength(2)
    expect(await isUserKeyOver(database, renewed, START + USER_KEY_MS_MAX)).toBe(false)
    expect(await isUserKeyOver(database, renewed, START + 2 * USER_KEY_MS_MAX)).toBe(true)
    // A clock that was ahead is put right.
    expect(await isUserKeyOver(database, renewed, START)).toBe(false)
    expect(await isUserKeyOver(database, renewed, START + USER_KEY_MS_MAX)).toBe(true)
    await database.close()
  })
})

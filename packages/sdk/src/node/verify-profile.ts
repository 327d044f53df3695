/** `verifyProfile` for Node: a profile's folder, read and compared, and nothing of it changed (ND41). */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isXcordError, type Keychain, type Random, XcordError } from '@xcord/core'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { damagedLog, damagedTable, openLevelStore } from '@xcord/core/adapters/level'
import { lockProfile, readKeyStoreFile, systemRandom } from '@xcord/core/adapters/runtime-node'
import type { Suite } from '@xcord/core/crypto'
import { toHex } from '@xcord/core/encoding'
import {
  type Account,
  accountFromKeyStore,
  eraseKeyStore,
  type KeyStore,
  keyStoreError,
  openBackup,
  openKeyStore,
  outlineKeyStore
} from '@xcord/core/identity'
import { ACCOUNT_ROWS, type ProfileReport, verifyProfile as verifyDatabase } from '@xcord/core/node'
import type { Store } from '@xcord/core/store'
import type { VerifyCode, VerifyJson, VerifyProblem } from '../verify-types.ts'
import { copyDatabase, temporaryFolder } from './database-copy.ts'
import { hasProfile, keyStorePath } from './folder.ts'
import { keychainOf, keychainUnlock } from './folder-keychain.ts'

/** How a profile to be verified is opened. */
export interface VerifyProfileOptions {
  /** Without it the key file opens the profile; where there is none, what lies in the clear is verified. */
  readonly password?: string
  /** Without a password and a key file: by the system's keychain, where it opens this profile. */
  readonly keychain?: boolean | Keychain
}

/** Seal, nonce and schema around the value of each row (DB6), and the first byte of its key. */
const SEALED_BYTES_MIN = 41
const KEY_PREFIX_MAX = 1

class Checks {
  readonly suite: Suite
  readonly path: string
  readonly problems: VerifyProblem[] = []

  constructor(suite: Suite, path: string) {
    this.suite = suite
    this.path = path
  }

  add(code: VerifyCode, detail: string): undefined {
    this.problems.push({ code, server: null, detail })
    return undefined
  }
}

/**
 * Verifies a whole profile: its key store, every record, every signature and chain, and that what is kept beside them
 * agrees. Nothing is changed; the files are read from a copy.
 *
 * Errors: XCORD_NO_PROFILE; XCORD_PROFILE_IN_USE while something has it open; XCORD_KEYSTORE_REFUSED for a wrong password.
 * What is wrong inside is told, not thrown.
 *
 * @example
 * const { valid, problems } = await verifyProfile('./ada', { password })
 */
export async function verifyProfile(path: string, options: VerifyProfileOptions = {}): Promise<VerifyJson> {
  if (!(await hasProfile(path)) && !(await exists(join(path, 'database'))))
    throw new XcordError('XCORD_NO_PROFILE', `There is no profile at ${path}.`, { profile: path, path })
  await using lock = await lockProfile(path)
  const checks = new Checks(await createNodeSuite(), lock.path)
  const opened = await checkKeyStore(checks, options)
  try {
    const account = opened.store && checkAccount(checks, opened.store)
    if (opened.store !== undefined && account !== undefined) await checkBackup(checks, opened.store, account)
    const report = await checkDatabase(checks, opened.store, account)
    const problems = [...checks.problems, ...(report?.problems ?? [])]
    const problemCount = checks.problems.length + (report?.problemCount ?? 0)
    return {
      valid: problemCount === 0,
      locked: opened.locked,
      complete: account !== undefined && report?.complete === true,
      records: report?.records ?? 0,
      servers: (report?.servers ?? []).map(({ server: id, stateHash, ...counts }) => ({
        id,
        ...counts,
        stateHash: stateHash && toHex(stateHash)
      })),
      problemCount,
      problems
    }
  } finally {
    if (opened.store !== undefined) eraseKeyStore(opened.store)
  }
}

const exists = async (path: string): Promise<boolean> =>
  await stat(path).then(
    () => true,
    () => false
  )

async function checkKeyStore(
  checks: Checks,
  { password, keychain = false }: VerifyProfileOptions
): Promise<{ readonly store?: KeyStore; readonly locked: boolean }> {
  const path = keyStorePath(checks.path)
  const bytes = await readKeyStoreFile(path).catch((error: unknown) => {
    if (!isXcordError(error, 'XCORD_KEYSTORE_INVALID')) throw error
    return checks.add('keystore-damaged', error.message)
  })
  if (bytes === undefined) {
    if (!(await exists(path))) checks.add('keystore-missing', 'the key store is not there')
    return { locked: false }
  }
  for (const name of ['keystore', 'key']) {
    const mode = await stat(join(checks.path, name)).then(
      found => found.mode,
      () => 0
    )
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      checks.add('keystore-exposed', `others on this machine may read ${name}`)
  }
  const outline = outlineKeyStore(bytes)
  if (!outline.ok) {
    checks.add(outline.rule === 'KS10' ? 'keystore-newer' : 'keystore-damaged', outline.reason)
    return { locked: false }
  }
  const keyFile =
    password === undefined ? await readFile(join(checks.path, 'key')).catch(() => undefined) : undefined
  if (password === undefined && keyFile === undefined)
    return keychain === false ? { locked: true } : await openByKeychain(checks, bytes, keychainOf(keychain))
  const unlock = password === undefined ? { keyFile: new Uint8Array(keyFile as Buffer) } : { password }
  const opened = openKeyStore(checks.suite, bytes, unlock)
  if (opened.ok) return { store: opened.value, locked: false }
  // A wrong password and an altered file look the same (KS5): who typed it is asked again.
  if (password !== undefined && opened.rule === 'KS5') throw keyStoreError(opened, bytes, checks.path)
  checks.add('keystore-damaged', opened.reason)
  return { locked: false }
}

/** Where it does not open the profile, the profile is a locked one: the password is the other way in. */
async function openByKeychain(
  { suite }: Checks,
  bytes: Uint8Array,
  keychain: Keychain
): Promise<{ readonly store?: KeyStore; readonly locked: boolean }> {
  const unlock = await keychainUnlock(keychain, bytes).catch((error: unknown) => {
    if (isXcordError(error, 'XCORD_KEYCHAIN_UNAVAILABLE') || isXcordError(error, 'XCORD_KEYCHAIN_MISMATCH'))
      return undefined
    throw error
  })
  const opened = unlock && openKeyStore(suite, bytes, unlock)
  return opened?.ok === true ? { store: opened.value, locked: false } : { locked: true }
}

function checkAccount(checks: Checks, store: KeyStore): Account | undefined {
  const account = accountFromKeyStore(checks.suite, store.contents)
  if (account.ok) return account.value
  return checks.add('account-damaged', `${account.rule}: ${account.reason}`)
}

/** The backup file beside the profile (ID11), where there is one and this device has its key. */
async function checkBackup(checks: Checks, store: KeyStore, { user }: Account): Promise<void> {
  const backupKey = store.contents.extensions.find(([name]) => name === ACCOUNT_ROWS.backupKey)?.[1]
  const bytes = await readFile(join(checks.path, 'backup')).catch(() => undefined)
  if (backupKey === undefined || bytes === undefined) return
  const opened = openBackup(checks.suite, { user, backupKey }, new Uint8Array(bytes))
  if (!opened.ok) checks.add('backup-damaged', `${opened.rule}: ${opened.reason}`)
}

type DatabaseFindings = Omit<ProfileReport, 'problems'> & { readonly problems: readonly VerifyProblem[] }

async function checkDatabase(
  checks: Checks,
  keyStore: KeyStore | undefined,
  account: Account | undefined
): Promise<DatabaseFindings | undefined> {
  const path = join(checks.path, 'database')
  if (!(await exists(path))) return checks.add('database-missing', 'the database is not there')
  const log = await damagedLog(path)
  if (log !== undefined)
    return checks.add('log-damaged', `${log} fails its checksum; its newest records are lost`)
  const table = await damagedTable(path)
  if (table !== undefined) checks.add('table-damaged', `${table} fails its checksum`)
  await using copy = await temporaryFolder()
  await copyDatabase(path, copy.path)
  let store: Store
  try {
    store = await openLevelStore(copy.path)
  } catch (error) {
    if (!isXcordError(error)) throw error
    return checks.add('store-unreadable', error.message)
  }
  try {
    return keyStore === undefined || account === undefined
      ? await checkLocked(checks, store)
      : await checkSealed(checks, store, keyStore, account, systemRandom)
  } finally {
    await store.close()
  }
}

async function checkSealed(
  { suite }: Checks,
  store: Store,
  { masterKey }: KeyStore,
  account: Account,
  random: Random
): Promise<DatabaseFindings> {
  return await verifyDatabase({ store, suite, masterKey, random, account })
}

/** What can be told of records without any key: a header, and rows that are long enough to be sealed. */
async function checkLocked(checks: Checks, store: Store): Promise<DatabaseFindings> {
  let records = 0
  let headers = 0
  try {
    for await (const [key, value] of store.scan({})) {
      records++
      if (key[0] === 0) headers++
      if ((key[0] ?? 255) > KEY_PREFIX_MAX)
        checks.add('record-unknown', `${toHex(key)}: no table has its key`)
      else if (value.length < SEALED_BYTES_MIN || value[0] === 0)
        checks.add('record-damaged', `${toHex(key)}: it is too short to be sealed`)
    }
  } catch (error) {
    if (!isXcordError(error, 'XCORD_STORE_CORRUPT')) throw error
    checks.add('store-unreadable', error.message)
  }
  if (headers === 0 && records > 0) checks.add('header-missing', 'the header is missing')
  return { records, servers: [], complete: false, problemCount: 0, problems: [] }
}

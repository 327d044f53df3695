/** Backups of whole profiles in Node (ND42): verified without restoring, and restored as a new device. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { XcordError } from '@xcord/core'
import { openLevelStore } from '@xcord/core/adapters/level'
import { lockProfile, readKeyStoreFile } from '@xcord/core/adapters/runtime-node'
import type { Suite } from '@xcord/core/crypto'
import { fromUtf8, toHex } from '@xcord/core/encoding'
import {
  type Account,
  accountFromKeyStore,
  eraseKeyStore,
  openKeyStore,
  type RootSecret,
  rootFromPhrase
} from '@xcord/core/identity'
import {
  ACCOUNT_ROWS,
  type OpenedBackup,
  openProfileBackup,
  settleRestored,
  verifyProfile
} from '@xcord/core/node'
import type { Store } from '@xcord/core/store'
import type { BackupJson, RestoredJson } from '../backup-types.ts'
import type { ByteSource } from '../export-types.ts'
import { profileInit } from '../open-client.ts'
import { beginProfile } from '../profile/begin.ts'
import { readServers } from '../profile/server-rows.ts'
import type { ProfileInit } from '../profile-store.ts'
import { nodePlatform } from './create-client.ts'
import { temporaryFolder } from './database-copy.ts'
import { createFolderKeyStore, type FolderOptions, hasProfile, keyStorePath, unlocking } from './folder.ts'
import { keychainMismatch } from './folder-keychain.ts'

/** Where a backup is restored to, and as whom. */
export interface RestoreBackupInit {
  /** A folder without a profile. */
  readonly path: string
  /** The 24 words. */
  readonly phrase: string
  /** For the new profile; without it a key file opens it. */
  readonly password?: string
  /** The name others see; as it was backed up unless told. */
  readonly name?: string
  /** Puts every device there was before out (ID9): they are lost or stolen. */
  readonly revokeOthers?: boolean
}

/** Whose key opens a backup: the words, or a profile of the same identity that is not open elsewhere. */
export type BackupOwner = { readonly phrase: string } | ({ readonly path: string } & FolderOptions)

function rootOf(suite: Suite, phrase: string): RootSecret {
  const root = rootFromPhrase(suite, phrase)
  if (root.ok) return root.value
  throw new XcordError('XCORD_PHRASE_INVALID', `These are not the 24 words: ${root.reason}.`, {
    reason: root.reason
  })
}

/** Pieces of any source, as bytes. */
async function* piecesOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  for await (const piece of source) yield piece
}

/** Writes a backup's records into an empty store, and makes them those of a new device. Returns how many there are. */
async function fill(init: ProfileInit, backup: OpenedBackup, path: string): Promise<number> {
  const store = await openLevelStore(path)
  let records = 0
  try {
    for await (const rows of backup.rows()) {
      records += rows.length
      await store.write(rows, { sync: false })
    }
  } catch (error) {
    await store.close()
    throw error
  }
  const { suite, random } = init
  await settleRestored({ store, suite, random, masterKey: backup.masterKey })
  return records
}

const dateOf = (at: number): string => new Date(at).toISOString()

/**
 * Restores a backup into an empty folder, as a new device of the identity: what the old device wrote stays its own, and
 * no place in its chain is used again. Servers are there at once, with what they held; opening the profile adds the new
 * device to them, and members bring what is newer.
 *
 * Errors: XCORD_PROFILE_EXISTS, XCORD_PHRASE_INVALID, XCORD_BACKUP_INVALID, XCORD_NEWER_VERSION, XCORD_DISK_FULL. After any
 * of them there is no profile in the folder.
 *
 * @example
 * const { servers } = await restoreBackup(createReadStream('ada.backup'), { path: './ada', phrase })
 */
export async function restoreBackup(source: ByteSource, init: RestoreBackupInit): Promise<RestoredJson> {
  const { path, phrase, password, name, revokeOthers } = init
  const opening = await profileInit(nodePlatform, {
    phrase,
    ...(name === undefined ? {} : { profile: { name } }),
    ...(revokeOthers === undefined ? {} : { revokeOthers })
  })
  const root = rootOf(opening.suite, phrase)
  await mkdir(path, { recursive: true, mode: 0o700 })
  await using lock = await lockProfile(path)
  if (await hasProfile(lock.path))
    throw new XcordError(
      'XCORD_PROFILE_EXISTS',
      `There is a profile at ${path} already; it is never overwritten.`,
      {
        profile: path,
        path
      }
    )
  const backup = await openProfileBackup(opening.suite, root, piecesOf(source))
  const database = join(path, 'database')
  // Left by a restoration that did not come to its end: without a key store it is nobody's.
  await rm(database, { recursive: true, force: true })
  try {
    const records = await fill(opening, backup, database)
    // Last: before the key store is there, nothing is.
    const keyStore = await createFolderKeyStore(
      path,
      password === undefined ? {} : { password },
      { ...opening, backup: backup.identity },
      backup.masterKey
    )
    const account = accountFromKeyStore(opening.suite, keyStore.contents)
    if (!account.ok)
      throw new XcordError('XCORD_BACKUP_INVALID', `The backup is refused: ${account.reason}.`, {})
    const { extensions } = keyStore.contents
    const named = extensions.find(([key]) => key === ACCOUNT_ROWS.name)?.[1]
    const restored = {
      identity: account.value.user,
      device: account.value.device.device,
      name: (named && fromUtf8(named)) ?? 'someone',
      createdAt: dateOf(backup.at),
      records,
      servers: readServers(extensions).map(each => each.server)
    }
    eraseKeyStore(keyStore)
    return restored
  } catch (error) {
    await rm(database, { recursive: true, force: true })
    throw error
  } finally {
    backup.masterKey.fill(0)
  }
}

interface Owner {
  readonly account: Account
  readonly backupKey: Uint8Array
}

/** By the words a device is made that nobody hears of; by a profile, its own. */
async function ownerOf(init: ProfileInit, owner: BackupOwner): Promise<Owner | RootSecret> {
  if ('phrase' in owner) return rootOf(init.suite, owner.phrase)
  const bytes = await readKeyStoreFile(keyStorePath(owner.path))
  if (bytes === undefined)
    throw new XcordError('XCORD_NO_PROFILE', `There is no profile at ${owner.path}.`, {
      profile: owner.path,
      path: owner.path
    })
  const unlock = await unlocking(owner.path, owner, bytes)
  const opened = openKeyStore(init.suite, bytes, unlock)
  if (!opened.ok && 'keychain' in unlock) throw keychainMismatch('another')
  if (!opened.ok)
    throw new XcordError('XCORD_KEYSTORE_REFUSED', 'The password is wrong.', { path: owner.path })
  const account = accountFromKeyStore(init.suite, opened.value.contents)
  const backupKey = opened.value.contents.extensions.find(([name]) => name === ACCOUNT_ROWS.backupKey)?.[1]
  if (!account.ok || backupKey === undefined)
    throw new XcordError('XCORD_PERMISSION_DENIED', 'This profile has no backup key. Give the 24 words.', {
      rule: 'ND42',
      action: 'backup'
    })
  return { account: account.value, backupKey }
}

/**
 * Verifies a backup without restoring it: that it is whole, and everything in it as `verifyProfile` does, in a temporary
 * folder that is gone afterwards.
 *
 * Errors: XCORD_BACKUP_INVALID, XCORD_PHRASE_INVALID, XCORD_NO_PROFILE, XCORD_KEYSTORE_REFUSED, XCORD_KEYSTORE_LOCKED. What is
 * wrong inside is told.
 *
 * @example
 * const { valid, createdAt } = await verifyBackup(createReadStream('ada.backup'), { phrase })
 */
export async function verifyBackup(source: ByteSource, owner: BackupOwner): Promise<BackupJson> {
  const opening = await profileInit(nodePlatform, 'phrase' in owner ? { phrase: owner.phrase } : {})
  const { suite, random } = opening
  const found = await ownerOf(opening, owner)
  const { backupKey } = found
  const user = 'account' in found ? found.account.user : found.user
  const backup = await openProfileBackup(suite, { user, backupKey }, piecesOf(source))
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'database')
  await fill(opening, backup, path)
  const account =
    'account' in found
      ? found.account
      : beginProfile({ ...opening, backup: backup.identity }, folder.path).account
  const store: Store = await openLevelStore(path)
  try {
    const report = await verifyProfile({ store, suite, random, masterKey: backup.masterKey, account })
    return {
      identity: user,
      createdAt: dateOf(backup.at),
      valid: report.problemCount === 0,
      records: report.records,
      servers: report.servers.map(({ server: id, stateHash, ...counts }) => ({
        id,
        ...counts,
        stateHash: stateHash && toHex(stateHash)
      })),
      problemCount: report.problemCount,
      problems: report.problems
    }
  } finally {
    await store.close()
    backup.masterKey.fill(0)
  }
}

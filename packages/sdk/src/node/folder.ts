/**
 * A profile in a folder: `keystore` (KS1), `database/` (LevelDB, sealed), a lock held while it is open, and
 * without a password a `key` file that only its owner may read (KS2).
 */
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isXcordError, type Keychain, XcordError } from '@xcord/core'
import { openLevelStore } from '@xcord/core/adapters/level'
import {
  lockProfile,
  type ProfileLock,
  readKeyStoreFile,
  writeKeyStoreFile
} from '@xcord/core/adapters/runtime-node'
import type { KeyStore, KeyStoreLocks, KeyStoreUnlock } from '@xcord/core/identity'
import type { OpenableStore, OpenProfile, ProfileInit } from '../profile-store.ts'
import type { ProfileStore } from '../types.ts'
import { assembleProfile, makeKeyStore, unlockKeyStore } from '../profile/assemble.ts'
import { beginProfile } from '../profile/begin.ts'
import { folderKeychain, keychainMismatch, keychainOf, keychainUnlock } from './folder-keychain.ts'
import { type KeyPlace, KeptKeys } from '../profile/kept-keys.ts'

const KEY_BYTES = 32
const OWNER_ONLY = 0o600

/** Where a folder keeps it. */
export const keyStorePath = (path: string): string => join(path, 'keystore')
const keyPlace = (path: string): KeyPlace => ({
  name: path,
  write: async bytes => await writeKeyStoreFile(keyStorePath(path), bytes)
})

/** How a folder is locked. */
export interface FolderOptions {
  /** At least 8 characters. Without it a key file of mode 0600 beside the key store opens it. */
  readonly password?: string
  /**
   * Without a password: lets the system's keychain open it, where `client.keychain.enable` was called before. `true`: the
   * keychain of this system; another one is for tests.
   */
  readonly keychain?: boolean | Keychain
}

/**
 * Keeps a profile in a folder, made when needed. Errors when opened: XCORD_KEYSTORE_REFUSED, XCORD_PROFILE_IN_USE;
 * XCORD_KEYCHAIN_UNAVAILABLE and XCORD_KEYCHAIN_MISMATCH where the keychain was to open it: the password still does.
 */
export function folder(path: string, options: FolderOptions = {}): ProfileStore {
  const place: OpenableStore = {
    kind: 'folder',
    exists: async () => await hasProfile(path),
    open: async init => await openFolder(path, options, init)
  }
  return place
}

/** Whether a folder holds a profile already. */
export async function hasProfile(path: string): Promise<boolean> {
  return await stat(keyStorePath(path)).then(
    () => true,
    () => false
  )
}

async function openFolder(path: string, options: FolderOptions, init: ProfileInit): Promise<OpenProfile> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const lock = await lockProfile(path)
  try {
    const bytes = await readKeyStoreFile(keyStorePath(path))
    const keyStore =
      bytes === undefined
        ? await createFolderKeyStore(path, options, init)
        : await open(path, options, init, bytes)
    return await assemble(path, options, lock, keyStore, init)
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function assemble(
  path: string,
  options: FolderOptions,
  lock: ProfileLock,
  keyStore: KeyStore,
  init: ProfileInit
): Promise<OpenProfile> {
  const keys = new KeptKeys(keyPlace(path), init, keyStore)
  const profile = assembleProfile(keys, init)
  return {
    ...profile,
    store: await openLevelStore(join(path, 'database')),
    backupPath: join(path, 'backup'),
    keychain: written => folderKeychain({ ...init, keys, keychain: keychainOf(options.keychain), written }),
    changePassword: async (old, next) => {
      await keys.changePassword(old, next)
      await rm(join(path, 'key'), { force: true })
    },
    release: async () => {
      await keys.erase()
      await lock.release()
    }
  }
}

/** Makes the key store of an empty folder. `masterKey`: of the database that lies there already (ND42). */
export async function createFolderKeyStore(
  path: string,
  options: FolderOptions,
  init: ProfileInit,
  masterKey?: Uint8Array
): Promise<KeyStore> {
  const beginning = beginProfile(init, path)
  const lock: KeyStoreLocks =
    options.password === undefined
      ? { keyFile: await makeKeyFile(path, init) }
      : { password: { text: options.password } }
  const keyStore = makeKeyStore(init, beginning, lock, masterKey)
  await writeKeyStoreFile(keyStorePath(path), keyStore.bytes)
  return keyStore
}

async function makeKeyFile(path: string, init: ProfileInit): Promise<Uint8Array> {
  const key = init.random.bytes(KEY_BYTES)
  await writeFile(join(path, 'key'), key, { mode: OWNER_ONLY, flag: 'wx' }).catch(async (error: unknown) => {
    // Left by a run that ended before the key store was written: nothing is sealed under it yet.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    await writeFile(join(path, 'key'), key, { mode: OWNER_ONLY })
  })
  return key
}

async function open(
  path: string,
  options: FolderOptions,
  init: ProfileInit,
  bytes: Uint8Array
): Promise<KeyStore> {
  let byKeychain = false
  const key = async (): Promise<KeyStoreUnlock> => {
    const unlock = await unlocking(path, options, bytes)
    byKeychain = 'keychain' in unlock
    return unlock
  }
  try {
    return await unlockKeyStore(init, bytes, key, path)
  } catch (error) {
    if (byKeychain && isXcordError(error, 'XCORD_KEYSTORE_REFUSED')) throw keychainMismatch('another', error)
    throw error
  }
}

/** How a folder's key store is opened. XCORD_KEYSTORE_LOCKED, XCORD_KEYCHAIN_UNAVAILABLE, XCORD_KEYCHAIN_MISMATCH. */
export async function unlocking(
  path: string,
  options: FolderOptions,
  bytes: Uint8Array
): Promise<KeyStoreUnlock> {
  if (options.password !== undefined) return { password: options.password }
  const keyFile = await readFile(join(path, 'key')).catch(() => undefined)
  if (keyFile !== undefined) return { keyFile: new Uint8Array(keyFile) }
  const wanted = options.keychain !== undefined && options.keychain !== false
  const unlock = wanted ? await keychainUnlock(keychainOf(options.keychain), bytes) : undefined
  if (unlock !== undefined) return unlock
  throw new XcordError('XCORD_KEYSTORE_LOCKED', 'This profile is locked by a password.', {})
}

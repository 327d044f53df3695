/**
 * A profile in a page's origin: its key store (KS1) and its database, each in IndexedDB, and a lock that other tabs
 * see. Without a password a key beside the key store opens it, for whoever uses this browser.
 */
import { XcordError } from '@xcord/core'
import { openIndexedStore, openKeptFile } from '@xcord/core/adapters/indexeddb'
import { holdLock } from '@xcord/core/adapters/runtime-browser'
import type { KeyStore, KeyStoreUnlock } from '@xcord/core/identity'
import { assembleProfile, makeKeyStore, unlockKeyStore } from '../profile/assemble.ts'
import { beginProfile } from '../profile/begin.ts'
import { KeptKeys } from '../profile/kept-keys.ts'
import type { OpenableStore, OpenProfile, ProfileInit } from '../profile-store.ts'
import type { ProfileStore } from '../types.ts'

const KEY_BYTES = 32

/** How a profile in a browser is locked. */
export interface IndexedDbOptions {
  /** At least 8 characters. Without it whoever uses this browser can open the profile. */
  readonly password?: string
}

/** What is kept of one profile. */
const placesOf = (name: string) => ({
  lock: `xcord/${name}`,
  keyStore: openKeptFile(`xcord/${name}/keystore`),
  key: openKeptFile(`xcord/${name}/key`),
  database: `xcord/${name}/database`
})

/**
 * Keeps a profile of that name in this origin, made when needed. Browsers may delete what a page keeps when room is
 * short, unless they granted persistence; it is asked for here.
 *
 * Errors when opened: XCORD_KEYSTORE_REFUSED, XCORD_KEYSTORE_LOCKED, XCORD_PROFILE_IN_USE, XCORD_STORE_FAILED.
 */
export function indexedDb(name: string, options: IndexedDbOptions = {}): ProfileStore {
  const place: OpenableStore = {
    kind: 'indexedDb',
    exists: async () => (await placesOf(name).keyStore.read()) !== undefined,
    open: async init => await openIndexedDb(name, options, init)
  }
  return place
}

async function openIndexedDb(
  name: string,
  options: IndexedDbOptions,
  init: ProfileInit
): Promise<OpenProfile> {
  const places = placesOf(name)
  const lock = await holdLock(places.lock, name)
  try {
    const bytes = await places.keyStore.read()
    const keyStore =
      bytes === undefined
        ? await create(name, options, init)
        : await unlockKeyStore(init, bytes, async () => await unlocking(name, options), name)
    const keys = new KeptKeys(
      { name, write: async next => await places.keyStore.write(next) },
      init,
      keyStore
    )
    const profile = assembleProfile(keys, init)
    // Whatever is answered: refused, everything works until the browser needs the room.
    navigator.storage?.persist?.().catch(() => undefined)
    return {
      ...profile,
      store: await openIndexedStore(places.database),
      changePassword: async (old, next) => {
        await keys.changePassword(old, next)
        await places.key.write(new Uint8Array())
      },
      release: async () => {
        await keys.erase()
        await lock.release()
      }
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

async function create(name: string, options: IndexedDbOptions, init: ProfileInit): Promise<KeyStore> {
  const places = placesOf(name)
  const beginning = beginProfile(init, name)
  let keyStore: KeyStore
  if (options.password === undefined) {
    const keyFile = init.random.bytes(KEY_BYTES)
    await places.key.write(keyFile)
    keyStore = makeKeyStore(init, beginning, { keyFile })
  } else {
    keyStore = makeKeyStore(init, beginning, { password: { text: options.password } })
  }
  await places.keyStore.write(keyStore.bytes)
  return keyStore
}

async function unlocking(name: string, options: IndexedDbOptions): Promise<KeyStoreUnlock> {
  if (options.password !== undefined) return { password: options.password }
  const keyFile = await placesOf(name).key.read()
  if (keyFile === undefined || keyFile.length === 0)
    throw new XcordError('XCORD_KEYSTORE_LOCKED', 'This profile is locked by a password.', {})
  return { keyFile }
}

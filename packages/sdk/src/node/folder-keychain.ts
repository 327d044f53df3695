/** The keychain slot of a profile in a folder (KS11): both sides set up, looked at and taken down. */
import { isXcordError, type Keychain, type Random, XcordError } from '@xcord/core'
import type { Suite } from '@xcord/core/crypto'
import { toHex } from '@xcord/core/encoding'
import {
  eraseKeyStore,
  KeyStoreSlot,
  type KeyStoreUnlock,
  openKeyStore,
  outlineKeyStore,
  setKeychainSlot
} from '@xcord/core/identity'
import type { KeychainControl, KeychainJson } from '../keychain-types.ts'
import type { KeptKeys } from '../profile/kept-keys.ts'

const KEY_BYTES = 32

/** The system's, loaded when it is first asked. */
export const lazyKeychain: Keychain = {
  read: async account => await (await load()).read(account),
  write: async (account, key) => await (await load()).write(account, key),
  remove: async account => await (await load()).remove(account)
}

async function load(): Promise<Keychain> {
  const { systemKeychain } = await import('@xcord/core/adapters/keychain-tools')
  return systemKeychain()
}

/** `true`: the system's. */
export const keychainOf = (option: boolean | Keychain | undefined): Keychain =>
  typeof option === 'object' ? option : lazyKeychain

/** Where a key store's key lies in a keychain. */
const accountOf = (id: Uint8Array): string => toHex(id)

export function keychainMismatch(
  found: 'nothing' | 'another',
  cause?: unknown
): XcordError<'XCORD_KEYCHAIN_MISMATCH'> {
  const what =
    found === 'nothing'
      ? "The system's keychain no longer holds what opens this profile"
      : "What the system's keychain holds does not open this profile: it, or the key store, was altered"
  return new XcordError(
    'XCORD_KEYCHAIN_MISMATCH',
    `${what}. Give the password; "xcord keychain enable" then sets it up anew.`,
    { found },
    cause === undefined ? {} : { cause }
  )
}

/**
 * How the keychain opens these bytes; undefined where they have no slot for it. XCORD_KEYCHAIN_UNAVAILABLE,
 * XCORD_KEYCHAIN_MISMATCH.
 */
export async function keychainUnlock(
  keychain: Keychain,
  bytes: Uint8Array
): Promise<KeyStoreUnlock | undefined> {
  const outline = outlineKeyStore(bytes)
  if (!outline.ok || !outline.value.slots.includes(KeyStoreSlot.keychain)) return undefined
  const key = await keychain.read(accountOf(outline.value.id))
  if (key === undefined) throw keychainMismatch('nothing')
  return { keychain: key }
}

/** A key store and the keychain beside it. */
interface Sides {
  readonly keys: KeptKeys
  readonly keychain: Keychain
  readonly suite: Suite
  readonly random: Random
  /** Told after each writing of the key store. */
  readonly written: () => Promise<void>
}

const hasSlot = ({ slots }: KeptKeys): boolean => slots.includes(KeyStoreSlot.keychain)

async function statusOf({ keys, keychain, suite }: Sides): Promise<KeychainJson> {
  const enabled = hasSlot(keys)
  const not = (cause: KeychainJson['cause'], detail: string): KeychainJson => ({
    enabled,
    opens: false,
    cause,
    detail
  })
  let key: Uint8Array | undefined
  try {
    key = await keychain.read(accountOf(keys.mark().id))
  } catch (error) {
    if (!isXcordError(error, 'XCORD_KEYCHAIN_UNAVAILABLE')) throw error
    return not('unavailable', error.message)
  }
  if (!enabled) return not(null, OFF)
  if (key === undefined) return not('missing', keychainMismatch('nothing').message)
  const opened = openKeyStore(suite, keys.bytes, { keychain: key })
  key.fill(0)
  if (!opened.ok) return not('altered', keychainMismatch('another').message)
  eraseKeyStore(opened.value)
  return { enabled, opens: true, cause: null, detail: ON }
}

/** The control of an open profile. */
export function folderKeychain(init: Sides): KeychainControl {
  const { keys, keychain, random, written } = init
  const account = (): string => accountOf(keys.mark().id)

  const rewrite = async (key: Uint8Array | undefined): Promise<void> => {
    await keys.write((by, store) => setKeychainSlot(by.suite, by.random, store, key))
    await written()
  }

  const status = async (): Promise<KeychainJson> => await statusOf(init)

  const enable = async (password: string): Promise<KeychainJson> => {
    if (!keys.slots.includes(KeyStoreSlot.password))
      throw new XcordError(
        'XCORD_USAGE',
        'This profile has no password: a key file opens it for whoever reads its folder. Give it one with "xcord passwd" first.',
        { argument: 'password' }
      )
    keys.check(password)
    const key = random.bytes(KEY_BYTES)
    const before = await keychain.read(account())
    // The keychain first: a crash in between leaves it a key that opens nothing, and the password opens as ever.
    await keychain.write(account(), key)
    try {
      await rewrite(key)
    } catch (error) {
      await putBack(before).catch(() => undefined)
      throw error
    } finally {
      key.fill(0)
    }
    return await status()
  }

  const putBack = async (before: Uint8Array | undefined): Promise<void> =>
    before === undefined ? await keychain.remove(account()) : await keychain.write(account(), before)

  const disable = async (): Promise<KeychainJson> => {
    if (hasSlot(keys)) await rewrite(undefined)
    try {
      await keychain.remove(account())
    } catch (error) {
      if (!isXcordError(error, 'XCORD_KEYCHAIN_UNAVAILABLE')) throw error
    }
    return await status()
  }

  return {
    get enabled() {
      return hasSlot(keys)
    },
    status,
    enable,
    disable
  }
}

const ON = 'whoever is logged in to this system opens this profile without its password'
const OFF =
  'the password opens this profile; "xcord keychain enable" lets this system\'s keychain open it, too'

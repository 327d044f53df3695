/** What every place of a profile does with its key store: makes it, unlocks it, and reads the profile out of it. */
import { XcordError } from '@xcord/core'
import { fromUtf8, utf8 } from '@xcord/core/encoding'
import {
  createKeyStore,
  type KeyStore,
  keyStoreContents,
  keyStoreError,
  type KeyStoreLocks,
  type KeyStoreUnlock,
  openKeyStore
} from '@xcord/core/identity'
import { ACCOUNT_ROWS } from '@xcord/core/node'
import type { Beginning, OpenProfile, ProfileInit } from '../profile-store.ts'
import type { KeptKeys } from './kept-keys.ts'
import { readServers, serverRows } from './server-rows.ts'

/**
 * The key store of a profile that begins; its recovery slot beside the lock given.
 *
 * @param masterKey - Of a database that is there already (ND42); a new one without it.
 */
export function makeKeyStore(
  { suite, random, at }: ProfileInit,
  { account, name, backupKey, servers, home }: Beginning,
  lock: KeyStoreLocks,
  masterKey?: Uint8Array
): KeyStore {
  const contents = keyStoreContents(account, [
    [ACCOUNT_ROWS.name, utf8(name)],
    ...(backupKey === undefined ? [] : [[ACCOUNT_ROWS.backupKey, backupKey] as const]),
    ...(home === undefined ? [] : [[ACCOUNT_ROWS.home, home] as const]),
    ...serverRows(servers)
  ])
  const locks = { ...lock, recoveryPublicKey: account.log.genesis.recoveryPublicKey }
  return createKeyStore(suite, random, at, contents, locks, masterKey)
}

/** XCORD_PROFILE_EXISTS where another was to begin here; XCORD_KEYSTORE_REFUSED, XCORD_KEYSTORE_INVALID. */
export async function unlockKeyStore(
  init: ProfileInit,
  bytes: Uint8Array,
  key: () => Promise<KeyStoreUnlock> | KeyStoreUnlock,
  place: string
): Promise<KeyStore> {
  if (init.phrase !== undefined || init.linked !== undefined) {
    throw new XcordError(
      'XCORD_PROFILE_EXISTS',
      `There is a profile at ${place} already; it is never overwritten.`,
      { profile: place, path: place }
    )
  }
  const opened = openKeyStore(init.suite, bytes, await key())
  if (!opened.ok) throw keyStoreError(opened, bytes, place)
  return opened.value
}

/** The profile that an open key store holds. */
export function assembleProfile(
  keys: KeptKeys,
  init: ProfileInit
): Pick<
  OpenProfile,
  'account' | 'name' | 'masterKey' | 'keyStore' | 'backupKey' | 'servers' | 'home' | 'saveAccount'
> {
  const named = keys.row(ACCOUNT_ROWS.name)
  return {
    account: keys.account(),
    name: (named === undefined ? undefined : fromUtf8(named)) ?? init.name ?? 'someone',
    masterKey: keys.masterKey,
    keyStore: () => keys.mark(),
    backupKey: keys.row(ACCOUNT_ROWS.backupKey),
    servers: readServers(keys.rows()),
    home: keys.row(ACCOUNT_ROWS.home),
    saveAccount: async grown => await keys.save(grown)
  }
}

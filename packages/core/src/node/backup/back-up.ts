/** Backs a running profile up (ND42). */
import { XcordError } from '../../base/index.ts'
import type { NodeInit } from '../contract.ts'
import { DATABASE_SCHEMA } from '../replica/tables.ts'
import { writeProfileBackup } from './profile-backup.ts'

/** `identity`: the backup of the account (ID11). XCORD_PERMISSION_DENIED where this device has no key for it. */
export function backUp(
  { suite, random, clock, store, masterKey, account, backupKey }: NodeInit,
  identity: Uint8Array | undefined
): AsyncIterable<Uint8Array> {
  if (backupKey === undefined || identity === undefined) {
    throw new XcordError(
      'XCORD_PERMISSION_DENIED',
      'This device has no backup key. Back up on the device that the identity was made or recovered on.',
      { rule: 'ND42', action: 'backup' }
    )
  }
  const { user } = account
  return writeProfileBackup({
    suite,
    random,
    user,
    backupKey,
    identity,
    masterKey,
    schema: DATABASE_SCHEMA,
    at: clock.now(),
    store
  })
}

/** Makes the account of an empty profile, recovers it, or takes the one that linking gave. */
import { XcordError } from '@xcord/core'
import { fromUtf8 } from '@xcord/core/encoding'
import {
  type BackupContents,
  createAccount,
  decodeIdentityLog,
  type IdentityLog,
  openBackup,
  recoverAccount,
  type RootSecret,
  rootFromPhrase
} from '@xcord/core/identity'
import { ACCOUNT_ROWS } from '@xcord/core/node'
import type { Beginning, ProfileInit } from '../profile-store.ts'

/** A new account, that of a phrase as a new device, or a linked one. XCORD_PHRASE_INVALID, XCORD_BACKUP_INVALID. */
export function beginProfile(init: ProfileInit, place: string): Beginning {
  const { suite, random, at, name, deviceName, phrase, onPhrase, linked } = init
  if (linked !== undefined) return fromContents(linked.contents, linked.account, name)
  if (phrase !== undefined) return recover(init, phrase, place)
  const called = nameOf(name, place)
  const account = createAccount(suite, random, at, { deviceName })
  const root = rootOf(init, account.phrase)
  onPhrase?.(account.phrase)
  return { account, name: called, backupKey: root.backupKey, servers: [] }
}

function nameOf(name: string | undefined, place: string): string {
  if (name !== undefined && name.trim() !== '') return name
  throw new XcordError(
    'XCORD_NO_PROFILE',
    `There is no profile at ${place} yet; give it a name to make one.`,
    {
      profile: place
    }
  )
}

function rootOf({ suite }: ProfileInit, phrase: string): RootSecret {
  const root = rootFromPhrase(suite, phrase)
  if (root.ok) return root.value
  throw new XcordError('XCORD_PHRASE_INVALID', `These are not the 24 words: ${root.reason}.`, {
    reason: root.reason
  })
}

/** ID11. Without a backup the words bring back who one is, and nothing else. */
function recover(init: ProfileInit, phrase: string, place: string): Beginning {
  const { suite, random, at, name, deviceName, backup, revokeOthers } = init
  const root = rootOf(init, phrase)
  const contents = backup === undefined ? undefined : readBackup(init, root, backup)
  const recovered = recoverAccount(suite, random, at, phrase, {
    deviceName,
    ...(contents === undefined ? {} : { log: contents.log }),
    ...(revokeOthers === undefined ? {} : { revokeOthers })
  })
  if (!recovered.ok) throw backupInvalid(recovered.reason)
  const { value: account } = recovered
  if (contents === undefined)
    return { account, name: nameOf(name, place), backupKey: root.backupKey, servers: [] }
  return { ...fromContents(contents.contents, account, name), backupKey: root.backupKey }
}

function backupInvalid(reason: string): XcordError<'XCORD_BACKUP_INVALID'> {
  return new XcordError('XCORD_BACKUP_INVALID', `The backup file is refused: ${reason}.`, {})
}

function readBackup(
  { suite }: ProfileInit,
  root: RootSecret,
  backup: Uint8Array
): { readonly contents: BackupContents; readonly log: IdentityLog } {
  const contents = openBackup(suite, root, backup)
  if (!contents.ok) throw backupInvalid(contents.reason)
  const log = decodeIdentityLog(suite, contents.value.log)
  if (!log.ok) throw backupInvalid(log.reason)
  return { contents: contents.value, log: log.value }
}

function fromContents(
  { servers, extensions }: BackupContents,
  account: Beginning['account'],
  name: string | undefined
): Beginning {
  const row = (key: string): Uint8Array | undefined => extensions.find(([each]) => each === key)?.[1]
  const kept = row(ACCOUNT_ROWS.name)
  const called = name ?? (kept === undefined ? undefined : fromUtf8(kept)) ?? 'someone'
  return {
    account,
    name: called,
    backupKey: row(ACCOUNT_ROWS.backupKey),
    servers,
    home: row(ACCOUNT_ROWS.home)
  }
}

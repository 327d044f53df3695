/** Making, recovering and reopening an account: what a node needs to act for a person on this device. */
import { accept, type Random, refuse, type Verdict } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { appendDevice, appendEntry, appendRevokeAll, appendUserKey } from './append.ts'
import type {
  Account,
  DeviceSecret,
  IdentityLog,
  KeyStoreContents,
  NewAccount,
  RootSecret,
  UserKey
} from './contract.ts'
import { createCredential } from './credential.ts'
import { createDevice } from './device.ts'
import { copyIdentityLog, createIdentityLog, decodeIdentityLog, encodeIdentityLog } from './log.ts'
import { createPhrase, rootFromPhrase } from './phrase.ts'
import { withSecrets } from './secret.ts'
import { createUserKey, openUserKeys, sealDeviceName, sealUserKey, userKeyRecipients } from './user-key.ts'

const MINUTE_MS = 60_000

/** How the new device is enrolled. */
export interface AccountOptions {
  /** Sealed: only the account's own devices read it. At most 48 bytes. */
  readonly deviceName?: string
  /** May it enrol and revoke others (ID5)? True unless told; browsers say false. */
  readonly manage?: boolean
}

/** As `AccountOptions`, for a return by phrase. */
export interface RecoverOptions extends AccountOptions {
  /** The identity log as far as it was found (backup, contacts, servers). Not changed. */
  readonly log?: IdentityLog
  /** Revokes every device enrolled before (ID11): after loss or theft. */
  readonly revokeOthers?: boolean
}

function describeAccount(
  log: IdentityLog,
  device: DeviceSecret,
  userKeys: readonly UserKey[],
  created: number
): Account {
  return { user: log.user, log, device, userKeys, credential: createCredential(log, device.device), created }
}

/** Enrols a device by the root, named under a user key that may be new itself. */
function enrol(
  suite: Suite,
  random: Random,
  log: IdentityLog,
  root: RootSecret,
  key: UserKey,
  options: AccountOptions
): DeviceSecret {
  const device = createDevice(suite, random)
  const name =
    options.deviceName === undefined ? undefined : sealDeviceName(suite, random, key, options.deviceName)
  appendDevice(suite, log, root, device, {
    manage: options.manage ?? true,
    ...(name === undefined ? {} : { name })
  })
  return device
}

/**
 * Makes a person: root from a fresh phrase, first device, first user key.
 *
 * @param at - Now, ms since the Unix epoch: only kept as the device's age.
 * @returns The account with its phrase, which is to be shown once and kept nowhere (ID1).
 * @throws RangeError for a device name above 48 bytes.
 */
export function createAccount(
  suite: Suite,
  random: Random,
  at: number,
  options: AccountOptions = {}
): NewAccount {
  const phrase = createPhrase(random)
  const root = rootFromPhrase(suite, phrase)
  if (!root.ok) throw new TypeError('a phrase made here must be readable')
  const log = createIdentityLog(suite, root.value.genesis)
  const key = createUserKey(suite, random, 1)
  const device = enrol(suite, random, log, root.value, key, options)
  appendEntry(suite, log, root.value, sealUserKey(suite, random, key, userKeyRecipients(log)))
  return withSecrets(describeAccount(log, device, [key], at), { phrase })
}

/**
 * Returns by phrase (ID11): the root enrols a new device, and opens every generation of the user key that the
 * log holds. Without a log the new generation is the minutes since 1970, which no run of renewals reaches, so
 * that it counts over generations it cannot see (ID7).
 *
 * Refuses a phrase that is none (ID1) and a log of someone else (ID11).
 */
export function recoverAccount(
  suite: Suite,
  random: Random,
  at: number,
  phrase: string,
  options: RecoverOptions = {}
): Verdict<Account> {
  const root = rootFromPhrase(suite, phrase)
  if (!root.ok) return root
  if (options.log !== undefined && options.log.user !== root.value.user)
    return refuse('ID11', 'the identity log found is not of this phrase')
  const log =
    options.log === undefined
      ? createIdentityLog(suite, root.value.genesis)
      : copyIdentityLog(suite, options.log)
  const held = openUserKeys(suite, log.entries(), root.value)
  const current = log.state().userKey
  const previous = held.find(({ generation }) => generation === current?.generation) ?? held.at(-1)
  if (options.revokeOthers === true) appendRevokeAll(suite, log, root.value)
  if (
    previous !== undefined &&
    options.revokeOthers !== true &&
    previous.generation === current?.generation &&
    !current.stale
  ) {
    const device = enrol(suite, random, log, root.value, previous, options)
    return accept(describeAccount(log, device, held, at))
  }
  const generation = current === undefined ? Math.floor(at / MINUTE_MS) : current.generation + 1
  const key = createUserKey(suite, random, generation)
  const device = enrol(suite, random, log, root.value, key, options)
  appendEntry(suite, log, root.value, sealUserKey(suite, random, key, userKeyRecipients(log), previous))
  return accept(describeAccount(log, device, [...held, key], at))
}

/** The same account after its log has grown: new generations opened, certificate renewed. */
export function refreshAccount(suite: Suite, account: Account): Account {
  const userKeys = openUserKeys(suite, account.log.entries(), account.device, account.userKeys)
  return describeAccount(account.log, account.device, userKeys, account.created)
}

/** Renews the user key by this device (ID7: every 90 days, and after each revocation). Needs `manage`. */
export function renewUserKey(suite: Suite, random: Random, account: Account): Account {
  appendUserKey(suite, random, account.log, account.device, account.userKeys.at(-1))
  return refreshAccount(suite, account)
}

/** What the key store keeps of an account. */
export function keyStoreContents(
  account: Account,
  extensions: KeyStoreContents['extensions'] = []
): KeyStoreContents {
  return {
    log: encodeIdentityLog(account.log),
    device: account.device,
    userKeys: account.userKeys,
    created: account.created,
    extensions
  }
}

/** The account of an opened key store. */
export function accountFromKeyStore(suite: Suite, contents: KeyStoreContents): Verdict<Account> {
  const log = decodeIdentityLog(suite, contents.log)
  if (!log.ok) return log
  if (log.value.pathTo(contents.device.device) === undefined)
    return refuse('KS1', 'the key store holds a device that its identity log did not enrol')
  return accept(describeAccount(log.value, contents.device, contents.userKeys, contents.created))
}

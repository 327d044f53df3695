/** ID10: both ends of a linking that went well, as accounts. */
import { accept, type Random, refuse, type UserId, type Verdict } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { equalBytes } from '../encoding/index.ts'
import { accountFromKeyStore, refreshAccount } from './account.ts'
import { appendEntry, type IdentitySigner } from './append.ts'
import type { BackupContents } from './backup.ts'
import type { Account, DeviceSecret, IdentityEntry, IdentityLog, UserKey } from './contract.ts'
import type { LinkConsent } from './link.ts'
import { sealDeviceName } from './user-key.ts'

/**
 * Enrols a device that consented in linking.
 *
 * @throws TypeError if the log refuses it: a false enrolment proof, a device known before, a signer that may not.
 */
export function appendLinkedDevice(
  suite: Suite,
  random: Random,
  log: IdentityLog,
  signer: IdentitySigner,
  key: UserKey | undefined,
  { device, boxPublicKey, caps, name, proof }: LinkConsent
): IdentityEntry {
  const sealed = name === null || key === undefined ? null : sealDeviceName(suite, random, key, name)
  return appendEntry(suite, log, signer, {
    kind: 'addDevice',
    device,
    boxPublicKey,
    caps,
    name: sealed,
    proof
  })
}

/** The new device's account from what it was given: the log must be of the account agreed on, and enrol this device. */
export function linkedAccount(
  suite: Suite,
  device: DeviceSecret,
  user: UserId,
  contents: BackupContents,
  at: number
): Verdict<Account> {
  const { log, userKeys } = contents
  const account = accountFromKeyStore(suite, { log, device, userKeys, created: at, extensions: [] })
  if (!account.ok) return refuse('ID10', account.reason)
  if (account.value.user !== user) return refuse('ID10', 'the account given is another than was agreed on')
  const state = account.value.log.state()
  if (state.device(device.device)?.active !== true)
    return refuse('ID10', 'the log does not enrol this device')
  const opened = refreshAccount(suite, account.value)
  const current = state.userKey
  const held = opened.userKeys.some(
    each => current !== undefined && equalBytes(each.boxPublicKey, current.boxPublicKey)
  )
  return held ? accept(opened) : refuse('ID10', 'the newest user key was not given')
}

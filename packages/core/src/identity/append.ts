/** Writing to one's own identity log: each function signs an entry at the log's heads and adds it. */
import {
  compareIds,
  type DeviceId,
  type IdentityEntryId,
  idFromBytes,
  invariant,
  type Random
} from '../base/index.ts'
import type { SigningKey, Suite } from '../crypto/index.ts'
import { equalBytes } from '../encoding/index.ts'
import {
  CAPABILITY_MANAGE,
  type DeviceSecret,
  type IdentityBody,
  type IdentityEntry,
  type IdentityLog,
  type RootSecret,
  type UserKey
} from './contract.ts'
import { ENTRY_PARENTS_MAX, proveEnrolment, proveSuccession, signEntry } from './entry.ts'
import { createUserKey, sealUserKey, userKeyRecipients } from './user-key.ts'

/** Who signs: the root, or a device that may manage. */
export type IdentitySigner = Pick<RootSecret | DeviceSecret, 'signingKey'>

/** An addDevice cites few parents, since it travels in every certificate (ID6). */
const ENROLMENT_PARENTS_MAX = 2

/** Heads to cite: one that knows of the signer's own enrolment first, then the newest. */
function chooseParents(log: IdentityLog, signer: SigningKey, max: number): readonly IdentityEntryId[] {
  const heads = [...log.heads()]
  const lamport = (id: IdentityEntryId): number => log.get(id)?.lamport ?? 0
  const own = equalBytes(signer.publicKey, log.genesis.rootPublicKey)
    ? undefined
    : log.state().device(idFromBytes('d', signer.publicKey))?.entry
  const knowsOwn = (id: IdentityEntryId): boolean =>
    own !== undefined && (id === own || log.precedes(own, id))
  heads.sort((a, b) => lamport(b) - lamport(a) || compareIds(a, b))
  const first = heads.find(knowsOwn)
  return (first === undefined ? heads : [first, ...heads.filter(id => id !== first)]).slice(0, max)
}

/**
 * Signs a body at the log's heads and adds it to the log.
 *
 * @throws TypeError if the log refuses it: the caller asked for what its signer may not do.
 */
export function appendEntry(
  suite: Suite,
  log: IdentityLog,
  signer: IdentitySigner,
  body: IdentityBody
): IdentityEntry {
  const parents = chooseParents(
    log,
    signer.signingKey,
    body.kind === 'addDevice' ? ENROLMENT_PARENTS_MAX : ENTRY_PARENTS_MAX
  )
  const lamport = 1 + Math.max(0, ...parents.map(id => log.get(id)?.lamport ?? 0))
  const added = log.add(signEntry(suite, signer.signingKey, { user: log.user, parents, lamport, body }))
  if (!added.ok) throw new TypeError(`the identity log refuses this entry by ${added.rule}: ${added.reason}`)
  invariant(added.value.kind === 'accepted', 'ID4', 'an entry at the heads was not placed')
  return added.value.entry
}

/** Enrols a device that consented (`proveEnrolment`). */
export function appendDevice(
  suite: Suite,
  log: IdentityLog,
  signer: IdentitySigner,
  device: DeviceSecret,
  init: {
    readonly manage: boolean
    readonly name?: Uint8Array
  }
): IdentityEntry {
  const caps = init.manage ? CAPABILITY_MANAGE : 0
  const proof = proveEnrolment(suite, device.signingKey, log.user, device.boxPublicKey, caps)
  return appendEntry(suite, log, signer, {
    kind: 'addDevice',
    device: device.device,
    boxPublicKey: device.boxPublicKey,
    caps,
    name: init.name ?? null,
    proof
  })
}

/** Revokes one device; a new user key must follow (ID9), which `appendUserKey` makes. */
export function appendRevocation(
  suite: Suite,
  log: IdentityLog,
  signer: IdentitySigner,
  device: DeviceId
): IdentityEntry {
  return appendEntry(suite, log, signer, { kind: 'revokeDevice', device })
}

/** Revokes every device enrolled so far, known here or not (ID11). The root's alone. */
export function appendRevokeAll(suite: Suite, log: IdentityLog, root: RootSecret): IdentityEntry {
  return appendEntry(suite, log, root, { kind: 'revokeAll' })
}

/**
 * Makes the next generation of the user key, sealed to all active devices and the recovery box.
 *
 * @param previous - The current generation, so that later devices walk back from the new one.
 * @param generation - Only for the root that recovers without a log; else the next one.
 */
export function appendUserKey(
  suite: Suite,
  random: Random,
  log: IdentityLog,
  signer: IdentitySigner,
  previous?: UserKey,
  generation?: number
): UserKey {
  const key = createUserKey(suite, random, generation ?? (log.state().userKey?.generation ?? 0) + 1)
  appendEntry(suite, log, signer, sealUserKey(suite, random, key, userKeyRecipients(log), previous))
  return key
}

/** Names a successor (ID12): both roots at hand. */
export function appendMoved(
  suite: Suite,
  log: IdentityLog,
  root: RootSecret,
  successor: RootSecret
): IdentityEntry {
  const proof = proveSuccession(suite, successor.signingKey, log.user, successor.user)
  return appendEntry(suite, log, root, { kind: 'moved', successor: successor.genesis.bytes, proof })
}

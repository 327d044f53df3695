/** ID9: what a server has still to be told of our identity: devices we revoked, and our newest user key. */
import type { DeviceId } from '../../base/index.ts'
import { decodeBody, draft, KINDS } from '../../authority/index.ts'
import type { Operation } from '../../graph/index.ts'
import { carriedEntries, createIdentityProof } from '../../identity/index.ts'
import { unlock } from '../keys/unlock.ts'
import { draftRevocation } from '../intents/operate-intent.ts'
import { grant, operate } from '../replica/operate.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import type { Work } from '../replica/work.ts'

/** Our devices that the server still lets act, though our log revoked them. */
function revokedButOn(state: ReplicaState): readonly DeviceId[] {
  const identity = state.deps.account.log.state()
  return [...state.devices].filter(each => {
    // First what is our own matter: a large server has thousands of devices.
    if (each === state.self || !identity.isRevoked(each)) return false
    const known = state.log.state().device(each)
    return known?.user === state.user && known.on
  })
}

/** Whether there is anything to tell. Cheap: asked each minute and at every change. */
function owesKey(state: ReplicaState): boolean {
  const { userKey } = state.deps.account.log.state()
  const known = state.log.state().member(state.user)?.userKey
  if (userKey === undefined || known === undefined) return false
  return userKey.generation > known.generation || (known.stale === true && !userKey.stale)
}

/**
 * Opens what new user keys open, and tells the server. The revocations go first, so that the user key's operation
 * has them in its past and is not stale (ID7); whoever else of our devices does the same does no harm.
 */
export function announceIdentity(work: Work): void {
  const { state } = work
  const { account } = state.deps
  unlock(work, { userKeys: account.userKeys })
  if (!state.isMember() || account.log.state().isRevoked(state.self)) return
  const revoked = revokedButOn(state)
  for (const device of revoked) operate(work, draftRevocation(state, device))
  const { userKey } = account.log.state()
  const owes = owesKey(state) && userKey !== undefined
  if (owes) operate(work, draft('identityEntry', { entry: createIdentityProof(account.log, userKey.entry) }))
  if (owes || revoked.length > 0) grant(work)
}

const TELLING: readonly number[] = (
  ['genesis', 'join', 'deviceAdd', 'deviceRevoke', 'identityEntry'] as const
).map(name => KINDS[name][0])

/** Whether an operation carries entries of its author's identity log. */
export function tellsIdentity(state: ReplicaState, { kind, device }: Operation): boolean {
  return TELLING.includes(kind) && state.log.state().device(device)?.user === state.user
}

/** Entries of our own log that the server's operations carry: how a device hears of the others while they are away. */
export function entriesToldBy(state: ReplicaState): readonly Uint8Array[] {
  return [...state.log.operations()].flatMap(operation => {
    const decoded = tellsIdentity(state, operation) ? decodeBody(operation.kind, operation.body) : undefined
    if (decoded?.ok !== true) return []
    const { name, body } = decoded.value
    // A device that came with the 24 words alone knows of the others by what they founded and joined.
    if (name === 'genesis' || name === 'join' || name === 'deviceAdd') return carriedEntries(body.credential)
    if (name === 'deviceRevoke') return carriedEntries(body.revocation)
    return name === 'identityEntry' ? carriedEntries(body.entry) : []
  })
}

/** The invite's keys among a ring's own. */
import type { AuthorityLog } from '../../authority/index.ts'
import { type HeldInvite, inviteKeys } from '../../e2ee/index.ts'
import type { ReplicaDeps } from '../replica/replica-state.ts'

/** The invite we are joining with, once its operation is known. */
export function heldInvites(
  deps: Pick<ReplicaDeps, 'suite'>,
  log: AuthorityLog,
  secret: Uint8Array | null
): readonly HeldInvite[] {
  if (secret === null) return []
  const keys = inviteKeys(deps.suite, secret)
  return log
    .state()
    .invites()
    .filter(
      each =>
        each.boxPublicKey !== null &&
        each.boxPublicKey.every((byte, index) => byte === keys.boxPublicKey[index])
    )
    .map(each => ({ invite: each.id, boxPublicKey: keys.boxPublicKey, boxSecret: keys.boxSecret }))
}

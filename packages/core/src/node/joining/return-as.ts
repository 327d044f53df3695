/** ND12: an account that is a member by another device comes back by adding this one. */
import type { OperationId } from '../../base/index.ts'
import { draft, draftDeviceAdd } from '../../authority/index.ts'
import { type Account, createIdentityProof } from '../../identity/index.ts'
import { operate } from '../replica/operate.ts'
import type { Work } from '../replica/work.ts'

/**
 * We are a member already, by another device: this one is added (AU12, kind 4), and where recovery made a new
 * user key, the members are told of it (kind 6), so that what they seal from now on opens here.
 */
export function returnAs(work: Work, account: Account, joins: readonly OperationId[]): OperationId {
  const carrier = work.state.ring.currentTopic() === undefined ? 'bare' : 'keyed'
  const added = operate(work, { ...draftDeviceAdd(account.credential), refs: joins.slice(0, 1) }, carrier)
  const current = account.log.state().userKey
  if (
    current !== undefined &&
    current.generation !== work.state.log.state().member(account.user)?.userKey.generation
  ) {
    operate(work, draft('identityEntry', { entry: createIdentityProof(account.log, current.entry) }), carrier)
  }
  return added
}

/** When whoever joins has seen enough to sign (SY12). */
import type { InviteId } from '../../base/index.ts'
import type { ReplicaState } from '../replica/replica-state.ts'

/**
 * Once the invite is known, a key, and every operation that a peer had: a join that had seen only the beginning is
 * concurrent with all that came after it, and nobody's snapshot could leave it behind (AU59).
 */
export function maySign(
  state: Pick<ReplicaState, 'log' | 'ring' | 'operationsTold' | 'caughtUp'>,
  invite: InviteId
): boolean {
  if (state.log.state().invite(invite) === undefined) return false
  return state.caughtUp || (state.operationsTold && state.ring.currentTopic() !== undefined)
}

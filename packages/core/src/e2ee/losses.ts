/**
 * Which losses touch which keys (EK8).
 *
 * Told from what a loss takes away, never from who is known to hold the key: an assignment, an overwrite or a
 * grant may be unseen here while the removal of the one it favoured is seen. In doubt it touches: the price is
 * a rotation, the other price is a leak.
 */
import type { UserId } from '../base/index.ts'
import { everyoneRole, type AuthorityState, type Loss } from '../authority/index.ts'
import type { KeyScope } from './contract.ts'
import { hangsOn, isOpenToAll } from './readers.ts'

/**
 * Whether a loss takes away what a key's readers rest on.
 *
 * @param states - What the key's author had seen, and the view in which the question is asked.
 * @param mayHold - Of a bucket: whether an account would be in it.
 */
export function touches(
  scope: KeyScope,
  loss: Loss,
  states: readonly AuthorityState[],
  mayHold: (user: UserId) => boolean = () => true
): boolean {
  const everyone = everyoneRole((states[0] as AuthorityState).server)
  if (loss.invite !== undefined) return invitedTouches(scope, states, everyone)
  if (loss.channel !== undefined) return channelTouches(scope, loss, loss.channel, states)
  // Membership or a device: whoever left may have held any role, by assignments not seen here.
  if (loss.role === undefined) return loss.users.some(mayHold)
  if (scope.kind !== 'epoch')
    return scope.role === loss.role && (loss.users.length === 0 || loss.users.some(mayHold))
  if (scope.channel.slice(1) === everyone.slice(1)) return false
  // A role or its holder lost something: readers of channels open to all lose nothing by it, unless that is
  // the role that opens them.
  return loss.role === everyone || !states.every(state => isOpenToAll(state, scope.channel))
}

/** An invite's holder has the @everyone key, and by it every epoch sealed to that. */
function invitedTouches(scope: KeyScope, states: readonly AuthorityState[], everyone: string): boolean {
  if (scope.kind !== 'epoch') return scope.kind === 'role' && scope.role === everyone
  return (
    states.some(state => isOpenToAll(state, scope.channel)) ||
    states.some(state => state.channel(scope.channel) === undefined)
  )
}

/** A role key opens, by back links, what its role could view: so losing a channel touches the role too (EK16). */
function channelTouches(
  scope: KeyScope,
  loss: Loss,
  channel: NonNullable<Loss['channel']>,
  states: readonly AuthorityState[]
): boolean {
  if (scope.kind === 'epoch')
    return scope.channel === channel || states.some(state => hangsOn(state, scope.channel, channel))
  return loss.role === undefined ? loss.users.length === 0 : loss.role === scope.role
}

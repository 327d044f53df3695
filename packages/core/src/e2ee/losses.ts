/**
 * Which losses touch which keys (EK8).
 *
 * Told from what a loss takes away, never from who is known to hold the key: an assignment, an overwrite or a
 * grant may be unseen here while the removal of the one it favoured is seen. In doubt it touches: the price is
 * a rotation, the other price is a leak.
 */
import type { ChannelId, UserId } from '../base/index.ts'
import { everyoneRole, type AuthorityState, type Loss } from '../authority/index.ts'
import type { KeyScope } from './contract.ts'
import { isOpenToAll, withParents } from './readers.ts'

/** What a state says of the channel of a key: all of it that decides which losses touch the key. */
export interface ChannelFacts {
  /** The channel stands, or is meta; of role keys nothing is asked. */
  readonly known: boolean
  readonly open: boolean
  /** The channel itself and the category or parent it hangs on. */
  readonly chain: readonly ChannelId[]
}

/** Of keys that are no channel's. */
export const NO_CHANNEL: ChannelFacts = { known: false, open: false, chain: [] }

/** What a state says of a key's channel. */
export function channelFacts(state: AuthorityState, scope: KeyScope): ChannelFacts {
  if (scope.kind !== 'epoch') return NO_CHANNEL
  const { channel } = scope
  return {
    known: state.channel(channel) !== undefined,
    open: isOpenToAll(state, channel),
    chain: withParents(state, channel)
  }
}

/**
 * Whether a loss takes away what a key's readers rest on.
 *
 * @param facts - As the key's author had seen it, and in the view in which the question is asked.
 * @param mayHold - Of a bucket: whether an account would be in it.
 */
export function touches(
  server: AuthorityState['server'],
  scope: KeyScope,
  loss: Loss,
  facts: readonly ChannelFacts[],
  mayHold: (user: UserId) => boolean = () => true
): boolean {
  const everyone = everyoneRole(server)
  if (loss.invite !== undefined) return invitedTouches(scope, facts, everyone)
  if (loss.channel !== undefined) return channelTouches(scope, loss, loss.channel, facts)
  // Membership or a device: whoever left may have held any role, by assignments not seen here.
  if (loss.role === undefined) return loss.users.some(mayHold)
  if (scope.kind !== 'epoch')
    return scope.role === loss.role && (loss.users.length === 0 || loss.users.some(mayHold))
  if (scope.channel.slice(1) === everyone.slice(1)) return false
  // A role or its holder lost something: readers of channels open to all lose nothing by it, unless that is
  // the role that opens them.
  return loss.role === everyone || !facts.every(each => each.open)
}

/** An invite's holder has the @everyone key, and by it every epoch sealed to that. */
function invitedTouches(scope: KeyScope, facts: readonly ChannelFacts[], everyone: string): boolean {
  if (scope.kind !== 'epoch') return scope.kind === 'role' && scope.role === everyone
  return facts.some(each => each.open || !each.known)
}

/** A role key opens, by back links, what its role could view: so losing a channel touches the role too (EK16). */
function channelTouches(
  scope: KeyScope,
  loss: Loss,
  channel: NonNullable<Loss['channel']>,
  facts: readonly ChannelFacts[]
): boolean {
  if (scope.kind === 'epoch')
    return scope.channel === channel || facts.some(each => each.chain.includes(channel))
  return loss.role === undefined ? loss.users.length === 0 : loss.role === scope.role
}

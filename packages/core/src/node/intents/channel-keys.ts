/** EK14: whoever is let into a channel gets its keys from the device that let them in, without asking first. */
import type { ChannelId, UserId } from '../../base/index.ts'
import { permissionsToBits } from '../../authority/index.ts'
import { type GrantDue, isOpenToAll } from '../../e2ee/index.ts'
import { publishPlan, readyEpoch } from '../replica/publish.ts'
import type { Work } from '../replica/work.ts'

const VIEW = permissionsToBits(['ViewChannel'])
/** More at once ask for themselves (EK14), each when they meet what they cannot open. */
const ADMITTED_MAX = 64
/** Newest keys granted; older ones follow by their links where history is open (EK15). */
const KEYS_MAX = 2

/** Members who may view a closed channel now; nobody where all may. */
export function viewersOf(work: Work, channel: ChannelId): ReadonlySet<UserId> {
  const authority = work.state.log.state()
  const viewers = new Set<UserId>()
  if (isOpenToAll(authority, channel)) return viewers
  for (const { user } of authority.members())
    if ((authority.permissions(user, channel, work.turn.at) & VIEW) !== 0n) viewers.add(user)
  return viewers
}

/** Grants the channel's newest keys to those who were no viewers before. */
export function admitTo(work: Work, channel: ChannelId, before: ReadonlySet<UserId>): void {
  const { state } = work
  const authority = state.log.state()
  const fresh = [...viewersOf(work, channel)].filter(user => !before.has(user) && user !== state.user)
  if (fresh.length === 0 || fresh.length > ADMITTED_MAX) return
  const keys = state.ring
    .keys()
    .filter(
      each =>
        each.scope.kind === 'epoch' &&
        each.scope.channel === channel &&
        each.opened &&
        each.standing.kind === 'valid'
    )
    .sort((a, b) => b.lamport - a.lamport)
    .slice(0, KEYS_MAX)
  const due: GrantDue[] = []
  for (const user of fresh) {
    const key = authority.member(user)?.userKey
    if (key === undefined || key.stale === true) continue
    for (const { keyId } of keys.filter(each => state.ring.mayGive(each.keyId, user, work.turn.at)))
      due.push({
        keyId,
        recipient: { user, generation: key.generation },
        publicKey: key.boxPublicKey,
        asked: false
      })
  }
  // In modes join and window newcomers begin with an epoch of their own, and learn the name under it.
  if (authority.channel(channel)?.history[0] !== 0) readyEpoch(work, channel)
  if (due.length === 0) return
  const planned = state.ring.planGrants(state.deps.random, due)
  if (planned.kind === 'plan' && planned.plan.records.length > 0) publishPlan(work, planned.plan)
}

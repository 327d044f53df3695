/** The key to send under (EK10). */
import type { ChannelId, KeyId, RoleId } from '../base/index.ts'
import { everyoneRole, type MemberState } from '../authority/index.ts'
import type { HistoryMode } from './contract.ts'
import { userRid } from './derive.ts'
import { historyIn } from './history.ts'
import { safetyOf } from './kept-safety.ts'
import { readersMissed } from './lacking.ts'
import { DAY_MS, EPOCH_AGE_MS_MAX, EPOCH_MESSAGES_MAX } from './limits.ts'
import { reachOf, rolesReached } from './reach.ts'
import {
  epochScope,
  firstSeen,
  type KeyEntry,
  keysOf,
  lamportOf,
  type RingState,
  roleScope,
  stamp
} from './ring-state.ts'
import { readerRolesNow } from './roster.ts'

/** Best first: highest lamport in the frontier, then lowest key id (EK10). */
export function byRank(ring: RingState): (a: KeyEntry, b: KeyEntry) => number {
  return (a, b) => lamportOf(ring, b) - lamportOf(ring, a) || (a.keyId < b.keyId ? -1 : 1)
}

const sameMode = (a: HistoryMode, b: HistoryMode): boolean =>
  a.mode === b.mode && (a.mode !== 'window' || b.mode !== 'window' || a.days === b.days)

/** Safe keys of a role, best first; they may be sealed to without being held. */
export function safeRoleKeys(ring: RingState, role: RoleId): readonly KeyEntry[] {
  return keysOf(ring, roleScope(role))
    .filter(entry => safetyOf(ring, entry.keyId).safe)
    .sort(byRank(ring))
}

/** The rid of a member's newest user key. */
export const memberRid = (member: MemberState): Uint8Array => userRid(member.user, member.userKey.generation)

/** EK10: every reader role that has a safe key is boxed, and every other reader directly. */
function isComplete(ring: RingState, entry: KeyEntry, channel: ChannelId, mode: HistoryMode): boolean {
  const roles = mode.mode === 'all' ? readerRolesNow(ring, channel) : []
  const reached = rolesReached(ring, reachOf(ring, entry))
  if (roles.some(role => !reached.has(role) && safeRoleKeys(ring, role).length > 0)) return false
  const boxed = roles.filter(role => reached.has(role))
  if (boxed.includes(everyoneRole(ring.server))) return true
  return readersMissed(ring, channel, entry, boxed).size === 0
}

interface Cached {
  stamp: string
  readonly lists: Map<ChannelId, readonly KeyEntry[]>
}
const caches = new WeakMap<RingState, Cached>()

/** Keys that may be sent under in a channel, best first, age aside; remembered until anything changes. */
export function usableEpochs(ring: RingState, channel: ChannelId): readonly KeyEntry[] {
  const now = stamp(ring)
  let cached = caches.get(ring)
  if (cached?.stamp !== now) caches.set(ring, (cached = { stamp: now, lists: new Map() }))
  let list = cached.lists.get(channel)
  if (list === undefined) {
    const mode = historyIn(ring.log.state(), channel)
    list =
      mode === undefined
        ? []
        : keysOf(ring, epochScope(channel))
            .filter(
              entry =>
                ring.seeds.has(entry.keyId) &&
                entry.records.every(
                  held => held.record.body.kind === 'epoch' && sameMode(held.record.body.mode, mode)
                )
            )
            .filter(entry => safetyOf(ring, entry.keyId).safe && isComplete(ring, entry, channel, mode))
            .sort(byRank(ring))
    cached.lists.set(channel, list)
  }
  return list
}

/** EK10, EK11(4): the best key that is not too old. */
export function chooseEpoch(ring: RingState, channel: ChannelId, at: number): KeyId | undefined {
  return usableEpochs(ring, channel).find(
    entry => at - firstSeen(entry) < ageMax(entry) && entry.messages < EPOCH_MESSAGES_MAX
  )?.keyId
}

/** EK11(4), EK15: a week; in mode window a day, so that days can be given away one by one. */
function ageMax(entry: KeyEntry): number {
  const window = entry.records.some(
    ({ record }) => record.body.kind === 'epoch' && record.body.mode.mode === 'window'
  )
  return window ? DAY_MS : EPOCH_AGE_MS_MAX
}

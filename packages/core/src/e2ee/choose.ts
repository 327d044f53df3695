/** The key to send under (EK10). */
import type { ChannelId, KeyId, RoleId } from '../base/index.ts'
import type { MemberState } from '../authority/index.ts'
import type { HistoryMode } from './contract.ts'
import { userRid } from './derive.ts'
import { historyIn } from './history.ts'
import { DAY_MS, EPOCH_AGE_MS_MAX, EPOCH_MESSAGES_MAX } from './limits.ts'
import { readersOf } from './readers.ts'
import {
  epochScope,
  firstSeen,
  type Held,
  type KeyBody,
  type KeyEntry,
  keysOf,
  lamportOf,
  type RingState,
  roleScope,
  stamp
} from './ring-state.ts'
import { boxOwners, grantRid, safetyOf } from './safety.ts'

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

/** Whom the boxes and grants of a key reach. */
export interface Reached {
  /** User and invite ids. */
  readonly users: ReadonlySet<string>
  readonly roles: ReadonlySet<RoleId>
}

/** Whom a key reaches now: users by box or valid grant, roles by their keys. */
export function reachedBy(ring: RingState, entry: KeyEntry): Reached {
  const state = ring.log.state()
  const users = new Set<string>()
  const roles = new Set<RoleId>()
  for (const held of entry.records as readonly Held<KeyBody>[]) {
    if (ring.judge(held).kind !== 'valid') continue
    for (const owner of boxOwners(ring, held, state)) {
      if (owner?.kind === 'user') users.add(owner.user)
      if (owner?.kind === 'invite') users.add(owner.invite)
      const inner = owner?.kind === 'key' ? ring.keys.get(owner.keyId)?.scope : undefined
      if (inner?.kind === 'role') roles.add(inner.role)
      if (inner?.kind === 'bucket' && entry.scope.kind === 'role') {
        const bucket = ring.keys.get((owner as { keyId: KeyId }).keyId) as KeyEntry
        for (const user of reachedBy(ring, bucket).users) users.add(user)
      }
    }
  }
  for (const grant of ring.grants.get(entry.keyId) ?? []) {
    if (ring.judge(grant).kind !== 'valid') continue
    const owner = ring.rids.find(state, grantRid(grant.record.body.box))
    if (owner?.kind === 'user') users.add(owner.user)
    if (owner?.kind === 'invite') users.add(owner.invite)
  }
  return { users, roles }
}

/** Whether a member's user key may be sealed to (EK7). */
export const isReachable = (member: MemberState): boolean => member.userKey.stale !== true

/** The rid of a member's newest user key. */
export const memberRid = (member: MemberState): Uint8Array => userRid(member.user, member.userKey.generation)

/** EK10: every reader role that has a safe key is boxed, and every other reader directly. */
function isComplete(ring: RingState, entry: KeyEntry, channel: ChannelId, mode: HistoryMode): boolean {
  const state = ring.log.state()
  const readers = readersOf(state, channel)
  const reached = reachedBy(ring, entry)
  const boxed = mode.mode === 'all' ? readers.roles.filter(role => reached.roles.has(role)) : []
  if (
    mode.mode === 'all' &&
    readers.roles.some(role => !reached.roles.has(role) && safeRoleKeys(ring, role).length > 0)
  )
    return false
  if (boxed.some(role => role.slice(1) === ring.server.slice(1))) return true
  for (const member of state.members()) {
    if (member.status !== 'in' || !isReachable(member) || reached.users.has(member.user)) continue
    if (boxed.some(role => role.slice(1) === ring.server.slice(1) || member.roles.includes(role))) continue
    if (isReader(ring, channel, member)) return false
  }
  return true
}

/** Whether a member is among a channel's readers. */
export function isReader(ring: RingState, channel: ChannelId, member: MemberState): boolean {
  const readers = readersOf(ring.log.state(), channel)
  if (readers.roles.some(role => role.slice(1) === ring.server.slice(1) || member.roles.includes(role)))
    return true
  return readers.others.some(other => other.user === member.user)
}

interface Cached {
  stamp: string
  readonly lists: Map<ChannelId, readonly KeyEntry[]>
}
const caches = new WeakMap<RingState, Cached>()

/** Keys that may be sent under in a channel, best first, age aside; remembered until anything changes. */
function usableEpochs(ring: RingState, channel: ChannelId): readonly KeyEntry[] {
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

/** What a ring answers of the present, worked out from everything each time: what is kept must say the same. */
import type { ChannelId, RoleId } from '../base/index.ts'
import { everyoneRole } from '../authority/index.ts'
import { byRank, memberRid, usableEpochs } from './choose.ts'
import { isValidKey } from './draft.ts'
import { gives, historyIn, isClosedHistory, isWithinWindow, mayShare } from './history.ts'
import { safetyOf } from './kept-safety.ts'
import { isReachable } from './lacking.ts'
import { grantsDue, rotationsDue } from './plan-grants.ts'
import { holdersNow, readerRolesNow } from './roster.ts'
import { bucketIndex, holdersOf, holdsRole, isEntitled, mayRead, readersOf } from './readers.ts'
import { grantRid, ridAsKey } from './rid.ts'
import {
  epochScope,
  type Held,
  type KeyBody,
  type KeyEntry,
  keysOf,
  type RingState,
  roleScope
} from './ring-state.ts'
import { boxOwners, bucketsOf, inviteReads, safetyIn, wholeView } from './safety.ts'
import { everyoneKeys } from './topics.ts'

const isSafe = (ring: RingState, { keyId }: KeyEntry): boolean => safetyIn(ring, keyId, wholeView(ring)).safe

const safeKeys = (ring: RingState, role: RoleId): readonly KeyEntry[] =>
  keysOf(ring, roleScope(role))
    .filter(entry => isSafe(ring, entry))
    .sort(byRank(ring))

function reachedBy(ring: RingState, entry: KeyEntry): { users: Set<string>; roles: Set<RoleId> } {
  const state = ring.log.state()
  const users = new Set<string>()
  const roles = new Set<RoleId>()
  for (const held of entry.records as readonly Held<KeyBody>[]) {
    if (ring.judge(held).kind !== 'valid') continue
    for (const owner of boxOwners(ring, held, state)) {
      if (owner?.kind === 'user') users.add(owner.user)
      if (owner?.kind === 'invite') users.add(owner.invite)
      const inner = owner?.kind === 'key' ? ring.keys.get(owner.keyId) : undefined
      if (inner?.scope.kind === 'role') roles.add(inner.scope.role)
      if (inner?.scope.kind === 'bucket' && entry.scope.kind === 'role')
        for (const user of reachedBy(ring, inner).users) users.add(user)
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

function rolesInUse(ring: RingState): readonly RoleId[] {
  const state = ring.log.state()
  const everyone = everyoneRole(ring.server)
  const roles = new Set<RoleId>()
  for (const entry of ring.keys.values())
    if (entry.scope.kind === 'role' && isValidKey(ring, entry)) roles.add(entry.scope.role)
  return [...roles].filter(
    role => (role === everyone || state.role(role) !== undefined) && holdersOf(state, role).length > 0
  )
}

function roleGrants(ring: RingState, role: RoleId, entry: KeyEntry, at: number): readonly string[] {
  const state = ring.log.state()
  const view = wholeView(ring)
  const { users } = reachedBy(ring, entry)
  const body = entry.records[0]?.record.body
  const bucketFor = (user: Parameters<typeof bucketIndex>[2]): string => {
    if (body?.kind !== 'role' || body.k === 0) return entry.keyId
    const index = bucketIndex(ring.suite, role, user, body.k)
    const owners = boxOwners(ring, entry.records[0] as Held<KeyBody>, state)
    const inner = owners.flatMap(owner => (owner?.kind === 'key' ? (ring.keys.get(owner.keyId) ?? []) : []))
    const mine = inner.find(
      ({ scope, keyId }) => scope.kind === 'bucket' && scope.index === index && ring.seeds.has(keyId)
    )
    return mine?.keyId ?? entry.keyId
  }
  const members = holdersOf(state, role)
    .filter(member => isReachable(member) && !users.has(member.user))
    .map(member => `${bucketFor(member.user)}/${member.user}`)
  if (role !== everyoneRole(ring.server)) return members
  const invites = state
    .invites()
    .filter(({ id, boxPublicKey, notAfter }) => {
      const over = notAfter !== null && notAfter <= at
      return boxPublicKey !== null && !over && !users.has(id) && inviteReads(view, id)
    })
    .map(({ id }) => `${entry.keyId}/${id}`)
  return [...members, ...invites]
}

function windowGrants(ring: RingState, at: number): readonly string[] {
  const state = ring.log.state()
  return state.channels().flatMap(channel => {
    if (channel.history[0] !== 2 || !mayShare(state, channel.id, ring.user)) return []
    return keysOf(ring, epochScope(channel.id)).flatMap(entry => {
      const open = isClosedHistory(entry) && ring.seeds.has(entry.keyId) && isValidKey(ring, entry)
      if (!open || !isWithinWindow(ring, entry, at)) return []
      const { users } = reachedBy(ring, entry)
      return [...state.members()].flatMap(member =>
        isReachable(member) &&
        !users.has(member.user) &&
        mayRead(state, channel.id, member.user) &&
        gives(ring, entry, member.user, at)
          ? [`${entry.keyId}/${member.user}`]
          : []
      )
    })
  })
}

function askedGrants(ring: RingState, at: number): readonly string[] {
  const state = ring.log.state()
  return [...ring.asked].flatMap(([keyId, devices]) => {
    const entry = ring.keys.get(keyId)
    if (entry === undefined || !ring.seeds.has(keyId) || !isValidKey(ring, entry)) return []
    const tried = (ring.grants.get(keyId) ?? []).map(held => ridAsKey(grantRid(held.record.body.box)))
    return [...devices].flatMap(device => {
      const user = state.device(device)?.user
      const member = user === undefined ? undefined : state.member(user)
      const may =
        member !== undefined &&
        isReachable(member) &&
        isEntitled(ring.suite, state, entry.scope, member.user, bucketsOf(entry.records[0])) &&
        gives(ring, entry, member.user, at)
      return may && !tried.includes(ridAsKey(memberRid(member))) ? [`${keyId}/${member.user}`] : []
    })
  })
}

function isComplete(ring: RingState, entry: KeyEntry, channel: ChannelId): boolean {
  const state = ring.log.state()
  const everyone = everyoneRole(ring.server)
  const mode = historyIn(state, channel)
  const readers = readersOf(state, channel)
  const reached = reachedBy(ring, entry)
  const roles = mode?.mode === 'all' ? readers.roles : []
  if (roles.some(role => !reached.roles.has(role) && safeKeys(ring, role).length > 0)) return false
  const boxed = roles.filter(role => reached.roles.has(role))
  if (boxed.includes(everyone)) return true
  return [...state.members()].every(member => {
    if (member.status !== 'in' || !isReachable(member) || reached.users.has(member.user)) return true
    if (boxed.some(role => holdsRole(state, role, member.user))) return true
    const reads =
      readers.roles.some(role => holdsRole(state, role, member.user)) ||
      readers.others.some(other => other.user === member.user)
    return !reads
  })
}

/** Epochs that may be sent under. */
function usable(ring: RingState, channel: ChannelId): readonly string[] {
  const mode = historyIn(ring.log.state(), channel)
  return keysOf(ring, epochScope(channel))
    .filter(entry => ring.seeds.has(entry.keyId))
    .filter(({ records }) =>
      records.every(
        ({ record: { body } }) => body.kind === 'epoch' && JSON.stringify(body.mode) === JSON.stringify(mode)
      )
    )
    .filter(entry => isSafe(ring, entry) && isComplete(ring, entry, channel))
    .sort(byRank(ring))
    .map(({ keyId }) => keyId)
}

const namesOf = (due: ReturnType<typeof grantsDue>): readonly string[] =>
  due.map(({ keyId, recipient }) => `${keyId}/${'user' in recipient ? recipient.user : recipient.invite}`)

const sorted = (names: readonly string[]): readonly string[] => [...new Set(names)].sort()

/** What is kept, and what everything gives: two values that must be the same. */
export function bothAnswers(ring: RingState, channels: readonly ChannelId[], at: number): [unknown, unknown] {
  const everyone = everyoneRole(ring.server)
  const keys = [...ring.keys.keys()]
  const kept = {
    safety: keys.map(keyId => [keyId, safetyOf(ring, keyId)]),
    grants: sorted(namesOf(grantsDue(ring, at))),
    rotations: sorted(rotationsDue(ring, at).flatMap(due => (due.cause === 'loss' ? [due.role] : []))),
    usable: channels.map(channel => usableEpochs(ring, channel).map(({ keyId }) => keyId)),
    readers: channels.map(channel => readerRolesNow(ring, channel)),
    holders: ring.log
      .state()
      .roles()
      .map(role => [...holdersNow(ring, role.id)].sort()),
    topic: everyoneKeys(ring).map(({ keyId }) => keyId)
  }
  const view = wholeView(ring)
  const given = rolesInUse(ring).flatMap(role =>
    safeKeys(ring, role)
      .filter(({ keyId }) => ring.seeds.has(keyId))
      .flatMap(entry => roleGrants(ring, role, entry, at))
  )
  const safeFirst = (entry: KeyEntry): number => (isSafe(ring, entry) ? 2 : isValidKey(ring, entry) ? 1 : 0)
  const plain = {
    safety: keys.map(keyId => [keyId, safetyIn(ring, keyId, view)]),
    grants: sorted([...given, ...windowGrants(ring, at), ...askedGrants(ring, at)]),
    rotations: sorted(rolesInUse(ring).filter(role => safeKeys(ring, role).length === 0)),
    usable: channels.map(channel => usable(ring, channel)),
    readers: channels.map(channel => readersOf(ring.log.state(), channel).roles),
    holders: ring.log
      .state()
      .roles()
      .map(role =>
        holdersOf(ring.log.state(), role.id)
          .map(({ user }) => user)
          .sort()
      ),
    topic: keysOf(ring, roleScope(everyone))
      .filter(({ keyId, records }) => ring.seeds.has(keyId) && records.length > 0)
      .sort((a, b) => safeFirst(b) - safeFirst(a) || byRank(ring)(a, b))
      .map(({ keyId }) => keyId)
  }
  return [kept, plain]
}

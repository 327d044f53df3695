/** Who may read what in a state (EK7), and whom a box's rid means (EK3, EK4). */
import {
  type ChannelId,
  idToBytes,
  type InviteId,
  type KeyId,
  type RoleId,
  type UserId
} from '../base/index.ts'
import {
  type AuthorityState,
  computePermissions,
  everyoneRole,
  type MemberState,
  permissionBit
} from '../authority/index.ts'
import type { Suite } from '../crypto/index.ts'
import { equalBytes, uintFromBytes } from '../encoding/index.ts'
import { ridAsKey, toRidKey } from './rid.ts'
import type { KeyScope } from './contract.ts'
import { bucketOf } from './derive.ts'
import { BUCKET_BITS_MAX } from './key-record.ts'

const VIEW = permissionBit('ViewChannel')
const SEND = permissionBit('SendMessages')
const SEND_IN_THREADS = permissionBit('SendMessagesInThreads')
const MANAGE_ROLES = permissionBit('ManageRoles')
const ADMINISTRATOR = permissionBit('Administrator')

const isMeta = (state: AuthorityState, channel: ChannelId): boolean =>
  channel.slice(1) === state.server.slice(1)

/** The channel and the category it may take its overwrites from (AU31). */
export function withParents(state: AuthorityState, channel: ChannelId): readonly ChannelId[] {
  const out: ChannelId[] = []
  for (let at: ChannelId | null = channel; at !== null && !out.includes(at) && out.length < 4;) {
    out.push(at)
    at = state.channel(at)?.parent ?? null
  }
  return out
}

/**
 * Whether every member can read, whoever they are: `@everyone` may view and nothing on the way denies it.
 * Says no in doubt, which costs a rotation at most.
 */
export function isOpenToAll(state: AuthorityState, channel: ChannelId): boolean {
  if (isMeta(state, channel)) return true
  if (state.channel(channel) === undefined || isPrivateThread(state, channel)) return false
  const base = state.role(everyoneRole(state.server))?.permissions ?? 0n
  if ((base & (VIEW | ADMINISTRATOR)) === 0n) return false
  return withParents(state, channel).every(each =>
    (state.channel(each)?.overwrites ?? []).every(row => (row.deny & VIEW) === 0n)
  )
}

/** Whether a channel is a thread for its members alone: no role is its reader, whoever holds it (AU32, EK7). */
export function isPrivateThread(state: AuthorityState, channel: ChannelId): boolean {
  return state.channel(channel)?.thread?.private === true
}

/** Whether a user may read a channel. Time plays no part: a timeout leaves reading (AU30). */
export function mayRead(state: AuthorityState, channel: ChannelId, user: UserId): boolean {
  if (state.member(user)?.status !== 'in') return false
  if (isMeta(state, channel)) return true
  return state.channel(channel) !== undefined && (state.permissions(user, channel, 0) & VIEW) !== 0n
}

/**
 * Whether a user may read, and send there or in its threads, which have their parent's keys (EK12); in meta every
 * member. `at` for timeouts.
 */
export function maySend(state: AuthorityState, channel: ChannelId, user: UserId, at: number): boolean {
  if (!mayRead(state, channel, user)) return false
  return isMeta(state, channel) || (state.permissions(user, channel, at) & (SEND | SEND_IN_THREADS)) !== 0n
}

/** Whether a user belongs to a role. */
export function holdsRole(state: AuthorityState, role: RoleId, user: UserId): boolean {
  const member = state.member(user)
  return member?.status === 'in' && (role === everyoneRole(state.server) || member.roles.includes(role))
}

/** Whether a user may manage a role's keys without holding them (EK12): could assign it to itself. */
export function couldAssign(state: AuthorityState, role: RoleId, user: UserId): boolean {
  const member = state.member(user)
  if (member?.status !== 'in') return false
  if (state.owner === user) return true
  if ((state.permissions(user, null, 0) & (MANAGE_ROLES | ADMINISTRATOR)) === 0n) return false
  if (role === everyoneRole(state.server)) return true
  const ranks = state.roles().map(each => each.id)
  const highest = ranks.findIndex(id => member.roles.includes(id))
  const wanted = ranks.indexOf(role)
  return highest >= 0 && wanted >= 0 && highest < wanted
}

const bucketsByRole = new Map<RoleId, Map<UserId, number>>()
const BUCKETS_REMEMBERED_MAX = 100_000
const RIDS_REMEMBERED_MAX = 100_000

/** EK5's bucket of an account, remembered: a removal from a large role asks for all of them. */
export function bucketIndex(suite: Suite, role: RoleId, user: UserId, k: number): number {
  let known = bucketsByRole.get(role)
  if (known === undefined || known.size > BUCKETS_REMEMBERED_MAX) bucketsByRole.set(role, (known = new Map()))
  let all = known.get(user)
  if (all === undefined) known.set(user, (all = bucketOf(suite, role, user, BUCKET_BITS_MAX)))
  return all >> (BUCKET_BITS_MAX - k)
}

/** Whether a user is one of those a key is meant for. */
export function isEntitled(
  suite: Suite,
  state: AuthorityState,
  scope: KeyScope,
  user: UserId,
  buckets: number
): boolean {
  if (scope.kind === 'epoch') return mayRead(state, scope.channel, user)
  if (!holdsRole(state, scope.role, user)) return false
  return scope.kind === 'role' || bucketIndex(suite, scope.role, user, buckets) === scope.index
}

/** Who reads a channel. */
export interface Readers {
  /** Reader roles: they let one view it, and all of their holders may (EK7); @everyone alone in an open channel. Sorted. */
  readonly roles: readonly RoleId[]
  /** Readers who hold none of these roles. */
  readonly others: readonly MemberState[]
  /** Roles with a holder who may not. */
  readonly barred: ReadonlySet<RoleId>
}

const NOBODY: ReadonlySet<RoleId> = new Set()
const readersByState = new WeakMap<AuthorityState, Map<ChannelId, Readers>>()

/** Readers of a channel in a state; remembered with the state, which never changes. */
export function readersOf(state: AuthorityState, channel: ChannelId): Readers {
  let known = readersByState.get(state)
  if (known === undefined) readersByState.set(state, (known = new Map()))
  let readers = known.get(channel)
  if (readers === undefined) known.set(channel, (readers = findReaders(state, channel)))
  return readers
}

function findReaders(state: AuthorityState, channel: ChannelId): Readers {
  const everyone = everyoneRole(state.server)
  if (isOpenToAll(state, channel)) return { roles: [everyone], others: [], barred: NOBODY }
  const held = new Set<RoleId>()
  const barred = new Set<RoleId>()
  const readers: MemberState[] = []
  for (const member of state.members()) {
    if (member.status !== 'in') continue
    const reads = mayRead(state, channel, member.user)
    if (reads) readers.push(member)
    else barred.add(everyone)
    for (const role of member.roles) (reads ? held : barred).add(role)
  }
  const roles = isPrivateThread(state, channel)
    ? []
    : [...held].filter(role => !barred.has(role) && grantsView(state, channel, role)).sort()
  return { roles, others: readers.filter(member => !member.roles.some(role => roles.includes(role))), barred }
}

/**
 * Whether a role, held alone, lets one view a channel. That all its holders happen to may is not enough: the
 * next one to get the role would open the channel by its key.
 */
export function grantsView(state: AuthorityState, channel: ChannelId, role: RoleId): boolean {
  const overwrites = (state.channel(channel)?.overwrites ?? []).filter(row => row.kind === 'role')
  const bits = computePermissions({
    owner: state.owner,
    member: '',
    everyone: everyoneRole(state.server),
    roles: state.roles(),
    held: role === everyoneRole(state.server) ? [] : [role],
    overwrites: overwrites.map(row => ({ id: row.target, kind: row.kind, allow: row.allow, deny: row.deny }))
  })
  return (bits & VIEW) !== 0n
}

/** Whether a role is a reader role of a channel: it lets one view it, and no holder is kept out by something else. */
export function roleReads(state: AuthorityState, channel: ChannelId, role: RoleId): boolean {
  if (isOpenToAll(state, channel)) return true
  if (role === everyoneRole(state.server) || isPrivateThread(state, channel)) return false
  return !readersOf(state, channel).barred.has(role) && grantsView(state, channel, role)
}

/** Members who hold a role. */
export function holdersOf(state: AuthorityState, role: RoleId): readonly MemberState[] {
  return [...state.members()].filter(member => holdsRole(state, role, member.user))
}

/** Whom a rid means, beside keys. */
export type RidOwner =
  | { readonly kind: 'user'; readonly user: UserId; readonly generation: number }
  | { readonly kind: 'invite'; readonly invite: InviteId }

/** Finds users and invites by rid; remembers every user it ever met, as ids never change. */
export interface RidIndex {
  /** @param key - The same rid as text, where the caller has it already. */
  find(state: AuthorityState, rid: Uint8Array, key?: KeyId): RidOwner | undefined
  /**
   * As `find`, of those who were met. Whom `find` ever gave was met; to meet all of a large server only to learn that no
   * key has the name of any would cost a newcomer half a second before its first page.
   */
  taken(state: AuthorityState, rid: Uint8Array, key: KeyId): RidOwner | undefined
  /** Meets those who are new in `to`, where all of `from` were met: nobody needs to look for them. */
  follow(from: AuthorityState, to: AuthorityState, users: Iterable<UserId>): void
}

/** An index with nothing in it. */
export function createRidIndex(): RidIndex {
  const users = new Map<string, UserId>()
  const scanned = new WeakSet<AuthorityState>()
  const met = new Map<KeyId, RidOwner>()
  const meet = (user: UserId): void => void users.set(user.slice(1, 20), user)
  const taken: RidIndex['taken'] = (state, rid, asKey) => {
    const before = met.get(asKey)
    if (before !== undefined) return before
    const user = users.get(toRidKey(rid))
    if (user !== undefined && equalBytes(idToBytes(user).subarray(0, 12), rid.subarray(0, 12))) {
      const owner = { kind: 'user', user, generation: uintFromBytes(rid.subarray(12)) as number } as const
      if (met.size < RIDS_REMEMBERED_MAX) met.set(asKey, owner)
      return owner
    }
    const invite = state.invites().find(each => equalBytes(idToBytes(each.id).subarray(0, 16), rid))
    return invite === undefined ? undefined : { kind: 'invite', invite: invite.id }
  }
  return {
    follow: (from, to, moved) => {
      if (!scanned.has(from)) return
      for (const user of moved) if (to.member(user)?.status === 'in') meet(user)
      scanned.add(to)
    },
    find: (state, rid, asKey = ridAsKey(rid)) => {
      if (!met.has(asKey) && !users.has(toRidKey(rid)) && !scanned.has(state)) {
        scanned.add(state)
        for (const member of state.members()) meet(member.user)
      }
      return taken(state, rid, asKey)
    },
    taken
  }
}

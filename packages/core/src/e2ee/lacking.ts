/** Who lacks a key that is meant for them: found once, then followed with those who come, go, or get a grant. */
import type { ChannelId, RoleId, UserId } from '../base/index.ts'
import { type AuthorityState, everyoneRole, type MemberState } from '../authority/index.ts'
import { type Change, keep, type Keeper } from './present.ts'
import { type Reach, reachesOf } from './reach.ts'
import { holdsRole, mayRead } from './readers.ts'
import type { KeyEntry, RingState } from './ring-state.ts'
import { holdersNow, isReaderNow } from './roster.ts'

/** Whether a member's user key may be sealed to (EK7). */
export const isReachable = (member: MemberState): boolean => member.userKey.stale !== true

/** Whom a key is meant for. */
interface Meant {
  readonly kind: 'holders' | 'readers' | 'missed'
  /** Another name, another question. */
  readonly name: string
  /** All of them, and maybe others. */
  readonly among: RoleId
  readonly has: (state: AuthorityState, user: UserId) => boolean
}

interface Lacking {
  readonly name: string
  readonly entry: KeyEntry
  readonly users: Set<UserId>
  /** To be looked at. */
  readonly moved: Set<UserId>
}

/** More are found quicker by asking about all. */
const MOVED_MAX = 1_024

class Lackers implements Keeper {
  readonly #ring: RingState
  readonly #known = new Map<string, Lacking>()

  constructor(ring: RingState) {
    this.#ring = ring
  }

  follow({ moved: { users, roles, channels } }: Change): void {
    if (roles) this.#known.clear()
    for (const [name, { entry, moved }] of this.#known) {
      for (const user of users) moved.add(user)
      if ((channels && entry.scope.kind === 'epoch') || moved.size > MOVED_MAX) this.#known.delete(name)
    }
  }

  of(entry: KeyEntry, meant: Meant): ReadonlySet<UserId> {
    const ring = this.#ring
    const state = ring.log.state()
    const reaches = reachesOf(ring, entry)
    const lacks = (user: UserId): boolean => {
      const member = state.member(user)
      return (
        member?.status === 'in' && isReachable(member) && !isReached(reaches, user) && meant.has(state, user)
      )
    }
    const at = `${meant.kind}/${entry.keyId}`
    const known = this.#known.get(at)
    if (known?.name === meant.name) {
      const { users, moved } = known
      for (const user of users) if (isReached(reaches, user)) users.delete(user)
      for (const user of moved)
        if (lacks(user)) users.add(user)
        else users.delete(user)
      moved.clear()
      return users
    }
    const users = new Set<UserId>()
    const reached = new Set(reaches.flatMap(reach => [...reach.users.keys()]))
    for (const user of holdersNow(ring, meant.among)) if (!reached.has(user) && lacks(user)) users.add(user)
    this.#known.set(at, { name: meant.name, entry, users, moved: new Set() })
    return users
  }
}

const isReached = (reaches: readonly Reach[], user: UserId): boolean =>
  reaches.some(reach => reach.users.has(user))

const createLackers = (ring: RingState): Lackers => new Lackers(ring)

/** Holders of a role whom a key of it does not reach. */
export function holdersLacking(ring: RingState, role: RoleId, entry: KeyEntry): ReadonlySet<UserId> {
  return keep(ring, createLackers).of(entry, {
    kind: 'holders',
    name: role,
    among: role,
    has: (state, user) => holdsRole(state, role, user)
  })
}

/** Members who may read a channel and whom an epoch of it does not reach, by whatever roles. */
export function readersLacking(ring: RingState, channel: ChannelId, entry: KeyEntry): ReadonlySet<UserId> {
  return keep(ring, createLackers).of(entry, {
    kind: 'readers',
    name: channel,
    among: everyoneRole(ring.server),
    has: (state, user) => mayRead(state, channel, user)
  })
}

/** Readers of a channel whom an epoch of it does not reach by these roles' keys either. */
export function readersMissed(
  ring: RingState,
  channel: ChannelId,
  entry: KeyEntry,
  boxed: readonly RoleId[]
): ReadonlySet<UserId> {
  return keep(ring, createLackers).of(entry, {
    kind: 'missed',
    name: boxed.join(),
    among: everyoneRole(ring.server),
    has: (state, user) =>
      !boxed.some(role => holdsRole(state, role, user)) && isReaderNow(ring, channel, user)
  })
}

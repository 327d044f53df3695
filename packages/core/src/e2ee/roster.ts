/** Who holds which role and reads which channel, now: counted once, then followed member by member. */
import type { ChannelId, RoleId, UserId } from '../base/index.ts'
import { everyoneRole, type MemberState } from '../authority/index.ts'
import { type Change, keep, type Keeper } from './present.ts'
import { grantsView, isOpenToAll, isPrivateThread, mayRead } from './readers.ts'
import type { RingState } from './ring-state.ts'

/** Of a channel that is not open to all. */
interface Reading {
  readonly readers: Set<UserId>
  /** How many readers hold a role, and how many others. */
  readonly held: Map<RoleId, number>
  readonly barred: Map<RoleId, number>
  /** Reader roles (EK7), until somebody else holds or lacks one. */
  roles?: readonly RoleId[] | undefined
}

class Roster implements Keeper {
  readonly #ring: RingState
  readonly #members = new Map<UserId, MemberState>()
  readonly #holders = new Map<RoleId, Set<UserId>>()
  readonly #channels = new Map<ChannelId, Reading>()
  #stale = true

  constructor(ring: RingState) {
    this.#ring = ring
  }

  follow({ moved: { users, roles, channels } }: Change): void {
    if (roles) this.#stale = true
    if (channels) this.#channels.clear()
    if (this.#stale) return
    const state = this.#ring.log.state()
    for (const user of users) {
      const before = this.#members.get(user)
      if (before !== undefined) this.#note(before, -1)
      const now = state.member(user)
      if (now?.status === 'in') this.#note(now, 1)
    }
  }

  /** Counts somebody in or out. */
  #note(member: MemberState, by: 1 | -1): void {
    const { user } = member
    if (by === 1) this.#members.set(user, member)
    else this.#members.delete(user)
    for (const role of member.roles) {
      const holders = this.#holders.get(role) ?? new Set()
      this.#holders.set(role, holders)
      if (by === 1) holders.add(user)
      else holders.delete(user)
    }
    for (const [channel, reading] of this.#channels) this.#noteReading(channel, reading, member, by)
  }

  #noteReading(channel: ChannelId, reading: Reading, { user, roles }: MemberState, by: 1 | -1): void {
    const reads = by === 1 ? mayRead(this.#ring.log.state(), channel, user) : reading.readers.has(user)
    if (reads && by === 1) reading.readers.add(user)
    else reading.readers.delete(user)
    const counted = reads ? reading.held : reading.barred
    for (const role of roles) {
      const count = (counted.get(role) ?? 0) + by
      counted.set(role, count)
      if (count === (by === 1 ? 1 : 0)) reading.roles = undefined
    }
  }

  #fill(): void {
    if (!this.#stale) return
    this.#stale = false
    this.#members.clear()
    this.#holders.clear()
    this.#channels.clear()
    for (const member of this.#ring.log.state().members()) if (member.status === 'in') this.#note(member, 1)
  }

  /** Members who hold a role. */
  holders(role: RoleId): Iterable<UserId> & { readonly size: number } {
    this.#fill()
    if (role === everyoneRole(this.#ring.server))
      return { size: this.#members.size, [Symbol.iterator]: () => this.#members.keys() }
    return this.#holders.get(role) ?? new Set()
  }

  /** Of a channel that is not open to all. */
  reading(channel: ChannelId): Reading {
    this.#fill()
    let reading = this.#channels.get(channel)
    if (reading === undefined) {
      reading = { readers: new Set(), held: new Map(), barred: new Map() }
      for (const member of this.#members.values()) this.#noteReading(channel, reading, member, 1)
      this.#channels.set(channel, reading)
    }
    return reading
  }
}

const createRoster = (ring: RingState): Roster => new Roster(ring)

/** Members who hold a role now, oldest first where it is everyone's. */
export const holdersNow = (ring: RingState, role: RoleId): Iterable<UserId> & { readonly size: number } =>
  keep(ring, createRoster).holders(role)

/** Reader roles of a channel now (EK7): as `readersOf` has them. */
export function readerRolesNow(ring: RingState, channel: ChannelId): readonly RoleId[] {
  const state = ring.log.state()
  if (isOpenToAll(state, channel)) return [everyoneRole(ring.server)]
  if (isPrivateThread(state, channel)) return []
  const reading = keep(ring, createRoster).reading(channel)
  return (reading.roles ??= [...reading.held]
    .filter(([role, count]) => count > 0 && !isBarred(reading, role) && grantsView(state, channel, role))
    .map(([role]) => role)
    .sort())
}

const isBarred = ({ barred }: Reading, role: RoleId): boolean => (barred.get(role) ?? 0) > 0

/** Whether a role is a reader role of a channel now: as `roleReads` has it. */
export function roleReadsNow(ring: RingState, channel: ChannelId, role: RoleId): boolean {
  const state = ring.log.state()
  if (isOpenToAll(state, channel)) return true
  if (role === everyoneRole(ring.server) || isPrivateThread(state, channel)) return false
  return !isBarred(keep(ring, createRoster).reading(channel), role) && grantsView(state, channel, role)
}

/** Whether a member is among a channel's readers now. */
export function isReaderNow(ring: RingState, channel: ChannelId, user: UserId): boolean {
  const state = ring.log.state()
  return isOpenToAll(state, channel) || mayRead(state, channel, user)
}

/** What the devices of one server said of their presence (ND51–ND53): bounded, and forgotten when not said again. */
import { accept, type DeviceId, refuse, type Refusal, type UserId, type Verdict } from '../../base/index.ts'
import { PresenceStatus } from '../../e2ee/index.ts'
import type { ShownPresence } from './presence-contract.ts'

/** ND51: how far the claimed time may lie from ours, as for all that is never stored (EN9). */
export const SAID_MS_MAX = 60_000
/** ND51: what a device says follows what it said before by so much, going apart. */
export const SAY_MS_MIN = 5_000
/** ND51: coming back after going: less, as a restart is quick. */
const RETURN_MS_MIN = 1_000
/** ND52: not said again for so long: gone. Longer than twice `SAID_MS_MAX`, so that a replay is known while it is young. */
export const PRESENT_MS_MAX = 150_000
/** ND52: of each member, in larger servers: there presence is said again less often. */
export const PRESENT_MEMBER_MS = 5_000
/** ND53: devices of one member that are remembered, and of all members. */
export const DEVICES_MAX = 8
export const ROWS_MAX = 2_048

/** What a device said. */
export interface SaidPresence {
  readonly user: UserId
  /** EN6. */
  readonly status: number
  readonly text: string | null
  /** By its clock, ms. */
  readonly at: number
}

interface Row {
  readonly said: SaidPresence
  readonly heardAt: number
  /** Since when it says the same, as heard here. */
  readonly since: number
}

const OFFLINE: ShownPresence = { status: 'offline', text: null }
/** ND54: of several devices the first of these counts. */
const STRONGEST = [
  [PresenceStatus.doNotDisturb, 'dnd'],
  [PresenceStatus.online, 'online'],
  [PresenceStatus.idle, 'idle']
] as const

/** One server's book. Time is an argument. */
export class PeopleBook {
  readonly #rows = new Map<DeviceId, Row>()
  readonly #byUser = new Map<UserId, Set<DeviceId>>()
  #overMs = PRESENT_MS_MAX

  /** So many members the server has. */
  size(members: number): void {
    this.#overMs = Math.max(PRESENT_MS_MAX, members * PRESENT_MEMBER_MS)
  }

  /** Takes what a device said. Accepts with whether the member looks different now. */
  note(device: DeviceId, said: SaidPresence, at: number): Verdict<boolean> {
    if (said.at < at - SAID_MS_MAX || said.at > at + SAID_MS_MAX)
      return refuse('ND51', 'presence of another time')
    const known = this.#rows.get(device)
    const refused = known === undefined ? this.#noRoom(said.user) : tooEarly(known.said, said)
    if (refused !== undefined) return refused
    const before = this.of(said.user, at)
    const same =
      known !== undefined &&
      this.#isThere(known, at) &&
      known.said.status === said.status &&
      known.said.text === said.text
    this.#rows.set(device, { said, heardAt: at, since: same ? known.since : at })
    const devices = this.#byUser.get(said.user) ?? new Set()
    this.#byUser.set(said.user, devices.add(device))
    return accept(!isSame(before, this.of(said.user, at)))
  }

  /** Forgets what was not said again; members who may look different by it. */
  expire(at: number): ReadonlySet<UserId> {
    return this.#forget((_, row) => !this.#isHeard(row, at))
  }

  /** Forgets devices that do not count any more; members who may look different by it. */
  keep(counts: (device: DeviceId) => boolean): ReadonlySet<UserId> {
    return this.#forget(device => !counts(device))
  }

  #forget(over: (device: DeviceId, row: Row) => boolean): ReadonlySet<UserId> {
    const gone = new Set<UserId>()
    for (const [device, row] of this.#rows) {
      if (!over(device, row)) continue
      const { user, status } = row.said
      this.#rows.delete(device)
      const devices = this.#byUser.get(user)
      devices?.delete(device)
      if (devices?.size === 0) this.#byUser.delete(user)
      if (status !== PresenceStatus.offline) gone.add(user)
    }
    return gone
  }

  /** How a member looks: of their devices the one that is most there; the words that are newest here. */
  of(user: UserId, at: number): ShownPresence {
    const rows: (readonly [DeviceId, Row])[] = []
    for (const device of this.#byUser.get(user) ?? []) {
      const row = this.#rows.get(device)
      if (row !== undefined && this.#isThere(row, at)) rows.push([device, row])
    }
    const found = STRONGEST.find(([status]) => rows.some(([, row]) => row.said.status === status))
    if (found === undefined) return OFFLINE
    const [first] = rows
      .filter(([, row]) => row.said.text !== null)
      .sort(([a, x], [b, y]) => y.since - x.since || (a < b ? -1 : 1))
    return { status: found[1], text: first?.[1].said.text ?? null }
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0
  }

  /** Members of whom anything was heard. */
  get users(): number {
    return this.#byUser.size
  }

  #noRoom(user: UserId): Refusal | undefined {
    if ((this.#byUser.get(user)?.size ?? 0) >= DEVICES_MAX)
      return refuse('ND53', 'more devices than a member has')
    return this.#rows.size >= ROWS_MAX ? refuse('ND53', 'more devices than are remembered') : undefined
  }

  /** A clock that was set back keeps nothing for longer. */
  #isHeard({ heardAt }: Row, at: number): boolean {
    return Math.abs(at - heardAt) < this.#overMs
  }

  #isThere(row: Row, at: number): boolean {
    return this.#isHeard(row, at) && row.said.status !== PresenceStatus.offline
  }
}

/** What somebody looks like with two devices, or groups of them: the one that is more there, and the first's words. */
export function together(first: ShownPresence, second: ShownPresence): ShownPresence {
  const found = STRONGEST.find(([, status]) => first.status === status || second.status === status)
  return { status: found?.[1] ?? 'offline', text: first.text ?? second.text }
}

export function isSame(a: ShownPresence, b: ShownPresence): boolean {
  return a.status === b.status && a.text === b.text
}

function tooEarly(known: SaidPresence, said: SaidPresence): Refusal | undefined {
  if (said.at <= known.at) return refuse('ND51', 'presence that was heard before')
  const going = said.status === PresenceStatus.offline
  const wasGone = known.status === PresenceStatus.offline
  if (going && !wasGone) return undefined
  const least = wasGone && !going ? RETURN_MS_MIN : SAY_MS_MIN
  return said.at < known.at + least ? refuse('ND51', 'presence that is said too often') : undefined
}

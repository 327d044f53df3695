/** Who somebody is in a state, before any bit is asked for: ownership, roles held, rank, timeout (AU12's legend). */
import {
  type ChannelId,
  compareIds,
  idAs,
  idFromBytes,
  type OperationId,
  type RoleId,
  type UserId
} from '../base/index.ts'
import { assignmentCell, OWNER_CELL, roleCell, timeoutCell } from './cell.ts'
import type { StateReader, Winner } from './reader.ts'
import { EVERYONE_STRENGTH, ownerStrength, positionStrength, type Strength, weaker } from './strength.ts'

/** One role somebody holds. */
export interface HeldRole {
  readonly role: RoleId
  /** Empty for `@everyone`. */
  readonly cells: readonly string[]
  readonly strength: Strength
}

/** What the author is before any bit is asked for. */
export interface Standing {
  readonly user: UserId
  readonly owner: { readonly generation: number } | undefined
  readonly rank: Strength
  /** Roles held, `@everyone` included. */
  readonly held: ReadonlyMap<RoleId, HeldRole>
  readonly highest: RoleId | undefined
  readonly timedOut: boolean
}

/** Stronger than any writer: what rests on nothing. */
export const STRONGEST = ownerStrength(0xffff_ffff_ffff)
const channelIds = new WeakMap<Uint8Array, ChannelId>()

/** A channel id out of a cell's bytes; spelt once per value. */
export function channelOf(value: unknown): ChannelId | null {
  if (!(value instanceof Uint8Array)) return null
  let id = channelIds.get(value)
  if (id === undefined) channelIds.set(value, (id = idFromBytes('c', value)))
  return id
}

/** Numeric value of a cell, or a default where nobody wrote it. */
export function numberOf(reader: StateReader, cell: string, otherwise: number): number {
  const value = reader.winner(cell)?.value
  return typeof value === 'number' ? value : otherwise
}

/** Whether the role exists now. */
export function roleExists(reader: StateReader, role: RoleId): boolean {
  return role === idAs('r', reader.server) || reader.winner(roleCell(role, 'exists'))?.value === 1
}

/** Strength of a role's position; of one without, `@everyone`'s. */
export function roleStrength(reader: StateReader, role: RoleId): Strength {
  const value = reader.winner(roleCell(role, 'pos'))?.value
  return value instanceof Uint8Array ? positionStrength(value) : EVERYONE_STRENGTH
}

/** The owner in this state. */
export function ownerOf(reader: StateReader): { readonly user: UserId; readonly generation: number } {
  return reader.winner(OWNER_CELL)?.by.known.owner as { readonly user: UserId; readonly generation: number }
}

/** The strongest of the cells that hold an assignment of this role to a live join. */
function heldBy(reader: StateReader, joins: readonly OperationId[], role: RoleId): HeldRole | undefined {
  let best: HeldRole | undefined
  for (const join of joins) {
    const cell = assignmentCell(join, role)
    const winner = reader.winner(cell)
    if (winner?.value !== 1) continue
    const strength = winner.by.known.strength
    if (best === undefined || strength > best.strength) best = { role, cells: [cell], strength }
  }
  return best
}

function rolesHeld(reader: StateReader, user: UserId): Map<RoleId, HeldRole> {
  const joins = reader.liveJoins(user)
  const everyone = idAs('r', reader.server)
  const held = new Map<RoleId, HeldRole>([[everyone, { role: everyone, cells: [], strength: STRONGEST }]])
  for (const join of joins) {
    for (const role of reader.assigned(join)) {
      if (held.has(role) || !roleExists(reader, role)) continue
      const found = heldBy(reader, joins, role)
      if (found === undefined) continue
      const exists = roleCell(role, 'exists')
      const strength = weaker(found.strength, (reader.winner(exists) as Winner).by.known.strength)
      held.set(role, { role, cells: [...found.cells, exists], strength })
    }
  }
  return held
}

/** Rank, roles and timeout of a user in a state (AU12's legend). */
export function standingOf(reader: StateReader, user: UserId, at: number): Standing {
  const owner = ownerOf(reader)
  const held = rolesHeld(reader, user)
  let rank = EVERYONE_STRENGTH
  let highest: RoleId | undefined
  for (const role of held.keys()) {
    const strength = roleStrength(reader, role)
    if (strength > rank || (strength === rank && highest !== undefined && compareIds(role, highest) < 0)) {
      rank = strength
      highest = role
    }
  }
  if (owner.user === user)
    return { user, owner, rank: ownerStrength(owner.generation), held, highest, timedOut: false }
  const timedOut = numberOf(reader, timeoutCell(user), 0) > at
  return { user, owner: undefined, rank, held, highest, timedOut }
}

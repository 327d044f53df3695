/** What a kind's rules say of one operation: what it needs, acts on and writes (AU12). Filled by kinds/plan-*.ts. */
import {
  type ChannelId,
  type DeviceId,
  idAs,
  idToBytes,
  type OperationId,
  refuse,
  type Refusal,
  type RoleId,
  type UserId
} from '../base/index.ts'
import type { Operation } from '../graph/index.ts'
import { channelCell, deviceCell, MEMBER_IN, memberCell, roleCell } from './cell.ts'
import type { AuthorityDeps } from './deps.ts'
import { ALL_PERMISSIONS, bitPositions, PERMISSION_BITS, type KnownPermission } from './flags.ts'
import type { Need } from './candidate.ts'
import { channelOf, ownerOf, roleExists, roleStrength, type Standing, standingOf } from './standing.ts'
import type { Known, StateReader, Write } from './reader.ts'
import { type Strength } from './strength.ts'

/** What a plan reads. */
export interface PlanContext {
  readonly deps: AuthorityDeps
  readonly op: Operation
  readonly reader: StateReader
  readonly user: UserId
  readonly standing: Standing
  /** Bytes from our own store: signatures inside bodies were checked once. */
  readonly trusted: boolean
}

/** What a kind asks and does. */
export interface Plan {
  readonly needs?: readonly Need[]
  /** Cells of the things acted on (AU17). */
  readonly acts?: readonly string[]
  /** Cells that let the author act, beside permission bits: relied on, their writers support. */
  readonly rests?: readonly string[]
  /** Operations of the past, beside those cells' writers, that it rests on: the author's own admission. */
  readonly leans?: readonly OperationId[]
  readonly writes?: readonly Write[]
  readonly target?: UserId
  readonly until?: number
  readonly revokes?: readonly DeviceId[]
  /** A member's act, not an authority's: it rests on no rank, and has none (AU-S30). */
  readonly rankless?: boolean
  /** Self-regarding kinds bring their own cells and support, and have strength −1 (AU17, AU18). */
  readonly self?: { readonly cells: readonly string[]; readonly supp: readonly OperationId[] }
  readonly limited?: Known['limited']
  readonly owner?: Known['owner']
  readonly carries?: readonly OperationId[]
  /** A last check, once the strength is known. */
  readonly check?: (strength: Strength) => Refusal | undefined
}

export type Planned = Plan | Refusal

/** Whether planning refused. */
export function isRefusal(planned: Planned): planned is Refusal {
  return 'ok' in planned
}

export const no = (reason: string): Refusal => refuse('AU14', reason)

/** A need by flag name, in a channel or in the server. */
export function need(name: KnownPermission, channel: ChannelId | null = null): Need {
  return { bit: PERMISSION_BITS[name], channel }
}

export const write = (cell: string, value: Write['value'], denial = false): Write => ({ cell, value, denial })

/** B: needs for every bit of a set. */
export function bitNeeds(bits: bigint, channel: ChannelId | null): Need[] {
  return bitPositions(bits).map(bit => ({ bit, channel }))
}

/** AU7: bits that this protocol version does not define. */
export function undefinedBits(bits: bigint): Refusal | undefined {
  return (bits & ~ALL_PERMISSIONS) === 0n
    ? undefined
    : refuse('AU7', 'a permission bit that protocol version 1 does not define')
}

export function isMember(reader: StateReader, user: UserId): boolean {
  return ownerOf(reader).user === user || reader.winner(memberCell(user))?.value === MEMBER_IN
}

/** The user a device belongs to, if the device was ever on here. */
export function userOfDevice(
  reader: StateReader,
  device: DeviceId
): { readonly user: UserId; readonly on: boolean } | undefined {
  const winner = reader.winner(deviceCell(device))
  if (winner === undefined) return undefined
  return { user: winner.by.known.user, on: (winner.value as readonly number[])[0] === 1 }
}

/** M of AU12's legend. */
export function managesMember(context: PlanContext, target: UserId): Refusal | undefined {
  if (ownerOf(context.reader).user === target) return no('the target is the owner')
  if (standingOf(context.reader, target, context.op.at).rank >= context.standing.rank)
    return no('the target does not rank below the author')
  return undefined
}

/** R of AU12's legend. */
export function managesRole(context: PlanContext, role: RoleId): Refusal | undefined {
  if (!roleExists(context.reader, role)) return no('no such role')
  if (roleStrength(context.reader, role) >= context.standing.rank)
    return no("the role is not below the author's rank")
  return undefined
}

export function isEveryone(context: PlanContext, role: RoleId): boolean {
  return role === idAs('r', context.reader.server)
}

/** The existence of a role as a thing acted on; `@everyone` needs none. */
export function roleActs(context: PlanContext, role: RoleId): string[] {
  return isEveryone(context, role) ? [] : [roleCell(role, 'exists')]
}

/** Whether a channel exists; a thread does while its parent does (AU27). */
export function channelExists(reader: StateReader, channel: ChannelId): boolean {
  return channelActs(reader, channel).every(cell => reader.winner(cell)?.value === 1)
}

/** Existence cells of a channel and, for a thread, of its parent. */
export function channelActs(reader: StateReader, channel: ChannelId): string[] {
  const acts = [channelCell(channel, 'exists')]
  if (channelKindOf(reader, channel) === 'thread') {
    const parent = channelOf(reader.winner(channelCell(channel, 'parent'))?.value)
    if (parent !== null) acts.push(channelCell(parent, 'exists'))
  }
  return acts
}

export function channelKindOf(reader: StateReader, channel: ChannelId): string | undefined {
  const value = reader.winner(channelCell(channel, 'kind'))?.value
  return typeof value === 'string' ? value : undefined
}

/** Value of `[on, user]` in a device cell. */
export function deviceValue(on: boolean, user: UserId): readonly [number, Uint8Array] {
  return [on ? 1 : 0, idToBytes(user)]
}

/**
 * Cells: the named values that operations write and proofs rely on (AU12, last column).
 *
 * A key is a family and its parts, joined by `|`. Ids are base32hex behind their letter, so no part holds a bar.
 */
import type { ChannelId, DeviceId, InviteId, OperationId, RoleId, UserId } from '../base/index.ts'
import { type CborValue, compareBytes, encodeCbor } from '../encoding/index.ts'

export const OWNER_CELL = 'owner'
export const PROTO_CELL = 'proto'
export const memberCell = (user: UserId): string => `member|${user}`
export const deviceCell = (device: DeviceId): string => `dev|${device}`
export const nickCell = (user: UserId): string => `nick|${user}`
export const identityCell = (user: UserId): string => `id|${user}`
export const movedCell = (user: UserId): string => `moved|${user}`
export const voiceCell = (user: UserId, what: 'mute' | 'deaf'): string => `voice|${user}|${what}`
export const timeoutCell = (user: UserId): string => `timeout|${user}`
export const inviteCell = (invite: InviteId): string => `invite|${invite}`
export const inviteTermsCell = (invite: InviteId): string => `invite|${invite}|terms`
export type RoleAttribute = 'exists' | 'pos' | 'name' | 'color' | 'hoist' | 'mentionable' | 'notary'
export const roleCell = (role: RoleId, attribute: RoleAttribute): string => `role|${role}|${attribute}`
export const roleBitCell = (role: RoleId, bit: number): string => `role|${role}|bit|${bit}`
export const assignmentCell = (join: OperationId, role: RoleId): string => `asg|${join}|${role}`
export type ChannelAttribute =
  | 'exists'
  | 'kind'
  | 'creator'
  | 'parent'
  | 'pos'
  | 'name'
  | 'topic'
  | 'slow'
  | 'history'
  | 'synced'
  | 'nsfw'
  | 'limit'
  | 'rate'
  | 'private'
  | 'archived'
  | 'locked'
export const channelCell = (channel: ChannelId, attribute: ChannelAttribute): string =>
  `ch|${channel}|${attribute}`
export const overwriteCell = (channel: ChannelId, target: RoleId | UserId, bit: number): string =>
  `ow|${channel}|${target}|${bit}`
export const threadMemberCell = (thread: ChannelId, user: UserId): string => `tm|${thread}|${user}`
export const serverCell = (key: number): string => `srv|${key}`
export const policyCell = (key: number): string => `policy|${key}`
export const automodCell = (rule: OperationId): string => `automod|${rule}`
export const objectCell = (object: OperationId): string => `obj|${object}`
export const cutCell = (denial: OperationId, device: DeviceId): string => `cut|${denial}|${device}`

/** Values of member:u. */
export const MEMBER_IN = 0
export const MEMBER_OUT = 1
export const MEMBER_BANNED = 2
/** Values of ow:c:x:b. */
export const OVERWRITE_ALLOW = 0
export const OVERWRITE_NONE = 1
export const OVERWRITE_DENY = 2

/** Which way a cell's values grow more restrictive (AU24). */
type Restriction = 'higher' | 'lower' | 'generation' | 'none'

function restrictionOf(key: string): Restriction {
  const parts = key.split('|')
  switch (parts[0]) {
    case 'member':
    case 'ow':
    case 'timeout':
    case 'proto':
      return 'higher'
    case 'voice':
      return 'higher'
    case 'asg':
    case 'tm':
    case 'dev':
    case 'cut':
      return 'lower'
    case 'id':
      return 'generation'
    case 'invite':
      return parts.length === 2 ? 'lower' : 'none'
    case 'role':
      return parts[2] === 'exists' || parts[2] === 'pos' || parts[2] === 'bit' ? 'lower' : 'none'
    case 'ch':
      return parts[2] === 'exists'
        ? 'lower'
        : parts[2] === 'locked' || parts[2] === 'archived'
          ? 'higher'
          : 'none'
    default:
      return 'none'
  }
}

/** First number of a value: `dev` is `[on, user]`, `id` `[generation, key]`. */
function leading(value: CborValue): CborValue {
  return Array.isArray(value) ? (value[0] as CborValue) : value
}

/** Positive if the first value restricts more, negative if the second does, 0 where the cell knows no such order. */
export type RestrictionOrder = (a: CborValue, b: CborValue) => number

/**
 * How the values of one cell restrict (AU24): banned > out > in, 0 > 1, deny > none > allow, lower position, later until,
 * closed > open, newer user key.
 */
export function restrictionOrder(key: string): RestrictionOrder {
  const order = restrictionOf(key)
  if (order === 'none') return () => 0
  return (a, b) => {
    const [first, second] = [leading(a), leading(b)]
    if (first instanceof Uint8Array && second instanceof Uint8Array) return compareBytes(second, first)
    if (typeof first !== 'number' || typeof second !== 'number') return 0
    return order === 'lower' ? second - first : first - second
  }
}

/** A cell's name as AU41's rows have it: family, then parts; ids as bytes, bits as integers, the rest as text. */
export function cellName(key: string, idBytes: (id: string) => Uint8Array): CborValue {
  return key.split('|').map(part => {
    if (part.length === 53) return idBytes(part)
    return /^\d+$/.test(part) ? Number(part) : part
  })
}

/** Whether two cell values are the same. */
export function sameValue(a: CborValue | undefined, b: CborValue | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  return compareBytes(encodeCbor(a), encodeCbor(b)) === 0
}

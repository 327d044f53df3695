/**
 * Drafts of operations for the layers above: the body in wire order, with defaults where people leave things
 * open. A draft is neither placed nor signed: `AuthorityLog.place` adds the past, `signOperation` the signature.
 */
import {
  type ChannelId,
  type DeviceId,
  idAs,
  idToBytes,
  type InviteId,
  type OperationId,
  type RoleId,
  type ServerId,
  type UserId
} from '../base/index.ts'
import type { SigningKey, Suite } from '../crypto/index.ts'
import { type CutRow, type Operation, type OperationFields, signOperation } from '../graph/index.ts'
import type { ChannelKind, OperationDraft, PermissionName } from './contract.ts'
import { DEFAULT_EVERYONE, permissionsToBits } from './flags.ts'
import { CHANNEL_KINDS } from './kinds/bodies.ts'
import type { Row, UserKeyField } from './kinds/fields.ts'
import { type BodyOf, encodeBody, KINDS, type KindName } from './kinds/table.ts'

/** What every draft may carry beside its body. */
export interface DraftOptions {
  readonly cut?: readonly CutRow[] | null
  readonly refs?: readonly OperationId[]
}

/** Draft of any kind, typed by AU12's table. The functions below add defaults for the common ones. */
export function draft<N extends KindName>(
  name: N,
  body: BodyOf<N>,
  options: DraftOptions = {}
): OperationDraft {
  return { kind: KINDS[name][0], body: encodeBody(name, body), ...options }
}

/** What founds a server. */
export interface GenesisInit {
  readonly name: string
  /** The founder's device certificate (ID6). */
  readonly credential: Uint8Array
  readonly userKey: UserKeyField
  /** 16 random bytes: two servers of one founder and name differ. */
  readonly nonce: Uint8Array
  /** Milliseconds. */
  readonly at: number
  readonly everyone?: bigint
  readonly policy?: readonly Row[]
  readonly description?: string
}

/** Signs the operation that founds a server; its id is the server's. */
export function signGenesis(suite: Suite, key: SigningKey, device: DeviceId, init: GenesisInit): Operation {
  const srv: Row[] = [{ key: 0, value: init.name }]
  if (init.description !== undefined) srv.push({ key: 3, value: init.description })
  const body = encodeBody('genesis', {
    credential: init.credential,
    userKey: init.userKey,
    everyone: init.everyone ?? DEFAULT_EVERYONE,
    policy: init.policy ?? [],
    srv,
    nonce: init.nonce
  })
  const fields: OperationFields = {
    server: null,
    kind: 0,
    device,
    seq: 0,
    prev: null,
    parents: [],
    refs: [],
    lamport: 0,
    at: init.at,
    body,
    cut: null
  }
  return signOperation(suite, key, fields)
}

/** Kind 1; the signature is `signJoin`'s. */
export function draftJoin(init: {
  readonly invite: InviteId
  readonly credential: Uint8Array
  readonly userKey: UserKeyField
  readonly signature: Uint8Array
}): OperationDraft {
  return draft('join', init)
}

/** Kind 2. */
export function draftLeave(): OperationDraft {
  return draft('leave', {})
}

/** Kind 4: signed by the device that is added. */
export function draftDeviceAdd(credential: Uint8Array): OperationDraft {
  return draft('deviceAdd', { credential })
}

/** Kind 9: takes up to 400 leaves into one past (AU8); `AuthorityLog.leaves` has them. */
export function draftGather(leaves: readonly OperationId[]): OperationDraft {
  return draft('gather', {}, { refs: leaves })
}

/** Kind 16. */
export function draftInviteCreate(init: {
  readonly signPublicKey: Uint8Array
  /** null where joining needs approval (IV4). */
  readonly boxPublicKey: Uint8Array | null
  readonly user?: UserId | null
  readonly roles?: readonly RoleId[]
  readonly notAfter?: number | null
  readonly maxUses?: number | null
  readonly reason?: string | null
}): OperationDraft {
  const { signPublicKey, boxPublicKey } = init
  return draft('inviteCreate', {
    signPublicKey,
    boxPublicKey,
    user: init.user ?? null,
    roles: init.roles ?? [],
    notAfter: init.notAfter ?? null,
    maxUses: init.maxUses ?? null,
    reason: init.reason ?? null
  })
}

/** Kind 17. */
export function draftInviteRevoke(invite: InviteId, reason: string | null = null): OperationDraft {
  return draft('inviteRevoke', { invite, reason })
}

/** Kind 20. Rows of `cut` say which operations and envelopes of the target's devices stand (AU37). */
export function draftKick(
  user: UserId,
  reason: string | null = null,
  cut: readonly CutRow[] | null = null
): OperationDraft {
  return draft('kick', { user, reason }, { cut })
}

/** Kind 21. */
export function draftBan(
  user: UserId,
  reason: string | null = null,
  cut: readonly CutRow[] | null = null
): OperationDraft {
  return draft('ban', { user, reason }, { cut })
}

/** Kind 22. */
export function draftUnban(user: UserId, reason: string | null = null): OperationDraft {
  return draft('unban', { user, reason })
}

/** Kind 23. `until` in ms; 0 clears. At most 28 days ahead. */
export function draftTimeout(
  user: UserId,
  until: number,
  reason: string | null = null,
  cut: readonly CutRow[] | null = null
): OperationDraft {
  return draft('timeout', { user, until, reason }, { cut })
}

/** Kind 24: a denial that holds, said again by somebody stronger (AU40). `role` null seals membership. */
export function draftSeal(
  user: UserId,
  role: RoleId | null,
  cut: readonly CutRow[] | null = null
): OperationDraft {
  return draft('seal', { user, role, reason: null }, { cut })
}

/** Kind 32. `position` from `positionAbove`/`positionBetween`, below the author's highest role. */
export function draftRoleCreate(init: {
  readonly name: string
  readonly position: Uint8Array
  readonly permissions?: readonly PermissionName[]
  readonly color?: number
  readonly hoist?: boolean
  readonly mentionable?: boolean
  readonly reason?: string | null
}): OperationDraft {
  return draft('roleCreate', {
    name: init.name,
    position: init.position,
    permissions: permissionsToBits(init.permissions ?? []),
    color: init.color ?? 0,
    hoist: init.hoist === true ? 1 : 0,
    mentionable: init.mentionable === true ? 1 : 0,
    reason: init.reason ?? null
  })
}

/** Kind 33: deltas of bits (AU12), and rows of name, colour, hoist, mentionable. */
export function draftRoleEdit(
  role: RoleId,
  edit: {
    readonly set?: readonly PermissionName[]
    readonly clear?: readonly PermissionName[]
    readonly name?: string
    readonly color?: number
    readonly hoist?: boolean
    readonly mentionable?: boolean
    readonly reason?: string | null
  }
): OperationDraft {
  const rows: Row[] = []
  if (edit.name !== undefined) rows.push({ key: 0, value: edit.name })
  if (edit.color !== undefined) rows.push({ key: 1, value: edit.color })
  if (edit.hoist !== undefined) rows.push({ key: 2, value: edit.hoist ? 1 : 0 })
  if (edit.mentionable !== undefined) rows.push({ key: 3, value: edit.mentionable ? 1 : 0 })
  return draft('roleEdit', {
    role,
    rows,
    set: permissionsToBits(edit.set ?? []),
    clear: permissionsToBits(edit.clear ?? []),
    reason: edit.reason ?? null
  })
}

/** Kind 35. */
export function draftRoleDelete(role: RoleId, reason: string | null = null): OperationDraft {
  return draft('roleDelete', { role, reason })
}

/** Kind 36. */
export function draftRoleAssign(user: UserId, role: RoleId, reason: string | null = null): OperationDraft {
  return draft('roleAssign', { user, role, reason })
}

/** Kind 37. */
export function draftRoleUnassign(
  user: UserId,
  role: RoleId,
  reason: string | null = null,
  cut: readonly CutRow[] | null = null
): OperationDraft {
  return draft('roleUnassign', { user, role, reason }, { cut })
}

/** A first overwrite of a channel. */
export interface OverwriteInit {
  readonly target: RoleId | UserId
  readonly allow?: readonly PermissionName[]
  readonly deny?: readonly PermissionName[]
}

/** Kind 48. A channel under a category reads the category's overwrites (`synced`) unless it brings its own. */
export function draftChannelCreate(init: {
  readonly kind: Exclude<ChannelKind, 'thread'>
  /** null for a channel that not all may view (EK19). */
  readonly name: string | null
  readonly position: Uint8Array
  readonly topic?: string | null
  readonly parent?: ChannelId | null
  readonly slowModeSeconds?: number
  readonly history?: readonly number[]
  readonly nsfw?: boolean
  readonly synced?: boolean
  readonly overwrites?: readonly OverwriteInit[]
  readonly reason?: string | null
}): OperationDraft {
  const overwrites = (init.overwrites ?? []).map(each => ({
    target: each.target.startsWith('r') ? 0 : 1,
    id: idToBytes(each.target),
    allow: permissionsToBits(each.allow ?? []),
    deny: permissionsToBits(each.deny ?? [])
  }))
  const parent = init.parent ?? null
  const synced = init.synced ?? (parent !== null && overwrites.length === 0)
  return draft('channelCreate', {
    kind: CHANNEL_KINDS.indexOf(init.kind),
    parent,
    name: init.name,
    topic: init.topic ?? null,
    position: init.position,
    slowModeSeconds: init.slowModeSeconds ?? 0,
    history: init.history ?? [0],
    synced: synced ? 1 : 0,
    nsfw: init.nsfw === true ? 1 : 0,
    overwrites,
    reason: init.reason ?? null
  })
}

/** Kind 49. */
export function draftChannelEdit(
  channel: ChannelId,
  edit: {
    readonly name?: string | null
    readonly topic?: string | null
    readonly slowModeSeconds?: number
    readonly history?: readonly number[]
    readonly synced?: boolean
    readonly nsfw?: boolean
    readonly userLimit?: number
    readonly bitrateKbps?: number
    readonly reason?: string | null
  }
): OperationDraft {
  const rows: Row[] = []
  if (edit.name !== undefined) rows.push({ key: 0, value: edit.name })
  if (edit.topic !== undefined) rows.push({ key: 1, value: edit.topic })
  if (edit.slowModeSeconds !== undefined) rows.push({ key: 2, value: edit.slowModeSeconds })
  if (edit.history !== undefined) rows.push({ key: 3, value: edit.history })
  if (edit.synced !== undefined) rows.push({ key: 4, value: edit.synced ? 1 : 0 })
  if (edit.nsfw !== undefined) rows.push({ key: 5, value: edit.nsfw ? 1 : 0 })
  if (edit.userLimit !== undefined) rows.push({ key: 6, value: edit.userLimit })
  if (edit.bitrateKbps !== undefined) rows.push({ key: 7, value: edit.bitrateKbps })
  return draft('channelEdit', { channel, rows, reason: edit.reason ?? null })
}

/** Kind 51. */
export function draftChannelDelete(channel: ChannelId, reason: string | null = null): OperationDraft {
  return draft('channelDelete', { channel, reason })
}

/** Kind 53: bits to allow, to deny, and to leave to the layers below, for one role or member. */
export function draftOverwrite(
  channel: ChannelId,
  target: RoleId | UserId,
  bits: {
    readonly allow?: readonly PermissionName[]
    readonly deny?: readonly PermissionName[]
    readonly none?: readonly PermissionName[]
    readonly reason?: string | null
  }
): OperationDraft {
  return draft('overwrite', {
    channel,
    target: target.startsWith('r') ? 0 : 1,
    id: idToBytes(target),
    allow: permissionsToBits(bits.allow ?? []),
    deny: permissionsToBits(bits.deny ?? []),
    none: permissionsToBits(bits.none ?? []),
    reason: bits.reason ?? null
  })
}

/** The id of the role that everybody in a server holds (AU11). */
export function everyoneRole(server: ServerId): RoleId {
  return idAs('r', server)
}

/** What people do with channels: one wish may take several operations (AU31), and names that not all may read (EK19). */
import { type ChannelId, idAs, type OperationId, XcordError } from '../../base/index.ts'
import {
  type ChannelState,
  draft,
  draftChannelCreate,
  draftChannelEdit,
  draftOverwrite,
  everyoneRole,
  permissionsFromBits,
  permissionsToBits,
  type PermissionName
} from '../../authority/index.ts'
import { isOpenToAll, writeHistoryMode } from '../../e2ee/index.ts'
import type { Intent, OverwriteChange } from '../contract.ts'
import { operate } from '../replica/operate.ts'
import { channelPosition, lastChannelPosition } from './positions.ts'
import { admitTo, viewersOf } from './channel-keys.ts'
import { sealTitle, settleTitles } from './channel-titles.ts'
import type { Work } from '../replica/work.ts'
import { requireChannel, requirePermissions } from './write-content.ts'

const VIEW = permissionsToBits(['ViewChannel'])

/** A new channel. Where not all may view it, the operation holds no name and the name follows sealed (EK19). */
export function createChannel(
  work: Work,
  intent: Extract<Intent, { kind: 'channel:create' }>,
  reason: string | null
): OperationId {
  const { state } = work
  const { name, topic, parent } = intent
  const overwrites = intent.overwrites ?? []
  const closed = startsClosed(work, parent, overwrites)
  if (closed) requireSight(work, parent, overwrites)
  const operation = operate(
    work,
    draftChannelCreate({
      kind: intent.channelKind,
      name: closed ? null : name,
      topic: closed ? null : topic,
      parent,
      position: lastChannelPosition(state),
      overwrites,
      reason,
      ...(intent.slowModeSeconds === undefined ? {} : { slowModeSeconds: intent.slowModeSeconds }),
      ...(intent.history === undefined ? {} : { history: writeHistoryMode(intent.history) })
    })
  )
  if (closed) sealTitle(work, idAs('c', operation), { name, topic })
  return operation
}

function startsClosed(
  work: Work,
  parent: ChannelId | null,
  overwrites: readonly Omit<OverwriteChange, 'none'>[]
): boolean {
  const authority = work.state.log.state()
  if (overwrites.some(each => each.deny.includes('ViewChannel'))) return true
  if (parent !== null) return !isOpenToAll(authority, parent)
  return (
    ((authority.role(everyoneRole(authority.server))?.permissions ?? 0n) &
      (VIEW | permissionsToBits(['Administrator']))) ===
    0n
  )
}

/** Whoever seals a channel's name must be able to read it: nobody makes a room that is closed to themselves. */
function requireSight(
  work: Work,
  parent: ChannelId | null,
  overwrites: readonly Omit<OverwriteChange, 'none'>[]
): void {
  const { state, turn } = work
  const authority = state.log.state()
  if ((authority.permissions(state.user, null, turn.at) & permissionsToBits(['Administrator'])) !== 0n) return
  const held = authority.member(state.user)?.roles ?? []
  const letIn = overwrites.some(
    each =>
      each.allow.includes('ViewChannel') &&
      (each.target === state.user || held.some(role => role === each.target))
  )
  const seesParent =
    overwrites.length === 0 &&
    parent !== null &&
    (authority.permissions(state.user, parent, turn.at) & VIEW) !== 0n
  if (letIn || seesParent) return
  throw new XcordError(
    'XCORD_PERMISSION_DENIED',
    'You would not see this channel yourself: allow ViewChannel to a role that you hold.',
    { permission: 'ViewChannel', rule: 'EK19', action: 'channel:create' }
  )
}

/** Name, topic, slow mode. A sealed name is replaced under its seal; the operation only says that it was. */
export function editChannel(
  work: Work,
  intent: Extract<Intent, { kind: 'channel:edit' }>,
  reason: string | null
): OperationId {
  const { kind: _kind, channel, history, ...rest } = intent
  const edit = { ...rest, ...(history === undefined ? {} : { history: writeHistoryMode(history) }) }
  const open = isOpenToAll(work.state.log.state(), channel)
  if (open || (edit.name === undefined && edit.topic === undefined))
    return operate(work, draftChannelEdit(channel, { ...edit, reason }))
  requireChannel(work.state, channel)
  requirePermissions(work.state, channel, ['ManageChannels', 'SendMessages'], work.turn.at)
  const before = work.state.titleOf(channel)
  const operation = operate(work, draftChannelEdit(channel, { ...edit, name: null, topic: null, reason }))
  sealTitle(work, channel, {
    name: edit.name ?? before.name ?? 'unnamed',
    topic: edit.topic === undefined ? before.topic : edit.topic
  })
  return operation
}

/** Another parent or place. A synced channel that leaves its category takes a copy of its overwrites along. */
export function moveChannel(
  work: Work,
  intent: Extract<Intent, { kind: 'channel:move' }>,
  reason: string | null
): OperationId {
  const { channel } = intent
  const found = requireChannel(work.state, channel)
  const parent = intent.parent === undefined ? found.parent : intent.parent
  const position = channelPosition(work.state, channel, parent, intent.position)
  if (found.synced && parent === null) syncChannel(work, channel, false, reason)
  const operation = operate(work, draft('channelMove', { channel, parent, position, reason }))
  settleTitles(work, channel)
  return operation
}

/** Synced: the category's overwrites are read in place of the channel's own; off: they are copied first (AU31). */
export function syncChannel(
  work: Work,
  channel: ChannelId,
  synced: boolean,
  reason: string | null
): OperationId {
  const { state } = work
  const found = requireChannel(work.state, channel)
  if (synced && found.parent === null) throw new TypeError('only a channel under a category is synced')
  const copies = synced || !found.synced ? [] : found.overwrites
  for (const copy of copies)
    requirePermissions(
      state,
      channel,
      ['ManageRoles', ...permissionsFromBits(copy.allow | copy.deny)],
      work.turn.at
    )
  const operation = operate(work, draftChannelEdit(channel, { synced, reason }))
  for (const { target, allow, deny } of copies) {
    const bits = { allow: permissionsFromBits(allow), deny: permissionsFromBits(deny), reason }
    // What an earlier life of the channel left in its own cells may say the same already.
    if (changes(state.log.state().channel(channel), { target, none: [], ...bits }))
      operate(work, draftOverwrite(channel, target, bits))
  }
  settleTitles(work, channel)
  return operation
}

function changes(channel: ChannelState | undefined, change: OverwriteChange): boolean {
  const now = channel?.overwrites.find(each => each.target === change.target)
  const [allow, deny] = [now?.allow ?? 0n, now?.deny ?? 0n]
  const set = (names: readonly PermissionName[]): bigint => permissionsToBits(names)
  return (
    (set(change.allow) & ~allow) !== 0n ||
    (set(change.deny) & ~deny) !== 0n ||
    (set(change.none) & (allow | deny)) !== 0n
  )
}

/** Overwrites of one role or member. A synced channel takes its category's as its own first, as people know it. */
export function permitInChannel(
  work: Work,
  intent: Extract<Intent, { kind: 'channel:permit' }>,
  reason: string | null
): OperationId {
  const { channel, target, allow, deny, none } = intent
  const found = requireChannel(work.state, channel)
  if (found.synced) {
    requirePermissions(
      work.state,
      channel,
      ['ManageChannels', 'ManageRoles', ...allow, ...deny, ...none],
      work.turn.at
    )
    syncChannel(work, channel, false, reason)
  }
  const before = viewersOf(work, channel)
  const operation = operate(work, draftOverwrite(channel, target, { allow, deny, none, reason }))
  admitTo(work, channel, before)
  settleTitles(work, channel)
  return operation
}

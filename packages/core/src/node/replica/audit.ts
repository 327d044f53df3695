/** The audit log (issue 3): the operations themselves, told as people name them, with what became of each. */
import {
  compareIds,
  type DeviceId,
  idAs,
  type OperationId,
  type UserId,
  XcordError
} from '../../base/index.ts'
import {
  decodeBody,
  type KindBody,
  type KindName,
  kindName,
  permissionsToBits,
  type PermissionName
} from '../../authority/index.ts'
import type { Operation } from '../../graph/index.ts'
import type { AuditEntry, AuditPage, AuditQuery, BanReport, HeadsReport } from '../contract.ts'
import { equivocations } from '../intake/equivocation.ts'
import type { ReplicaState } from './replica-state.ts'

/** `noun:verb` of each kind. A kind that can do two things is told apart by what it says. */
const ACTIONS: Readonly<Record<KindName, string>> = {
  genesis: 'server:create',
  join: 'member:join',
  leave: 'member:leave',
  nick: 'member:nick',
  deviceAdd: 'device:add',
  deviceRevoke: 'device:revoke',
  identityEntry: 'identity:update',
  threadCreate: 'thread:create',
  threadMember: 'thread:member',
  gather: 'log:gather',
  inviteCreate: 'invite:create',
  inviteRevoke: 'invite:revoke',
  memberNick: 'member:nick',
  memberVoice: 'member:voice',
  kick: 'member:kick',
  ban: 'member:ban',
  unban: 'member:unban',
  timeout: 'member:timeout',
  seal: 'member:seal',
  cutExtend: 'member:readmit',
  roleCreate: 'role:create',
  roleEdit: 'role:edit',
  roleMove: 'role:move',
  roleDelete: 'role:delete',
  roleAssign: 'role:grant',
  roleUnassign: 'role:revoke',
  channelCreate: 'channel:create',
  channelEdit: 'channel:edit',
  channelMove: 'channel:move',
  channelDelete: 'channel:delete',
  threadEdit: 'thread:edit',
  overwrite: 'channel:permit',
  threadDelete: 'thread:delete',
  serverSet: 'server:edit',
  policySet: 'server:policy',
  protoRaise: 'server:upgrade',
  transfer: 'server:transfer',
  automodSet: 'automod:set',
  automodDelete: 'automod:remove',
  objectSet: 'object:set',
  objectDelete: 'object:delete',
  checkpoint: 'log:checkpoint',
  transferRecover: 'server:recover'
}

const NONE: ReadonlySet<OperationId> = new Set()

/** Longest page. */
export const AUDIT_PAGE_MAX = 200

function requirePermission(state: ReplicaState, permission: PermissionName, action: string): void {
  const bits = state.log.state().permissions(state.user, null, state.deps.clock.now())
  if ((bits & permissionsToBits([permission])) !== 0n) return
  throw new XcordError('XCORD_PERMISSION_DENIED', `You need ${permission} for this.`, {
    permission,
    rule: 'AU30',
    action
  })
}

/** One page, newest claimed time first. XCORD_PERMISSION_DENIED without ViewAuditLog. */
export function auditPage(state: ReplicaState, query: AuditQuery): AuditPage {
  requirePermission(state, 'ViewAuditLog', 'audit:list')
  if (!Number.isSafeInteger(query.limit) || query.limit < 1)
    throw new RangeError('a page has 1 entry or more')
  const limit = Math.min(query.limit, AUDIT_PAGE_MAX)
  const after = query.after === undefined ? undefined : state.log.get(query.after)
  if (query.after !== undefined && after === undefined)
    throw new XcordError('XCORD_USAGE', `"${query.after}" is no operation of this server.`, {
      argument: 'after'
    })
  const entries: AuditEntry[] = []
  const forked = new Set(state.log.forks().flatMap(each => each.operations))
  for (const operation of newestFirst(state)) {
    if (after !== undefined && order(operation, after) <= 0) continue
    if (query.since !== undefined && operation.at < query.since) break
    if (query.until !== undefined && operation.at >= query.until) continue
    const entry = entryOf(state, operation, forked)
    if (!matches(entry, query)) continue
    if (entries.length === limit) return { entries, next: entries.at(-1)?.operation ?? null }
    entries.push(entry)
  }
  return { entries, next: null }
}

/** Newest first; the same on every peer that holds the same operations. */
function order(a: Operation, b: Operation): number {
  return b.at - a.at || compareIds(b.id, a.id)
}

const sorted = new WeakMap<
  ReplicaState,
  { readonly count: number; readonly operations: readonly Operation[] }
>()

function newestFirst(state: ReplicaState): readonly Operation[] {
  const count = state.log.count()
  let known = sorted.get(state)
  if (known?.count !== count)
    sorted.set(state, (known = { count, operations: [...state.log.operations()].sort(order) }))
  return known.operations
}

function matches(entry: AuditEntry, { actor, action, target, standing }: AuditQuery): boolean {
  if (standing !== undefined && entry.standing !== standing) return false
  if (actor !== undefined && entry.actor !== actor) return false
  if (action !== undefined && entry.action !== action && entry.action.split(':')[0] !== action) return false
  return target === undefined || entry.target === target
}

function entryOf(
  state: ReplicaState,
  operation: Operation,
  forked: ReadonlySet<OperationId> = NONE
): AuditEntry {
  const { id, device, at } = operation
  const standing = state.log.standing(id)
  const decoded = decodeBody(operation.kind, operation.body)
  const name = kindName(operation.kind)
  return {
    operation: id,
    actor: actorOf(state, device),
    device,
    action: name === undefined ? 'log:unknown' : ACTIONS[name],
    target: decoded.ok ? targetOf(state, operation, decoded.value) : null,
    reason: decoded.ok && 'reason' in decoded.value.body ? decoded.value.body.reason : null,
    at,
    standing: standing?.standing ?? 'voided',
    ...(standing?.rule === undefined ? {} : { rule: standing.rule }),
    ...(standing?.by === undefined ? {} : { by: standing.by }),
    ...(forked.has(id) ? { forked: true as const } : {})
  }
}

/** Whose device it is; null where what enrolled it does not stand any more. */
function actorOf(state: ReplicaState, device: DeviceId): UserId | null {
  return state.log.state().device(device)?.user ?? null
}

/** What the operation is about. */
function targetOf(state: ReplicaState, operation: Operation, { name, body }: KindBody): string | null {
  switch (name) {
    case 'genesis':
    case 'serverSet':
    case 'policySet':
    case 'protoRaise':
      return state.server
    case 'join':
    case 'leave':
    case 'nick':
    case 'identityEntry':
      return actorOf(state, operation.device)
    case 'deviceAdd':
      return operation.device
    case 'deviceRevoke':
      return body.devices[0] ?? null
    case 'roleCreate':
      return idAs('r', operation.id)
    case 'channelCreate':
    case 'threadCreate':
      return idAs('c', operation.id)
    case 'inviteCreate':
      return idAs('i', operation.id)
    case 'threadMember':
    case 'memberNick':
    case 'memberVoice':
    case 'kick':
    case 'ban':
    case 'unban':
    case 'timeout':
    case 'seal':
    case 'roleAssign':
    case 'roleUnassign':
    case 'transfer':
    case 'transferRecover':
      return body.user
    case 'roleEdit':
    case 'roleMove':
    case 'roleDelete':
      return body.role
    case 'channelEdit':
    case 'channelMove':
    case 'channelDelete':
    case 'overwrite':
      return body.channel
    case 'threadEdit':
    case 'threadDelete':
      return body.thread
    case 'inviteRevoke':
      return body.invite
    case 'cutExtend':
      return body.denial
    case 'automodSet':
      return body.rule ?? operation.id
    case 'automodDelete':
      return body.rule
    case 'objectSet':
      return body.object ?? operation.id
    case 'objectDelete':
      return body.object
    case 'gather':
    case 'checkpoint':
      return null
  }
}

/** Who is banned, and by which ban that stands. XCORD_PERMISSION_DENIED without BanMembers. */
export function listBans(state: ReplicaState): readonly BanReport[] {
  requirePermission(state, 'BanMembers', 'ban:list')
  const banned = new Set<UserId>(state.log.state().banned())
  const found = new Map<UserId, BanReport>()
  for (const operation of newestFirst(state)) {
    if (found.size === banned.size) break
    if (kindName(operation.kind) !== 'ban') continue
    const entry = entryOf(state, operation)
    const user = entry.target as UserId
    if (!banned.has(user) || found.has(user) || entry.standing !== 'effective') continue
    found.set(user, { user, by: entry.actor, operation: entry.operation, reason: entry.reason, at: entry.at })
  }
  return [...banned]
    .sort(compareIds)
    .map(user => found.get(user) ?? { user, by: null, operation: null, reason: null, at: null })
}

/** Heads, leaves, state hash and forks. */
export function reportHeads(state: ReplicaState): HeadsReport {
  return {
    heads: state.log.heads(),
    leaves: state.log.leaves(),
    operations: state.log.count(),
    stateHash: state.log.state().hash(),
    forks: state.log.forks(),
    equivocations: equivocations(state)
  }
}

/** Own authority operations: intent to draft, permission, signature, then the same door as everyone's. */
import { idToBytes, type OperationId, type UserId, XcordError } from '../base/index.ts'
import {
  draftBan, draftChannelCreate, draftChannelDelete, draftChannelEdit, draftInviteRevoke, draftKick, draftRoleAssign, draftRoleCreate,
  draftRoleUnassign, type OperationDraft, positionBetween
} from '../authority/index.ts'
import { type CutRow, signOperation } from '../graph/index.ts'
import { assertWritable } from './assert-writable.ts'
import type { Intent } from './contract.ts'
import { publishControl, publishKeyed, publishPlan } from './publish.ts'
import type { ReplicaState } from './replica-state.ts'
import { addOperation } from './take-operations.ts'
import type { Work } from './work.ts'

/**
 * Signs and takes one operation; its keys follow in the same turn (EK11).
 *
 * @param carrier - Envelope that announces it: sealed for members, or under the topic key; bare where no key is held
 *   yet, so that only sync brings it.
 */
export function operate(work: Work, draft: OperationDraft, carrier: 'control' | 'keyed' | 'bare' = 'control'): OperationId {
  const { state, turn, news } = work
  const permitted = state.log.permits(state.self, draft, turn.at)
  if (!permitted.ok) {
    const { permission, rule, reason } = permitted
    throw new XcordError(
      'XCORD_PERMISSION_DENIED', permission === undefined ? `Not allowed: ${reason}.` : `You need ${permission} for this.`,
      { rule, action: 'operate', ...(permission === undefined ? {} : { permission }) }
    )
  }
  const fields = state.log.place(state.self, draft, turn.at)
  const operation = signOperation(state.deps.suite, state.deps.account.device.signingKey, fields)
  // Announced before it counts: sealed for those who were members, so that the removed learn of it too.
  const body = { kind: 'operation' as const, operation: operation.bytes }
  if (carrier === 'control') publishControl(work, body)
  else if (carrier === 'keyed') publishKeyed(work, body)
  const taken = addOperation(state, turn, news, operation, undefined)
  if (taken.kind === 'refused') {
    throw new XcordError('XCORD_PERMISSION_DENIED', `Not allowed: ${taken.refusal.reason}.`, { rule: taken.refusal.rule, action: 'operate' })
  }
  if (news.lossFromUs) rotate(work)
  return operation.id
}

/** EK11(1): new keys for whatever our view makes unsafe and we may renew. */
export function rotate(work: Work): void {
  const { state, turn } = work
  if (!state.isMember()) return
  const planned = state.ring.planRotations(state.deps.random, turn.at)
  if (planned.kind === 'plan' && planned.plan.records.length > 0) publishPlan(work, planned.plan)
}

/** EK14: grants that are owed. */
export function grant(work: Work): void {
  const { state, turn } = work
  if (!state.isMember()) return
  const due = state.ring.grantsDue(turn.at)
  if (due.length === 0) return
  const planned = state.ring.planGrants(state.deps.random, due)
  if (planned.kind === 'plan' && planned.plan.records.length > 0) publishPlan(work, planned.plan)
}

/** Carries out what a member asked for. */
export function operateIntent(work: Work, intent: Intent, reason: string | null): OperationId {
  assertWritable(work.state)
  return operate(work, draftOf(work.state, intent, reason))
}

function draftOf(state: ReplicaState, intent: Intent, reason: string | null): OperationDraft {
  switch (intent.kind) {
    case 'channel:create':
      return draftChannelCreate({
        kind: intent.channelKind === 'thread' ? 'text' : intent.channelKind, name: intent.name, topic: intent.topic, parent: intent.parent,
        position: lastPosition(state), reason
      })
    case 'channel:edit': {
      const { kind: _kind, channel, ...edit } = intent
      return draftChannelEdit(channel, { ...edit, reason })
    }
    case 'channel:delete':
      return draftChannelDelete(intent.channel, reason)
    case 'role:create':
      return draftRoleCreate({ name: intent.name, permissions: intent.permissions, color: intent.color, position: lowestPosition(state), reason })
    case 'role:grant':
      return draftRoleAssign(intent.user, intent.role, reason)
    case 'role:revoke':
      return cutting(state, draftRoleUnassign(intent.user, intent.role, reason, cutOf(state, intent.user)))
    case 'member:kick':
      return cutting(state, draftKick(intent.user, reason, cutOf(state, intent.user)))
    case 'member:ban':
      return cutting(state, draftBan(intent.user, reason, cutOf(state, intent.user)))
    case 'invite:revoke':
      return draftInviteRevoke(intent.invite, reason)
  }
}

function salt(state: ReplicaState): number {
  return state.deps.random.bytes(1)[0] as number
}

/** Behind the last channel. */
function lastPosition(state: ReplicaState): Uint8Array {
  const last = state.log.state().channels().reduce<Uint8Array>((found, each) => (compare(each.position, found) > 0 ? each.position : found), new Uint8Array(0))
  return room(positionBetween(last, null, salt(state)))
}

/** AU11: a new role goes lowest unless told. */
function lowestPosition(state: ReplicaState): Uint8Array {
  const lowest = state.log.state().roles().map(each => each.position).filter(each => each.length > 0)
    .reduce<Uint8Array | null>((found, each) => (found === null || compare(each, found) < 0 ? each : found), null)
  return room(positionBetween(new Uint8Array(0), lowest, salt(state)))
}

function room(position: Uint8Array | undefined): Uint8Array {
  if (position === undefined) throw new XcordError('XCORD_LIMIT', 'There is no room left between positions; move something first.', { what: 'positions', limit: 16, actual: 17 })
  return position
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number)
  return a.length - b.length
}

/** What a cut names lies in the operation's past: leaves no head covers are cited. */
function cutting(state: ReplicaState, draft: OperationDraft): OperationDraft {
  const heads = state.log.heads()
  const refs = (draft.cut ?? []).flatMap(row => (row.operation === null || state.log.covers(heads, row.operation) ? [] : [row.operation]))
  return { ...draft, refs: [...(draft.refs ?? []), ...refs].slice(0, 16) }
}

/** AU1, field 11: what of the target's devices stands is what we know of them now. */
function cutOf(state: ReplicaState, user: UserId): readonly CutRow[] | null {
  const devices = state.log.state().member(user)?.devices ?? []
  const rows = devices.map(device => {
    const tip = state.author(device).chain.tip()
    const last = state.lastOperations.get(device)
    return {
      device,
      seq: last?.seq ?? null,
      operation: last?.id ?? null,
      contentSeq: tip?.seq ?? null,
      envelope: tip === undefined ? null : idToBytes(tip.id)
    }
  })
  return rows.length === 0 ? null : rows
}

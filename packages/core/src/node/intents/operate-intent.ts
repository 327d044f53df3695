/** Carries out what a member asked for (AU12): intent to drafts, each signed in turn. */
import {
  type ChannelId,
  type DeviceId,
  idToBytes,
  type OperationId,
  type UserId,
  XcordError
} from '../../base/index.ts'
import {
  type AuthorityState,
  draft,
  draftBan,
  draftChannelDelete,
  draftInviteRevoke,
  draftKick,
  draftRoleAssign,
  draftRoleCreate,
  draftRoleDelete,
  draftRoleEdit,
  draftRoleUnassign,
  draftTimeout,
  draftUnban,
  type OperationDraft
} from '../../authority/index.ts'
import { createRevocation } from '../../identity/index.ts'
import { assertWritable } from '../replica/assert-writable.ts'
import { encodeAutomod } from './automod.ts'
import { createChannel, editChannel, moveChannel, permitInChannel, syncChannel } from './channel-intents.ts'
import type { Intent, ServerPolicy } from '../contract.ts'
import { citing, cutOf } from '../keys/cuts.ts'
import { draftObject } from './objects.ts'
import { grant, operate } from '../replica/operate.ts'
import { lowestRolePosition, rolePosition } from './positions.ts'
import { readmit } from './readmit.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { operateThread } from './thread-intents.ts'
import { requireVoiceChannel } from '../voice/voice-rights.ts'
import type { Work } from '../replica/work.ts'

/** AU12, 23: no timeout is longer. */
export const TIMEOUT_MS_MAX = 28 * 86_400_000

/** Does it, and names the operation that the intent is about. XCORD_PERMISSION_DENIED before anything is signed. */
export function operateIntent(work: Work, intent: Intent, reason: string | null): OperationId {
  assertWritable(work.state)
  const operation = carryOut(work, intent, reason)
  // EK14: whom we let in gets the keys from us, at once.
  grant(work)
  return operation
}

function carryOut(work: Work, intent: Intent, reason: string | null): OperationId {
  switch (intent.kind) {
    case 'channel:create':
      return createChannel(work, intent, reason)
    case 'channel:edit':
      return editChannel(work, intent, reason)
    case 'channel:move':
      return moveChannel(work, intent, reason)
    case 'channel:permit':
      return permitInChannel(work, intent, reason)
    case 'channel:sync':
      return syncChannel(work, intent.channel, intent.synced, reason)
    case 'thread:create':
    case 'thread:edit':
    case 'thread:member':
    case 'thread:delete':
      return operateThread(work, intent, reason)
    case 'message:readmit':
      return readmit(work, intent.message, reason)
    default:
      return operate(work, draftOf(work, intent, reason))
  }
}

type SimpleIntent = Exclude<
  Intent,
  {
    kind:
      | 'channel:create'
      | 'channel:edit'
      | 'channel:move'
      | 'channel:permit'
      | 'channel:sync'
      | 'message:readmit'
      | `thread:${string}`
  }
>

function draftOf(work: Work, intent: SimpleIntent, reason: string | null): OperationDraft {
  const { state } = work
  switch (intent.kind) {
    case 'channel:delete':
      return draftChannelDelete(intent.channel, reason)
    case 'invite:revoke':
      return draftInviteRevoke(intent.invite, reason)
    case 'server:edit':
      return draftServerEdit(state.log.state(), intent, reason)
    case 'server:policy':
      return draftPolicy(intent, reason)
    case 'device:revoke':
      return draftRevocation(state, intent.device)
    case 'automod:set':
      return draft('automodSet', { rule: intent.rule, payload: encodeAutomod(intent.content), reason })
    case 'automod:remove':
      return draft('automodDelete', { rule: intent.rule, reason })
    case 'object:set':
      return draftObject(intent.object, intent.content, reason)
    case 'object:remove':
      return draft('objectDelete', { object: intent.object, reason })
    case 'role:create':
    case 'role:edit':
    case 'role:move':
    case 'role:delete':
    case 'role:grant':
    case 'role:revoke':
      return draftRole(state, intent, reason)
    default:
      return draftMember(work, intent, reason)
  }
}

function afkChannelOf(state: AuthorityState, channel: ChannelId | null): Uint8Array | null {
  if (channel === null) return null
  requireVoiceChannel(state, channel)
  return idToBytes(channel)
}

function draftServerEdit(
  state: AuthorityState,
  intent: Extract<Intent, { kind: 'server:edit' }>,
  reason: string | null
): OperationDraft {
  const rows = [
    ...(intent.name === undefined ? [] : [{ key: 0, value: intent.name }]),
    ...(intent.nodes === undefined ? [] : [{ key: 2, value: intent.nodes }]),
    ...(intent.description === undefined ? [] : [{ key: 3, value: intent.description }]),
    ...(intent.afkChannel === undefined ? [] : [{ key: 4, value: afkChannelOf(state, intent.afkChannel) }]),
    ...(intent.afkSeconds === undefined ? [] : [{ key: 5, value: intent.afkSeconds }])
  ]
  if (rows.length === 0) throw new TypeError('nothing to change was named')
  return draft('serverSet', { rows, reason })
}

/** Keys of `policy` (AU12, 65). */
const POLICY_INVITES = 2
const POLICY_WAIVES_ROOT = 3

/** What the owner decided. */
export function policyOf(state: AuthorityState): ServerPolicy {
  return {
    invites: state.policy(POLICY_INVITES) === 1 ? 'approval' : 'open',
    transferNeedsPhrase: state.policy(POLICY_WAIVES_ROOT) === 0
  }
}

function draftPolicy(
  { invites, transferNeedsPhrase }: Extract<Intent, { kind: 'server:policy' }>,
  reason: string | null
): OperationDraft {
  const rows = [
    ...(invites === undefined ? [] : [{ key: POLICY_INVITES, value: invites === 'approval' ? 1 : 0 }]),
    ...(transferNeedsPhrase === undefined
      ? []
      : [{ key: POLICY_WAIVES_ROOT, value: transferNeedsPhrase ? 0 : 1 }])
  ]
  if (rows.length === 0) throw new TypeError('nothing to change was named')
  return draft('policySet', { rows, reason })
}

/** The proof comes from our identity log; what the device wrote so far stands (AU37). */
export function draftRevocation(state: ReplicaState, device: DeviceId): OperationDraft {
  const { account } = state.deps
  const revocation = createRevocation(account.log, device)
  if (revocation === undefined)
    throw new XcordError('XCORD_CONFLICT', 'This identity did not revoke that device.', {
      operation: device,
      rule: 'ID9'
    })
  const cut = (cutOf(state, state.user) ?? []).filter(row => row.device === device)
  return citing(
    state,
    draft('deviceRevoke', { revocation, devices: [device] }, { cut: cut.length === 0 ? null : cut })
  )
}

function draftRole(
  state: ReplicaState,
  intent: Extract<SimpleIntent, { readonly kind: `role:${string}` }>,
  reason: string | null
): OperationDraft {
  switch (intent.kind) {
    case 'role:create': {
      const { kind: _kind, ...init } = intent
      return draftRoleCreate({ ...init, position: lowestRolePosition(state), reason })
    }
    case 'role:edit': {
      const { kind: _kind, role, ...edit } = intent
      return draftRoleEdit(role, { ...edit, reason })
    }
    case 'role:move':
      return draft('roleMove', {
        role: intent.role,
        position: rolePosition(state, intent.role, intent.position),
        reason
      })
    case 'role:delete':
      return draftRoleDelete(intent.role, reason)
    case 'role:grant':
      return draftRoleAssign(intent.user, intent.role, reason)
    case 'role:revoke':
      return citing(state, draftRoleUnassign(intent.user, intent.role, reason, cutOf(state, intent.user)))
  }
}

function draftMember(
  { state, turn }: Work,
  intent: Extract<SimpleIntent, { readonly kind: `member:${string}` }>,
  reason: string | null
): OperationDraft {
  const { user } = intent
  switch (intent.kind) {
    case 'member:kick':
      return citing(state, draftKick(user, reason, cutOf(state, user)))
    case 'member:ban':
      return citing(state, draftBan(user, reason, cutOf(state, user)))
    case 'member:unban':
      return draftUnban(user, reason)
    case 'member:timeout':
      return draftTimeoutOf(state, user, intent.until, turn.at, reason)
    case 'member:voice':
      return draft('memberVoice', { user, mute: flagOf(intent.mute), deaf: flagOf(intent.deaf), reason })
    case 'member:nick':
      // One's own nickname is a leaf of its own kind (AU12, 3), which has no reason.
      return user === state.user
        ? draft('nick', { nick: intent.nick })
        : draft('memberNick', { user, nick: intent.nick, reason })
  }
}

const flagOf = (on: boolean | undefined): 0 | 1 | null => (on === undefined ? null : on ? 1 : 0)

function draftTimeoutOf(
  state: ReplicaState,
  user: UserId,
  until: number | null,
  at: number,
  reason: string | null
): OperationDraft {
  if (until === null || until <= at) return draftTimeout(user, 0, reason)
  if (until > at + TIMEOUT_MS_MAX) throw new RangeError('a timeout lasts at most 28 days')
  return citing(state, draftTimeout(user, until, reason, cutOf(state, user)))
}

/** Whether a key record counts (EK12), judged in the state its author had seen. */
import type { OperationId } from '../base/index.ts'
import { everyoneRole, type AuthorityState } from '../authority/index.ts'
import type { RecordStanding } from './contract.ts'
import { couldAssign, holdsRole, isEntitled, maySend } from './readers.ts'
import type { GrantBody, Held, KeyBody, RingState } from './ring-state.ts'
import { grantRid, inviteReads, safetyIn, viewAt } from './safety.ts'

const VALID: RecordStanding = { kind: 'valid' }
const WAITING: RecordStanding = { kind: 'waiting' }
const invalid = (reason: string): RecordStanding => ({ kind: 'invalid', rule: 'EK12', reason })

/** EK12. Final answers are remembered, as nothing that arrives later changes them. */
export function standingOf(ring: RingState, held: Held): RecordStanding {
  if (held.standing !== undefined) return held.standing
  const standing = judge(ring, held)
  if (standing.kind !== 'waiting') held.standing = standing
  return standing
}

/** Claimed time of the newest operation a frontier names: the record itself has none. */
function timeOf(ring: RingState, frontier: readonly OperationId[]): number {
  return Math.max(0, ...frontier.map(id => ring.log.mark(id)?.at ?? 0))
}

function judge(ring: RingState, held: Held): RecordStanding {
  const { device, frontier, body } = held.record
  if (lacksKeys(ring, held)) return WAITING
  const state = ring.log.stateAt(frontier)
  if (state === undefined) return WAITING
  const author = state.device(device)
  if (author?.on !== true || state.member(author.user)?.status !== 'in')
    return invalid('its author was no member')
  switch (body.kind) {
    case 'cannotOpen':
      return VALID
    case 'grant':
      return judgeGrant(ring, held as Held<GrantBody>, state)
    case 'epoch':
      return maySend(state, body.channel, author.user, timeOf(ring, frontier))
        ? VALID
        : invalid('its author could not read and send there')
    default:
      return judgeRole(ring, held as Held<KeyBody>, state)
  }
}

/** Whether keys are missing without which nothing is final: then the state of the frontier is not asked. */
function lacksKeys(ring: RingState, { record: { body }, facts }: Held): boolean {
  if (body.kind === 'grant') return !ring.keys.has(body.keyId)
  // Kept without an answer beside a snapshot: it waited for one of these.
  const waited = ring.pins !== undefined && facts !== undefined
  return waited && body.kind === 'role' && body.after.some(each => !ring.keys.has(each))
}

function judgeRole(ring: RingState, held: Held<KeyBody>, state: AuthorityState): RecordStanding {
  const { body, frontier, device } = held.record
  if (body.kind === 'epoch') return VALID
  const user = state.device(device)?.user
  const everyone = body.role === everyoneRole(ring.server)
  if (user === undefined || (!everyone && state.role(body.role) === undefined)) return invalid('no such role')
  if (body.kind === 'role' && everyone !== (body.gatePublicKey !== null && body.topicBox !== null))
    return invalid("gate and topic are @everyone's, and needed there")
  if (body.kind === 'role' && !everyone && (body.gatePublicKey !== null || body.topicBox !== null))
    return invalid("gate and topic are @everyone's")
  if (couldAssign(state, body.role, user)) return VALID
  if (!holdsRole(state, body.role, user))
    return invalid('its author neither held the role nor could assign it')
  // Without ManageRoles one may only mend: no key the author knew may have been safe in what it knew.
  const view = viewAt(ring, frontier)
  for (const keyId of body.after) {
    if (!ring.keys.has(keyId) || view === undefined) return WAITING
    if (safetyIn(ring, keyId, view).safe) return invalid('a safe key was known to its author')
  }
  return VALID
}

function judgeGrant(ring: RingState, held: Held<GrantBody>, state: AuthorityState): RecordStanding {
  const { body } = held.record
  const entry = ring.keys.get(body.keyId)
  const announced = entry?.records[0]?.record.body
  if (entry === undefined || announced === undefined) return WAITING
  const owner = ring.rids.find(state, grantRid(body.box))
  if (owner === undefined) return invalid('its recipient was not known to its author')
  if (owner.kind === 'invite') {
    const view = viewAt(ring, held.record.frontier)
    const fits =
      entry.scope.kind === 'role' &&
      entry.scope.role === everyoneRole(ring.server) &&
      view !== undefined &&
      inviteReads(view, owner.invite)
    return fits ? VALID : invalid("an invite is granted @everyone's keys while it reads")
  }
  const buckets = announced.kind === 'bucket' ? announced.k : 0
  if (!isEntitled(ring.suite, state, entry.scope, owner.user, buckets))
    return invalid('its recipient was not entitled')
  const current = state.member(owner.user)?.userKey
  if (current === undefined || current.stale === true || owner.generation > current.generation)
    return invalid("its recipient's user key was not in force")
  if (announced.kind !== 'epoch' || announced.mode.mode !== 'join') return VALID
  // EK15: what was sent before somebody could read stays closed to them.
  const then = entry.records.map(each => couldReadThen(ring, each, owner.user))
  if (then.includes(true)) return VALID
  return then.includes(undefined) ? WAITING : invalid('its recipient could not read when the key was made')
}

/** Whether a user was entitled in the state a key was made in; undefined where that cannot be told here. */
function couldReadThen(
  ring: RingState,
  held: Held<KeyBody>,
  user: Parameters<typeof isEntitled>[3]
): boolean | undefined {
  const then = ring.log.stateAt(held.record.frontier)
  if (then === undefined) return undefined
  return (
    held.record.body.kind === 'epoch' &&
    isEntitled(ring.suite, then, { kind: 'epoch', channel: held.record.body.channel }, user, 0)
  )
}

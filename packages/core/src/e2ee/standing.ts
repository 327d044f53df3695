/** Whether a key record counts (EK12), judged in the state its author had seen. */
import { everyoneRole, type AuthorityState } from '../authority/index.ts'
import type { RecordStanding } from './contract.ts'
import { isBeforeCut } from './cut.ts'
import { mayGrant, timeOf } from './history.ts'
import { couldAssign, holdsRole, isEntitled, maySend } from './readers.ts'
import type { GrantBody, Held, KeyBody, RingState } from './ring-state.ts'
import { grantRid } from './rid.ts'
import { inviteReads, safetyIn, viewAt } from './safety.ts'

const VALID: RecordStanding = { kind: 'valid' }
const WAITING: RecordStanding = { kind: 'waiting' }
const invalid = (reason: string): RecordStanding => ({ kind: 'invalid', rule: 'EK12', reason })

/** EK12. Final answers are remembered, as nothing that arrives later changes them. */
export function standingOf(ring: RingState, held: Held): RecordStanding {
  if (held.standing !== undefined) return held.standing
  // Records may name each other as earlier, which only lies do: whichever is asked first does not count.
  if (judging.has(held)) return (held.standing = invalid('it is named as earlier than itself'))
  judging.add(held)
  const standing = judge(ring, held)
  judging.delete(held)
  if (standing.kind !== 'waiting') held.standing ??= standing
  return held.standing ?? standing
}

/** Records whose answer is being worked out. */
const judging = new Set<Held>()

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
    case 'topics':
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
  if (!waited || (body.kind !== 'role' && body.kind !== 'bucket')) return false
  const links = body.kind === 'role' ? body.back.map(each => each.keyId) : []
  return [...body.after, ...links].some(each => !ring.keys.has(each))
}

function judgeRole(ring: RingState, held: Held<KeyBody>, state: AuthorityState): RecordStanding {
  const { body, device } = held.record
  if (body.kind === 'epoch') return VALID
  const user = state.device(device)?.user
  const everyone = body.role === everyoneRole(ring.server)
  if (user === undefined || (!everyone && state.role(body.role) === undefined)) return invalid('no such role')
  if (body.kind === 'role' && everyone !== (body.gatePublicKey !== null && body.topicBox !== null))
    return invalid("gate and topic are @everyone's, and needed there")
  if (body.kind === 'role' && !everyone && (body.gatePublicKey !== null || body.topicBox !== null))
    return invalid("gate and topic are @everyone's")
  if (body.kind === 'bucket' && body.index >= 2 ** body.k) return invalid('no such bucket')
  const mends = !couldAssign(state, body.role, user)
  if (mends && !holdsRole(state, body.role, user))
    return invalid('its author neither held the role nor could assign it')
  const links = body.kind === 'role' ? judgeLinks(ring, body, state) : VALID
  return links.kind !== 'valid' || !mends ? links : judgeMending(ring, held)
}

/** EK16: links go to keys of after every cut that their author had seen. */
function judgeLinks(
  ring: RingState,
  body: Extract<KeyBody, { kind: 'role' }>,
  state: AuthorityState
): RecordStanding {
  for (const { keyId } of body.back) {
    const entry = ring.keys.get(keyId)
    const before = entry === undefined ? undefined : isBeforeCut(ring, entry, state)
    if (before === undefined) return WAITING
    if (before) return { kind: 'invalid', rule: 'EK16', reason: 'it links a key across a cut' }
  }
  return VALID
}

/** Without ManageRoles one may only mend: no key the author knew may have been safe in what it knew. */
function judgeMending(ring: RingState, held: Held<KeyBody>): RecordStanding {
  const { body, frontier } = held.record
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
  const author = state.device(held.record.device)?.user
  const may = author !== undefined && mayGrant(ring, entry, owner.user, { user: author, state })
  if (may === undefined) return WAITING
  return may ? VALID : invalid('EK15 and EK16 keep this key from its recipient')
}

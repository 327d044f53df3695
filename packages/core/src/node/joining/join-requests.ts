/**
 * Who asked to join, and what they were told (IV4). A projection of bodies in meta: every member holds the same
 * requests, so that whoever may invite answers, and whoever is asked next hands the answer over.
 */
import { type DeviceId, idAs, type InviteId, type OperationId, type UserId } from '../../base/index.ts'
import { permissionsToBits } from '../../authority/index.ts'
import {
  type BodyOf,
  JOIN_ANSWER_BYTES,
  type JoinRequest,
  type OpenedEnvelope,
  readJoinRequest
} from '../../e2ee/index.ts'
import type { EnvelopeStub } from '../../graph/index.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { askTable, joinRequestTable } from '../replica/tables.ts'
import type { Outcome } from '../intake/take-envelopes.ts'
import type { Work } from '../replica/work.ts'

/** Waiting requests of one server that are kept; beyond, new ones find no room. */
export const REQUESTS_WAITING_MAX = 256
/** IV4: waiting requests by one invite that a member takes on. */
export const REQUESTS_BY_INVITE_MAX = 64

/** What members need to answer for an approval invite. */
export interface AskKeys {
  /** Public half of the link's inv-box: packages are sealed to it. */
  readonly linkBox: Uint8Array
  /** Requests are sealed to its public half. */
  readonly askSecret: Uint8Array
}

export type RequestStanding = 'waiting' | 'refused' | 'accepted'

/** The newest request of one user. */
export interface KnownRequest {
  readonly request: JoinRequest
  readonly standing: RequestStanding
  /** Sealed to the applicant, where it was accepted. */
  readonly answer: Uint8Array | null
  /** Who answered, and when by their clock. */
  readonly by: UserId | null
  readonly answeredAt: number
}

/** IV4: its invite names the server as user, whom nobody can be. */
export function isApproval(state: ReplicaState, invite: InviteId): boolean {
  return state.log.state().invite(invite)?.user === idAs('u', state.server)
}

/** Waiting requests, of one invite or all. */
export function waitingRequests(state: ReplicaState, invite?: InviteId): number {
  let count = 0
  for (const { request, standing } of state.requests.values())
    if (standing === 'waiting' && (invite === undefined || request.invite === invite)) count++
  return count
}

type Asked = BodyOf<'inviteAsk'> | BodyOf<'joinRequest'> | BodyOf<'joinAnswer'>

/** Takes what a member said in meta of invites that ask. */
export function takeAsked(
  work: Work,
  device: DeviceId,
  envelope: EnvelopeStub,
  opened: OpenedEnvelope,
  body: Asked
): Outcome {
  const { state } = work
  const { channel, payload } = opened
  if (channel !== idAs('c', state.server)) return { status: 'refused', channel }
  const act = { device, seq: envelope.seq, id: envelope.id, channel, auth: payload.auth, at: payload.at }
  const verdict = state.log.judge({ ...act, needs: [] })
  if (verdict.kind === 'waiting')
    return { status: 'waiting', channel, waitsFor: { keyId: null, operations: verdict.missing } }
  if (verdict.kind === 'visible') absorb(work, verdict.user, body, { auth: payload.auth, at: payload.at })
  return { status: verdict.kind === 'rejected' ? 'refused' : 'opened', channel }
}

/** @param said - Where its author stood; our own word, published beside, is of now. */
export function absorb(
  work: Work,
  author: UserId,
  body: Asked,
  said?: { readonly auth: readonly OperationId[]; readonly at: number }
): void {
  const { state, turn } = work
  const at = said?.at ?? turn.at
  if (body.kind === 'inviteAsk') {
    if (state.asks.has(body.invite)) return
    const { linkBox, askSecret } = body
    state.asks.set(body.invite, { linkBox, askSecret })
    turn.batch.put(askTable, [state.server, body.invite], {
      version: 1,
      invite: body.invite,
      linkBox,
      askSecret
    })
    return
  }
  const read = readJoinRequest(state.deps.suite, body.request, { server: state.server })
  if (!read.ok) return
  const request = read.value
  if (body.kind === 'joinRequest') {
    if (!isByLink(state, request)) return
    const full = waitingRequests(state) >= REQUESTS_WAITING_MAX
    if (!full) keep(work, { request, standing: 'waiting', answer: null, by: null, answeredAt: 0 })
    return
  }
  // Whoever may invite may answer: accepting is inviting, and the invite is judged by itself.
  const invites = permissionsToBits(['CreateInstantInvite'])
  const authority = said === undefined ? state.log.state() : state.log.stateAt(said.auth)
  if (((authority?.permissions(author, null, at) ?? 0n) & invites) === 0n) return
  const answer = body.sealed !== null && body.sealed.length === JOIN_ANSWER_BYTES ? body.sealed : null
  keep(work, {
    request,
    standing: answer === null ? 'refused' : 'accepted',
    answer,
    by: author,
    answeredAt: at
  })
}

/** Whoever passes a request on may have made it up: its invite is one that asks, and its link was in hand. */
function isByLink(state: ReplicaState, { bytes, invite }: JoinRequest): boolean {
  const linkKey = state.log.state().invite(invite)?.signPublicKey
  return (
    linkKey !== undefined &&
    isApproval(state, invite) &&
    readJoinRequest(state.deps.suite, bytes, { server: state.server, linkKey }).ok
  )
}

const STRENGTH: Readonly<Record<RequestStanding, number>> = { waiting: 0, refused: 1, accepted: 2 }

/** The newest request of a user counts; of answers to it a yes, then a no. The same whatever came first. */
function outweighs(a: KnownRequest, b: KnownRequest): boolean {
  if (a.request.at !== b.request.at) return a.request.at > b.request.at
  return STRENGTH[a.standing] > STRENGTH[b.standing]
}

function keep(work: Work, next: KnownRequest): void {
  const { state, turn } = work
  const { user } = next.request
  const known = state.requests.get(user)
  if (known !== undefined && !outweighs(next, known)) return
  state.requests.set(user, next)
  turn.batch.put(joinRequestTable, [state.server, user], {
    version: 1,
    bytes: next.request.bytes,
    standing: next.standing,
    answer: next.answer,
    by: next.by,
    answeredAt: next.answeredAt
  })
  turn.viewChanged = true
  turn.events.push({
    type: next.standing === 'waiting' ? 'request:create' : 'request:update',
    server: state.server,
    refs: [user],
    note: null
  })
}

/** Reads what is stored. */
export async function loadRequests(state: ReplicaState): Promise<void> {
  const { database, suite } = state.deps
  for await (const { value } of database.table(askTable).scan({ prefix: [state.server] }))
    state.asks.set(value.invite as InviteId, { linkBox: value.linkBox, askSecret: value.askSecret })
  for await (const { value } of database.table(joinRequestTable).scan({ prefix: [state.server] })) {
    const read = readJoinRequest(suite, value.bytes, { server: state.server })
    if (!read.ok) continue
    const { standing, answer, by, answeredAt } = value
    state.requests.set(read.value.user, {
      request: read.value,
      standing,
      answer,
      by: by as UserId | null,
      answeredAt
    })
  }
}

/** Members answer applicants of an invite that asks (IV4), on the stream that packages come by. */
import { type DeviceId, type InviteId, type ServerId } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { JOIN_ANSWER_BYTES, type JoinRequest, openJoinRequest, readJoinRequest } from '../../e2ee/index.ts'
import { bytes, codec, literal, nullable, tuple, uint } from '../../encoding/index.ts'
import type { Connection } from '../../net/index.ts'
import { askCodec } from './ask-codec.ts'
import { FAULTS, type InviteFault, inviteFault, STORE_PROTOCOL } from './invite-service.ts'
import {
  absorb,
  isApproval,
  type KnownRequest,
  REQUESTS_BY_INVITE_MAX,
  type RequestStanding,
  waitingRequests
} from './join-requests.ts'
import { publishControl } from '../replica/publish.ts'
import type { LiveReplica } from '../replica/replica.ts'
import type { ReplicaState } from '../replica/replica-state.ts'

/** IV4: after a refusal one may ask again. */
const ASK_AGAIN_MS = 86_400_000

const STANDINGS: readonly RequestStanding[] = ['waiting', 'refused', 'accepted']
/** [version, fault or null, standing or null, digest of the request that was answered, answer]. */
const toldCodec = codec(
  tuple({
    version: literal(1),
    fault: nullable(uint(FAULTS.length)),
    standing: nullable(uint(STANDINGS.length - 1)),
    request: nullable(bytes(1, 4_096)),
    answer: nullable(bytes(JOIN_ANSWER_BYTES))
  }),
  { rule: 'IV4', maxBytes: 8_192 }
)

/** What an applicant is told. `full`: too many wait already. */
export type Told =
  | { readonly kind: 'fault'; readonly fault: InviteFault | 'full' }
  | {
      readonly kind: 'standing'
      readonly standing: RequestStanding
      /** Of ours, which was answered; it may be an earlier one. */
      readonly request: Uint8Array | null
      readonly answer: Uint8Array | null
    }

export interface AskServiceInit {
  readonly suite: Suite
  now(): number
  replica(server: ServerId): LiveReplica | undefined
}

const fault = (of: InviteFault | 'full'): Uint8Array =>
  toldCodec.encode({
    version: 1,
    fault: of === 'full' ? FAULTS.length : FAULTS.indexOf(of),
    standing: null,
    request: null,
    answer: null
  })

function told(known: KnownRequest): Uint8Array {
  const { standing, answer, request } = known
  return toldCodec.encode({
    version: 1,
    fault: null,
    standing: STANDINGS.indexOf(standing),
    request: answer === null ? null : request.bytes,
    answer
  })
}

/** Takes one applicant's frame; what it answers, or undefined for bytes that no applicant sends. */
export async function answerApplicant(
  init: AskServiceInit,
  found: { readonly state: ReplicaState; readonly invite: InviteId } | undefined,
  frame: { readonly boxes: Uint8Array; readonly sealed: Uint8Array },
  asking: DeviceId
): Promise<Uint8Array | undefined> {
  const replica = found === undefined ? undefined : init.replica(found.state.server)
  const keys = found?.state.asks.get(found.invite)
  const invite = found?.state.log.state().invite(found.invite)
  if (found === undefined || replica === undefined || keys === undefined || invite === undefined)
    return fault('unknown')
  const closed = isApproval(found.state, found.invite) ? inviteFault(invite, init.now()) : 'unknown'
  if (closed !== undefined) return fault(closed)
  const opened = openJoinRequest(init.suite, found.invite, keys.askSecret, frame.boxes, frame.sealed)
  const read =
    opened === undefined
      ? undefined
      : readJoinRequest(init.suite, opened, { server: found.state.server, linkKey: invite.signPublicKey })
  if (read === undefined || !read.ok || read.value.device !== asking || read.value.invite !== found.invite)
    return undefined
  return await takeOn(init, replica, read.value)
}

async function takeOn(init: AskServiceInit, replica: LiveReplica, request: JoinRequest): Promise<Uint8Array> {
  const { current } = replica
  if (replica.state().member(request.user)?.status === 'banned') return fault('banned')
  const known = current.requests.get(request.user)
  if (known !== undefined && stillCounts(current, known, init.now())) return told(known)
  if (waitingRequests(current, request.invite) >= REQUESTS_BY_INVITE_MAX) return fault('full')
  await replica.do(work => {
    const body = { kind: 'joinRequest', request: request.bytes } as const
    publishControl(work, body)
    absorb(work, work.state.user, body)
  })
  const kept = replica.current.requests.get(request.user)
  return kept === undefined ? fault('full') : told(kept)
}

/** A refusal for a day; a yes while its invite may still be used. */
function stillCounts(state: ReplicaState, known: KnownRequest, now: number): boolean {
  if (known.standing === 'waiting') return true
  if (known.standing === 'refused') return now < known.answeredAt + ASK_AGAIN_MS
  return state.log
    .state()
    .invites()
    .some(each => each.user === known.request.user && inviteFault(each, now) === undefined)
}

/** Asks one member. */
export async function askMember(
  connection: Connection,
  signPublicKey: Uint8Array,
  frame: { readonly boxes: Uint8Array; readonly sealed: Uint8Array },
  signal: AbortSignal
): Promise<Told> {
  const stream = await connection.openStream(STORE_PROTOCOL, { signal })
  try {
    await stream.send(askCodec.encode({ version: 1, kind: 2, invite: signPublicKey, ...frame }))
    for await (const answer of stream.frames()) {
      const read = toldCodec.decode(answer)
      if (!read.ok) break
      const { fault: of, standing, request, answer: sealed } = read.value
      if (of !== null) return { kind: 'fault', fault: FAULTS[of] ?? 'full' }
      if (standing === null) break
      return { kind: 'standing', standing: STANDINGS[standing] ?? 'waiting', request, answer: sealed }
    }
    return { kind: 'fault', fault: 'unknown' }
  } finally {
    await stream.close().catch(() => undefined)
  }
}

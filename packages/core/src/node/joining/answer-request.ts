/** Answering who asked to join (IV4): a yes is an invite of one use that names them, sealed to them. */
import { type UserId, XcordError } from '../../base/index.ts'
import { draftInviteCreate, permissionsToBits } from '../../authority/index.ts'
import { INVITE_SECRET_BYTES, inviteKeys, sealJoinAnswer } from '../../e2ee/index.ts'
import { assertWritable } from '../replica/assert-writable.ts'
import type { JoinRequestReport } from '../contract.ts'
import { absorb, type KnownRequest } from './join-requests.ts'
import { grant, operate } from '../replica/operate.ts'
import { publishControl } from '../replica/publish.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import type { Work } from '../replica/work.ts'

/** How long an accepted applicant has to come for the answer. */
const ACCEPTED_MS = 14 * 86_400_000

function requireInviter(state: ReplicaState): void {
  const bits = state.log.state().permissions(state.user, null, state.deps.clock.now())
  if ((bits & permissionsToBits(['CreateInstantInvite'])) !== 0n) return
  throw new XcordError('XCORD_PERMISSION_DENIED', 'You need CreateInstantInvite for this.', {
    permission: 'CreateInstantInvite',
    rule: 'AU30',
    action: 'request:list'
  })
}

function report({ request, standing, by, answeredAt }: KnownRequest): JoinRequestReport {
  const { user, invite, name, words, at } = request
  return { user, invite, name, words, at, standing, by, answeredAt: by === null ? null : answeredAt }
}

/** Newest first. Who came in meanwhile is not listed any more. */
export function listRequests(state: ReplicaState): readonly JoinRequestReport[] {
  requireInviter(state)
  const authority = state.log.state()
  return [...state.requests.values()]
    .filter(each => authority.member(each.request.user)?.status !== 'in')
    .map(report)
    .sort((a, b) => b.at - a.at || (a.user < b.user ? -1 : 1))
}

/** XCORD_REQUEST_NOT_FOUND for nobody's request, and for one that was accepted. */
export function answerRequest(
  work: Work,
  user: UserId,
  yes: boolean,
  reason: string | null
): JoinRequestReport {
  const { state } = work
  assertWritable(state)
  requireInviter(state)
  const known = state.requests.get(user)
  const member = state.log.state().member(user)?.status === 'in'
  if (known === undefined || member || known.standing === 'accepted') {
    throw new XcordError(
      'XCORD_REQUEST_NOT_FOUND',
      known === undefined ? 'Nobody like this asked to join.' : 'They were accepted already.',
      { user }
    )
  }
  const { request } = known
  const body = {
    kind: 'joinAnswer',
    request: request.bytes,
    sealed: yes ? inviteOne(work, known, reason) : null
  } as const
  publishControl(work, body)
  absorb(work, state.user, body)
  return report(state.requests.get(user) ?? known)
}

/** The invite that lets this applicant in, and nobody else. */
function inviteOne(work: Work, { request }: KnownRequest, reason: string | null): Uint8Array {
  const { suite, random } = work.state.deps
  const secret = random.bytes(INVITE_SECRET_BYTES)
  const keys = inviteKeys(suite, secret)
  operate(
    work,
    draftInviteCreate({
      signPublicKey: keys.signingKey.publicKey,
      boxPublicKey: keys.boxPublicKey,
      user: request.user,
      maxUses: 1,
      notAfter: work.turn.at + ACCEPTED_MS,
      reason
    })
  )
  grant(work)
  return sealJoinAnswer(suite, random, request, secret)
}

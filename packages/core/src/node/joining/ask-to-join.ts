/** Asking to join by a link that asks (IV4): hands the request to a member, and comes back for the answer. */
import { type Random, type ServerId, XcordError } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import {
  type InviteKeys,
  type InviteLink,
  type InvitePackage,
  openJoinAnswer,
  readJoinRequest,
  sealJoinRequest,
  signJoinRequest
} from '../../e2ee/index.ts'
import type { Account } from '../../identity/index.ts'
import type { Connection } from '../../net/index.ts'
import { askMember, type Told } from './ask-service.ts'
import type { InviteFault } from './invite-service.ts'

/** Between two looks for the answer. */
export const ASK_EVERY_MS = 3_000

export interface AskHost {
  readonly suite: Suite
  readonly random: Random
  readonly account: Account
  readonly name: string
  /** Said to those who approve. */
  readonly words: string
  now(): number
  /** Resolves after a while, or rejects when the signal aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>
  /** Called once the request is with a member. */
  asked(server: ServerId): void
}

/** A member that answers for the link. */
export interface Door {
  readonly contents: InvitePackage
  readonly connection: Connection
}

/**
 * Asks until there is an answer; ends with the signal, as the request stays with the members.
 *
 * @param find - Looks for a member, anew each time: whoever was asked first may be gone.
 * @returns The link that lets us in. XCORD_APPROVAL_REFUSED, or what `faulty` makes of a fault.
 */
export async function askToJoin(
  host: AskHost,
  link: InviteLink,
  keys: InviteKeys,
  find: () => Promise<Door>,
  faulty: (fault: InviteFault) => XcordError,
  signal: AbortSignal
): Promise<InviteLink> {
  for (;;) {
    signal.throwIfAborted()
    const told = await askOnce(host, link, keys, await find(), signal)
    if (told.kind === 'fault') {
      if (told.fault === 'full') throw full()
      throw faulty(told.fault)
    }
    host.asked(link.server)
    if (told.standing === 'refused')
      throw new XcordError('XCORD_APPROVAL_REFUSED', 'A member of the server refused the request to join.', {
        server: link.server
      })
    if (told.standing === 'accepted' && told.answer !== null && told.request !== null)
      return { ...link, approval: false, secret: open(host, link, told.request, told.answer) }
    await host.pause(ASK_EVERY_MS, signal)
  }
}

function full(): XcordError<'XCORD_LIMIT'> {
  return new XcordError('XCORD_LIMIT', 'Too many requests wait for an answer already. Try again later.', {
    what: 'requests to join',
    limit: 64,
    actual: 64
  })
}

async function askOnce(
  host: AskHost,
  link: InviteLink,
  keys: InviteKeys,
  { contents, connection }: Door,
  signal: AbortSignal
): Promise<Told> {
  const { suite, random, account, name, words } = host
  const userKey = account.userKeys.at(-1)
  if (userKey === undefined) throw new RangeError('an account without user key')
  if (contents.askPublicKey === null) return { kind: 'fault', fault: 'unknown' }
  const request = signJoinRequest(suite, account.device, keys.signingKey, {
    server: link.server,
    invite: contents.invite,
    credential: account.credential,
    userKey: { generation: userKey.generation, boxPublicKey: userKey.boxPublicKey },
    name,
    words,
    at: host.now()
  })
  const frame = sealJoinRequest(suite, random, contents.invite, contents.askPublicKey, request)
  return await askMember(connection, keys.signingKey.publicKey, frame, signal)
}

/** The secret in an answer to a request of ours, by whichever of our user keys it was asked with. */
function open(
  { suite, account }: AskHost,
  link: InviteLink,
  request: Uint8Array,
  answer: Uint8Array
): Uint8Array {
  const read = readJoinRequest(suite, request, { server: link.server })
  if (read.ok && read.value.device === account.device.device) {
    for (const userKey of account.userKeys) {
      const secret = openJoinAnswer(suite, read.value, userKey, answer)
      if (secret !== undefined) return secret
    }
  }
  throw new XcordError(
    'XCORD_INVITE_INVALID',
    'The answer to your request is not for this device. Ask for a new link.',
    { reason: 'answer' }
  )
}

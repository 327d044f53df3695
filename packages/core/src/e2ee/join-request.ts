/**
 * Asking to join (IV4): what an applicant signs, sealed to those who may read the server's meta channel, and the
 * answer, an invite's secret for the applicant alone.
 */
import {
  accept,
  CERTIFICATE_BYTES_MAX,
  type DeviceId,
  idToBytes,
  type InviteId,
  NAME_BYTES_MAX,
  type Random,
  refuse,
  type ServerId,
  type UserId,
  type Verdict
} from '../base/index.ts'
import {
  BoxKind,
  openBoxes,
  pad,
  readBoxes,
  sealBoxes,
  type SecretKey,
  signBytes,
  type SigningKey,
  type Suite,
  unpad,
  verifyBytes
} from '../crypto/index.ts'
import { bytes, concatBytes, encodeCbor, literal, text, tuple, uint } from '../encoding/index.ts'
import { signedTuple } from '../graph/index.ts'
import { verifyCredential } from '../identity/index.ts'
import { idSchema } from './body.ts'
import { INVITE_SECRET_BYTES } from './invite-link.ts'

/** IV4: certificate, name, words, signatures. */
export const JOIN_REQUEST_BYTES_MAX = 4_096
/** IV4: what the applicant says of themselves. */
export const JOIN_REQUEST_TEXT_BYTES_MAX = 1_000
/** IV4: a request sealed to the ask key, padding included. */
export const SEALED_REQUEST_BYTES_MAX = 8_192
/** IV4: an answer: E and one box. */
export const JOIN_ANSWER_BYTES = 96
const NONCE_BYTES = 24
const NONE = new Uint8Array(0)

const requestTuple = signedTuple(
  tuple({
    version: literal(1),
    server: idSchema('s'),
    invite: idSchema('i'),
    device: idSchema('d'),
    credential: bytes(1, CERTIFICATE_BYTES_MAX),
    userKey: tuple({ generation: uint(), boxPublicKey: bytes(32) }),
    name: text(NAME_BYTES_MAX, 1),
    words: text(JOIN_REQUEST_TEXT_BYTES_MAX),
    at: uint(),
    link: bytes(64)
  }),
  { rule: 'IV4', context: 'ask', maxBytes: JOIN_REQUEST_BYTES_MAX }
)

/** What an applicant asks with. */
export interface JoinRequestInit {
  readonly server: ServerId
  readonly invite: InviteId
  readonly credential: Uint8Array
  readonly userKey: { readonly generation: number; readonly boxPublicKey: Uint8Array }
  readonly name: string
  readonly words: string
  /** The applicant's clock, ms. */
  readonly at: number
}

/** A request that is whole and true: by that device of that user, with the link in hand. */
export interface JoinRequest extends JoinRequestInit {
  readonly user: UserId
  readonly device: DeviceId
  /** SHA-256 of the signed part. */
  readonly digest: Uint8Array
  readonly bytes: Uint8Array
}

const linkClaim = (server: ServerId, invite: InviteId, device: DeviceId): Uint8Array =>
  encodeCbor([idToBytes(server), idToBytes(invite), idToBytes(device)])

/** Signs a request by the device and by the link's key. */
export function signJoinRequest(
  suite: Suite,
  device: { readonly device: DeviceId; readonly signingKey: SigningKey },
  linkKey: SigningKey,
  init: JoinRequestInit
): Uint8Array {
  return requestTuple.sign(suite, device.signingKey, {
    version: 1,
    ...init,
    device: device.device,
    link: signBytes(suite, linkKey, 'ask', linkClaim(init.server, init.invite, device.device))
  })
}

/** Reads a request. That the invite is open, and the user not banned, the reader knows from its state. */
export function readJoinRequest(
  suite: Suite,
  input: Uint8Array,
  expected: { readonly server: ServerId; readonly linkKey?: Uint8Array }
): Verdict<JoinRequest> {
  const read = requestTuple.read(suite, input)
  if (!read.ok) return read
  const { value, idBytes } = read.value
  const { server, invite, device, credential, link } = value
  if (server !== expected.server) return refuse('IV4', 'a request to another server')
  if (!requestTuple.verify(suite, idToBytes(device), read.value))
    return refuse('IV4', "the request's signature does not verify")
  const certified = verifyCredential(suite, credential, { device })
  if (!certified.ok) return certified
  if (
    expected.linkKey !== undefined &&
    !verifyBytes(suite, expected.linkKey, 'ask', linkClaim(server, invite, device), link)
  )
    return refuse('IV4', 'the request was made without the link')
  const { version: _, link: _link, ...fields } = value
  return accept({ ...fields, user: certified.value.user, digest: idBytes, bytes: input })
}

const askPurpose = (invite: InviteId) => ({ kind: BoxKind.request, keyId: idToBytes(invite).slice(0, 16) })
const askRecipient = (invite: InviteId, publicKey: Uint8Array) => ({
  rid: idToBytes(invite).slice(0, 16),
  publicKey
})

/** Seals a request to the ask key of an invite: boxes, then nonce ‖ ciphertext. */
export function sealJoinRequest(
  suite: Suite,
  random: Random,
  invite: InviteId,
  askPublicKey: Uint8Array,
  request: Uint8Array
): { readonly boxes: Uint8Array; readonly sealed: Uint8Array } {
  const key = random.bytes(32)
  const nonce = random.bytes(NONCE_BYTES)
  const recipient = askRecipient(invite, askPublicKey)
  return {
    boxes: sealBoxes(suite, random.bytes(32), [recipient], askPurpose(invite), key),
    sealed: concatBytes([nonce, suite.xchachaSeal(key, nonce, NONE, pad(request))])
  }
}

/** Opens what was sealed to an ask key; undefined where it was not. */
export function openJoinRequest(
  suite: Suite,
  invite: InviteId,
  askSecret: SecretKey,
  boxes: Uint8Array,
  sealed: Uint8Array
): Uint8Array | undefined {
  const read = readBoxes(boxes, 1)
  if (read === undefined || sealed.length <= NONCE_BYTES) return undefined
  const opener = { ...askRecipient(invite, suite.x25519PublicKey(askSecret)), secret: askSecret }
  const key = openBoxes(suite, read, opener, askPurpose(invite))
  if (key === undefined) return undefined
  const nonce = sealed.subarray(0, NONCE_BYTES)
  const padded = suite.xchachaOpen(key, nonce, NONE, sealed.subarray(NONCE_BYTES))
  return padded === undefined ? undefined : unpad(padded)
}

type Answered = Pick<JoinRequest, 'device' | 'digest'>
const answerPurpose = (request: Answered) => ({ kind: BoxKind.answer, keyId: request.digest.slice(0, 16) })
const answerRecipient = (request: Answered, publicKey: Uint8Array) => ({
  rid: idToBytes(request.device).slice(0, 16),
  publicKey
})

/** Seals the secret of an invite that names the applicant. */
export function sealJoinAnswer(
  suite: Suite,
  random: Random,
  request: JoinRequest,
  inviteSecret: SecretKey
): Uint8Array {
  const secret = new Uint8Array(32)
  secret.set(inviteSecret)
  const recipient = answerRecipient(request, request.userKey.boxPublicKey)
  return sealBoxes(suite, random.bytes(32), [recipient], answerPurpose(request), secret)
}

/** Opens an answer to a request of ours; undefined where it is none. */
export function openJoinAnswer(
  suite: Suite,
  request: JoinRequest,
  userKey: { readonly boxPublicKey: Uint8Array; readonly boxSecret: SecretKey },
  answer: Uint8Array
): SecretKey | undefined {
  const boxes = readBoxes(answer, 1)
  if (boxes === undefined) return undefined
  const opener = { ...answerRecipient(request, userKey.boxPublicKey), secret: userKey.boxSecret }
  const secret = openBoxes(suite, boxes, opener, answerPurpose(request))
  if (secret === undefined || secret.subarray(INVITE_SECRET_BYTES).some(byte => byte !== 0)) return undefined
  return secret.subarray(0, INVITE_SECRET_BYTES)
}

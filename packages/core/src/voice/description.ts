/**
 * Descriptions bound to devices (VX1–VX3): whoever signed one holds the certificate that its fingerprint names, so the
 * voice behind the link is that device's.
 */
import {
  accept,
  type ChannelId,
  type DeviceId,
  idFromBytes,
  readIdBytes,
  refuse,
  type ServerId,
  type Verdict
} from '../base/index.ts'
import { signBytes, type SigningKey, type Suite, verifyBytes } from '../crypto/index.ts'
import { bytes, codec, equalBytes, literal, text, tuple, uint, utf8 } from '../encoding/index.ts'
import type { LinkDescription } from './contract.ts'
import { CLOCK_MS_MAX, DESCRIPTION_MS_MAX } from './limits.ts'
import { readSdp, SETUPS } from './sdp.ts'
import { SESSION_BYTES, type SessionId, sessionBytes, sessionOf, type Signal } from './signals.ts'

const TYPES = ['offer', 'answer'] as const

const claimCodec = codec(
  tuple({
    version: literal(1),
    server: bytes(32),
    channel: bytes(32),
    from: bytes(SESSION_BYTES),
    to: bytes(SESSION_BYTES),
    device: bytes(32),
    peer: bytes(32),
    attempt: uint(0xffff_ffff, 1),
    type: uint(1),
    fingerprint: bytes(32),
    iceUfrag: text(256, 1),
    setup: uint(SETUPS.length - 1),
    sdpHash: bytes(32),
    notAfter: uint(),
    callKey: bytes(32)
  }),
  { rule: 'VX1', maxBytes: 1_024 }
)

/** Between whom a description is, and which it is. */
export interface DescriptionPlace {
  readonly server: ServerId
  readonly channel: ChannelId
  /** Session and device of whoever describes. */
  readonly from: SessionId
  readonly device: DeviceId
  readonly to: SessionId
  readonly peer: DeviceId
}

/** What a device says of its side of a link. */
export interface DescriptionInit extends DescriptionPlace {
  readonly attempt: number
  readonly description: LinkDescription
  readonly at: number
  /** X25519 public key of this joining. */
  readonly callKey: Uint8Array
}

/** A description whose signature and place are right. */
export interface CheckedDescription {
  readonly attempt: number
  readonly description: LinkDescription
  readonly fingerprint: Uint8Array
  readonly callKey: Uint8Array
}

export type DescriptionSignal = Extract<Signal, { readonly kind: 'description' }>

/** Signs a description of our own. Refuses what our engine should not have made: then there is no link. */
export function signDescription(
  suite: Suite,
  key: SigningKey,
  init: DescriptionInit
): Verdict<DescriptionSignal & { readonly fingerprint: Uint8Array }> {
  const { description, at, attempt, callKey } = init
  const read = readSdp(description.sdp)
  if (!read.ok) return read
  const { fingerprint, iceUfrag, setup } = read.value
  const claim = claimCodec.encode({
    version: 1,
    server: readIdBytes(init.server),
    channel: readIdBytes(init.channel),
    from: sessionBytes(init.from),
    to: sessionBytes(init.to),
    device: readIdBytes(init.device),
    peer: readIdBytes(init.peer),
    attempt,
    type: TYPES.indexOf(description.type),
    fingerprint,
    iceUfrag,
    setup: SETUPS.indexOf(setup),
    sdpHash: suite.sha256(utf8(description.sdp)),
    notAfter: at + DESCRIPTION_MS_MAX,
    callKey
  })
  const signature = signBytes(suite, key, 'call', claim)
  return accept({ kind: 'description', claim, signature, sdp: description.sdp, fingerprint })
}

/** VX2: form, signature, place, age, and that the SDP is the one signed. `place.device` is whom the stream is from. */
export function checkDescription(
  suite: Suite,
  signal: Pick<DescriptionSignal, 'claim' | 'signature' | 'sdp'>,
  place: DescriptionPlace,
  at: number
): Verdict<CheckedDescription> {
  const read = claimCodec.decode(signal.claim)
  if (!read.ok) return read
  const claim = read.value
  if (!verifyBytes(suite, readIdBytes(place.device), 'call', signal.claim, signal.signature))
    return refuse('VX2', 'the signature is not of this device')
  const same =
    idFromBytes('s', claim.server) === place.server &&
    idFromBytes('c', claim.channel) === place.channel &&
    idFromBytes('d', claim.device) === place.device &&
    idFromBytes('d', claim.peer) === place.peer &&
    sessionOf(claim.from) === place.from &&
    sessionOf(claim.to) === place.to
  if (!same) return refuse('VX2', 'a description for another call, or of another')
  if (claim.notAfter + CLOCK_MS_MAX < at) return refuse('VX2', 'a description that is over')
  if (claim.notAfter > at + DESCRIPTION_MS_MAX + CLOCK_MS_MAX)
    return refuse('VX2', 'a description for too long')
  if (!equalBytes(claim.sdpHash, suite.sha256(utf8(signal.sdp))))
    return refuse('VX2', 'the description is not the one that was signed')
  const sdp = readSdp(signal.sdp)
  if (!sdp.ok) return sdp
  if (
    !equalBytes(sdp.value.fingerprint, claim.fingerprint) ||
    sdp.value.iceUfrag !== claim.iceUfrag ||
    sdp.value.setup !== SETUPS[claim.setup]
  )
    return refuse('VX2', 'the description leads elsewhere than what was signed')
  const type = TYPES[claim.type] as LinkDescription['type']
  if ((type === 'offer') !== (sdp.value.setup === 'actpass'))
    return refuse('VX2', 'an offer leaves the setup open, an answer chooses')
  return accept({
    attempt: claim.attempt,
    description: { type, sdp: signal.sdp },
    fingerprint: claim.fingerprint,
    callKey: claim.callKey
  })
}

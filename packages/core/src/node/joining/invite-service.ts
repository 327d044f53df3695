/**
 * The invite package (IV2), answered by any member on `/xcord/store/1`: sealed on the spot to the invite's box
 * key, so that it is never stale and only a holder of the link can open it.
 */
import { type DeviceId, type InviteId, OPERATION_CITES_MAX, type Refusal, refuse } from '../../base/index.ts'
import type { InviteState } from '../../authority/index.ts'
import { BoxKind, openBoxes, readBoxes, sealBoxes, type Suite } from '../../crypto/index.ts'
import { type InviteKeys, type InvitePackage, openPackage, sealPackage } from '../../e2ee/index.ts'
import { bytes, codec, literal, nullable, tuple, uint } from '../../encoding/index.ts'
import type { Connection, ProtocolName, Transport } from '../../net/index.ts'
import { askCodec } from './ask-codec.ts'
import type { ReplicaState } from '../replica/replica-state.ts'

export const STORE_PROTOCOL: ProtocolName = '/xcord/store/1'
/** IV2: a package is at most this large. */
const PACKAGE_BYTES_MAX = 65_536
/** A joiner asks once; more on one stream is no joiner. */
const REQUESTS_MAX = 4

/** [version, 1 (package of an invite), signPublicKey]. */
const requestCodec = codec(tuple({ version: literal(1), kind: literal(1), invite: bytes(32) }), {
  rule: 'IV2',
  maxBytes: 64
})
/** Why a member gives no package; the order is the wire's. */
export const FAULTS = ['unknown', 'revoked', 'expired', 'used', 'banned'] as const
/** One of them. */
export type InviteFault = (typeof FAULTS)[number]
/** [version, fault or null, E ‖ box, package under the key in the box]. */
const answerCodec = codec(
  tuple({
    version: literal(1),
    fault: nullable(uint(FAULTS.length - 1)),
    boxes: nullable(bytes(96)),
    sealed: nullable(bytes(1, PACKAGE_BYTES_MAX))
  }),
  { rule: 'IV2', maxBytes: PACKAGE_BYTES_MAX + 256 }
)

/** What names an invite to those who know it, before the joiner can know its id. */
function purposeOf(boxPublicKey: Uint8Array): {
  readonly kind: typeof BoxKind.package
  readonly keyId: Uint8Array
} {
  return { kind: BoxKind.package, keyId: boxPublicKey.slice(0, 16) }
}

export interface InviteServiceInit {
  readonly suite: Suite
  readonly random: { bytes(length: number): Uint8Array }
  readonly transport: Transport
  now(): number
  /** The replica with an invite of this sign key, and the invite's id. */
  find(signPublicKey: Uint8Array): { readonly state: ReplicaState; readonly invite: InviteId } | undefined
  /** Addresses of members worth dialling, ours first. */
  addresses(state: ReplicaState): readonly string[]
  /** Answers somebody who asks to join (IV4); undefined for bytes that no applicant sends. */
  applicant(
    signPublicKey: Uint8Array,
    frame: { readonly boxes: Uint8Array; readonly sealed: Uint8Array },
    asking: DeviceId
  ): Promise<Uint8Array | undefined>
}

/** Answers joiners. */
export function serveInvites(init: InviteServiceInit): void {
  init.transport.handle(
    STORE_PROTOCOL,
    { frameBytesMax: PACKAGE_BYTES_MAX + 256, inboundStreamsMax: 2, onLimited: true, idleMsMax: 30_000 },
    async stream => {
      let asked = 0
      for await (const frame of stream.frames()) {
        const { device } = stream.connection
        const request = requestCodec.decode(frame)
        const ask = request.ok ? undefined : askCodec.decode(frame)
        const sent =
          ++asked > REQUESTS_MAX
            ? undefined
            : request.ok
              ? answer(init, request.value.invite, device)
              : ask?.ok === true
                ? await init.applicant(ask.value.invite, ask.value, device)
                : undefined
        if (sent === undefined) {
          stream.abort('IV2')
          return
        }
        await stream.send(sent)
      }
    }
  )
}

function refusal(fault: InviteFault): Uint8Array {
  return answerCodec.encode({ version: 1, fault: FAULTS.indexOf(fault), boxes: null, sealed: null })
}

/** Why an invite admits nobody now; undefined if it does. */
export function inviteFault(invite: InviteState, now: number): InviteFault | undefined {
  if (!invite.open) return 'revoked'
  if (invite.notAfter !== null && now > invite.notAfter) return 'expired'
  if (invite.maxUses !== null && invite.uses >= invite.maxUses) return 'used'
  return undefined
}

function answer(init: InviteServiceInit, signPublicKey: Uint8Array, asking: DeviceId): Uint8Array {
  const { suite, random } = init
  const found = init.find(signPublicKey)
  const invite = found?.state.log.state().invite(found.invite)
  const topic = found?.state.ring.currentTopic()
  const ask = found?.state.asks.get(found.invite)
  const box = invite?.boxPublicKey ?? ask?.linkBox
  if (found === undefined || invite === undefined || box === undefined || topic === undefined)
    return refusal('unknown')
  const authority = found.state.log.state()
  const user = authority.device(asking)?.user
  const banned = user !== undefined && authority.member(user)?.status === 'banned'
  const fault = banned ? 'banned' : inviteFault(invite, init.now())
  if (fault !== undefined) return refusal(fault)
  const key = random.bytes(32)
  const contents: InvitePackage = {
    name: authority.name,
    genesis: genesisOf(found.state),
    invite: found.invite,
    // IV4: who only asks is shown no state and no topic.
    heads: ask === undefined ? found.state.log.heads().slice(0, OPERATION_CITES_MAX) : [],
    addresses: init.addresses(found.state),
    aclHead: null,
    askPublicKey: ask === undefined ? null : suite.x25519PublicKey(ask.askSecret),
    topicSecret: ask === undefined ? topic.topicSecret : null
  }
  const recipient = { rid: signPublicKey.slice(0, 16), publicKey: box }
  return answerCodec.encode({
    version: 1,
    fault: null,
    boxes: sealBoxes(suite, random.bytes(32), [recipient], purposeOf(box), key),
    sealed: sealPackage(suite, random, key, contents)
  })
}

function genesisOf(state: ReplicaState): Uint8Array {
  for (const operation of state.log.operations()) return operation.bytes
  throw new RangeError('a log without genesis')
}

/** What a peer said of an invite. */
export type PackageAnswer =
  | { readonly kind: 'package'; readonly contents: InvitePackage }
  | { readonly kind: 'fault'; readonly fault: InviteFault }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** Asks one peer for the package. Rejects where it does not speak the protocol: it is a node, then. */
export async function fetchPackage(
  suite: Suite,
  connection: Connection,
  keys: InviteKeys,
  signal?: AbortSignal
): Promise<PackageAnswer> {
  const stream = await connection.openStream(STORE_PROTOCOL, {
    signal,
    frameBytesMax: PACKAGE_BYTES_MAX + 256
  })
  try {
    await stream.send(requestCodec.encode({ version: 1, kind: 1, invite: keys.signingKey.publicKey }))
    for await (const frame of stream.frames()) return open(suite, keys, frame)
    return { kind: 'refused', refusal: refuse('IV2', 'the peer gave no answer') }
  } finally {
    await stream.close().catch(() => undefined)
  }
}

function open(suite: Suite, keys: InviteKeys, frame: Uint8Array): PackageAnswer {
  const decoded = answerCodec.decode(frame)
  if (!decoded.ok) return { kind: 'refused', refusal: decoded }
  const { boxes, sealed, fault } = decoded.value
  if (fault !== null) return { kind: 'fault', fault: FAULTS[fault] ?? 'unknown' }
  const read = boxes === null ? undefined : readBoxes(boxes, 1)
  if (read === undefined || sealed === null)
    return { kind: 'refused', refusal: refuse('IV2', 'the answer is malformed') }
  const opener = {
    rid: keys.signingKey.publicKey.slice(0, 16),
    publicKey: keys.boxPublicKey,
    secret: keys.boxSecret
  }
  const key = openBoxes(suite, read, opener, purposeOf(keys.boxPublicKey))
  if (key === undefined)
    return { kind: 'refused', refusal: refuse('IV2', 'the answer is not for this invite') }
  const contents = openPackage(suite, key, sealed)
  return contents.ok ? { kind: 'package', contents: contents.value } : { kind: 'refused', refusal: contents }
}

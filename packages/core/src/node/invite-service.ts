/**
 * The invite package (IV2), answered by any member on `/xcord/store/1`: sealed on the spot to the invite's box
 * key, so that it is never stale and only a holder of the link can open it.
 */
import { accept, type InviteId, refuse, type Verdict } from '../base/index.ts'
import { BoxKind, openBoxes, readBoxes, sealBoxes, type Suite } from '../crypto/index.ts'
import { type InviteKeys, type InvitePackage, openPackage, sealPackage } from '../e2ee/index.ts'
import { bytes, codec, literal, nullable, tuple } from '../encoding/index.ts'
import type { Connection, ProtocolName, Transport } from '../net/index.ts'
import type { ReplicaState } from './replica-state.ts'

export const STORE_PROTOCOL: ProtocolName = '/xcord/store/1'
/** ST8: a package is at most this large. */
const PACKAGE_BYTES_MAX = 65_536
/** A joiner asks once; more on one stream is no joiner. */
const REQUESTS_MAX = 4

/** [version, 1 (package of an invite), signPublicKey]. */
const requestCodec = codec(tuple({ version: literal(1), kind: literal(1), invite: bytes(32) }), { rule: 'IV2', maxBytes: 64 })
/** [version, E ‖ box, package under the key in the box] or nulls where the invite is unknown here. */
const answerCodec = codec(
  tuple({ version: literal(1), boxes: nullable(bytes(96)), sealed: nullable(bytes(1, PACKAGE_BYTES_MAX)) }),
  { rule: 'IV2', maxBytes: PACKAGE_BYTES_MAX + 256 }
)

/** What names an invite to those who know it, before the joiner can know its id. */
function purposeOf(boxPublicKey: Uint8Array): { readonly kind: typeof BoxKind.package; readonly keyId: Uint8Array } {
  return { kind: BoxKind.package, keyId: boxPublicKey.slice(0, 16) }
}

export interface InviteServiceInit {
  readonly suite: Suite
  readonly random: { bytes(length: number): Uint8Array }
  readonly transport: Transport
  /** The replica with an open invite of this sign key, and the invite's id. */
  find(signPublicKey: Uint8Array): { readonly state: ReplicaState; readonly invite: InviteId } | undefined
  /** Addresses of members worth dialling, ours first. */
  addresses(state: ReplicaState): readonly string[]
}

/** Answers joiners. */
export function serveInvites(init: InviteServiceInit): void {
  init.transport.handle(STORE_PROTOCOL, { frameBytesMax: 256, inboundStreamsMax: 2, onLimited: true, idleMsMax: 30_000 }, async stream => {
    let asked = 0
    for await (const frame of stream.frames()) {
      const request = requestCodec.decode(frame)
      if (!request.ok || ++asked > REQUESTS_MAX) {
        stream.abort('IV2')
        return
      }
      await stream.send(answer(init, request.value.invite))
    }
  })
}

function answer(init: InviteServiceInit, signPublicKey: Uint8Array): Uint8Array {
  const { suite, random } = init
  const found = init.find(signPublicKey)
  const invite = found?.state.log.state().invite(found.invite)
  const boxPublicKey = invite?.boxPublicKey
  const genesis = found === undefined ? undefined : [...found.state.log.operations()][0]
  const topic = found?.state.ring.currentTopic()
  if (found === undefined || genesis === undefined || boxPublicKey === undefined || boxPublicKey === null || topic === undefined) {
    return answerCodec.encode({ version: 1, boxes: null, sealed: null })
  }
  const key = random.bytes(32)
  const contents: InvitePackage = {
    name: found.state.log.state().name, genesis: genesis.bytes, invite: found.invite, heads: found.state.log.heads(),
    addresses: init.addresses(found.state), aclHead: null, askPublicKey: null, topicSecret: topic.topicSecret
  }
  const recipient = { rid: signPublicKey.slice(0, 16), publicKey: boxPublicKey }
  return answerCodec.encode({
    version: 1, boxes: sealBoxes(suite, random.bytes(32), [recipient], purposeOf(boxPublicKey), key), sealed: sealPackage(suite, random, key, contents)
  })
}

/** Asks one peer for the package. Refusals: IV2 where it knows no such invite, or the answer does not open. */
export async function fetchPackage(suite: Suite, connection: Connection, keys: InviteKeys, signal?: AbortSignal): Promise<Verdict<InvitePackage>> {
  const stream = await connection.openStream(STORE_PROTOCOL, { signal, frameBytesMax: PACKAGE_BYTES_MAX + 256 })
  try {
    await stream.send(requestCodec.encode({ version: 1, kind: 1, invite: keys.signingKey.publicKey }))
    for await (const frame of stream.frames()) return open(suite, keys, frame)
    return refuse('IV2', 'the peer gave no answer')
  } finally {
    await stream.close().catch(() => undefined)
  }
}

function open(suite: Suite, keys: InviteKeys, frame: Uint8Array): Verdict<InvitePackage> {
  const decoded = answerCodec.decode(frame)
  if (!decoded.ok) return decoded
  const { boxes, sealed } = decoded.value
  if (boxes === null || sealed === null) return refuse('IV2', 'this peer knows no such open invite')
  const read = readBoxes(boxes, 1)
  if (read === undefined) return refuse('IV2', 'the box is malformed')
  const opener = { rid: keys.signingKey.publicKey.slice(0, 16), publicKey: keys.boxPublicKey, secret: keys.boxSecret }
  const key = openBoxes(suite, read, opener, purposeOf(keys.boxPublicKey))
  if (key === undefined) return refuse('IV2', 'the answer is not for this invite')
  const contents = openPackage(suite, key, sealed)
  return contents.ok ? accept(contents.value) : contents
}


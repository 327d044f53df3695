/** Envelopes under the ring's keys (EN2, EN6, EK13): which key opens which, and sealing under a chosen one. */
import {
  accept,
  type ChannelId,
  idAs,
  idFromBytes,
  idToBytes,
  type KeyId,
  refuse,
  type Verdict
} from '../base/index.ts'
import { decodeBody } from '../authority/index.ts'
import type { SecretKey } from '../crypto/index.ts'
import {
  authorIdOf,
  type Envelope,
  type EnvelopeStub,
  EnvelopeType,
  messageKey,
  openEnvelopeWith,
  sealEnvelope
} from '../graph/index.ts'
import { toHex } from '../encoding/index.ts'
import { fitsType } from './body.ts'
import type { OpenedEnvelope, OpenResult, ResolvedKey, SealOptions, TopicKeys } from './contract.ts'
import { maskKeyId, metaChannel } from './derive.ts'
import { MESSAGE_KEYS_MAX } from './limits.ts'
import { decodePayload, encodePayload, type Payload } from './payload.ts'
import type { RingState } from './ring-state.ts'
import { topicTable } from './topics.ts'

const NO_KEY = new Uint8Array(16)

/** Finds the key by tag and masked key id: two map look-ups, whatever the number of topics. */
export function resolveKey(ring: RingState, envelope: EnvelopeStub): ResolvedKey {
  const topic = topicTable(ring).byTag.get(toHex(envelope.tag))
  if (topic === undefined) return { kind: 'foreign' }
  const keyId = maskKeyId(ring.suite, topic.maskKey, envelope.nonce, envelope.keyRef)
  if (envelope.type === EnvelopeType.key)
    return keyId.every(byte => byte === 0) ? { kind: 'topic', key: topic.topicKey } : { kind: 'foreign' }
  const id = idFromBytes('e', keyId)
  const opened = ring.seeds.get(id)
  if (opened === undefined) return { kind: 'missing', keyId: id }
  return opened.scope.kind === 'epoch'
    ? { kind: 'epoch', keyId: id, channel: opened.scope.channel, key: opened.seed }
    : { kind: 'foreign' }
}

/** By epoch's key id or tag, then by author: a key made of both would be put together for each message. */
interface DerivedKeys {
  readonly bySource: Map<string, Map<string, SecretKey>>
  count: number
}
const derivedKeys = new WeakMap<RingState, DerivedKeys>()

/** The key of one author under one epoch, remembered: a channel has few authors at a time. */
function messageKeyOf(
  ring: RingState,
  envelope: Pick<EnvelopeStub, 'tag' | 'authorId'>,
  resolved: ResolvedKey & { key: SecretKey }
): SecretKey {
  const source = resolved.kind === 'epoch' ? resolved.keyId : toHex(envelope.tag)
  const author = toHex(envelope.authorId)
  let known = derivedKeys.get(ring)
  const found = known?.bySource.get(source)?.get(author)
  if (found !== undefined) return found
  if (known === undefined || known.count >= MESSAGE_KEYS_MAX)
    derivedKeys.set(ring, (known = { bySource: new Map(), count: 0 }))
  const channel = resolved.kind === 'epoch' ? resolved.channel : metaChannel(ring.server)
  const key = messageKey(ring.suite, resolved.key, ring.server, channel, envelope.authorId)
  const keys = known.bySource.get(source) ?? new Map<string, SecretKey>()
  known.bySource.set(source, keys.set(author, key))
  known.count++
  return key
}

const ownAuthorIds = new WeakMap<TopicKeys, Uint8Array>()

/** This device's author id under a topic, remembered with the topic. */
function ownAuthorId(ring: RingState, topic: TopicKeys): Uint8Array {
  let known = ownAuthorIds.get(topic)
  if (known === undefined) {
    const device = idFromBytes('d', ring.signingKey.publicKey)
    ownAuthorIds.set(topic, (known = authorIdOf(ring.suite, topic.tag, device)))
  }
  return known
}

/** Opens, decodes, and checks that body, type and thread belong together. */
export function openWith(ring: RingState, envelope: Envelope): OpenResult {
  const resolved = resolveKey(ring, envelope)
  if (resolved.kind === 'foreign' || resolved.kind === 'missing') return resolved
  const bytes = openEnvelopeWith(ring.suite, envelope, messageKeyOf(ring, envelope, resolved))
  if (!bytes.ok) return { kind: 'refused', refusal: bytes }
  const payload = decodePayload(bytes.value)
  if (!payload.ok) return { kind: 'refused', refusal: payload }
  const opened = place(ring, envelope, resolved, payload.value)
  if (!opened.ok) return { kind: 'refused', refusal: opened }
  if (opened.value.keyId !== null) count(ring, opened.value.keyId, envelope)
  return { kind: 'opened', opened: opened.value }
}

function place(
  ring: RingState,
  envelope: Envelope,
  resolved: ResolvedKey,
  payload: Payload
): Verdict<OpenedEnvelope> {
  if (!fitsType(payload.body, envelope.type))
    return refuse('EN6', 'this body does not travel in this type of envelope')
  const keyChannel = resolved.kind === 'epoch' ? resolved.channel : metaChannel(ring.server)
  const keyId = resolved.kind === 'epoch' ? resolved.keyId : null
  if (payload.thread === null) return accept({ keyId, keyChannel, channel: keyChannel, payload })
  if (
    resolved.kind === 'topic' ||
    payload.thread === keyChannel ||
    !mayHave(ring, payload.thread, keyChannel)
  )
    return refuse('EN6', "the thread named is not a public one of the key's channel")
  return accept({ keyId, keyChannel, channel: payload.thread, payload })
}

/**
 * Whether a channel may be a public thread of another, by the operation that made it: what is not known yet may.
 * Its name and state may change, what it was made as does not; so everybody says the same.
 */
function mayHave(ring: RingState, thread: ChannelId, parent: ChannelId): boolean {
  const made = ring.log.get(idAs('o', thread))
  if (made === undefined) return true
  const read = decodeBody(made.kind, made.body)
  return (
    read.ok &&
    read.value.name === 'threadCreate' &&
    read.value.body.private === 0 &&
    read.value.body.parent === parent
  )
}

/** Counts a message towards its epoch's age, once (EK11). */
function count(ring: RingState, keyId: KeyId, envelope: EnvelopeStub): void {
  const entry = ring.keys.get(keyId)
  const author = toHex(envelope.authorId)
  if (entry === undefined || envelope.seq <= (entry.counted.get(author) ?? 0)) return
  entry.counted.set(author, envelope.seq)
  entry.messages++
}

/** Seals and signs under a held key, for the topic given or the current one. */
export function sealWith(ring: RingState, options: SealOptions): Envelope {
  const topic = options.topic ?? topicTable(ring).current
  if (topic === undefined) throw new RangeError('no topic is known yet')
  const { random, type, link, payload, keyId } = options
  if (!fitsType(payload.body, type))
    throw new RangeError(`a body of kind ${payload.body.kind} does not travel in type ${type}`)
  if ((keyId === 'topic') !== (type === EnvelopeType.key))
    throw new RangeError('type 3, and only it, goes under the topic key')
  const resolved = resolveOwn(ring, keyId, topic)
  const authorId = ownAuthorId(ring, topic)
  const nonce = random.bytes(24)
  const keyRef = maskKeyId(ring.suite, topic.maskKey, nonce, keyId === 'topic' ? NO_KEY : idToBytes(keyId))
  const envelope = sealEnvelope(ring.suite, {
    type,
    tag: topic.tag,
    keyRef,
    link,
    nonce,
    signingKey: ring.signingKey,
    key: resolved.key,
    server: ring.server,
    channel: resolved.kind === 'epoch' ? resolved.channel : metaChannel(ring.server),
    payload: encodePayload(payload),
    derived: { authorId, messageKey: messageKeyOf(ring, { tag: topic.tag, authorId }, resolved) }
  })
  if (keyId !== 'topic') count(ring, keyId, envelope)
  return envelope
}

/** The key that an own envelope goes under; a key that is not held is our mistake. */
function resolveOwn(
  ring: RingState,
  keyId: KeyId | 'topic',
  topic: TopicKeys
): ResolvedKey & { key: SecretKey } {
  if (keyId === 'topic') return { kind: 'topic', key: topic.topicKey }
  const opened = ring.seeds.get(keyId)
  if (opened?.scope.kind !== 'epoch') throw new RangeError('the key is not held, or no epoch')
  return { kind: 'epoch', keyId, channel: opened.scope.channel, key: opened.seed }
}

/** DM2, DM8: writing: a key that serves, or a new one, then the envelope; keys for those who came late. */
import { type DeviceId, idToBytes, invariant, type KeyId, type Random, type UserId } from '../base/index.ts'
import type { SigningKey } from '../crypto/index.ts'
import { type Body, encodePayload, type KeyRecord, maskKeyId, typeFor } from '../e2ee/index.ts'
import { type Envelope, EnvelopeType, linkAfter, sealEnvelope } from '../graph/index.ts'
import { makeEpoch, makeGrant, ridName } from './epoch.ts'
import { placeOf } from './genesis.ts'
import {
  addEpoch,
  type ConversationState,
  type EpochState,
  frontierOf,
  newestEpoch,
  recipientsOf,
  servingEpoch
} from './state.ts'
import { type ConversationOwner, LIFETIME_ROW, type Taken, takeEnvelope, topicOf } from './take.ts'

const NONCE_BYTES = 24
const NO_KEY = new Uint8Array(16)
/** Keys granted to one account that comes late: some two months of a busy conversation, and two weeks are kept. */
const GRANTS_MAX = 256

/** Who writes. */
export interface ConversationWriter extends ConversationOwner {
  readonly key: SigningKey
  readonly random: Random
}

/** An own envelope, taken in like any other. */
export interface Written {
  readonly envelope: Envelope
  readonly taken: Extract<Taken, { kind: 'taken' }>
}

/** Seals a body and takes it in: our own bytes pass the same door. */
function put(
  writer: ConversationWriter,
  draft: ConversationState,
  body: Body,
  epoch: EpochState | undefined,
  now: number
): Written {
  const { suite, random, device, key } = writer
  const { server, channel } = placeOf(draft.genesis.id)
  const topic = topicOf(suite, draft.topicSecret)
  const nonce = random.bytes(NONCE_BYTES)
  const { seconds } = draft.lifetime
  const envelope = sealEnvelope(suite, {
    type: epoch === undefined ? EnvelopeType.key : typeFor(body),
    tag: topic.tag,
    keyRef: maskKeyId(suite, topic.mask, nonce, epoch === undefined ? NO_KEY : idToBytes(epoch.keyId)),
    link: linkAfter(draft.chains.get(device)),
    nonce,
    signingKey: key,
    key: epoch?.seed ?? topic.key,
    server,
    channel,
    payload: encodePayload({
      thread: null,
      at: now,
      auth: [],
      parents: [],
      body,
      ...(body.kind === 'message' && seconds > 0 ? { ext: [[LIFETIME_ROW, seconds]] } : {})
    })
  })
  const taken = takeEnvelope(writer, draft, device, envelope, now)
  invariant(taken.ok && taken.value.kind === 'taken', 'DM7', 'an own envelope was not taken')
  return { envelope, taken: taken.value }
}

const carrying = (record: KeyRecord): Body => ({ kind: 'keyRecord', record: record.bytes })

/**
 * Writes a body: the envelopes in their order, a new key's first where one is due (DM2). The draft holds what follows
 * from them; all of it is to be kept before any of it leaves (KS6).
 *
 * @throws RangeError for a body out of bounds.
 */
export function write(
  writer: ConversationWriter,
  draft: ConversationState,
  body: Body,
  now: number
): readonly Written[] {
  const { suite, random, device, key, directory } = writer
  const recipients = recipientsOf(draft, directory, device, now)
  const serving = servingEpoch(draft, device, recipients, now)
  if (serving !== undefined) return [put(writer, draft, body, serving, now)]
  const prekeys = recipients.flatMap(({ prekey }) => prekey ?? [])
  const before = newestEpoch(draft, device)
  const made = makeEpoch(suite, random, {
    conversation: draft.genesis.id,
    key,
    frontier: frontierOf(draft, directory),
    prekeys,
    after: before === undefined ? [] : [before.keyId]
  })
  const epoch: EpochState = {
    keyId: made.keyId,
    author: device,
    commit: made.record.body.kind === 'epoch' ? made.record.body.commit : NO_KEY,
    seed: made.seed,
    since: now,
    replacedAt: null,
    used: 0,
    boxed: prekeys.map(prekey => ridName(prekey.device))
  }
  const epochs = addEpoch(draft, epoch, now)
  const first = put(writer, draft, carrying(made.record), undefined, now)
  const keyed = { ...first, taken: { ...first.taken, epochs } }
  return [keyed, put(writer, draft, body, epoch, now)]
}

/** Grants one key to one device. */
function grant(
  writer: ConversationWriter,
  draft: ConversationState,
  epoch: EpochState,
  device: DeviceId,
  now: number
): Written | undefined {
  const prekey = recipientsOf(draft, writer.directory, writer.device, now).find(
    each => each.device === device
  )?.prekey
  if (prekey === undefined || epoch.seed === null) return undefined
  const record = makeGrant(writer.suite, writer.random, {
    conversation: draft.genesis.id,
    key: writer.key,
    frontier: frontierOf(draft, writer.directory),
    keyId: epoch.keyId,
    seed: epoch.seed,
    prekey
  })
  if (record === undefined) return undefined
  const name = ridName(device)
  const boxed = epoch.boxed.includes(name) ? epoch.boxed : [...epoch.boxed, name]
  const kept = { ...epoch, boxed }
  draft.epochs.set(epoch.keyId, kept)
  const written = put(writer, draft, carrying(record), undefined, now)
  return { ...written, taken: { ...written.taken, epochs: [kept] } }
}

/**
 * DM8: keys of ours for an account that none of them was sealed to, since nobody knew where: it was met for the first
 * time, or had no prekey. Oldest first. A further device of an account that has a key gets none of before.
 */
export function grantsOwed(
  writer: ConversationWriter,
  draft: ConversationState,
  user: UserId,
  now: number
): readonly Written[] {
  if (user === writer.user || draft.left.has(user) || !draft.genesis.users.includes(user)) return []
  const devices = writer.directory.log(user)?.state().devices ?? []
  const names = new Set(devices.map(({ device }) => ridName(device)))
  const owed = [...draft.epochs.values()]
    .filter(
      each => each.author === writer.device && each.seed !== null && !each.boxed.some(name => names.has(name))
    )
    .slice(-GRANTS_MAX)
  return owed.flatMap(({ keyId }) =>
    devices.flatMap(({ device, active }) => {
      const epoch = draft.epochs.get(keyId)
      return active && epoch !== undefined ? (grant(writer, draft, epoch, device, now) ?? []) : []
    })
  )
}

/** DM8: once more to a device that the key was sealed to, and that says it cannot open it. */
export function grantAgain(
  writer: ConversationWriter,
  draft: ConversationState,
  device: DeviceId,
  keyId: KeyId,
  now: number
): Written | undefined {
  const epoch = draft.epochs.get(keyId)
  if (epoch?.author !== writer.device || !epoch.boxed.includes(ridName(device))) return undefined
  return grant(writer, draft, epoch, device, now)
}

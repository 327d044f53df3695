/** DM7–DM10: taking an envelope in: its author, its place, its seal, and what it says. */
import {
  accept,
  type DeviceId,
  idFromBytes,
  type KeyId,
  type MessageId,
  refuse,
  type Refusal,
  type UserId,
  type Verdict
} from '../base/index.ts'
import { kdf, type SecretKey, type Suite } from '../crypto/index.ts'
import { equalBytes } from '../encoding/index.ts'
import {
  type Body,
  type BodyOf,
  decodePayload,
  fitsType,
  type KeyRecord,
  maskKeyId,
  type Payload,
  readKeyRecord,
  tagOf,
  verifyKeyRecord
} from '../e2ee/index.ts'
import {
  type Envelope,
  EnvelopeType,
  type EnvelopeStub,
  openEnvelope,
  verifyEnvelope
} from '../graph/index.ts'
import { validateBody } from '../timeline/index.ts'
import { openKey } from './epoch.ts'
import { placeOf } from './genesis.ts'
import { SKEW_MS_MAX } from './limits.ts'
import type { OwnPrekey } from './prekey.ts'
import { accountOf, addEpoch, type ConversationState, type Directory, type EpochState } from './state.ts'

const CHAIN_PREFIX = 24
const ZERO_PREV = new Uint8Array(CHAIN_PREFIX)
/** Row of `ext` (EN6) that says how long a message lives, seconds. */
export const LIFETIME_ROW = 'lifetime'

/** Who takes. */
export interface ConversationOwner {
  readonly suite: Suite
  readonly user: UserId
  readonly device: DeviceId
  readonly prekeys: readonly OwnPrekey[]
  readonly directory: Directory
}

/** What an envelope says to people. */
export type Content =
  | {
      readonly kind: 'message'
      readonly text: string
      readonly replyTo: MessageId | null
      /** Seconds; 0 for ever. */
      readonly lifetime: number
    }
  | { readonly kind: 'edit'; readonly message: MessageId; readonly text: string }
  | { readonly kind: 'delete'; readonly message: MessageId }
  | { readonly kind: 'leave' }
  | { readonly kind: 'lifetime'; readonly seconds: number }

/** What became of an envelope that has its place now. */
export type Opened =
  | { readonly kind: 'content'; readonly at: number; readonly content: Content }
  /** No key yet. */
  | { readonly kind: 'sealed'; readonly keyId: KeyId }
  /** Keys, and what nobody is shown: expired, of a newer client, or against a rule. */
  | { readonly kind: 'nothing'; readonly refusal?: Refusal }

export type Taken =
  | { readonly kind: 'known' }
  /** Something before it is missing: it is to be asked for again. */
  | { readonly kind: 'gap' }
  | {
      readonly kind: 'taken'
      readonly user: UserId
      readonly opened: Opened
      /** Key it lies under; null of keys and stubs. */
      readonly keyId: KeyId | null
      /** Keys that changed, to be kept. */
      readonly epochs: readonly EpochState[]
      /** A key that came late: what is sealed under it opens now. */
      readonly unlocked?: KeyId
    }

/** Secrets of a conversation's tag (EK17). */
export function topicOf(
  suite: Suite,
  topicSecret: SecretKey
): { readonly tag: Uint8Array; readonly key: SecretKey; readonly mask: SecretKey } {
  return {
    tag: tagOf(suite, topicSecret),
    key: kdf(suite, topicSecret, 'topic-key'),
    mask: kdf(suite, topicSecret, 'key-mask')
  }
}

/** Whether this device may write here now, and for whom. */
function authorOf(owner: ConversationOwner, draft: ConversationState, device: DeviceId): Verdict<UserId> {
  const user = accountOf(draft, owner.directory, device)
  if (user === undefined) return refuse('DM7', 'the device is of none of the accounts')
  if (owner.directory.log(user)?.state().device(device)?.active !== true)
    return refuse('DM7', 'the device is revoked')
  if (draft.left.has(user)) return refuse('DM9', 'the account left the conversation')
  return accept(user)
}

/** Where it belongs in its chain. */
function placed(
  draft: ConversationState,
  device: DeviceId,
  stub: EnvelopeStub
): Verdict<'next' | 'known' | 'gap'> {
  const end = draft.chains.get(device)
  const seq = end?.seq ?? 0
  if (stub.seq > seq + 1) return accept('gap')
  if (stub.seq <= seq) {
    if (stub.seq === seq && end !== undefined && !equalBytes(end.idBytes, stub.idBytes))
      return refuse('DM7', 'the device signed two envelopes for one place')
    return accept('known')
  }
  return equalBytes(end?.idBytes.subarray(0, CHAIN_PREFIX) ?? ZERO_PREV, stub.prev)
    ? accept('next')
    : refuse('DM7', 'the envelope does not follow the one before it')
}

/** Form, author, place and signature: what holds for stubs too. */
function admit(
  owner: ConversationOwner,
  draft: ConversationState,
  device: DeviceId,
  stub: EnvelopeStub
): Verdict<{ readonly user: UserId; readonly place: 'next' | 'known' | 'gap' }> {
  const { suite } = owner
  if (stub.type !== EnvelopeType.chat && stub.type !== EnvelopeType.control && stub.type !== EnvelopeType.key)
    return refuse('DM7', 'no envelope of this type belongs in a conversation')
  if (!equalBytes(stub.tag, tagOf(suite, draft.topicSecret)))
    return refuse('DM7', 'the envelope is of another conversation')
  const author = authorOf(owner, draft, device)
  if (!author.ok) return author
  const place = placed(draft, device, stub)
  if (!place.ok) return place
  if (place.value === 'next') {
    const verified = verifyEnvelope(suite, stub, device)
    if (!verified.ok) return verified
    draft.chains.set(device, { seq: stub.seq, idBytes: stub.idBytes.slice() })
  }
  return accept({ user: author.value, place: place.value })
}

/**
 * Takes a stub: a place whose body is gone (DM6). Only of its own author, or of a device of ours: of anybody else it
 * would hide what is still there.
 */
export function takeStub(
  owner: ConversationOwner,
  draft: ConversationState,
  device: DeviceId,
  stub: EnvelopeStub,
  from: DeviceId
): Verdict<Taken> {
  if (from !== device && accountOf(draft, owner.directory, from) !== owner.user)
    return refuse('DM6', 'a place without its body, of somebody else than its author')
  const admitted = admit(owner, draft, device, stub)
  if (!admitted.ok) return admitted
  const { place, user } = admitted.value
  if (place !== 'next') return accept({ kind: place })
  return accept({ kind: 'taken', user, opened: { kind: 'nothing' }, keyId: null, epochs: [] })
}

/**
 * Takes an envelope into the draft. A refusal leaves its author's chain where it was; what has its place and says
 * nothing that counts is `nothing`, so that the chain goes on.
 *
 * @param now - Ms since the Unix epoch.
 */
export function takeEnvelope(
  owner: ConversationOwner,
  draft: ConversationState,
  device: DeviceId,
  envelope: Envelope,
  now: number
): Verdict<Taken> {
  const admitted = admit(owner, draft, device, envelope)
  if (!admitted.ok) return admitted
  const { place, user } = admitted.value
  if (place !== 'next') return accept({ kind: place })
  if (envelope.type === EnvelopeType.key)
    return accept({ kind: 'taken', user, keyId: null, ...takeKey(owner, draft, device, envelope, now) })
  const { mask } = topicOf(owner.suite, draft.topicSecret)
  const keyId = idFromBytes('e', maskKeyId(owner.suite, mask, envelope.nonce, envelope.keyRef))
  const epoch = draft.epochs.get(keyId)
  if (epoch === undefined || epoch.author !== device) {
    const refusal = refuse('DM2', 'sealed under a key that its author did not make')
    return accept({ kind: 'taken', user, keyId: null, epochs: [], opened: { kind: 'nothing', refusal } })
  }
  const counted = { ...epoch, used: epoch.used + 1 }
  draft.epochs.set(keyId, counted)
  const opened = readContent(owner, draft, envelope, counted)
  settle(draft, user, envelope.id, opened, now)
  return accept({ kind: 'taken', user, keyId, epochs: [counted], opened })
}

/** What an envelope says, under a key that may be held. Also for what waited for it. */
export function readContent(
  { suite }: Pick<ConversationOwner, 'suite'>,
  { genesis }: ConversationState,
  envelope: Envelope,
  epoch: EpochState
): Opened {
  if (epoch.seed === null) return { kind: 'sealed', keyId: epoch.keyId }
  const { server, channel } = placeOf(genesis.id)
  const payload = openEnvelope(suite, envelope, epoch.seed, server, channel)
  if (!payload.ok) return { kind: 'nothing', refusal: payload }
  const read = decodePayload(payload.value)
  if (!read.ok) return { kind: 'nothing', refusal: read }
  const { body, at } = read.value
  if (!fitsType(body, envelope.type))
    return { kind: 'nothing', refusal: refuse('EN6', 'a body that does not fit its envelope') }
  const content = contentOf(body, read.value)
  if (!content.ok) return { kind: 'nothing', refusal: content }
  return content.value === undefined ? { kind: 'nothing' } : { kind: 'content', at, content: content.value }
}

/** What the words of an envelope change for everybody: who left, how long messages live. */
export function settle(
  draft: ConversationState,
  user: UserId,
  id: MessageId,
  opened: Opened,
  now: number
): void {
  if (opened.kind !== 'content') return
  const { content } = opened
  if (content.kind === 'leave') draft.left.add(user)
  if (content.kind === 'lifetime') {
    const at = Math.min(opened.at, now + SKEW_MS_MAX)
    const { lifetime } = draft
    if (at > lifetime.at || (at === lifetime.at && (lifetime.by === null || id > lifetime.by)))
      draft.lifetime = { seconds: content.seconds, at, by: id }
  }
}

function lifetimeOf(payload: Payload): number {
  const value = payload.ext?.find(([key]) => key === LIFETIME_ROW)?.[1]
  return typeof value === 'number' && value <= 31_536_000 ? value : 0
}

function messageOf(body: BodyOf<'message'>, payload: Payload): Verdict<Content> {
  const valid = validateBody(body)
  if (!valid.ok) return valid
  return accept({
    kind: 'message',
    text: body.content,
    replyTo: body.replyTo,
    lifetime: lifetimeOf(payload)
  })
}

/** The body as content; undefined of kinds that mean nothing here (yet). */
function contentOf(body: Body, payload: Payload): Verdict<Content | undefined> {
  switch (body.kind) {
    case 'message':
      return messageOf(body, payload)
    case 'edit': {
      const valid = validateBody(body)
      return valid.ok ? accept({ kind: 'edit', message: body.message, text: body.content }) : valid
    }
    case 'delete':
      return accept({ kind: 'delete', message: body.message })
    case 'leave':
      return accept({ kind: 'leave' })
    case 'lifetime':
      return accept({ kind: 'lifetime', seconds: body.seconds })
    default:
      return accept(undefined)
  }
}

type KeyTaken = Pick<Extract<Taken, { kind: 'taken' }>, 'opened' | 'epochs' | 'unlocked'>

const nothing = (refusal?: Refusal): KeyTaken => ({
  opened: { kind: 'nothing', ...(refusal === undefined ? {} : { refusal }) },
  epochs: []
})

/** A key record: of the very device whose envelope carries it. */
function recordIn(
  { suite }: ConversationOwner,
  draft: ConversationState,
  device: DeviceId,
  envelope: Envelope
): Verdict<KeyRecord | undefined> {
  const { server, channel } = placeOf(draft.genesis.id)
  const payload = openEnvelope(suite, envelope, topicOf(suite, draft.topicSecret).key, server, channel)
  if (!payload.ok) return payload
  const read = decodePayload(payload.value)
  if (!read.ok) return read
  if (read.value.body.kind !== 'keyRecord') return accept(undefined)
  const record = readKeyRecord(suite, read.value.body.record)
  if (!record.ok) return record
  if (record.value.server !== server || record.value.device !== device)
    return refuse('DM2', 'a key of another conversation or device')
  return verifyKeyRecord(suite, record.value)
    ? record
    : refuse('EK1', 'the signature of the key does not verify')
}

function takeKey(
  owner: ConversationOwner,
  draft: ConversationState,
  device: DeviceId,
  envelope: Envelope,
  now: number
): KeyTaken {
  const record = recordIn(owner, draft, device, envelope)
  if (!record.ok) return nothing(record)
  if (record.value === undefined) return nothing()
  const { body } = record.value
  const held = 'keyId' in body ? draft.epochs.get(body.keyId) : undefined
  if (body.kind === 'epoch') {
    if (body.channel !== placeOf(draft.genesis.id).channel || body.back.length > 0)
      return nothing(refuse('DM2', 'a key of a conversation leads to no other'))
    // Our own is there before its record is.
    if (held !== undefined)
      return held.author === device ? nothing() : nothing(refuse('EK2', 'a key id seen before'))
    const seed =
      openKey(owner.suite, draft.genesis.id, owner.device, owner.prekeys, body, body.commit) ?? null
    const { keyId, commit } = body
    const fresh = { keyId, author: device, commit, seed, since: now, replacedAt: null, used: 0, boxed: [] }
    return { opened: { kind: 'nothing' }, epochs: addEpoch(draft, fresh, now) }
  }
  if (body.kind !== 'grant') return nothing()
  if (held?.author !== device) return nothing(refuse('DM8', 'a key granted by a device that did not make it'))
  if (held.seed !== null) return nothing()
  const seed = openKey(owner.suite, draft.genesis.id, owner.device, owner.prekeys, body, held.commit)
  if (seed === undefined) return nothing()
  const opened = { ...held, seed }
  draft.epochs.set(held.keyId, opened)
  return { opened: { kind: 'nothing' }, epochs: [opened], unlocked: held.keyId }
}

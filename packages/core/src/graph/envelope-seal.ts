/**
 * Sealing and opening envelopes (EN2, EN4, EN7): pad, encrypt under a key bound to server, channel and author,
 * then sign. Which key serves is e2ee's choice.
 */
import {
  accept,
  type ChannelId,
  ENVELOPE_BYTES_MAX,
  idFromBytes,
  idToBytes,
  refuse,
  type ServerId,
  type Verdict
} from '../base/index.ts'
import {
  kdf,
  pad,
  paddedLength,
  type SecretKey,
  signDigest,
  type SigningKey,
  type Suite,
  unpad
} from '../crypto/index.ts'
import { concatBytes } from '../encoding/index.ts'
import {
  authorIdOf,
  encodeHeader,
  type Envelope,
  ENVELOPE_HEADER_BYTES,
  ENVELOPE_SIGNATURE_BYTES,
  EnvelopeType,
  type EnvelopeStub
} from './envelope.ts'

const TAG_BYTES = 16
const ZERO_PREV = new Uint8Array(24)

/** Place of an envelope in its author's chain (EN5). */
export interface ChainLink {
  readonly seq: number
  /** 24 bytes; zeros at seq 1. */
  readonly prev: Uint8Array
}

/** The place of what is never stored (EN9). */
export const EPHEMERAL_LINK: ChainLink = { seq: 0, prev: ZERO_PREV }

/** What an envelope is made of. */
export interface EnvelopeInit {
  readonly type: EnvelopeType
  readonly tag: Uint8Array
  readonly keyRef: Uint8Array
  readonly link: ChainLink
  /** 24 bytes from `Random`; one nonce must never serve one key twice. */
  readonly nonce: Uint8Array
  readonly signingKey: SigningKey
  /** Epoch key, or topic key in type 3: 32 bytes. */
  readonly key: SecretKey
  readonly server: ServerId
  /** The key's channel; the server's own id for `meta` and type 3. */
  readonly channel: ChannelId
  /** Encoded payload (EN6), not padded. */
  readonly payload: Uint8Array
  /**
   * What `authorIdOf` and `messageKey` give for the fields above, where the caller keeps it: they are the same for
   * each message of an author under one key.
   */
  readonly derived?: { readonly authorId: Uint8Array; readonly messageKey: SecretKey }
}

/** Bytes of the envelope that a payload of this length becomes. */
export function envelopeLength(payloadBytes: number): number {
  return ENVELOPE_HEADER_BYTES + paddedLength(payloadBytes) + TAG_BYTES + ENVELOPE_SIGNATURE_BYTES
}

/** KDF(K, "msg", [serverId, chanId, authorId]): one key per epoch and author, so it may be kept. */
export function messageKey(
  suite: Suite,
  key: SecretKey,
  server: ServerId,
  channel: ChannelId,
  authorId: Uint8Array
): SecretKey {
  return kdf(suite, key, 'msg', [idToBytes(server), idToBytes(channel), authorId])
}

/**
 * Seals and signs one payload.
 *
 * Pure: the same arguments give the same bytes, so a replay needs the same nonce.
 *
 * @throws RangeError where the envelope would exceed ENVELOPE_BYTES_MAX or a field has a wrong length.
 */
export function sealEnvelope(suite: Suite, init: EnvelopeInit): Envelope {
  if (envelopeLength(init.payload.length) > ENVELOPE_BYTES_MAX)
    throw new RangeError(`a payload of ${init.payload.length} bytes does not fit an envelope`)
  const authorId =
    init.derived?.authorId ?? authorIdOf(suite, init.tag, idFromBytes('d', init.signingKey.publicKey))
  const fields = {
    type: init.type,
    tag: init.tag,
    keyRef: init.keyRef,
    authorId,
    seq: init.link.seq,
    prev: init.link.prev,
    nonce: init.nonce
  }
  if ((init.link.seq === 0) !== (init.type === EnvelopeType.ephemeral))
    throw new RangeError('seq 0 is for type 4 and only for it')
  const padded = pad(init.payload)
  const end = ENVELOPE_HEADER_BYTES + padded.length + TAG_BYTES
  const bytes = new Uint8Array(end + ENVELOPE_SIGNATURE_BYTES)
  const header = bytes.subarray(0, ENVELOPE_HEADER_BYTES)
  const ciphertext = bytes.subarray(ENVELOPE_HEADER_BYTES, end)
  header.set(encodeHeader(fields))
  const key = init.derived?.messageKey ?? messageKey(suite, init.key, init.server, init.channel, authorId)
  ciphertext.set(suite.xchachaSeal(key, init.nonce, header, padded))
  const ciphertextHash = suite.sha256(ciphertext)
  const idBytes = suite.sha256(concatBytes([header, ciphertextHash]))
  const signature = signDigest(init.signingKey, 'env', idBytes)
  bytes.set(signature, end)
  return {
    ...fields,
    id: idFromBytes('m', idBytes),
    idBytes,
    header,
    ciphertextHash,
    signature,
    ciphertext,
    bytes
  }
}

/**
 * Opens an envelope to its unpadded payload. A wrong key, server, channel, tampering and bad padding are one
 * refusal (EN7), so that nobody learns which.
 *
 * @param key - As in `EnvelopeInit`.
 */
export function openEnvelope(
  suite: Suite,
  envelope: Envelope,
  key: SecretKey,
  server: ServerId,
  channel: ChannelId
): Verdict<Uint8Array> {
  return openEnvelopeWith(suite, envelope, messageKey(suite, key, server, channel, envelope.authorId))
}

/** As `openEnvelope`, with a message key that was derived before. */
export function openEnvelopeWith(suite: Suite, envelope: Envelope, derived: SecretKey): Verdict<Uint8Array> {
  const padded = suite.xchachaOpen(derived, envelope.nonce, envelope.header, envelope.ciphertext)
  const payload = padded === undefined ? undefined : unpad(padded)
  return payload === undefined ? refuse('EN7', 'cannot be opened') : accept(payload)
}

/** The link of the envelope after this one; after nothing, the first. */
export function linkAfter(last: Pick<EnvelopeStub, 'seq' | 'idBytes'> | undefined): ChainLink {
  return last === undefined
    ? { seq: 1, prev: ZERO_PREV }
    : { seq: last.seq + 1, prev: last.idBytes.slice(0, 24) }
}

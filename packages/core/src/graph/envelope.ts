/**
 * The envelope (EN2–EN5): what travels, is stored and is checked by nodes that read nothing.
 *
 * Responsible for the bytes: form, id, author, signature, seal. Not for which key to use (e2ee), nor for what
 * the payload means (e2ee, timeline), nor for whether its author may speak (authority).
 */
import {
  accept,
  type DeviceId,
  ENVELOPE_BYTES_MAX,
  idFromBytes,
  type MessageId,
  readIdBytes,
  refuse,
  UINT_MAX,
  type Verdict
} from '../base/index.ts'
import { labelledHash, type Suite, verifyDigest } from '../crypto/index.ts'
import { concatBytes, equalBytes, uintBytes, uintFromBytes } from '../encoding/index.ts'

/** EN2: the only envelope version so far. */
export const ENVELOPE_VERSION = 1
/** EN2: the only suite so far (CR1). */
export const ENVELOPE_SUITE = 1
/** EN2: header before the ciphertext. */
export const ENVELOPE_HEADER_BYTES = 108
/** EN2: Ed25519 signature behind the ciphertext. */
export const ENVELOPE_SIGNATURE_BYTES = 64
/** EN2, EN7: the smallest padded payload and its tag. */
export const CIPHERTEXT_BYTES_MIN = 144

/** EN2: what an envelope carries, as far as a node that reads nothing may know. */
export const EnvelopeType = { chat: 1, control: 2, key: 3, ephemeral: 4, blobManifest: 5 } as const
/** One of the five types. */
export type EnvelopeType = (typeof EnvelopeType)[keyof typeof EnvelopeType]

const TAG = 4
const KEY_REF = 20
const AUTHOR = 36
const SEQ = 52
const PREV = 60
const NONCE = 84

/** The header's fields. Byte arrays are views of the bytes received: do not change them. */
export interface EnvelopeHeader {
  readonly type: EnvelopeType
  /** Names the server to those who hold its topic secret (EK17): 16 bytes. */
  readonly tag: Uint8Array
  /** keyId masked by topic secret and nonce: 16 bytes. */
  readonly keyRef: Uint8Array
  /** hash("author", tag, DSK)[0..16). */
  readonly authorId: Uint8Array
  /** Place in the author's chain, from 1; 0 in type 4 (EN9). */
  readonly seq: number
  /** First 24 bytes of the author's previous id; zeros at seq 1 and in type 4. */
  readonly prev: Uint8Array
  readonly nonce: Uint8Array
}

/** An envelope without its ciphertext: proves a chain link all the same (EN3). */
export interface EnvelopeStub extends EnvelopeHeader {
  readonly id: MessageId
  readonly idBytes: Uint8Array
  /** The 108 header bytes. */
  readonly header: Uint8Array
  /** SHA-256 of the ciphertext. */
  readonly ciphertextHash: Uint8Array
  readonly signature: Uint8Array
}

/** A whole envelope whose form is right; its signature may not have been checked yet. */
export interface Envelope extends EnvelopeStub {
  readonly ciphertext: Uint8Array
  /** As received: what is stored and passed on. */
  readonly bytes: Uint8Array
}

const isZero = (bytes: Uint8Array): boolean => bytes.every(byte => byte === 0)

/** authorId of a device under a tag (EN2): 16 bytes. */
export function authorIdOf(suite: Suite, tag: Uint8Array, device: DeviceId): Uint8Array {
  return labelledHash(suite, 'author', tag, readIdBytes(device)).subarray(0, 16)
}

/** Header bytes of the fields given; ours, so a wrong length is a RangeError. */
export function encodeHeader(header: EnvelopeHeader): Uint8Array {
  const out = new Uint8Array(ENVELOPE_HEADER_BYTES)
  const put = (field: Uint8Array, from: number, to: number): void => {
    if (field.length !== to - from)
      throw new RangeError(`a header field has ${field.length} bytes, not ${to - from}`)
    out.set(field, from)
  }
  out[0] = ENVELOPE_VERSION
  out[1] = ENVELOPE_SUITE
  out[2] = header.type
  put(header.tag, TAG, KEY_REF)
  put(header.keyRef, KEY_REF, AUTHOR)
  put(header.authorId, AUTHOR, SEQ)
  put(uintBytes(header.seq, 8), SEQ, PREV)
  put(header.prev, PREV, NONCE)
  put(header.nonce, NONCE, ENVELOPE_HEADER_BYTES)
  return out
}

/** Reads 108 header bytes: version, suite, type, flags, and how seq and prev belong together. */
export function readHeader(header: Uint8Array): Verdict<EnvelopeHeader> {
  if (header.length !== ENVELOPE_HEADER_BYTES)
    return refuse('EN2', `a header has ${ENVELOPE_HEADER_BYTES} bytes`)
  if (header[0] !== ENVELOPE_VERSION)
    return refuse('EN15', `envelope version ${header[0]}: newer client needed`)
  if (header[1] !== ENVELOPE_SUITE) return refuse('EN15', `suite ${header[1]}: newer client needed`)
  const type = header[2] as EnvelopeType
  if (type < 1 || type > 5) return refuse('EN15', `envelope type ${type}: newer client needed`)
  if (header[3] !== 0) return refuse('EN15', 'unknown flag: newer client needed')
  const seq = uintFromBytes(header.subarray(SEQ, PREV))
  if (seq === undefined || seq > UINT_MAX) return refuse('EN2', 'seq is above 2^53 - 1')
  const prev = header.subarray(PREV, NONCE)
  if (type === EnvelopeType.ephemeral) {
    if (seq !== 0 || !isZero(prev)) return refuse('EN9', 'an ephemeral envelope has no place in the chain')
  } else {
    if (seq === 0) return refuse('EN2', 'seq counts from 1')
    if (isZero(prev) !== (seq === 1)) return refuse('EN2', 'prev is zero at seq 1 and only there')
  }
  return accept({
    type,
    seq,
    prev,
    tag: header.subarray(TAG, KEY_REF),
    keyRef: header.subarray(KEY_REF, AUTHOR),
    authorId: header.subarray(AUTHOR, SEQ),
    nonce: header.subarray(NONCE, ENVELOPE_HEADER_BYTES)
  })
}

/** id = H(header ‖ H(ciphertext)) (EN3). */
function stubOf(
  suite: Suite,
  fields: EnvelopeHeader,
  header: Uint8Array,
  ciphertextHash: Uint8Array,
  signature: Uint8Array
): EnvelopeStub {
  const idBytes = suite.sha256(concatBytes([header, ciphertextHash]))
  return { ...fields, id: idFromBytes('m', idBytes), idBytes, header, ciphertextHash, signature }
}

/**
 * Reads a peer's envelope: size, form, id. The signature is not checked here (EN13: cheapest first).
 *
 * @param bytes - Kept, not copied.
 */
export function readEnvelope(suite: Suite, bytes: Uint8Array): Verdict<Envelope> {
  if (bytes.length > ENVELOPE_BYTES_MAX)
    return refuse('EN2', `${bytes.length} bytes; at most ${ENVELOPE_BYTES_MAX}`)
  const end = bytes.length - ENVELOPE_SIGNATURE_BYTES
  if (end - ENVELOPE_HEADER_BYTES < CIPHERTEXT_BYTES_MIN)
    return refuse(
      'EN2',
      `${bytes.length} bytes; at least ${ENVELOPE_HEADER_BYTES + CIPHERTEXT_BYTES_MIN + ENVELOPE_SIGNATURE_BYTES}`
    )
  const header = bytes.subarray(0, ENVELOPE_HEADER_BYTES)
  const fields = readHeader(header)
  if (!fields.ok) return fields
  const ciphertext = bytes.subarray(ENVELOPE_HEADER_BYTES, end)
  const ciphertextHash = suite.sha256(ciphertext)
  const idBytes = suite.sha256(concatBytes([header, ciphertextHash]))
  const { type, tag, keyRef, authorId, seq, prev, nonce } = fields.value
  // Field by field: made of spreads it took as long as hashing the header.
  return accept({
    type,
    tag,
    keyRef,
    authorId,
    seq,
    prev,
    nonce,
    id: idFromBytes('m', idBytes),
    idBytes,
    header,
    ciphertextHash,
    signature: bytes.subarray(end),
    ciphertext,
    bytes
  })
}

/** A stub of its parts (EN3): form and id; the signature is not checked here. */
export function readStub(
  suite: Suite,
  header: Uint8Array,
  ciphertextHash: Uint8Array,
  signature: Uint8Array
): Verdict<EnvelopeStub> {
  if (ciphertextHash.length !== 32 || signature.length !== ENVELOPE_SIGNATURE_BYTES)
    return refuse('EN3', 'a stub is header, 32-byte hash, 64-byte signature')
  const fields = readHeader(header)
  return fields.ok ? accept(stubOf(suite, fields.value, header, ciphertextHash, signature)) : fields
}

/**
 * Whether `device` wrote this: authorId, then the one signature over the id (EN3, EN4).
 *
 * @returns The envelope, or EN2 (another author) or EN3 (signature).
 */
export function verifyEnvelope<E extends EnvelopeStub>(
  suite: Suite,
  envelope: E,
  device: DeviceId
): Verdict<E> {
  if (!equalBytes(authorIdOf(suite, envelope.tag, device), envelope.authorId))
    return refuse('EN2', "authorId is not this device's")
  if (!verifyDigest(suite, readIdBytes(device), 'env', envelope.idBytes, envelope.signature))
    return refuse('EN3', 'the signature does not verify')
  return accept(envelope)
}

/** Whether `next` follows `before` in one chain: seq and prev (EN5). */
export function isLinked(before: EnvelopeStub, next: EnvelopeStub): boolean {
  return next.seq === before.seq + 1 && equalBytes(next.prev, before.idBytes.subarray(0, 24))
}

/** How a run was verified: by its last signature, or each by its own. */
export type ChainProof = 'chain' | 'singly'

/**
 * Verifies a run of one author (EN5): where `prev` links hold, the last signature authenticates all before it;
 * where they do not, each envelope is checked by its own.
 *
 * Signatures inside a run verified as `chain` were not looked at, and ids do not cover them: check one with
 * `verifyEnvelope` before passing that envelope on outside its run, or resting authority on it.
 *
 * @param envelopes - Ascending by seq, at least one.
 */
export function verifyChain(
  suite: Suite,
  envelopes: readonly EnvelopeStub[],
  device: DeviceId
): Verdict<ChainProof> {
  const last = envelopes.at(-1)
  if (last === undefined) throw new RangeError('a run has at least one envelope')
  const linked = envelopes.every(
    (each, index) => index === 0 || isLinked(envelopes[index - 1] as EnvelopeStub, each)
  )
  if (!linked) {
    for (const each of envelopes) {
      const verdict = verifyEnvelope(suite, each, device)
      if (!verdict.ok) return verdict
    }
    return accept('singly')
  }
  // One tag and author nearly always: then the last one's check, below, speaks for all.
  for (const each of envelopes) {
    const alike = equalBytes(each.tag, last.tag) && equalBytes(each.authorId, last.authorId)
    if (!alike && !equalBytes(authorIdOf(suite, each.tag, device), each.authorId))
      return refuse('EN2', "authorId is not this device's")
  }
  const verdict = verifyEnvelope(suite, last, device)
  return verdict.ok ? accept('chain') : verdict
}

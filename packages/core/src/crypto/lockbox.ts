/**
 * Lockboxes (LBX1, rule EK3): one secret sealed to many X25519 keys under one ephemeral key.
 *
 * Used by identity (user keys), the key store (recovery slot) and e2ee (key records, grants, hello).
 */
import { compareBytes, concatBytes, equalBytes, lengthPrefixed, uintBytes } from '../encoding/index.ts'
import { kdf } from './derive.ts'
import type { SecretKey, Suite } from './suite.ts'

/** EK1, EK3: what is inside a box; part of what it is bound to. */
export const BoxKind = {
  userKey: 0,
  bucket: 1,
  role: 2,
  epoch: 3,
  grant: 4,
  hello: 6,
  keyStore: 7,
  package: 8,
  request: 9,
  answer: 10,
  link: 11
} as const
/** A box's kind. */
export type BoxKind = (typeof BoxKind)[keyof typeof BoxKind]

/** rid(16) ‖ sealed 32-byte secret (48). */
export const BOX_BYTES = 64
/** Name of a recipient within one set of boxes. */
export const RID_BYTES = 16
/** The rid of the recovery box. */
export const RECOVERY_RID: Uint8Array = new Uint8Array(RID_BYTES)
const SECRET_BYTES = 32
const KEY_BYTES = 32

/** Whom to seal to. */
export interface Recipient {
  /** 16 bytes (EK3). */
  readonly rid: Uint8Array
  /** X25519, 32 bytes. */
  readonly publicKey: Uint8Array
}

/** What a box is bound to beside its keys. */
export interface BoxPurpose {
  readonly kind: BoxKind
  /** keyId of the secret inside: 16 bytes. */
  readonly keyId: Uint8Array
}

/** Who opens. */
export interface Opener extends Recipient {
  readonly secret: SecretKey
}

/** The key of one box and what it is bound to: ctx = [E, P, rid, kind, keyId]. */
function boxKeyAndAad(
  suite: Suite,
  shared: Uint8Array,
  ephemeral: Uint8Array,
  recipient: Recipient,
  purpose: BoxPurpose
): { readonly key: SecretKey; readonly aad: Uint8Array } {
  const context = [ephemeral, recipient.publicKey, recipient.rid, uintBytes(purpose.kind, 1), purpose.keyId]
  return { key: kdf(suite, shared, 'lbx', context), aad: concatBytes(context.map(lengthPrefixed)) }
}

/**
 * Seals a 32-byte secret to one recipient.
 *
 * @param ephemeral - Fresh for one set of boxes, erased afterwards; one box a recipient and ephemeral key,
 *   since the nonce is zero (CR1).
 * @returns 64 bytes, or undefined where the recipient's key gives an all-zero secret (CR4): a peer's fault.
 * @throws RangeError for wrong lengths.
 */
export function sealBox(
  suite: Suite,
  ephemeral: { readonly secret: SecretKey; readonly publicKey: Uint8Array },
  recipient: Recipient,
  purpose: BoxPurpose,
  secret: Uint8Array
): Uint8Array | undefined {
  if (secret.length !== SECRET_BYTES || recipient.rid.length !== RID_BYTES)
    throw new RangeError('a box holds 32 bytes for a 16-byte rid')
  const shared = suite.x25519(ephemeral.secret, recipient.publicKey)
  if (shared === undefined) return undefined
  const { key, aad } = boxKeyAndAad(suite, shared, ephemeral.publicKey, recipient, purpose)
  return concatBytes([recipient.rid, suite.chachaSealOnce(key, aad, secret)])
}

/** Opens one box; undefined where it was not sealed to this opener for this purpose. */
export function openBox(
  suite: Suite,
  ephemeralPublicKey: Uint8Array,
  box: Uint8Array,
  opener: Opener,
  purpose: BoxPurpose
): Uint8Array | undefined {
  if (box.length !== BOX_BYTES || ephemeralPublicKey.length !== KEY_BYTES) return undefined
  if (!equalBytes(box.subarray(0, RID_BYTES), opener.rid)) return undefined
  const shared = suite.x25519(opener.secret, ephemeralPublicKey)
  if (shared === undefined) return undefined
  const { key, aad } = boxKeyAndAad(suite, shared, ephemeralPublicKey, opener, purpose)
  return suite.chachaOpenOnce(key, aad, box.subarray(RID_BYTES))
}

/**
 * Seals a secret to many: `E ‖ box…`, sorted by rid. Recipients whose key is unusable (CR4) are left out;
 * a rid given twice is a RangeError.
 */
export function sealBoxes(
  suite: Suite,
  ephemeralSecret: SecretKey,
  recipients: readonly Recipient[],
  purpose: BoxPurpose,
  secret: Uint8Array
): Uint8Array {
  const ephemeral = { secret: ephemeralSecret, publicKey: suite.x25519PublicKey(ephemeralSecret) }
  const sorted = [...recipients].sort((a, b) => compareBytes(a.rid, b.rid))
  const boxes: Uint8Array[] = [ephemeral.publicKey]
  for (const [index, recipient] of sorted.entries()) {
    const before = sorted[index - 1]
    if (before !== undefined && equalBytes(before.rid, recipient.rid))
      throw new RangeError('a recipient is named twice')
    const box = sealBox(suite, ephemeral, recipient, purpose, secret)
    if (box !== undefined) boxes.push(box)
  }
  return concatBytes(boxes)
}

/** `E ‖ box…` taken apart. */
export interface Boxes {
  readonly ephemeralPublicKey: Uint8Array
  readonly count: number
  /** The box of a rid, or undefined. */
  find(rid: Uint8Array): Uint8Array | undefined
  rids(): readonly Uint8Array[]
}

/** Takes `E ‖ box…` apart: undefined unless whole boxes, at most `max`, strictly ascending by rid. */
export function readBoxes(bytes: Uint8Array, max: number): Boxes | undefined {
  const rest = bytes.length - KEY_BYTES
  if (rest < 0 || rest % BOX_BYTES !== 0 || rest / BOX_BYTES > max) return undefined
  const count = rest / BOX_BYTES
  const box = (index: number): Uint8Array =>
    bytes.subarray(KEY_BYTES + index * BOX_BYTES, KEY_BYTES + (index + 1) * BOX_BYTES)
  const rid = (index: number): Uint8Array => box(index).subarray(0, RID_BYTES)
  for (let index = 1; index < count; index++)
    if (compareBytes(rid(index - 1), rid(index)) >= 0) return undefined
  return {
    ephemeralPublicKey: bytes.subarray(0, KEY_BYTES),
    count,
    find: wanted => {
      for (let index = 0; index < count; index++) if (equalBytes(rid(index), wanted)) return box(index)
      return undefined
    },
    rids: () => Array.from({ length: count }, (_, index) => rid(index))
  }
}

/** Finds the opener's box by rid and opens it; undefined where there is none or it does not open. */
export function openBoxes(
  suite: Suite,
  boxes: Boxes,
  opener: Opener,
  purpose: BoxPurpose
): Uint8Array | undefined {
  const box = boxes.find(opener.rid)
  return box === undefined ? undefined : openBox(suite, boxes.ephemeralPublicKey, box, opener, purpose)
}

/**
 * Receipts (SY16): a device, or a node listed in server state, says over its signature what it holds. The
 * author's `DeliveryTracker` draws its conclusions (SY17).
 */
import {
  accept,
  type DeviceId,
  idFromBytes,
  idToBytes,
  type MessageId,
  refuse,
  type Verdict
} from '../base/index.ts'
import { type SigningKey, signBytes, type Suite, verifyBytes } from '../crypto/index.ts'
import {
  array,
  bytes,
  codec,
  encodeCbor,
  mapped,
  nullable,
  type Schema,
  tuple,
  uint
} from '../encoding/index.ts'
import { RECEIPT_IDS_MAX } from './limits.ts'

/** What a receipt says, weakest first: in memory or queue, on disk, shown to its reader. Wire numbers 0 to 2. */
export const RECEIPT_KINDS = ['held', 'durable', 'read'] as const
/** One of them. */
export type ReceiptKind = (typeof RECEIPT_KINDS)[number]

/** tuple[1, kind, signer, ids, at, until, sig]. */
export interface Receipt {
  readonly kind: ReceiptKind
  readonly signer: DeviceId
  /** 1 to 256 envelopes. */
  readonly ids: readonly MessageId[]
  /** By the signer's clock, ms. */
  readonly at: number
  /** Until when a store node promises to keep them; null from members. */
  readonly until: number | null
}

/** A message id on the wire. */
export const messageId: Schema<MessageId> = mapped(
  bytes(32),
  'a message id',
  each => idFromBytes('m', each),
  idToBytes
)
/** A device on the wire. */
export const deviceId: Schema<DeviceId> = mapped(
  bytes(32),
  'a device key',
  each => idFromBytes('d', each),
  idToBytes
)

const fields = {
  version: uint(1, 1),
  kind: mapped(
    uint(2),
    'a receipt kind',
    each => RECEIPT_KINDS[each],
    (kind: ReceiptKind) => RECEIPT_KINDS.indexOf(kind)
  ),
  signer: deviceId,
  ids: array(messageId, RECEIPT_IDS_MAX, 1),
  at: uint(),
  until: nullable(uint())
}
const unsigned = tuple(fields)
const signed = codec(tuple({ ...fields, signature: bytes(64) }), { rule: 'SY16', maxBytes: 16_384 })

/** Signs a receipt; the signer is the key's device. */
export function createReceipt(suite: Suite, key: SigningKey, receipt: Omit<Receipt, 'signer'>): Uint8Array {
  const body = { version: 1, ...receipt, signer: idFromBytes('d', key.publicKey) }
  const signature = signBytes(suite, key, 'rcpt', encodeCbor(unsigned.write(body)))
  return signed.encode({ ...body, signature })
}

/** Checks form and signature. Whether its signer may say so is the caller's question (SY16, SY17). */
export function verifyReceipt(suite: Suite, bytes: Uint8Array): Verdict<Receipt> {
  const decoded = signed.decode(bytes)
  if (!decoded.ok) return decoded
  const { signature, version, ...receipt } = decoded.value
  const body = encodeCbor(unsigned.write({ version, ...receipt }))
  if (!verifyBytes(suite, idToBytes(receipt.signer), 'rcpt', body, signature))
    return refuse('SY16', 'the signature does not fit')
  return accept(receipt)
}

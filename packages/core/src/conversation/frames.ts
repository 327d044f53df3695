/** DM5, DM6: frames of `/xcord/conversation/1`. */
import { accept, type DeviceId, ENVELOPE_BYTES_MAX, refuse, type Verdict } from '../base/index.ts'
import { array, bool, bytes, codec, literal, type Schema, text, tuple, uint } from '../encoding/index.ts'
import { idSchema } from '../e2ee/index.ts'
import { IDENTITY_LOG_BYTES_MAX } from '../identity/index.ts'
import { ADDRESSES_MAX, CHAINS_MAX, CONVERSATION_FRAME_BYTES_MAX, ITEMS_MAX, PREKEYS_MAX } from './limits.ts'

const log = bytes(1, IDENTITY_LOG_BYTES_MAX + 4_096)
const conversation = idSchema('v')
const device = idSchema('d')

/** Number and fields of every kind. */
const KINDS = {
  hello: [0, { version: literal(1), log, addresses: array(text(256), ADDRESSES_MAX) }],
  prekeys: [1, { prekeys: array(bytes(1, 256), PREKEYS_MAX) }],
  log: [2, { log }],
  conversation: [3, { genesis: bytes(1, 1_024), boxes: bytes(96) }],
  have: [4, { conversation, chains: array(tuple({ device, seq: uint() }), CHAINS_MAX) }],
  items: [
    5,
    {
      conversation,
      device,
      items: array(tuple({ stub: bool, bytes: bytes(1, ENVELOPE_BYTES_MAX) }), ITEMS_MAX, 1)
    }
  ],
  cannotOpen: [6, { conversation, keyId: idSchema('e') }]
} as const

type Kinds = typeof KINDS
type FieldsOf<F> = { readonly [K in keyof F]: F[K] extends Schema<infer T> ? T : never }
/** One frame. */
export type ConversationFrame = {
  [K in keyof Kinds]: { readonly kind: K } & FieldsOf<Kinds[K][1]>
}[keyof Kinds]

/** What one side holds of a conversation: the last place of each chain. */
export type Chains = readonly { readonly device: DeviceId; readonly seq: number }[]

const codecs = Object.entries(KINDS).map(([kind, [number, fields]]) => ({
  kind: kind as keyof Kinds,
  number: number,
  codec: codec(tuple({ number: literal(number), ...fields }), {
    rule: 'DM5',
    maxBytes: CONVERSATION_FRAME_BYTES_MAX,
    maxDepth: 4
  })
}))

/** Canonical bytes. @throws RangeError for values out of bounds: ours. */
export function encodeFrame(frame: ConversationFrame): Uint8Array {
  const row = codecs.find(each => each.kind === frame.kind)
  if (row === undefined) throw new TypeError('no such frame')
  return row.codec.encode({ ...frame, number: row.number })
}

/** A peer's frame: form only. */
export function decodeFrame(input: Uint8Array): Verdict<ConversationFrame> {
  // A tuple of fewer than 24 items has one byte of head; its number, below 24, is one byte too.
  const row = codecs.find(each => each.number === input[1])
  if (row === undefined) return refuse('DM5', 'a frame of no known kind')
  const read = row.codec.decode(input)
  if (!read.ok) return read
  const { number: _number, ...fields } = read.value
  return accept({ ...fields, kind: row.kind } as unknown as ConversationFrame)
}

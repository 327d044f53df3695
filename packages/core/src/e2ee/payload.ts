/** Payloads (EN6): what is under an envelope's seal. */
import {
  accept,
  type ChannelId,
  ENVELOPE_BYTES_MAX,
  type MessageId,
  type OperationId,
  OPERATION_CITES_MAX,
  refuse,
  type Verdict
} from '../base/index.ts'
import {
  anything,
  array,
  type CborValue,
  codec,
  compareBytes,
  literal,
  nullable,
  text,
  tuple,
  uint,
  utf8
} from '../encoding/index.ts'
import { type Body, idSchema, idSet, readBody, writeBody } from './body.ts'

/** EN6: recent messages a payload names as its parents. */
export const PARENTS_MAX = 16
/** EN6: rows of `ext`. */
export const EXT_ROWS_MAX = 32
const EXT_KEY_BYTES_MAX = 64

/** A payload, opened. */
export interface Payload {
  /** A public thread of the key's channel; null for the channel itself. */
  readonly thread: ChannelId | null
  /** The author's clock, ms since the Unix epoch. */
  readonly at: number
  /** Frontier the author had seen (AU34), sorted. */
  readonly auth: readonly OperationId[]
  /** Recent messages (AU34), sorted. */
  readonly parents: readonly MessageId[]
  readonly body: Body
  /** Rows [key, value] sorted by key; absent means none. Unknown keys are ignored, unknown "!" keys refuse. */
  readonly ext?: readonly (readonly [key: string, value: CborValue])[]
}

/** Critical extensions this version understands: none yet. */
const CRITICAL_KEYS: ReadonlySet<string> = new Set()

const payloadCodec = codec(
  tuple({
    version: literal(1),
    thread: nullable(idSchema('c')),
    at: uint(),
    auth: idSet('o', OPERATION_CITES_MAX),
    parents: idSet('m', PARENTS_MAX),
    body: anything,
    ext: array(tuple({ key: text(EXT_KEY_BYTES_MAX, 1), value: anything }), EXT_ROWS_MAX)
  }),
  { rule: 'EN6', maxBytes: ENVELOPE_BYTES_MAX }
)

/** Canonical bytes, not padded. @throws RangeError or TypeError for values out of bounds: ours. */
export function encodePayload(payload: Payload): Uint8Array {
  const ext = (payload.ext ?? []).map(([key, value]) => ({ key, value }))
  if (ext.length > 1) ext.sort((a, b) => compareBytes(utf8(a.key), utf8(b.key)))
  return payloadCodec.encode({
    version: 1,
    thread: payload.thread,
    at: payload.at,
    auth: payload.auth,
    parents: payload.parents,
    body: writeBody(payload.body),
    ext
  })
}

/** A peer's payload: form only. */
export function decodePayload(input: Uint8Array): Verdict<Payload> {
  const decoded = payloadCodec.decode(input)
  if (!decoded.ok) return decoded
  const { thread, at, auth, parents, ext } = decoded.value
  for (const [index, row] of ext.entries()) {
    const before = ext[index - 1]
    if (before !== undefined && compareBytes(utf8(before.key), utf8(row.key)) >= 0)
      return refuse('EN6', 'ext is not sorted by distinct keys')
    if (row.key.startsWith('!') && !CRITICAL_KEYS.has(row.key))
      return refuse('EN6', 'a critical extension this version does not know')
  }
  const body = readBody(decoded.value.body)
  if (!body.ok) return body
  return accept({
    thread,
    at,
    auth,
    parents,
    body: body.value,
    ...(ext.length > 0 && { ext: ext.map(row => [row.key, row.value] as const) })
  })
}

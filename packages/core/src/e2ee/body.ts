/**
 * Bodies (EN6): what a payload says. Every kind has its number and schema from the first release; numbers not
 * in this table decode to `unknown` and are kept unshown.
 */
import {
  accept,
  type BlobId,
  compareIds,
  idFromBytes,
  type IdLetter,
  KEY_RECORD_BYTES_MAX,
  MESSAGE_BYTES_MAX,
  type MessageId,
  OPERATION_BYTES_MAX,
  readIdBytes,
  refuse,
  type RoleId,
  type UserId,
  type Verdict
} from '../base/index.ts'
import {
  array,
  bool,
  bytes,
  type CborValue,
  literal,
  mapped,
  nullable,
  readSchema,
  type Schema,
  text,
  tuple,
  uint
} from '../encoding/index.ts'
import { EnvelopeType } from '../graph/index.ts'

/** EN6: bounds inside one body. */
export const MENTIONS_MAX = 100
export const ATTACHMENTS_MAX = 10
export const ATTACHMENT_NAME_BYTES_MAX = 255
export const ATTACHMENT_TYPE_BYTES_MAX = 127
/** Longest Unicode emoji sequences take about 40 bytes; a custom one is its operation's id as text, 53. */
export const EMOJI_BYTES_MAX = 64
export const STATUS_TEXT_BYTES_MAX = 128
export const DOCUMENT_UPDATE_BYTES_MAX = 49_152
export const DOCUMENT_DEPS_MAX = 64
export const PROFILE_BYTES_MAX = 4_096
export const CHANNEL_NAME_BYTES_MAX = 5_120
/** DM10: messages that disappear do so within a year. */
export const LIFETIME_SECONDS_MAX = 31_536_000
/** IV4: a request to join. */
export const REQUEST_BYTES_MAX = 4_096
const OPERATION_WIRE_BYTES_MAX = OPERATION_BYTES_MAX + 128

/** An id's bytes on the wire, the branded string in memory. */
export function idSchema<L extends IdLetter>(letter: L): Schema<ReturnType<typeof idFromBytes<L>>> {
  return mapped(
    bytes(letter === 'e' ? 16 : 32),
    'an id',
    raw => idFromBytes(letter, raw),
    id => readIdBytes(id)
  )
}

/** Distinct ids, ascending: one set has one form. */
export function idSet<L extends IdLetter>(
  letter: L,
  max: number
): Schema<readonly ReturnType<typeof idFromBytes<L>>[]> {
  return mapped(
    array(idSchema(letter), max),
    'ascending distinct ids',
    ids => (isAscending(ids) ? ids : undefined),
    ids => (isAscending(ids) ? ids : [...new Set(ids)].sort(compareIds))
  )
}

function isAscending(ids: readonly string[]): boolean {
  for (let at = 1; at < ids.length; at++) if ((ids[at - 1] as string) >= (ids[at] as string)) return false
  return true
}

/** Whom a message names (EN6). */
export interface Mentions {
  readonly users: readonly UserId[]
  readonly roles: readonly RoleId[]
  readonly everyone: boolean
}
const mentions: Schema<Mentions> = tuple({
  users: idSet('u', MENTIONS_MAX),
  roles: idSet('r', MENTIONS_MAX),
  everyone: bool
})

/** AT3: all that is needed to fetch, check and open a blob. */
export interface Attachment {
  readonly blob: BlobId
  readonly size: number
  readonly type: string
  readonly name: string
  readonly noncePrefix: Uint8Array
  readonly key: Uint8Array
  readonly keyCommit: Uint8Array
}
const attachment: Schema<Attachment> = tuple({
  blob: idSchema('b'),
  size: uint(),
  type: text(ATTACHMENT_TYPE_BYTES_MAX),
  name: text(ATTACHMENT_NAME_BYTES_MAX),
  noncePrefix: bytes(7),
  key: bytes(32),
  keyCommit: bytes(32)
})
const attachments = array(attachment, ATTACHMENTS_MAX)

const message: Schema<MessageId> = idSchema('m')
const content = text(MESSAGE_BYTES_MAX)

/** Number, name and fields of every kind. */
const KINDS = {
  message: [1, { content, replyTo: nullable(message), mentions, attachments }],
  edit: [2, { message, content, mentions, attachments }],
  delete: [3, { message }],
  reaction: [4, { message, emoji: text(EMOJI_BYTES_MAX, 1), on: bool }],
  pin: [5, { message, on: bool }],
  document: [
    6,
    {
      document: bytes(32),
      deps: idSet('m', DOCUMENT_DEPS_MAX),
      client: uint(0xffff_ffff),
      clockFrom: uint(0xffff_ffff),
      clockTo: uint(0xffff_ffff),
      update: bytes(0, DOCUMENT_UPDATE_BYTES_MAX)
    }
  ],
  operation: [16, { operation: bytes(1, OPERATION_WIRE_BYTES_MAX) }],
  keyRecord: [17, { record: bytes(1, KEY_RECORD_BYTES_MAX) }],
  profile: [18, { profile: bytes(1, PROFILE_BYTES_MAX) }],
  channelName: [19, { name: bytes(1, CHANNEL_NAME_BYTES_MAX) }],
  inviteAsk: [20, { invite: idSchema('i'), linkBox: bytes(32), askSecret: bytes(32) }],
  joinRequest: [21, { request: bytes(1, REQUEST_BYTES_MAX) }],
  joinAnswer: [22, { request: bytes(1, REQUEST_BYTES_MAX), sealed: nullable(bytes(96)) }],
  leave: [23, {}],
  lifetime: [24, { seconds: uint(LIFETIME_SECONDS_MAX) }],
  typing: [32, { on: bool }],
  presence: [33, { status: uint(3), text: nullable(text(STATUS_TEXT_BYTES_MAX)) }],
  voiceState: [34, { call: nullable(bytes(16)), flags: uint(255) }]
} as const

type Kinds = typeof KINDS
/** Name of a known kind. */
export type BodyKind = keyof Kinds
type FieldsOf<F> = { readonly [K in keyof F]: F[K] extends Schema<infer T> ? T : never }
/** One body of a known kind. */
export type BodyOf<K extends BodyKind> = { readonly kind: K } & FieldsOf<Kinds[K][1]>
/** A kind of a newer client, kept as it came. */
export interface UnknownBody {
  readonly kind: 'unknown'
  readonly number: number
  readonly value: readonly CborValue[]
}
/** What a payload says. */
export type Body = { [K in BodyKind]: BodyOf<K> }[BodyKind] | UnknownBody

/** EN6: presence on the wire. */
export const PresenceStatus = { offline: 0, online: 1, idle: 2, doNotDisturb: 3 } as const

interface Row {
  readonly kind: BodyKind
  readonly number: number
  /** Its fields, without the number. */
  readonly names: readonly string[]
  readonly schema: Schema<Record<string, unknown>>
}
const rows: readonly Row[] = (
  Object.entries(KINDS) as [BodyKind, readonly [number, Record<string, Schema<unknown>>]][]
).map(([kind, [number, fields]]) => ({
  kind,
  number,
  names: Object.keys(fields),
  schema: tuple({ number: literal(number), ...fields }) as never
}))
const byNumber = new Map(rows.map(row => [row.number, row]))
const byKind = new Map(rows.map(row => [row.kind, row]))

/** Reads a decoded body; an unknown number is no refusal (EN6). */
export function readBody(value: CborValue): Verdict<Body> {
  if (!Array.isArray(value) || typeof value[0] !== 'number')
    return refuse('EN6', 'a body is an array that opens with its kind')
  const row = byNumber.get(value[0])
  if (row === undefined)
    return accept({ kind: 'unknown', number: value[0], value: value as readonly CborValue[] })
  const read = readSchema(row.schema, value, 'EN6')
  if (!read.ok) return read
  const body: Record<string, unknown> = { kind: row.kind }
  for (const name of row.names) body[name] = read.value[name]
  return accept(body as unknown as Body)
}

/** Writes a body of a known kind. */
export function writeBody(body: Body): CborValue {
  if (body.kind === 'unknown') return body.value
  const row = byKind.get(body.kind)
  if (row === undefined) throw new TypeError(`no body kind "${String(body.kind)}"`)
  return row.schema.write({ ...body, number: row.number })
}

/** The number of a body's kind. */
export function bodyNumber(body: Body): number {
  return body.kind === 'unknown' ? body.number : (byKind.get(body.kind) as Row).number
}

/**
 * Whether an envelope of this type may carry this body (EN6): what is stored for ever must not arrive as
 * something that is never stored, or the other way. Joins (16) may ride in type 3 (EN10).
 */
export function fitsType(body: Body, type: EnvelopeType): boolean {
  const number = bodyNumber(body)
  if (number >= 1 && number < 16) return type === EnvelopeType.chat
  if (number === 16) return type === EnvelopeType.control || type === EnvelopeType.key
  if (number === 17) return type === EnvelopeType.key
  if (number < 32) return type === EnvelopeType.control
  if (number < 48) return type === EnvelopeType.ephemeral
  return true
}

/** The type an own body travels under. */
export function typeFor(body: Body): EnvelopeType {
  const number = bodyNumber(body)
  if (number < 16) return EnvelopeType.chat
  if (number === 17) return EnvelopeType.key
  return number < 32 ? EnvelopeType.control : EnvelopeType.ephemeral
}

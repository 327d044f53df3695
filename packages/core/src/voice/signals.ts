/** Frames on a voice stream (VX7): what two members of a call say to each other beside the audio. */
import {
  accept,
  type ChannelId,
  idFromBytes,
  readIdBytes,
  refuse,
  type ServerId,
  type Verdict
} from '../base/index.ts'
import {
  anything,
  array,
  bytes,
  type CborValue,
  codec,
  literal,
  mapped,
  nullable,
  readSchema,
  type Schema,
  text,
  toHex,
  tuple,
  uint
} from '../encoding/index.ts'
import { CANDIDATE_BYTES_MAX, SDP_BYTES_MAX, VOICE_FRAME_BYTES_MAX } from './limits.ts'

/** One joining of one device: 16 random bytes as hex. A description of another joining is worth nothing. */
export type SessionId = string

export const SESSION_BYTES = 16

/** VX5, VX7: what a member of a call says of itself. */
export const VoiceFlags = { muted: 1, deafened: 2, video: 4, stream: 8, speaking: 16, priority: 32 } as const

/** VX7: kinds of media; later versions add to the list. */
export const MediaKind = { audio: 1 } as const

/** Why somebody is not talked with. */
export const REFUSALS = ['full', 'denied', 'absent'] as const
export type CallRefusal = (typeof REFUSALS)[number]

/** Whether audio of the other side arrives. */
export const HEARINGS = ['unknown', 'yes', 'no'] as const
export type Hearing = (typeof HEARINGS)[number]

const session: Schema<SessionId> = mapped(
  bytes(SESSION_BYTES),
  'a session',
  raw => toHex(raw),
  hex => Uint8Array.from(hex.match(/../g) ?? [], each => Number.parseInt(each, 16))
)
const id = <L extends 'c' | 's' | 'd'>(letter: L): Schema<ReturnType<typeof idFromBytes<L>>> =>
  mapped(
    bytes(32),
    'an id',
    raw => idFromBytes(letter, raw),
    value => readIdBytes(value)
  )
const oneOf = <T extends string>(list: readonly T[]): Schema<T> =>
  mapped(
    uint(list.length - 1),
    'one of a list',
    at => list[at],
    value => list.indexOf(value)
  )
const attempt = uint(0xffff_ffff, 1)
const flags = uint(255)

const KINDS = {
  /** I am in this channel. `since`: by my clock. */
  hello: [1, { since: uint(), flags, media: array(uint(255), 8) }],
  /** A claim (VX1), its signature, and the description it is about. */
  description: [2, { claim: bytes(1, 1_024), signature: bytes(64), sdp: text(SDP_BYTES_MAX) }],
  candidate: [
    3,
    {
      attempt,
      candidate: text(CANDIDATE_BYTES_MAX),
      mid: nullable(text(64)),
      line: nullable(uint(255))
    }
  ],
  /** This attempt is over: make the next. From the side that does not offer. */
  again: [4, { attempt }],
  state: [5, { flags, attempt: uint(0xffff_ffff), hears: oneOf(HEARINGS) }],
  bye: [6, {}],
  refused: [7, { why: oneOf(REFUSALS) }],
  /** A moderator's word: this session is to go (to another channel). */
  move: [8, { device: id('d'), target: session, to: nullable(id('c')) }],
  /** Presence (VX5) for whom gossip does not reach. `at`: by my clock, ms. */
  present: [9, { session: nullable(session), flags, at: uint() }]
} as const

type Kinds = typeof KINDS
type FieldsOf<F> = { readonly [K in keyof F]: F[K] extends Schema<infer T> ? T : never }
export type SignalKind = keyof Kinds
/** What is said. */
export type Signal = { [K in SignalKind]: { readonly kind: K } & FieldsOf<Kinds[K][1]> }[SignalKind]

/** A signal with whom it is between. */
export interface VoiceFrame {
  readonly server: ServerId
  readonly channel: ChannelId
  readonly from: SessionId
  /** null while the other's session is not known. */
  readonly to: SessionId | null
  readonly signal: Signal
}

const frameCodec = codec(
  tuple({
    version: literal(1),
    kind: uint(0xffff),
    server: id('s'),
    channel: id('c'),
    from: session,
    to: nullable(session),
    body: anything
  }),
  { rule: 'VX7', maxBytes: VOICE_FRAME_BYTES_MAX }
)

const rows = (
  Object.entries(KINDS) as [SignalKind, readonly [number, Record<string, Schema<unknown>>]][]
).map(([kind, [number, fields]]) => ({
  kind,
  number,
  schema: tuple(fields)
}))

/** Canonical bytes. */
export function encodeFrame(frame: VoiceFrame): Uint8Array {
  const { kind, ...fields } = frame.signal
  const row = rows.find(each => each.kind === kind)
  if (row === undefined) throw new TypeError(`no signal "${String(kind)}"`)
  const { server, channel, from, to } = frame
  const body: CborValue = row.schema.write(fields)
  return frameCodec.encode({ version: 1, kind: row.number, server, channel, from, to, body })
}

/** A peer's frame: form only. undefined for a kind of a newer version, which is passed over. */
export function decodeFrame(input: Uint8Array): Verdict<VoiceFrame | undefined> {
  const read = frameCodec.decode(input)
  if (!read.ok) return read
  const { server, channel, from, to, kind, body } = read.value
  const row = rows.find(each => each.number === kind)
  if (row === undefined) return accept(undefined)
  const fields = readSchema(row.schema, body, 'VX7')
  if (!fields.ok) return fields
  const signal = { ...fields.value, kind: row.kind } as Signal
  if (signal.kind === 'hello' && !signal.media.includes(MediaKind.audio))
    return refuse('VX7', 'a call has audio')
  return accept({ server, channel, from, to, signal })
}

/** A session's bytes. */
export function sessionBytes(of: SessionId): Uint8Array {
  return session.write(of) as Uint8Array
}

/** A session of its bytes. */
export function sessionOf(raw: Uint8Array): SessionId {
  return toHex(raw)
}

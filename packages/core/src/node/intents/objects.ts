/**
 * What the payloads of a server's objects say (AU12, 70; ND18): small pictures and sounds that travel in the operation
 * itself, and events. Webhooks come with what receives them.
 */
import { NAME_BYTES_MAX, type OperationId, type UserId } from '../../base/index.ts'
import { type AuthorityState, draft, type OperationDraft } from '../../authority/index.ts'
import { bytes, codec, literal, nullable, text, tuple, uint } from '../../encoding/index.ts'

/** AU12: bytes of a payload. */
const PAYLOAD_BYTES_MAX = 8_192
/** Bytes of a picture or sound: what is left beside its type. */
export const MEDIA_BYTES_MAX = 8_000
const TYPE_BYTES_MAX = 127

/** A picture or a sound for people to use, or an event to come to. */
export type ObjectContent =
  | {
      readonly kind: 'emoji' | 'sticker' | 'sound'
      /** As people type it: letters, digits and underscores. */
      readonly name: string
      readonly mediaType: string
      readonly media: Uint8Array
    }
  | {
      readonly kind: 'event'
      readonly name: string
      /** ms since the Unix epoch. */
      readonly startsAt: number
      readonly endsAt: number | null
      readonly description: string | null
      readonly location: string | null
    }

/** An object that stands. */
export type ServerObject = ObjectContent & { readonly id: OperationId; readonly creator: UserId }

const TYPES = ['emoji', 'sticker', 'sound', 'webhook', 'event'] as const
const mediaCodec = codec(
  tuple({ version: literal(1), mediaType: text(TYPE_BYTES_MAX, 1), media: bytes(1, MEDIA_BYTES_MAX) }),
  { rule: 'ND18', maxBytes: PAYLOAD_BYTES_MAX }
)
const eventCodec = codec(
  tuple({
    version: literal(1),
    startsAt: uint(),
    endsAt: nullable(uint()),
    description: nullable(text(4_096, 1)),
    location: nullable(text(256, 1))
  }),
  { rule: 'ND18', maxBytes: PAYLOAD_BYTES_MAX }
)

/**
 * The operation that makes or changes an object.
 *
 * @throws RangeError where a name or a payload is out of bounds: our caller's mistake.
 */
export function draftObject(
  object: OperationId | null,
  content: ObjectContent,
  reason: string | null
): OperationDraft {
  const { kind, name } = content
  if (kind !== 'event' && !/^[0-9A-Za-z_]{2,32}$/.test(name))
    throw new RangeError('a name to type has 2 to 32 letters, digits and underscores')
  if (name.trim() === '' || new TextEncoder().encode(name).length > NAME_BYTES_MAX)
    throw new RangeError(`a name has 1 to ${NAME_BYTES_MAX} bytes`)
  if (kind === 'event' && content.endsAt !== null && content.endsAt <= content.startsAt)
    throw new RangeError('an event ends after it starts')
  const payload =
    kind === 'event'
      ? eventCodec.encode({ version: 1, ...pick(content) })
      : mediaCodec.encode({ version: 1, mediaType: content.mediaType, media: content.media })
  return draft('objectSet', { object, type: TYPES.indexOf(kind), channel: null, name, payload, reason })
}

function pick({ startsAt, endsAt, description, location }: Extract<ObjectContent, { kind: 'event' }>): {
  startsAt: number
  endsAt: number | null
  description: string | null
  location: string | null
} {
  return { startsAt, endsAt, description, location }
}

/** Objects of a state that this version understands, in order of their ids. */
export function serverObjects(state: AuthorityState): readonly ServerObject[] {
  return state.objects().flatMap(({ id, type, name, payload, creator }): readonly ServerObject[] => {
    if (type === 'webhook') return []
    if (type === 'event') {
      const read = eventCodec.decode(payload)
      return read.ok ? [{ kind: type, id, name, creator, ...pick({ kind: type, name, ...read.value }) }] : []
    }
    const read = mediaCodec.decode(payload)
    if (!read.ok) return []
    const { mediaType, media } = read.value
    return [{ kind: type, id, name, creator, mediaType, media }]
  })
}

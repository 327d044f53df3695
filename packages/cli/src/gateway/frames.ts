/** The event stream as frames: the same over a WebSocket and within the process. */
import Type from 'typebox'
import type { EventJson, EventName } from '@xcord/sdk'
import { errorJson, usage } from '../errors/outcome.ts'
import type { GatewayInit } from './context.ts'
import { EVENT_DATA, EVENT_NAMES } from './event-schemas.ts'
import { ErrorSchema, Id } from './schemas.ts'

const cursor = Type.String({ description: 'Opaque; goes into "since" to continue behind it' })

const HelloSchema = Type.Object(
  {
    frame: Type.Literal('hello'),
    version: Type.String(),
    identity: Id,
    cursor: Type.String({ description: 'Newest event when the stream began' })
  },
  { $id: 'HelloFrame' }
)
const GapSchema = Type.Object(
  { frame: Type.Literal('gap'), cursor, reason: Type.String(), from: Type.String(), to: Type.String() },
  { $id: 'GapFrame', description: 'Events between are no longer kept: read the present state again' }
)
const PingSchema = Type.Object({ frame: Type.Literal('ping'), cursor }, { $id: 'PingFrame' })
const ErrorFrameSchema = Type.Object(
  { frame: Type.Literal('error'), error: ErrorSchema },
  { $id: 'ErrorFrame' }
)
export const AckSchema = Type.Object({ frame: Type.Literal('ack'), cursor }, { $id: 'AckFrame' })
const eventSchemas = EVENT_NAMES.filter(type => type !== 'gap').map(type =>
  Type.Object({ frame: Type.Literal('event'), cursor, type: Type.Literal(type), data: EVENT_DATA[type] })
)

/** Frames the daemon sends, as one schema; `ack` is what a reader may send. */
export const FrameSchema = Type.Union(
  [HelloSchema, GapSchema, PingSchema, ErrorFrameSchema, ...eventSchemas],
  { $id: 'Frame' }
)

export type HelloFrame = Type.Static<typeof HelloSchema>
export type GapFrame = Type.Static<typeof GapSchema>
export type EventFrame = { readonly frame: 'event' } & Exclude<EventJson, { type: 'gap' }>
export type ErrorFrame = Type.Static<typeof ErrorFrameSchema>
export type Frame = HelloFrame | GapFrame | EventFrame | Type.Static<typeof PingSchema> | ErrorFrame

export interface FrameOptions {
  /** Exclusive; absent: from now on. */
  readonly since?: string
  readonly types?: readonly EventName[]
  readonly signal?: AbortSignal
}

/** Names of events as a list with commas. XCORD_USAGE for a name that does not exist. */
export function parseTypes(text: string | undefined): readonly EventName[] | undefined {
  if (text === undefined || text === '') return undefined
  return text.split(',').map(part => {
    const name = EVENT_NAMES.find(each => each === part.trim())
    if (name === undefined)
      throw usage('types', `no event is called "${part.trim()}"; there are ${EVENT_NAMES.join(', ')}`)
    return name
  })
}

/**
 * `hello`, then every event from the cursor on. Ends with the signal, or behind an `error` frame.
 *
 * The newest cursor is taken before the subscription starts, so nothing falls between the two.
 */
export async function* frames(
  init: Pick<GatewayInit, 'client' | 'version'>,
  options: FrameOptions
): AsyncGenerator<Frame, void, undefined> {
  const { client } = init
  const newest = client.cursor
  yield { frame: 'hello', version: init.version, identity: client.identity.id, cursor: newest }
  const stream = client.events({
    since: options.since ?? newest,
    ...(options.types === undefined ? {} : { types: options.types }),
    ...(options.signal === undefined ? {} : { signal: options.signal })
  })
  try {
    for await (const event of stream) {
      if (event.type === 'gap') yield { frame: 'gap', cursor: event.cursor, ...event.data }
      else yield { frame: 'event', ...event }
    }
  } catch (error) {
    if (options.signal?.aborted !== true) yield { frame: 'error', error: errorJson(error) }
  }
}

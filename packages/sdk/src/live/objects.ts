/** Emojis, stickers, sounds and events as objects with verbs. */
import { type ObjectContent, type ServerObject, serverObjects } from '@xcord/core/node'
import type { OperationId } from '@xcord/core'
import type {
  Expression,
  ReasonOptions,
  ScheduledEvent,
  ScheduledEventInit,
  Server,
  Written
} from '../types.ts'
import { dateOf } from './date-of.ts'
import { findNamed } from './find.ts'
import type { LiveServer } from './server.ts'
import { toWritten } from './written.ts'

type Media = Extract<ServerObject, { readonly media: Uint8Array }>
type Event = Extract<ServerObject, { readonly kind: 'event' }>

async function set(
  server: LiveServer,
  object: OperationId | null,
  content: ObjectContent,
  options: ReasonOptions
): Promise<Written> {
  return toWritten(
    await server.replica.operate({ kind: 'object:set', object, content }, options.reason ?? null)
  )
}

async function remove(server: LiveServer, object: OperationId, options: ReasonOptions): Promise<Written> {
  return toWritten(await server.replica.operate({ kind: 'object:remove', object }, options.reason ?? null))
}

function liveExpression(server: LiveServer, found: Media): Expression {
  const { id, kind, name, mediaType, media, creator } = found
  return {
    id,
    server,
    kind,
    name,
    mediaType,
    media,
    creator,
    rename: async (next, options = {}) =>
      await set(server, id, { kind, mediaType, media, name: next }, options),
    remove: async (options = {}) => await remove(server, id, options),
    toJSON: () => ({
      id,
      server: server.id,
      kind,
      name,
      creator,
      mediaType,
      media: btoa(String.fromCharCode(...media))
    })
  }
}

/** Emojis, stickers and sounds of a server. */
export function expressionCollection(server: LiveServer): Server['expressions'] {
  const current = (): readonly Expression[] =>
    serverObjects(server.replica.state())
      .filter(each => each.kind !== 'event')
      .map(each => liveExpression(server, each))
  return {
    get all() {
      return current()
    },
    get: idOrName => findNamed(current(), idOrName.replace(/^:(.*):$/, '$1'), ''),
    create: async ({ kind, name, mediaType, media }, options = {}) => {
      const content = { kind, name, mediaType, media }
      const { operation } = await set(server, null, content, options)
      return liveExpression(server, { id: operation, creator: server.context.node.user, ...content })
    }
  }
}

function eventContent(init: ScheduledEventInit): Extract<ObjectContent, { kind: 'event' }> {
  const { name, startsAt, endsAt, description, location } = init
  return {
    kind: 'event',
    name,
    startsAt: startsAt.getTime(),
    endsAt: endsAt?.getTime() ?? null,
    description: description ?? null,
    location: location ?? null
  }
}

function liveEvent(server: LiveServer, found: Event): ScheduledEvent {
  const { id, name, description, location, creator } = found
  const startsAt = dateOf(found.startsAt)
  const endsAt = found.endsAt === null ? null : dateOf(found.endsAt)
  return {
    id,
    server,
    name,
    startsAt,
    endsAt,
    description,
    location,
    creator,
    edit: async (changes, options = {}) =>
      await set(
        server,
        id,
        eventContent({ name, startsAt, endsAt, description, location, ...changes }),
        options
      ),
    remove: async (options = {}) => await remove(server, id, options),
    toJSON: () => ({
      id,
      server: server.id,
      name,
      startsAt: startsAt.toISOString(),
      endsAt: endsAt?.toISOString() ?? null,
      description,
      location,
      creator
    })
  }
}

/** Events of a server, soonest first. */
export function scheduleCollection(server: LiveServer): Server['schedule'] {
  const current = (): readonly ScheduledEvent[] =>
    serverObjects(server.replica.state())
      .filter(each => each.kind === 'event')
      .sort((a, b) => a.startsAt - b.startsAt)
      .map(each => liveEvent(server, each))
  return {
    get all() {
      return current()
    },
    get: idOrName => findNamed(current(), idOrName, ''),
    create: async (init, options = {}) => {
      const content = eventContent(init)
      const { operation } = await set(server, null, content, options)
      return liveEvent(server, { id: operation, creator: server.context.node.user, ...content })
    }
  }
}

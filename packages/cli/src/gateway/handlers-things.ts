/** Policy, voice, readmission, expressions and the schedule as calls of the SDK. */
import { XcordError } from '@xcord/core'
import type { ScheduledEventInit, Server } from '@xcord/sdk'
import { findMember, findMessage, findServer } from './find.ts'
import type { Handlers } from './handlers.ts'
import type { things } from './routes-things.ts'

const because = (reason: string | undefined) => (reason === undefined ? {} : { reason })

function found<T>(thing: T | undefined, server: Server, text: string, what: string): T {
  if (thing === undefined)
    throw new XcordError('XCORD_USAGE', `"${server.name}" has no ${what} "${text}"`, { argument: text })
  return thing
}

interface EventBody {
  readonly name?: string
  readonly startsAt?: string
  readonly endsAt?: string | null
  readonly description?: string | null
  readonly location?: string | null
}

function eventOf({ startsAt, endsAt, ...rest }: EventBody): Partial<ScheduledEventInit> {
  return {
    ...rest,
    ...(startsAt === undefined ? {} : { startsAt: new Date(startsAt) }),
    ...(endsAt === undefined ? {} : { endsAt: endsAt === null ? null : new Date(endsAt) })
  }
}

/** Base64 as bytes. XCORD_USAGE. */
function bytesOf(media: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(media))
    throw new XcordError('XCORD_USAGE', 'media is not base64', { argument: 'media' })
  return new Uint8Array(Buffer.from(media, 'base64'))
}

export const thingHandlers: Handlers<keyof typeof things> = {
  getPolicy: ({ context: { client } }, { params }) => {
    const server = findServer(client, params.server)
    return { server: server.id, ...server.policy }
  },
  setPolicy: async ({ context: { client } }, { params, body: { reason, ...changes } }) =>
    (await findServer(client, params.server).setPolicy(changes, because(reason))).toJSON(),
  setVoice: async ({ context: { client } }, { params, body: { reason, ...changes } }) =>
    (
      await findMember(findServer(client, params.server), params.member).setVoice(changes, because(reason))
    ).toJSON(),
  readmitMessage: async ({ context: { client } }, { params, body }) =>
    (await (await findMessage(client, params.message)).readmit(because(body.reason))).toJSON(),
  listExpressions: ({ context: { client } }, { params }) => ({
    items: findServer(client, params.server).expressions.all.map(each => each.toJSON())
  }),
  createExpression: async ({ context: { client } }, { params, body: { reason, media, ...init } }) =>
    (
      await findServer(client, params.server).expressions.create(
        { ...init, media: bytesOf(media) },
        because(reason)
      )
    ).toJSON(),
  renameExpression: async ({ context: { client } }, { params, body }) => {
    const server = findServer(client, params.server)
    const thing = found(
      server.expressions.get(params.expression),
      server,
      params.expression,
      'emoji or its like'
    )
    return (await thing.rename(body.name, because(body.reason))).toJSON()
  },
  removeExpression: async ({ context: { client } }, { params, query }) => {
    const server = findServer(client, params.server)
    const thing = found(
      server.expressions.get(params.expression),
      server,
      params.expression,
      'emoji or its like'
    )
    return (await thing.remove(because(query.reason))).toJSON()
  },
  listSchedule: ({ context: { client } }, { params }) => ({
    items: findServer(client, params.server).schedule.all.map(each => each.toJSON())
  }),
  createScheduledEvent: async ({ context: { client } }, { params, body: { reason, ...body } }) => {
    const init = { ...eventOf(body), name: body.name, startsAt: new Date(body.startsAt) }
    return (await findServer(client, params.server).schedule.create(init, because(reason))).toJSON()
  },
  editScheduledEvent: async ({ context: { client } }, { params, body: { reason, ...body } }) => {
    const server = findServer(client, params.server)
    const event = found(server.schedule.get(params.event), server, params.event, 'event')
    return (await event.edit(eventOf(body), because(reason))).toJSON()
  },
  removeScheduledEvent: async ({ context: { client } }, { params, query }) => {
    const server = findServer(client, params.server)
    const event = found(server.schedule.get(params.event), server, params.event, 'event')
    return (await event.remove(because(query.reason))).toJSON()
  }
}

/** Routes of what a server has beside channels and people: policy, emojis and their like, events to come to. */
import Type from 'typebox'
import { because, ofServer, reason, text } from './route-parts.ts'
import { input, listOf, route } from './route.ts'
import { ExpressionSchema, OperationSchema, PolicySchema, ScheduledEventSchema } from './schemas.ts'

const ofMember = Type.Object({ server: text, member: text })
const ofMessage = Type.Object({ message: text })
const ofExpression = Type.Object({ server: text, expression: text })
const ofEvent = Type.Object({ server: text, event: text })
const dateTime = Type.String({ format: 'date-time' })
const orNull = <S extends Type.TSchema>(schema: S) => Type.Optional(Type.Union([schema, Type.Null()]))

const rules = {
  getPolicy: route({
    method: 'GET',
    url: '/v1/servers/:server/policy',
    tag: 'servers',
    summary: 'What only the owner decides',
    params: ofServer,
    reply: PolicySchema
  }),
  setPolicy: route({
    method: 'PATCH',
    url: '/v1/servers/:server/policy',
    tag: 'servers',
    summary: 'Decides it; what is not named stays',
    params: ofServer,
    body: input({
      invites: Type.Optional(
        Type.Unsafe<'open' | 'approval'>({ type: 'string', enum: ['open', 'approval'] })
      ),
      transferNeedsPhrase: Type.Optional(Type.Boolean()),
      reason
    }),
    reply: OperationSchema
  }),
  setVoice: route({
    method: 'PUT',
    url: '/v1/servers/:server/members/:member/voice',
    tag: 'members',
    summary: 'Takes voice or hearing away in voice channels, or gives it back',
    params: ofMember,
    body: input({ muted: Type.Optional(Type.Boolean()), deafened: Type.Optional(Type.Boolean()), reason }),
    reply: OperationSchema
  }),
  readmitMessage: route({
    method: 'POST',
    url: '/v1/messages/:message/readmit',
    tag: 'messages',
    summary: 'Shows a message again that a denial of its author hid, with all its device wrote before it',
    params: ofMessage,
    body: input({ reason }),
    reply: OperationSchema
  })
}

const expressions = {
  listExpressions: route({
    method: 'GET',
    url: '/v1/servers/:server/expressions',
    tag: 'expressions',
    summary: 'Emojis, stickers and sounds',
    params: ofServer,
    reply: listOf(ExpressionSchema)
  }),
  createExpression: route({
    method: 'POST',
    url: '/v1/servers/:server/expressions',
    tag: 'expressions',
    summary: 'Adds an emoji, sticker or sound of at most 8,000 bytes',
    status: 201,
    params: ofServer,
    body: input({
      kind: Type.Unsafe<'emoji' | 'sticker' | 'sound'>({
        type: 'string',
        enum: ['emoji', 'sticker', 'sound']
      }),
      name: text,
      mediaType: text,
      media: Type.String({ minLength: 1, description: 'Base64' }),
      reason
    }),
    reply: ExpressionSchema
  }),
  renameExpression: route({
    method: 'PATCH',
    url: '/v1/servers/:server/expressions/:expression',
    tag: 'expressions',
    summary: 'Renames an emoji, sticker or sound',
    params: ofExpression,
    body: input({ name: text, reason }),
    reply: OperationSchema
  }),
  removeExpression: route({
    method: 'DELETE',
    url: '/v1/servers/:server/expressions/:expression',
    tag: 'expressions',
    summary: 'Removes an emoji, sticker or sound',
    params: ofExpression,
    query: because,
    reply: OperationSchema
  })
}

const schedule = {
  listSchedule: route({
    method: 'GET',
    url: '/v1/servers/:server/schedule',
    tag: 'schedule',
    summary: 'Events, soonest first',
    params: ofServer,
    reply: listOf(ScheduledEventSchema)
  }),
  createScheduledEvent: route({
    method: 'POST',
    url: '/v1/servers/:server/schedule',
    tag: 'schedule',
    summary: 'Plans an event',
    status: 201,
    params: ofServer,
    body: input({
      name: text,
      startsAt: dateTime,
      endsAt: orNull(dateTime),
      description: orNull(text),
      location: orNull(text),
      reason
    }),
    reply: ScheduledEventSchema
  }),
  editScheduledEvent: route({
    method: 'PATCH',
    url: '/v1/servers/:server/schedule/:event',
    tag: 'schedule',
    summary: 'Changes an event; what is not named stays',
    params: ofEvent,
    body: input({
      name: Type.Optional(text),
      startsAt: Type.Optional(dateTime),
      endsAt: orNull(dateTime),
      description: orNull(text),
      location: orNull(text),
      reason
    }),
    reply: OperationSchema
  }),
  removeScheduledEvent: route({
    method: 'DELETE',
    url: '/v1/servers/:server/schedule/:event',
    tag: 'schedule',
    summary: 'Calls an event off',
    params: ofEvent,
    query: because,
    reply: OperationSchema
  })
}

export const things = { ...rules, ...expressions, ...schedule }

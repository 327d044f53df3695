/** Routes of one's own presence. */
import Type from 'typebox'
import type { OwnPresenceJson } from '@xcord/sdk'
import { input, route } from './route.ts'
import { literals, nullable, shape, time } from './schemas.ts'

const status = literals('online', 'idle', 'dnd', 'invisible')
const text = nullable(Type.String({ maxLength: 128 }))
const OwnPresenceSchema = shape<OwnPresenceJson>()(
  Type.Object(
    {
      status,
      text: nullable(Type.String()),
      until: nullable(time),
      away: Type.Optional(Type.Unsafe<true>({ type: 'boolean' }))
    },
    { $id: 'OwnPresence' }
  )
)

export const presence = {
  getPresence: route({
    method: 'GET',
    url: '/v1/presence',
    tag: 'identity',
    summary: 'What members of our servers are told of this device',
    reply: OwnPresenceSchema
  }),
  setPresence: route({
    method: 'PUT',
    url: '/v1/presence',
    tag: 'identity',
    summary: 'Sets status and text; what is absent stays as it was',
    body: input({
      status: Type.Optional(status),
      text: Type.Optional(text),
      until: Type.Optional(nullable(time)),
      away: Type.Optional(
        Type.Boolean({ description: 'Nobody is at it: online is shown as idle. Not kept over restarts' })
      )
    }),
    reply: OwnPresenceSchema
  })
}

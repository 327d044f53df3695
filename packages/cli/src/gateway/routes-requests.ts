/** Routes of requests to join by an invite that asks. */
import Type from 'typebox'
import type { JoinRequestJson } from '@xcord/sdk'
import { ofServer, reason, text } from './route-parts.ts'
import { input, listOf, route } from './route.ts'
import { Id, literals, nullable, shape } from './schemas.ts'

const time = Type.String({ description: 'ISO 8601, UTC' })
export const JoinRequestSchema = shape<JoinRequestJson>()(
  Type.Object(
    {
      user: Id,
      server: Id,
      invite: Id,
      name: Type.String(),
      message: Type.String(),
      at: time,
      standing: literals('waiting', 'refused', 'accepted'),
      answeredBy: nullable(Id),
      answeredAt: nullable(time)
    },
    { $id: 'JoinRequest' }
  )
)

const ofRequest = Type.Object({ server: text, user: text })

export const requests = {
  listRequests: route({
    method: 'GET',
    url: '/v1/servers/:server/requests',
    tag: 'invites',
    summary: 'Who asked to join, newest first',
    params: ofServer,
    reply: listOf(JoinRequestSchema)
  }),
  answerRequest: route({
    method: 'PUT',
    url: '/v1/servers/:server/requests/:user/answer',
    tag: 'invites',
    summary: 'Lets an applicant in, or refuses',
    params: ofRequest,
    body: input({ accept: Type.Boolean(), reason }),
    reply: JoinRequestSchema
  })
}

/** Routes of name and picture: one's own, and those of members. */
import Type from 'typebox'
import type { OwnProfileJson } from '@xcord/sdk'
import { text } from './route-parts.ts'
import { input, route } from './route.ts'
import { AvatarSchema, Id, nullable, shape } from './schemas.ts'

const OwnProfileSchema = shape<OwnProfileJson>()(
  Type.Object({ identity: Id, name: Type.String(), avatar: nullable(AvatarSchema) }, { $id: 'OwnProfile' })
)
const picture = Type.Unsafe<never>({ type: 'string', format: 'binary' })

export const profile = {
  getProfile: route({
    method: 'GET',
    url: '/v1/profile',
    tag: 'identity',
    summary: 'Name and picture that members of our servers are shown',
    reply: OwnProfileSchema
  }),
  setProfile: route({
    method: 'PUT',
    url: '/v1/profile',
    tag: 'identity',
    summary: 'Sets name and picture for all servers and devices; what is absent stays as it was',
    body: input({
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      avatar: Type.Optional(
        nullable(
          Type.String({
            minLength: 1,
            description: 'An upload: PNG, JPEG, WebP or GIF; null removes the picture'
          })
        )
      )
    }),
    reply: OwnProfileSchema
  }),
  readOwnAvatar: route({
    method: 'GET',
    url: '/v1/profile/avatar',
    tag: 'identity',
    summary: 'Our own picture',
    bytes: 'reply',
    reply: picture
  }),
  readAvatar: route({
    method: 'GET',
    url: '/v1/servers/:server/members/:member/avatar',
    tag: 'members',
    summary: 'The picture of a member; what is not held comes from members who are connected',
    params: Type.Object({ server: text, member: text }),
    bytes: 'reply',
    reply: picture
  })
}

/** Routes of threads and of a forum's posts. */
import Type from 'typebox'
import { because, ofChannel, ofServer, reason, text } from './route-parts.ts'
import { input, listOf, route } from './route.ts'
import { ChannelSchema, OperationSchema } from './schemas.ts'

const ofThread = Type.Object({ thread: text })
const ofThreadMember = Type.Object({ thread: text, member: text })

export const threads = {
  listThreads: route({
    method: 'GET',
    url: '/v1/servers/:server/threads',
    tag: 'threads',
    summary: 'Threads of a server, oldest first: all, or those of one channel',
    params: ofServer,
    query: input({
      channel: Type.Optional(text),
      archived: Type.Optional(Type.Boolean({ description: 'Only archived ones, or only those that are not' }))
    }),
    reply: listOf(ChannelSchema)
  }),
  createThread: route({
    method: 'POST',
    url: '/v1/channels/:channel/threads',
    tag: 'threads',
    summary: 'Begins a thread, in a forum a post; with `from`, about a message that `content` answers',
    status: 201,
    params: ofChannel,
    body: input({
      name: text,
      private: Type.Optional(Type.Boolean({ description: 'Only for those let in' })),
      content: Type.Optional(Type.String({ minLength: 1, description: 'Its first message' })),
      from: Type.Optional(text),
      reason
    }),
    reply: ChannelSchema
  }),
  editThread: route({
    method: 'PATCH',
    url: '/v1/threads/:thread',
    tag: 'threads',
    summary: 'Renames, archives, locks a thread, or sets its slow mode',
    params: ofThread,
    body: input({
      name: Type.Optional(text),
      archived: Type.Optional(Type.Boolean()),
      locked: Type.Optional(Type.Boolean()),
      slowmodeSeconds: Type.Optional(Type.Integer({ minimum: 0 })),
      reason
    }),
    reply: OperationSchema
  }),
  deleteThread: route({
    method: 'DELETE',
    url: '/v1/threads/:thread',
    tag: 'threads',
    summary: 'Deletes a thread',
    params: ofThread,
    query: because,
    reply: OperationSchema
  }),
  addThreadMember: route({
    method: 'PUT',
    url: '/v1/threads/:thread/members/:member',
    tag: 'threads',
    summary: 'Lets a member into a private thread',
    params: ofThreadMember,
    reply: OperationSchema
  }),
  removeThreadMember: route({
    method: 'DELETE',
    url: '/v1/threads/:thread/members/:member',
    tag: 'threads',
    summary: 'Takes a member out of a private thread',
    params: ofThreadMember,
    reply: OperationSchema
  })
}

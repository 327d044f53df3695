/** Routes of messages, of the network, and of the daemon itself. */
import Type from 'typebox'
import { DeliverySchema, DeliveryStateSchema, DoctorSchema, MessageSchema, PeerSchema } from './schemas.ts'
import { ofChannel, PAGE_MESSAGES_MAX, text, timeoutMs } from './route-parts.ts'
import { input, listOf, route } from './route.ts'

const ofMessage = Type.Object({ message: text })
const ofReaction = Type.Object({ message: text, emoji: text })

export const messages = {
  listMessages: route({
    method: 'GET',
    url: '/v1/channels/:channel/messages',
    tag: 'messages',
    summary: 'A page of messages, oldest first',
    params: ofChannel,
    query: input({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_MESSAGES_MAX })),
      before: Type.Optional(text),
      after: Type.Optional(text),
      around: Type.Optional(text),
      hidden: Type.Optional(
        Type.Boolean({ description: "Also what a denial hid: one's own, and with ManageMessages all" })
      )
    }),
    reply: Type.Object({
      items: Type.Array(MessageSchema),
      next: Type.Union([Type.String(), Type.Null()], {
        description: 'Continue with this as `before` (or `after`); null: nothing more here'
      })
    })
  }),
  sendMessage: route({
    method: 'POST',
    url: '/v1/channels/:channel/messages',
    tag: 'messages',
    summary: 'Sends a message',
    status: 201,
    params: ofChannel,
    body: input({
      content: Type.String({ description: 'May be empty where there are files' }),
      replyTo: Type.Optional(text),
      files: Type.Optional(
        Type.Array(
          input({
            upload: text,
            name: text,
            type: Type.Optional(text),
            keepMetadata: Type.Optional(Type.Boolean())
          }),
          { maxItems: 10 }
        )
      )
    }),
    reply: MessageSchema
  }),
  findMessages: route({
    method: 'GET',
    url: '/v1/messages',
    tag: 'messages',
    summary: 'Held messages whose id begins so, among the newest of each channel',
    query: input({ prefix: Type.String({ minLength: 6 }), server: Type.Optional(text) }),
    reply: listOf(MessageSchema)
  }),
  getMessage: route({
    method: 'GET',
    url: '/v1/messages/:message',
    tag: 'messages',
    summary: 'One message',
    params: ofMessage,
    reply: MessageSchema
  }),
  editMessage: route({
    method: 'PATCH',
    url: '/v1/messages/:message',
    tag: 'messages',
    summary: 'Edits an own message',
    params: ofMessage,
    body: input({ content: text }),
    reply: MessageSchema
  }),
  deleteMessage: route({
    method: 'DELETE',
    url: '/v1/messages/:message',
    tag: 'messages',
    summary: 'Asks all peers to delete a message',
    params: ofMessage,
    reply: MessageSchema
  }),
  waitForDelivery: route({
    method: 'GET',
    url: '/v1/messages/:message/delivery',
    tag: 'messages',
    summary: 'Answers when delivery is this level or higher; 504 when the time is over',
    params: ofMessage,
    query: input({ reach: Type.Optional(DeliveryStateSchema), timeoutMs }),
    reply: DeliverySchema
  }),
  addReaction: route({
    method: 'PUT',
    url: '/v1/messages/:message/reactions/:emoji',
    tag: 'messages',
    summary: 'Adds an own reaction',
    params: ofReaction,
    reply: MessageSchema
  }),
  removeReaction: route({
    method: 'DELETE',
    url: '/v1/messages/:message/reactions/:emoji',
    tag: 'messages',
    summary: 'Takes an own reaction back',
    params: ofReaction,
    reply: MessageSchema
  })
}

export const network = {
  listPeers: route({
    method: 'GET',
    url: '/v1/peers',
    tag: 'network',
    summary: 'Peers and the paths to them',
    reply: listOf(PeerSchema)
  }),
  connectPeer: route({
    method: 'POST',
    url: '/v1/peers',
    tag: 'network',
    summary: 'Dials an address by hand',
    body: input({ address: text, timeoutMs }),
    reply: listOf(PeerSchema)
  }),
  runDoctor: route({
    method: 'GET',
    url: '/v1/doctor',
    tag: 'network',
    summary: 'Examines store, identity, reachability and clock',
    query: input({ timeoutMs }),
    reply: DoctorSchema
  })
}

export const daemon = {
  getDaemon: route({
    method: 'GET',
    url: '/v1/daemon',
    tag: 'daemon',
    summary: 'The process that has this profile open',
    reply: Type.Object(
      {
        pid: Type.Integer(),
        socket: Type.Union([Type.String(), Type.Null()]),
        version: Type.String(),
        uptimeS: Type.Number(),
        ready: Type.Boolean(),
        metrics: Type.Union([Type.String(), Type.Null()], {
          description: 'Where it serves figures for Prometheus'
        }),
        profile: Type.String(),
        host: Type.Unsafe<'daemon' | 'tui' | 'command'>({
          type: 'string',
          enum: ['daemon', 'tui', 'command']
        })
      },
      { $id: 'Daemon' }
    )
  }),
  stopDaemon: route({
    method: 'POST',
    url: '/v1/daemon/stop',
    tag: 'daemon',
    summary: 'Ends the daemon after this answer',
    status: 202,
    reply: Type.Object({ stopping: Type.Boolean(), pid: Type.Integer() })
  }),
  getHealth: route({
    method: 'GET',
    url: '/healthz',
    tag: 'daemon',
    summary: 'Whether the process runs',
    reply: Type.Object({ ok: Type.Boolean() })
  }),
  getReadiness: route({
    method: 'GET',
    url: '/readyz',
    tag: 'daemon',
    summary: 'Whether it serves requests',
    reply: Type.Object({ ready: Type.Boolean() })
  })
}

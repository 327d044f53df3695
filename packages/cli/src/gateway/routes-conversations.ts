/** Routes of conversations: two to ten people without a server. */
import Type from 'typebox'
import type { ConversationJson, DirectMessageJson, SafetyJson } from '@xcord/sdk'
import { text } from './route-parts.ts'
import { input, listOf, route } from './route.ts'
import { count, Id, nullable, shape, time } from './schemas.ts'

const PAGE_MAX = 200
const LIFETIME_SECONDS_MAX = 31_536_000

export const ConversationSchema = shape<ConversationJson>()(
  Type.Object(
    {
      id: Id,
      users: Type.Array(Id),
      names: Type.Array(Type.String()),
      left: Type.Array(Id),
      lifetimeSeconds: count,
      since: time,
      unmet: Type.Array(Id),
      skipped: Type.Array(Id)
    },
    { $id: 'Conversation' }
  )
)
export const DirectMessageSchema = shape<DirectMessageJson>()(
  Type.Object(
    {
      id: Id,
      conversation: Id,
      author: Id,
      authorName: Type.String(),
      content: Type.String(),
      at: time,
      edited: Type.Optional(Type.Literal(true)),
      replyTo: Type.Optional(Id),
      expiresAt: Type.Optional(time),
      deliveredTo: Type.Array(Id)
    },
    { $id: 'DirectMessage' }
  )
)
export const SafetySchema = shape<SafetyJson>()(
  Type.Object(
    {
      user: Id,
      name: Type.String(),
      number: Type.String(),
      verifiedAt: nullable(time),
      added: Type.Array(Id),
      moved: nullable(Id)
    },
    { $id: 'Safety' }
  )
)
const Blocked = Type.Object({ user: Id })
const ofConversation = Type.Object({ conversation: text })
const ofUser = Type.Object({ user: text })
const tag = 'conversations'

export const conversations = {
  listConversations: route({
    method: 'GET',
    url: '/v1/conversations',
    tag,
    summary: 'Conversations of this profile, oldest first',
    reply: listOf(ConversationSchema)
  }),
  openConversation: route({
    method: 'POST',
    url: '/v1/conversations',
    tag,
    summary: 'The conversation with these people: the one there is, or a new one',
    status: 201,
    body: input({ users: Type.Array(text, { maxItems: 9 }) }),
    reply: ConversationSchema
  }),
  getConversation: route({
    method: 'GET',
    url: '/v1/conversations/:conversation',
    tag,
    summary: 'One conversation',
    params: ofConversation,
    reply: ConversationSchema
  }),
  leaveConversation: route({
    method: 'DELETE',
    url: '/v1/conversations/:conversation',
    tag,
    summary: 'Leaves for good; the history stays here',
    params: ofConversation,
    reply: ConversationSchema
  }),
  setConversationLifetime: route({
    method: 'PUT',
    url: '/v1/conversations/:conversation/lifetime',
    tag,
    summary: 'How long messages live that are written from now on; 0: for ever',
    params: ofConversation,
    body: input({ seconds: Type.Integer({ minimum: 0, maximum: LIFETIME_SECONDS_MAX }) }),
    reply: ConversationSchema
  }),
  listDirectMessages: route({
    method: 'GET',
    url: '/v1/conversations/:conversation/messages',
    tag,
    summary: 'A page of messages, oldest first',
    params: ofConversation,
    query: input({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_MAX })),
      before: Type.Optional(text)
    }),
    reply: listOf(DirectMessageSchema)
  }),
  sendDirectMessage: route({
    method: 'POST',
    url: '/v1/conversations/:conversation/messages',
    tag,
    summary: 'Keeps a message and sends it as the others are met',
    status: 201,
    params: ofConversation,
    body: input({ content: text, replyTo: Type.Optional(text) }),
    reply: DirectMessageSchema
  }),
  deleteDirectMessage: route({
    method: 'DELETE',
    url: '/v1/conversations/:conversation/messages/:message',
    tag,
    summary: 'Deletes an own message',
    params: Type.Object({ conversation: text, message: text }),
    reply: Type.Object({ message: Id })
  }),
  listVerified: route({
    method: 'GET',
    url: '/v1/safety',
    tag,
    summary: 'Whose safety number was compared, and which devices came since',
    reply: listOf(SafetySchema)
  }),
  getSafety: route({
    method: 'GET',
    url: '/v1/safety/:user',
    tag,
    summary: 'The safety number of somebody and oneself',
    params: ofUser,
    reply: SafetySchema
  }),
  verifySafety: route({
    method: 'PUT',
    url: '/v1/safety/:user',
    tag,
    summary: 'The numbers are the same: by word, or by the digits given',
    params: ofUser,
    body: input({ digits: Type.Optional(text) }),
    reply: SafetySchema
  }),
  forgetSafety: route({
    method: 'DELETE',
    url: '/v1/safety/:user',
    tag,
    summary: 'Takes a verification back',
    params: ofUser,
    reply: SafetySchema
  }),
  listBlocked: route({
    method: 'GET',
    url: '/v1/blocked',
    tag,
    summary: 'Who is blocked here',
    reply: listOf(Blocked)
  }),
  blockUser: route({
    method: 'PUT',
    url: '/v1/blocked/:user',
    tag,
    summary: 'Takes and tells nothing any more in conversations',
    params: ofUser,
    reply: Blocked
  }),
  unblockUser: route({
    method: 'DELETE',
    url: '/v1/blocked/:user',
    tag,
    summary: 'Takes a block back',
    params: ofUser,
    reply: Blocked
  })
}

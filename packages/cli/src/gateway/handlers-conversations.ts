/** Conversations as calls of the SDK. */
import { XcordError } from '@xcord/core'
import type { Client, Conversation } from '@xcord/sdk'
import type { Handlers } from './handlers.ts'
import type { conversations } from './routes-conversations.ts'

/** XCORD_CONVERSATION_NOT_FOUND. */
function findConversation(client: Client, id: string): Conversation {
  const found = client.conversations.get(id)
  if (found?.id !== id)
    throw new XcordError('XCORD_CONVERSATION_NOT_FOUND', `no conversation has the id "${id}"`, {
      conversation: id
    })
  return found
}

export const conversationHandlers: Handlers<keyof typeof conversations> = {
  listConversations: ({ context: { client } }) => ({
    items: client.conversations.all.map(each => each.toJSON())
  }),
  openConversation: async ({ context: { client } }, { body }) =>
    (await client.conversations.open(body.users)).toJSON(),
  getConversation: ({ context: { client } }, { params }) =>
    findConversation(client, params.conversation).toJSON(),
  leaveConversation: async ({ context: { client } }, { params }) => {
    const found = findConversation(client, params.conversation)
    await found.leave()
    return found.toJSON()
  },
  setConversationLifetime: async ({ context: { client } }, { params, body }) => {
    const found = findConversation(client, params.conversation)
    await found.setLifetime(body.seconds)
    return found.toJSON()
  },
  listDirectMessages: async ({ context: { client } }, { params, query }) => ({
    items: (await findConversation(client, params.conversation).history(query)).map(each => each.toJSON())
  }),
  sendDirectMessage: async ({ context: { client } }, { params, body: { content, ...options } }) =>
    (await findConversation(client, params.conversation).send(content, options)).toJSON(),
  deleteDirectMessage: async ({ context: { client } }, { params }) => {
    await findConversation(client, params.conversation).delete(params.message)
    return { message: params.message }
  },
  listVerified: ({ context: { client } }) => ({ items: [...client.safety.verified] }),
  getSafety: ({ context: { client } }, { params }) => client.safety.of(params.user),
  verifySafety: async ({ context: { client } }, { params, body }) =>
    await client.safety.verify(params.user, body.digits),
  forgetSafety: async ({ context: { client } }, { params }) => await client.safety.forget(params.user),
  listBlocked: ({ context: { client } }) => ({ items: client.conversations.blocked.map(user => ({ user })) }),
  blockUser: async ({ context: { client } }, { params }) => {
    await client.conversations.block(params.user)
    return { user: params.user }
  },
  unblockUser: async ({ context: { client } }, { params }) => {
    await client.conversations.unblock(params.user)
    return { user: params.user }
  }
}

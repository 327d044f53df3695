/** Routes of threads as calls of the SDK. */
import { parseId, XcordError } from '@xcord/core'
import { findChannel, findMember, findServer, findThread } from './find.ts'
import type { Handlers } from './handlers.ts'
import type { threads } from './routes-threads.ts'

const because = (reason: string | undefined) => (reason === undefined ? {} : { reason })

function messageId(text: string) {
  const id = parseId('m', text)
  if (id === undefined)
    throw new XcordError('XCORD_MESSAGE_NOT_FOUND', `"${text}" is not the id of a message`, { message: text })
  return id
}

export const threadHandlers: Handlers<keyof typeof threads> = {
  listThreads: ({ context: { client } }, { params, query: { channel, archived } }) => {
    const all = findServer(client, params.server).threads.all
    return {
      items: all
        .filter(each => channel === undefined || each.parent === channel)
        .filter(each => archived === undefined || each.archived === archived)
        .map(each => each.toJSON())
    }
  },
  createThread: async ({ context: { client } }, { params, body: { from, reason, ...init } }) => {
    const channel = findChannel(client, params.channel)
    const about = from === undefined ? {} : { from: messageId(from) }
    return (await channel.threads.create({ ...init, ...about }, because(reason))).toJSON()
  },
  editThread: async ({ context: { client } }, { params, body: { reason, ...changes } }) =>
    (await findThread(client, params.thread).edit(changes, because(reason))).toJSON(),
  deleteThread: async ({ context: { client } }, { params, query }) =>
    (await findThread(client, params.thread).delete(because(query.reason))).toJSON(),
  addThreadMember: async ({ context: { client } }, { params }) => {
    const thread = findThread(client, params.thread)
    return (await thread.add(findMember(thread.server, params.member))).toJSON()
  },
  removeThreadMember: async ({ context: { client } }, { params }) => {
    const thread = findThread(client, params.thread)
    return (await thread.remove(findMember(thread.server, params.member))).toJSON()
  }
}

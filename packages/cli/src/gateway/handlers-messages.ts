import { isXcordError, parseId, XcordError } from '@xcord/core'
import type { Channel, HistoryOptions, Message } from '@xcord/sdk'
import { usage } from '../errors/outcome.ts'
import { channelsOf, findChannel, findMessage, findServer } from './find.ts'
import type { Call, Handlers } from './handlers.ts'
import { PAGE_MESSAGES_MAX } from './route-parts.ts'
import { useUploads } from './uploads.ts'

type MessageName =
  | 'listMessages'
  | 'sendMessage'
  | 'findMessages'
  | 'getMessage'
  | 'editMessage'
  | 'deleteMessage'
  | 'waitForDelivery'
  | 'addReaction'
  | 'removeReaction'

/** Messages of a channel that a prefix is looked for among: the newest. */
const PREFIX_MESSAGES_MAX = 1_000

function messageId(text: string) {
  const id = parseId('m', text)
  if (id === undefined)
    throw new XcordError('XCORD_MESSAGE_NOT_FOUND', `"${text}" is not the id of a message`, { message: text })
  return id
}

type PageQuery = {
  readonly limit?: number
  readonly before?: string
  readonly after?: string
  readonly around?: string
  readonly hidden?: boolean
}

async function page(channel: Channel, query: PageQuery) {
  const limit = query.limit ?? 50
  const options: HistoryOptions & { around?: Message['id'] } = {
    limit,
    ...(query.before === undefined ? {} : { before: messageId(query.before) }),
    ...(query.after === undefined ? {} : { after: messageId(query.after) }),
    ...(query.around === undefined ? {} : { around: messageId(query.around) }),
    ...(query.hidden === true ? { hidden: true } : {})
  }
  const items = (await channel.page(options)).map(message => message.toJSON())
  const edge = query.after === undefined ? items[0] : items[items.length - 1]
  const more = items.length >= limit && query.around === undefined && edge !== undefined
  return { items, next: more ? edge.id : null }
}

async function startingWith(channel: Channel, prefix: string): Promise<Message[]> {
  const found: Message[] = []
  let seen = 0
  for await (const message of channel.history({ limit: PAGE_MESSAGES_MAX })) {
    if (message.id.startsWith(prefix)) found.push(message)
    seen += 1
    if (seen >= PREFIX_MESSAGES_MAX) break
  }
  return found
}

async function reached(
  { signal }: Call,
  message: Message,
  query: { reach?: Message['delivery']['state']; timeoutMs?: number }
) {
  if (query.reach === undefined) return message.delivery
  const timeoutMs = query.timeoutMs ?? 30_000
  const deadline = AbortSignal.timeout(timeoutMs)
  try {
    return await message.reached(query.reach, { signal: AbortSignal.any([signal, deadline]) })
  } catch (error) {
    if (!deadline.aborted || !isXcordError(error, 'XCORD_ABORTED')) throw error
    const what = `delivery "${query.reach}"`
    throw new XcordError(
      'XCORD_DEADLINE',
      `${what} was not reached within ${timeoutMs} ms; the message is kept here and offered again`,
      { what, timeoutMs }
    )
  }
}

const again = async ({ context: { client } }: Call, id: string) => (await findMessage(client, id)).toJSON()

export const messageHandlers: Handlers<MessageName> = {
  listMessages: ({ context: { client } }, { params, query }) =>
    page(findChannel(client, params.channel), query),
  sendMessage: async ({ context }, { params, body }) => {
    const channel = findChannel(context.client, params.channel)
    const { files = [] } = body
    if (body.content.trim() === '' && files.length === 0) throw usage('content', 'a message needs content')
    const taken = useUploads(
      context,
      files.map(each => each.upload)
    )
    const draft = {
      content: body.content,
      files: files.map(({ upload: _upload, ...file }, at) => ({ ...file, bytes: taken[at] as Uint8Array })),
      ...(body.replyTo === undefined ? {} : { replyTo: messageId(body.replyTo) })
    }
    return (await channel.send(draft)).toJSON()
  },
  findMessages: async ({ context: { client } }, { query }) => {
    const servers = query.server === undefined ? client.servers.all : [findServer(client, query.server)]
    const channels = servers.flatMap(channelsOf)
    const found = await Promise.all(channels.map(channel => startingWith(channel, query.prefix)))
    return { items: found.flat().map(message => message.toJSON()) }
  },
  getMessage: (call, { params }) => again(call, params.message),
  editMessage: async ({ context: { client } }, { params, body }) =>
    (await (await findMessage(client, params.message)).edit(body.content)).toJSON(),
  deleteMessage: async (call, { params }) => {
    const message = await findMessage(call.context.client, params.message)
    await message.delete()
    return again(call, params.message).catch((error: unknown) => {
      // Nothing of it may be left to show.
      if (isXcordError(error, 'XCORD_MESSAGE_NOT_FOUND'))
        return { ...message.toJSON(), content: '', deleted: true as const }
      throw error
    })
  },
  waitForDelivery: async (call, { params, query }) =>
    reached(call, await findMessage(call.context.client, params.message), query),
  addReaction: async (call, { params }) => {
    await (await findMessage(call.context.client, params.message)).react(params.emoji)
    return again(call, params.message)
  },
  removeReaction: async (call, { params }) => {
    await (await findMessage(call.context.client, params.message)).unreact(params.emoji)
    return again(call, params.message)
  }
}

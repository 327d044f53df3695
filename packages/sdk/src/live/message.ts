/** A message as a snapshot with verbs. */
import { XcordError } from '@xcord/core'
import type { HeldMessage } from '@xcord/core/node'
import { dateOf } from './date-of.ts'
import type { Delivery, DeliveryState, MessageJson } from '../shapes.ts'
import type { Message, WaitOptions } from '../types.ts'
import { createAttachment } from './attachment.ts'
import type { LiveChannel } from './channel.ts'
import { toWritten } from './written.ts'

const LEVELS: readonly DeliveryState[] = ['local', 'sent', 'stored', 'delivered', 'seen']

/** Makes the snapshot of one message. */
export function createMessage(channel: LiveChannel, held: HeldMessage): Message {
  const { message: body, delivery } = held
  const { replica } = channel.server
  const again = (next: HeldMessage): Message => createMessage(channel, next)
  const deleted = body.status === 'deleted'
  return {
    id: body.id,
    server: channel.server,
    channel,
    author: { id: body.author, name: replica.nameOf(body.author) },
    content: body.content,
    at: dateOf(body.at),
    editedAt: body.editedAt === null ? null : dateOf(body.editedAt),
    deleted,
    replyTo: body.replyTo,
    mentions: [
      ...body.mentions.users,
      ...body.mentions.roles,
      ...(body.mentions.everyone ? ['@everyone'] : [])
    ],
    attachments: body.attachments.map(each => createAttachment(channel, body.id, each)),
    reactions: body.reactions,
    standing: body.status === 'hidden' ? 'voided' : 'effective',
    unverified: held.unverified === true,
    delivery,
    reply: content => channel.send({ content, replyTo: body.id }),
    edit: async content => again(await replica.edit(channel.id, body.id, content)),
    delete: async () => void (await replica.remove(channel.id, body.id)),
    react: async emoji => void (await replica.react(channel.id, body.id, emoji, true)),
    unreact: async emoji => void (await replica.react(channel.id, body.id, emoji, false)),
    readmit: async (options = {}) =>
      toWritten(await replica.operate({ kind: 'message:readmit', message: body }, options.reason ?? null)),
    startThread: (init, options) => channel.threads.create({ ...init, from: body.id }, options),
    reached: (state, options) => reached(channel, held, state, options),
    toJSON() {
      return messageJson(this, body.id)
    }
  }
}

function messageJson(message: Message, id: string): MessageJson {
  return {
    id,
    server: message.server.id,
    channel: message.channel.id,
    author: message.author.id,
    authorName: message.author.name,
    content: message.content,
    at: message.at.toISOString(),
    ...(message.editedAt === null ? {} : { editedAt: message.editedAt.toISOString() }),
    ...(message.deleted ? { deleted: true as const } : {}),
    ...(message.replyTo === null ? {} : { replyTo: message.replyTo }),
    mentions: message.mentions,
    attachments: message.attachments.map(each => each.toJSON()),
    reactions: message.reactions,
    standing: message.standing,
    ...(message.unverified ? { unverified: true as const } : {}),
    delivery: message.delivery
  }
}

/** Waits until a delivery level is proven. */
async function reached(
  channel: LiveChannel,
  held: HeldMessage,
  wanted: DeliveryState,
  options: WaitOptions = {}
): Promise<Delivery> {
  const { signal } = options
  const { id } = held.message
  const level = LEVELS.indexOf(wanted)
  const current = async (): Promise<Delivery | undefined> => {
    const delivery = await channel.server.replica.deliveryOf(id)
    return LEVELS.indexOf(delivery.state) >= level ? delivery : undefined
  }
  return await new Promise<Delivery>((resolve, reject) => {
    const finish = (): void => {
      off()
      signal?.removeEventListener('abort', abort)
    }
    const abort = (): void => {
      finish()
      reject(
        new XcordError(
          'XCORD_ABORTED',
          `Stopped waiting for "${wanted}"; the message is kept and goes on its way.`,
          {},
          { cause: signal?.reason }
        )
      )
    }
    const look = (): void => {
      current().then(
        delivery => {
          if (delivery === undefined) return
          finish()
          resolve(delivery)
        },
        error => {
          finish()
          reject(error as Error)
        }
      )
    }
    const off = channel.server.context.onDelivery(id, look)
    if (signal?.aborted === true) {
      abort()
      return
    }
    signal?.addEventListener('abort', abort)
    look()
  })
}

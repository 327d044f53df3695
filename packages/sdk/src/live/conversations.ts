/** Conversations over the node. */
import { type ConversationId, type MessageId, parseId, type UserId, XcordError } from '@xcord/core'
import type { ConversationMessage, Node, SafetyReport } from '@xcord/core/node'
import type {
  Conversation,
  ConversationCollection,
  ConversationJson,
  DirectMessage,
  DirectMessageJson,
  SafetyCollection,
  SafetyJson
} from '../conversation-types.ts'
import { dateOf } from './date-of.ts'

/** Characters of an id that name it. */
const PREFIX_MIN = 6
const PAGE = 50

/** A name from a server we share, one's own, or a short form of the id. */
export function personName(node: Node, user: UserId): string {
  if (user === node.user) return node.name
  for (const replica of node.replicas())
    if (replica.state().member(user) !== undefined) return replica.nameOf(user)
  return user.slice(0, 9)
}

/** XCORD_USER_NOT_FOUND for what is no id of a user. */
function userOf(text: string): UserId {
  const user = parseId('u', text)
  if (user === undefined)
    throw new XcordError('XCORD_USER_NOT_FOUND', `"${text}" is no id of a user.`, { user: text })
  return user
}

/** XCORD_MESSAGE_NOT_FOUND for what is no id of a message. */
function messageIdOf(text: string): MessageId {
  const message = parseId('m', text)
  if (message === undefined)
    throw new XcordError('XCORD_MESSAGE_NOT_FOUND', `"${text}" is no id of a message.`, { message: text })
  return message
}

/** A message as a snapshot with verbs. */
export function directMessage(node: Node, held: ConversationMessage): DirectMessage {
  const { id, conversation, user, at, text, edited, replyTo, expiresAt, deliveredTo } = held
  return {
    id,
    conversation,
    author: { id: user, name: personName(node, user) },
    content: text,
    at: dateOf(at),
    edited,
    replyTo,
    expiresAt: expiresAt === null ? null : dateOf(expiresAt),
    deliveredTo,
    delete: async () => await node.conversations.remove(conversation, id),
    toJSON(): DirectMessageJson {
      return {
        id,
        conversation,
        author: user,
        authorName: this.author.name,
        content: text,
        at: this.at.toISOString(),
        ...(edited ? { edited: true as const } : {}),
        ...(replyTo === null ? {} : { replyTo }),
        ...(this.expiresAt === null ? {} : { expiresAt: this.expiresAt.toISOString() }),
        deliveredTo
      }
    }
  }
}

/** One conversation; undefined where it is not held. */
export function conversationOf(node: Node, id: ConversationId): Conversation | undefined {
  const { conversations } = node
  if (conversations.get(id) === undefined) return undefined
  const report = (): NonNullable<ReturnType<typeof conversations.get>> => {
    const found = conversations.get(id)
    if (found === undefined)
      throw new XcordError('XCORD_CONVERSATION_NOT_FOUND', 'It is not held any more.', { conversation: id })
    return found
  }
  return {
    id,
    get users() {
      return report().users
    },
    get left() {
      return report().left
    },
    get lifetimeSeconds() {
      return report().lifetimeSeconds
    },
    get since() {
      return dateOf(report().since)
    },
    get unmet() {
      return report().unmet
    },
    send: async (content, { replyTo } = {}) =>
      directMessage(
        node,
        await conversations.send(id, content, replyTo === undefined ? undefined : messageIdOf(replyTo))
      ),
    history: async ({ before, limit = PAGE } = {}) => {
      const page = await conversations.page(id, {
        limit,
        ...(before === undefined ? {} : { before: messageIdOf(before) })
      })
      return page.map(each => directMessage(node, each))
    },
    delete: async message => await conversations.remove(id, messageIdOf(message)),
    setLifetime: async seconds => void (await conversations.setLifetime(id, seconds)),
    leave: async () => void (await conversations.leave(id)),
    toJSON(): ConversationJson {
      const { users, left, lifetimeSeconds, since, unmet, skipped } = report()
      const names = users.map(user => personName(node, user))
      return { id, users, names, left, lifetimeSeconds, since: dateOf(since).toISOString(), unmet, skipped }
    }
  }
}

function safetyJson(node: Node, report: SafetyReport): SafetyJson {
  const { user, number, verifiedAt, added, moved } = report
  const at = verifiedAt === null ? null : dateOf(verifiedAt).toISOString()
  return { user, name: personName(node, user), number, verifiedAt: at, added, moved }
}

/** As `Client.safety`. */
export function safetyCollection(node: Node): SafetyCollection {
  const { conversations } = node
  return {
    get verified() {
      return conversations.verified().map(each => safetyJson(node, each))
    },
    of: user => safetyJson(node, conversations.safety(userOf(user))),
    verify: async (user, digits) => safetyJson(node, await conversations.verify(userOf(user), digits)),
    forget: async user => safetyJson(node, await conversations.unverify(userOf(user)))
  }
}

/** As `Client.conversations`. */
export function conversationCollection(node: Node): ConversationCollection {
  const { conversations } = node
  const require = (id: ConversationId): Conversation => conversationOf(node, id) as Conversation
  return {
    get all() {
      return conversations.all().map(each => require(each.id))
    },
    get: text => {
      const found = conversations
        .all()
        .filter(({ id }) => id === text || (text.length >= PREFIX_MIN && id.startsWith(text)))
      const [only] = found
      return only === undefined || found.length > 1 ? undefined : require(only.id)
    },
    open: async users => {
      const list = typeof users === 'string' ? [users] : users
      const { id } = await conversations.open(list.map(userOf))
      return require(id)
    },
    block: async user => await conversations.block(userOf(user)),
    unblock: async user => await conversations.unblock(userOf(user)),
    get blocked() {
      return conversations.blocked()
    }
  }
}

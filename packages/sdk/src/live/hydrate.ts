/**
 * Events: from what the node logged (ids) to what listeners get (live objects) and what streams carry (JSON).
 * Things are looked up when read, so an old event shows what its subject is now.
 */
import { setAsideBy } from './set-aside.ts'
import type { ChannelId, ConversationId, InviteId, MessageId, RoleId, ServerId, UserId } from '@xcord/core'
import type { HeldMessage, LoggedEvent } from '@xcord/core/node'
import type {
  DeliveryState,
  EquivocationJson,
  EventJson,
  FalseSnapshotJson,
  OperationVoidJson
} from '../shapes.ts'
import type { ClientEventName, ClientEvents } from '../types.ts'
import type { ClientContext } from './context.ts'
import { requestOf } from './request.ts'
import { conversationOf, directMessage } from './conversations.ts'
import { createMessage } from './message.ts'
import type { LiveServer } from './server.ts'

/** An event with its live data. */
export type LiveEventData = {
  [E in ClientEventName]: { readonly type: E; readonly data: ClientEvents[E] }
}[ClientEventName]

/** Cursors are opaque to readers: a number in base 36, padded so that text sorts as numbers do. */
export function cursorText(cursor: number): string {
  return cursor.toString(36).padStart(11, '0')
}

/** The number of a cursor, or undefined for text that never was one. */
export function cursorNumber(text: string): number | undefined {
  if (!/^[0-9a-z]{11}$/.test(text)) return undefined
  const value = Number.parseInt(text, 36)
  return Number.isSafeInteger(value) ? value : undefined
}

/**
 * Looks up what an event is about; undefined where nothing of it is held any more. A promise only where the disk has
 * to be asked: in a burst each promise costs as much as the message itself.
 */
export function hydrate(
  context: ClientContext,
  event: LoggedEvent
): LiveEventData | undefined | Promise<LiveEventData | undefined> {
  const { type, refs, note } = event
  if (type === 'server:leave') {
    const [cause = 'left', name = ''] = (note ?? '').split('\n')
    return {
      type,
      data: { server: { id: event.server as ServerId, name, cause: cause as 'left' | 'kicked' | 'banned' } }
    }
  }
  if (type.startsWith('conversation:')) return hydrateConversation(context, event)
  const server = context.server(event.server as ServerId)
  if (server === undefined) return undefined
  if (type === 'server:join' || type === 'server:update') return { type, data: { server } }
  if (type.startsWith('message:') || type.startsWith('reaction:') || type === 'delivery:update')
    return hydrateMessage(server, event)
  if (type.startsWith('member:')) return hydrateMember(server, event)
  const [ref = ''] = refs
  switch (type) {
    case 'channel:create':
    case 'channel:update':
      return server.replica.state().channel(ref as ChannelId) === undefined || !server.views(ref as ChannelId)
        ? undefined
        : { type, data: { channel: server.liveChannel(ref as ChannelId) } }
    case 'channel:delete':
      return { type, data: { channel: { id: ref as ChannelId, server } } }
    case 'thread:create':
    case 'thread:update':
      return server.replica.state().channel(ref as ChannelId)?.thread === undefined ||
        !server.views(ref as ChannelId)
        ? undefined
        : { type, data: { thread: server.liveThread(ref as ChannelId) } }
    case 'thread:delete':
      return { type, data: { thread: { id: ref as ChannelId, server } } }
    case 'role:create':
    case 'role:update':
      return server.replica.state().role(ref as RoleId) === undefined
        ? undefined
        : { type, data: { role: server.liveRole(ref as RoleId) } }
    case 'role:delete':
      return { type, data: { role: { id: ref as RoleId, server } } }
    case 'invite:create':
    case 'invite:revoke':
      return { type, data: { invite: server.liveInvite(ref as InviteId) } }
    case 'request:create':
    case 'request:update': {
      // Of those who may answer; nobody else is told.
      const request = requestOf(server, ref)
      return request === undefined ? undefined : { type, data: { request } }
    }
    case 'operation:void':
      return { type, data: voidOf(server, refs, note) }
    case 'device:fork':
      return { type, data: forkOf(server, refs, note) }
    case 'snapshot:false':
      return { type, data: falseSnapshotOf(server, refs, note) }
    case 'operation:restore':
      return { type, data: { operation: ref, server: server.id } }
    default:
      return undefined
  }
}

/** An operation that the rules set aside, and why. */
function voidOf(
  server: LiveServer,
  [operation = '', by]: readonly string[],
  note: string | null
): OperationVoidJson {
  const [rule = '', own = ''] = (note ?? '').split('\n')
  return { operation, server: server.id, rule, reason: setAsideBy(rule), by: by ?? null, own: own === 'own' }
}

/** A snapshot that did not tell the truth, and who signed it (ND26). */
function falseSnapshotOf(
  server: LiveServer,
  [operation = '', device = '', user = '']: readonly string[],
  reason: string | null
): FalseSnapshotJson {
  return { server: server.id, operation, device, user: user === '' ? null : user, reason }
}

/** A device with two branches (AU39). */
function forkOf(server: LiveServer, refs: readonly string[], note: string | null): EquivocationJson {
  const [chain, seq, own] = (note ?? '').split('\n')
  const [device = '', user = '', ...branches] = refs
  return {
    server: server.id,
    device,
    user: user === '' ? null : user,
    chain: chain === 'messages' ? chain : 'operations',
    seq: Number(seq),
    branches,
    own: own === 'own'
  }
}

function hydrateConversation(
  { node }: ClientContext,
  { type, server, refs, note }: LoggedEvent
): LiveEventData | undefined | Promise<LiveEventData | undefined> {
  const conversation = conversationOf(node, server as ConversationId)
  if (conversation === undefined) return undefined
  switch (type) {
    case 'conversation:create':
    case 'conversation:update':
      return { type, data: { conversation } }
    case 'conversation:delete':
      return { type, data: { conversation: server, message: refs[0] ?? '', expired: note === 'expired' } }
    case 'conversation:message':
      return node.conversations
        .message(conversation.id, refs[0] as MessageId)
        .then(held =>
          held === undefined ? undefined : { type, data: { message: directMessage(node, held) } }
        )
    default:
      return undefined
  }
}

function hydrateMessage(
  server: LiveServer,
  event: LoggedEvent
): LiveEventData | undefined | Promise<LiveEventData | undefined> {
  const channel = event.refs[0] as ChannelId
  const id = event.refs[1] as MessageId
  if (server.replica.state().channel(channel) === undefined) return undefined
  const recent = server.replica.recent(channel, id)
  if (recent !== undefined) return messageEvent(server, event, recent)
  return server.replica
    .message(channel, id)
    .then(held => (held === undefined ? undefined : messageEvent(server, event, held)))
}

function messageEvent(
  server: LiveServer,
  { type, refs, note }: LoggedEvent,
  held: HeldMessage
): LiveEventData | undefined {
  const [channelId = '', , user = ''] = refs
  const message = createMessage(server.liveChannel(channelId as ChannelId), held)
  switch (type) {
    case 'message:create':
    case 'message:update':
    case 'message:delete':
      return { type, data: { message } }
    case 'reaction:add':
    case 'reaction:remove':
      return { type, data: { message, emoji: note ?? '', user: user as UserId } }
    case 'delivery:update': {
      const [state = 'local', holders = '0'] = (note ?? '').split(':')
      return {
        type,
        data: { message, delivery: { state: state as DeliveryState, holders: Number(holders) } }
      }
    }
    default:
      return undefined
  }
}

function hydrateMember(server: LiveServer, { type, refs, note }: LoggedEvent): LiveEventData | undefined {
  const [user = '', by = ''] = refs
  const member = server.liveMember(user as UserId)
  switch (type) {
    case 'member:join':
    case 'member:update':
    case 'member:leave':
      return { type, data: { member } }
    case 'member:kick':
    case 'member:ban':
    case 'member:timeout':
      return { type, data: { member, by: by as UserId, reason: note } }
    case 'member:unban':
      return { type, data: { member, by: by as UserId } }
    default:
      return undefined
  }
}

/** JSON of an event: live objects by their `toJSON`, in the shapes of `EventShapes`. */
export function eventJson(cursor: number, event: LiveEventData): EventJson {
  const data: Record<string, unknown> = {}
  if (event.type === 'delivery:update') {
    const { message, delivery } = event.data
    Object.assign(data, {
      message: message.id,
      channel: message.channel.id,
      server: message.server.id,
      delivery
    })
  } else {
    for (const [key, value] of Object.entries(event.data)) data[key] = plain(value)
  }
  return { cursor: cursorText(cursor), type: event.type, data } as unknown as EventJson
}

function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('toJSON' in value && typeof value.toJSON === 'function') return (value.toJSON as () => unknown)()
  if (
    'server' in value &&
    typeof value.server === 'object' &&
    value.server !== null &&
    'id' in value.server
  ) {
    return { ...value, server: value.server.id }
  }
  return value
}

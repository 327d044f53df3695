/** What each event carries, as TypeBox schemas; the compiler checks that each equals the SDK's shape. */
import Type from 'typebox'
import type { EventName, EventShapes } from '@xcord/sdk'
import { ConversationSchema, DirectMessageSchema } from './routes-conversations.ts'
import { JoinRequestSchema } from './routes-requests.ts'
import { SyncProgressSchema } from './routes-sync.ts'
import {
  ChannelSchema,
  count,
  DeliverySchema,
  Id,
  InviteSchema,
  literals,
  MemberSchema,
  MessageSchema,
  nullable,
  PeerSchema,
  PresenceSchema,
  RoleSchema,
  type Same,
  ServerSchema
} from './schemas.ts'

const message = Type.Object({ message: MessageSchema })
const reaction = Type.Object({ message: MessageSchema, emoji: Type.String(), user: Id })
const channel = Type.Object({ channel: ChannelSchema })
const thread = Type.Object({ thread: ChannelSchema })
const role = Type.Object({ role: RoleSchema })
const gone = Type.Object({ id: Id, server: Id })
const member = Type.Object({ member: MemberSchema })
const removal = Type.Object({ member: MemberSchema, by: Id, reason: nullable(Type.String()) })
const invite = Type.Object({ invite: InviteSchema })
const request = Type.Object({ request: JoinRequestSchema })
const server = Type.Object({ server: ServerSchema })

/** What each event carries: the same names as in the SDK. */
export const EVENT_DATA = {
  'message:create': message,
  'message:update': message,
  'message:delete': message,
  'reaction:add': reaction,
  'reaction:remove': reaction,
  'delivery:update': Type.Object({ message: Id, channel: Id, server: Id, delivery: DeliverySchema }),
  'channel:create': channel,
  'channel:update': channel,
  'channel:delete': Type.Object({ channel: gone }),
  'thread:create': thread,
  'thread:update': thread,
  'thread:delete': Type.Object({ thread: gone }),
  'role:create': role,
  'role:update': role,
  'role:delete': Type.Object({ role: gone }),
  'member:join': member,
  'member:update': member,
  'member:leave': member,
  'member:kick': removal,
  'member:ban': removal,
  'member:unban': Type.Object({ member: MemberSchema, by: Id }),
  'member:timeout': removal,
  'server:join': server,
  'server:leave': Type.Object({
    server: Type.Object({ id: Id, name: Type.String(), cause: literals('left', 'kicked', 'banned') })
  }),
  'server:update': server,
  'invite:create': invite,
  'invite:revoke': invite,
  'request:create': request,
  'request:update': request,
  'conversation:create': Type.Object({ conversation: ConversationSchema }),
  'conversation:update': Type.Object({ conversation: ConversationSchema }),
  'conversation:message': Type.Object({ message: DirectMessageSchema }),
  'conversation:delete': Type.Object({ conversation: Id, message: Id, expired: Type.Boolean() }),
  'operation:void': Type.Object({
    operation: Id,
    server: Id,
    rule: Type.String(),
    by: nullable(Id),
    own: Type.Boolean()
  }),
  'operation:restore': Type.Object({ operation: Id, server: Id }),
  'device:fork': Type.Object({
    server: Id,
    device: Id,
    user: nullable(Id),
    chain: Type.Unsafe<'operations' | 'messages'>({ type: 'string', enum: ['operations', 'messages'] }),
    seq: count,
    branches: Type.Array(Id),
    own: Type.Boolean()
  }),
  'snapshot:false': Type.Object({
    server: Id,
    operation: Id,
    device: Id,
    user: nullable(Id),
    reason: nullable(Type.String())
  }),
  'sync:progress': SyncProgressSchema,
  'message:withdraw': Type.Object({
    server: Id,
    channel: Id,
    message: Id,
    rule: Type.String(),
    by: nullable(Id)
  }),
  'connection:update': Type.Object({ peer: PeerSchema, connected: Type.Boolean() }),
  'presence:update': Type.Object({ member: MemberSchema, presence: PresenceSchema }),
  gap: Type.Object({ reason: Type.String(), from: Type.String(), to: Type.String() })
} as const satisfies Record<EventName, Type.TSchema>

type Different = {
  [E in EventName]: [Same<Type.Static<(typeof EVENT_DATA)[E]>, EventShapes[E]>] extends [never] ? E : never
}[EventName]
/** Does not compile unless every event's schema equals the SDK's shape. */
export const EVENT_NAMES: readonly ([Different] extends [never] ? EventName : never)[] = Object.keys(
  EVENT_DATA
) as EventName[]

/** Every route of `/v1`. The key is its operationId, in OpenAPI and in the handlers. */
import Type from 'typebox'
import {
  ChannelSchema,
  IdentitySchema,
  InviteSchema,
  MemberSchema,
  OperationSchema,
  RoleSchema,
  ServerSchema
} from './schemas.ts'
import { because, History, ofChannel, ofServer, reason, text, timeoutMs } from './route-parts.ts'
import { input, listOf, route } from './route.ts'
import { conversations } from './routes-conversations.ts'
import { devices } from './routes-devices.ts'
import { explanations } from './routes-explain.ts'
import { files } from './routes-files.ts'
import { exports } from './routes-exports.ts'
import { moderation } from './routes-moderation.ts'
import { things } from './routes-things.ts'
import { threads } from './routes-threads.ts'
import { presence } from './routes-presence.ts'
import { profile } from './routes-profile.ts'
import { sync } from './routes-sync.ts'
import { voice } from './routes-voice.ts'
import { daemon, messages, network } from './routes-messages.ts'
import { keychain } from './routes-keychain.ts'
import { requests } from './routes-requests.ts'

const ofMember = Type.Object({ server: text, member: text })
const ofAssignment = Type.Object({ server: text, member: text, role: text })
const ofInvite = Type.Object({ server: text, invite: text })

const Lock = Type.Object({ locked: Type.Boolean() })

const identity = {
  getMe: route({
    method: 'GET',
    url: '/v1/me',
    tag: 'identity',
    summary: 'This identity and its devices',
    reply: IdentitySchema
  }),
  getLock: route({
    method: 'GET',
    url: '/v1/lock',
    tag: 'identity',
    summary: 'Whether the key store is locked',
    reply: Lock
  }),
  lock: route({
    method: 'POST',
    url: '/v1/lock',
    tag: 'identity',
    summary:
      'Locks a served profile: keys are overwritten, databases and the network closed; the process stays',
    reply: Lock
  }),
  unlock: route({
    method: 'POST',
    url: '/v1/unlock',
    tag: 'identity',
    summary: 'Opens a locked profile again',
    body: input({ password: Type.String() }),
    reply: Lock
  }),
  changePassword: route({
    method: 'PUT',
    url: '/v1/password',
    tag: 'identity',
    summary: 'Another password: only the lock of the keys is written anew',
    body: input({ old: Type.Optional(Type.String()), next: text }),
    reply: Lock
  })
}

const servers = {
  listServers: route({
    method: 'GET',
    url: '/v1/servers',
    tag: 'servers',
    summary: 'Servers of this profile',
    reply: listOf(ServerSchema)
  }),
  createServer: route({
    method: 'POST',
    url: '/v1/servers',
    tag: 'servers',
    summary: 'Creates a server',
    status: 201,
    body: input({ name: text, channels: Type.Optional(Type.Array(text, { maxItems: 50 })) }),
    reply: ServerSchema
  }),
  getServer: route({
    method: 'GET',
    url: '/v1/servers/:server',
    tag: 'servers',
    summary: 'One server',
    params: ofServer,
    reply: ServerSchema
  }),
  leaveServer: route({
    method: 'POST',
    url: '/v1/servers/:server/leave',
    tag: 'servers',
    summary: 'Leaves a server',
    params: ofServer,
    reply: OperationSchema
  }),
  joinServer: route({
    method: 'POST',
    url: '/v1/join',
    tag: 'servers',
    summary: 'Joins by invite link',
    status: 201,
    body: input({ link: text, timeoutMs, message: Type.Optional(text) }),
    reply: ServerSchema
  })
}

const invites = {
  listInvites: route({
    method: 'GET',
    url: '/v1/servers/:server/invites',
    tag: 'invites',
    summary: 'Invites of a server',
    params: ofServer,
    reply: listOf(InviteSchema)
  }),
  createInvite: route({
    method: 'POST',
    url: '/v1/servers/:server/invites',
    tag: 'invites',
    status: 201,
    params: ofServer,
    summary: 'Creates an invite: whoever holds its link may join and read until it is closed',
    body: input({
      maxUses: Type.Optional(Type.Integer({ minimum: 1 })),
      expiresInMs: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()])),
      approval: Type.Optional(Type.Boolean({ description: 'The link admits nobody: it says where to ask' })),
      reason
    }),
    reply: InviteSchema
  }),
  revokeInvite: route({
    method: 'DELETE',
    url: '/v1/servers/:server/invites/:invite',
    tag: 'invites',
    summary: 'Closes an invite',
    params: ofInvite,
    query: because,
    reply: OperationSchema
  })
}

/** Kinds of channel that can be made. */
export const CHANNEL_KINDS = ['text', 'voice', 'category', 'forum', 'stage', 'announcement'] as const

const channels = {
  listChannels: route({
    method: 'GET',
    url: '/v1/servers/:server/channels',
    tag: 'channels',
    summary: 'Channels of a server',
    params: ofServer,
    reply: listOf(ChannelSchema)
  }),
  createChannel: route({
    method: 'POST',
    url: '/v1/servers/:server/channels',
    tag: 'channels',
    summary: 'Creates a channel',
    status: 201,
    params: ofServer,
    body: input({
      name: text,
      kind: Type.Optional(
        Type.Unsafe<(typeof CHANNEL_KINDS)[number]>({ type: 'string', enum: [...CHANNEL_KINDS] })
      ),
      topic: Type.Optional(Type.String()),
      parent: Type.Optional(text),
      slowmodeSeconds: Type.Optional(Type.Integer({ minimum: 0 })),
      history: Type.Optional(History),
      private: Type.Optional(
        Type.Boolean({ description: 'Only for those whom overwrites let in; its name is sealed' })
      ),
      overwrites: Type.Optional(
        Type.Array(
          input({
            target: text,
            allow: Type.Optional(Type.Array(text)),
            deny: Type.Optional(Type.Array(text))
          }),
          { maxItems: 64 }
        )
      ),
      reason
    }),
    reply: ChannelSchema
  }),
  getChannel: route({
    method: 'GET',
    url: '/v1/channels/:channel',
    tag: 'channels',
    summary: 'One channel',
    params: ofChannel,
    reply: ChannelSchema
  }),
  editChannel: route({
    method: 'PATCH',
    url: '/v1/channels/:channel',
    tag: 'channels',
    summary: 'Edits a channel',
    params: ofChannel,
    body: input({
      name: Type.Optional(text),
      topic: Type.Optional(Type.Union([Type.String(), Type.Null()])),
      slowmodeSeconds: Type.Optional(Type.Integer({ minimum: 0 })),
      history: Type.Optional(History),
      nsfw: Type.Optional(Type.Boolean()),
      userLimit: Type.Optional(
        Type.Union([Type.Integer({ minimum: 1, maximum: 99 }), Type.Null()], {
          description: 'Of a voice channel: members at once; null: any number'
        })
      ),
      bitrateKbps: Type.Optional(Type.Integer({ minimum: 8, maximum: 512 })),
      reason
    }),
    reply: OperationSchema
  }),
  deleteChannel: route({
    method: 'DELETE',
    url: '/v1/channels/:channel',
    tag: 'channels',
    summary: 'Deletes a channel',
    params: ofChannel,
    query: because,
    reply: OperationSchema
  }),
  markRead: route({
    method: 'POST',
    url: '/v1/channels/:channel/read',
    tag: 'channels',
    params: ofChannel,
    summary: 'Marks everything up to a message (default: the newest) as read',
    body: input({ message: Type.Optional(text) }),
    reply: ChannelSchema
  })
}

const roles = {
  listRoles: route({
    method: 'GET',
    url: '/v1/servers/:server/roles',
    tag: 'roles',
    summary: 'Roles of a server',
    params: ofServer,
    reply: listOf(RoleSchema)
  }),
  createRole: route({
    method: 'POST',
    url: '/v1/servers/:server/roles',
    tag: 'roles',
    summary: 'Creates a role',
    status: 201,
    params: ofServer,
    body: input({
      name: text,
      permissions: Type.Optional(Type.Array(text)),
      color: Type.Optional(Type.String({ pattern: '^#[0-9a-fA-F]{6}$' })),
      reason
    }),
    reply: RoleSchema
  }),
  grantRole: route({
    method: 'PUT',
    url: '/v1/servers/:server/members/:member/roles/:role',
    tag: 'roles',
    summary: 'Gives a member a role',
    params: ofAssignment,
    query: because,
    reply: OperationSchema
  }),
  revokeRole: route({
    method: 'DELETE',
    url: '/v1/servers/:server/members/:member/roles/:role',
    tag: 'roles',
    summary: 'Takes a role from a member',
    params: ofAssignment,
    query: because,
    reply: OperationSchema
  })
}

const members = {
  listMembers: route({
    method: 'GET',
    url: '/v1/servers/:server/members',
    tag: 'members',
    summary: 'Members of a server',
    params: ofServer,
    reply: listOf(MemberSchema)
  }),
  getMember: route({
    method: 'GET',
    url: '/v1/servers/:server/members/:member',
    tag: 'members',
    summary: 'One member',
    params: ofMember,
    reply: MemberSchema
  }),
  kickMember: route({
    method: 'DELETE',
    url: '/v1/servers/:server/members/:member',
    tag: 'members',
    summary: 'Removes a member, who may join again',
    params: ofMember,
    query: because,
    reply: OperationSchema
  }),
  banMember: route({
    method: 'PUT',
    url: '/v1/servers/:server/bans/:member',
    tag: 'members',
    summary: 'Removes a member for good',
    params: ofMember,
    query: because,
    reply: OperationSchema
  })
}

export const ROUTES = {
  ...identity,
  ...devices,
  ...keychain,
  ...conversations,
  ...servers,
  ...invites,
  ...requests,
  ...channels,
  ...roles,
  ...members,
  ...moderation,
  ...exports,
  ...explanations,
  ...threads,
  ...voice,
  ...things,
  ...messages,
  ...files,
  ...network,
  ...presence,
  ...profile,
  ...sync,
  ...daemon
}
export type Routes = typeof ROUTES
export type RouteName = keyof Routes

/** What each route does: the only place where a request becomes a call of the SDK. */
import { XcordError } from '@xcord/core'
import { conversationHandlers } from './handlers-conversations.ts'
import { deviceHandlers, lockHandlers } from './handlers-devices.ts'
import { explainHandlers } from './handlers-explain.ts'
import { exportHandlers } from './handlers-exports.ts'
import { fileHandlers } from './handlers-files.ts'
import { moderationHandlers } from './handlers-moderation.ts'
import { readHandlers } from './handlers-read.ts'
import { keychainHandlers } from './handlers-keychain.ts'
import { messageHandlers } from './handlers-messages.ts'
import { thingHandlers } from './handlers-things.ts'
import { threadHandlers } from './handlers-threads.ts'
import { presenceHandlers } from './handlers-presence.ts'
import { profileHandlers } from './handlers-profile.ts'
import { syncHandlers } from './handlers-sync.ts'
import { voiceHandlers } from './handlers-voice.ts'
import { requestHandlers } from './handlers-requests.ts'
import { findChannel, findInvite, findMember, findRole, findServer } from './find.ts'
import type { Context } from './context.ts'
import type { InputOf, ReplyOf } from './route.ts'
import type { RouteName, Routes } from './routes.ts'

export interface Call {
  readonly context: Context
  /** Aborts when the caller hangs up. */
  readonly signal: AbortSignal
}

export type Handler<N extends RouteName> = (
  call: Call,
  input: InputOf<Routes[N]>
) => Promise<ReplyOf<Routes[N]>> | ReplyOf<Routes[N]>
export type Handlers<N extends RouteName = RouteName> = { readonly [K in N]: Handler<K> }

const because = (reason: string | undefined) => (reason === undefined ? {} : { reason })

type WriteName =
  | 'createServer'
  | 'leaveServer'
  | 'joinServer'
  | 'createInvite'
  | 'revokeInvite'
  | 'createChannel'
  | 'editChannel'
  | 'deleteChannel'
  | 'markRead'
  | 'createRole'
  | 'grantRole'
  | 'revokeRole'
  | 'kickMember'
  | 'banMember'
  | 'connectPeer'
  | 'stopDaemon'

const writes: Handlers<WriteName> = {
  createServer: async ({ context: { client } }, { body }) => (await client.servers.create(body)).toJSON(),
  leaveServer: async ({ context: { client } }, { params }) =>
    (await findServer(client, params.server).leave()).toJSON(),
  joinServer: async ({ context: { client }, signal }, { body }) =>
    (
      await client.servers.join(body.link, {
        signal,
        ...(body.timeoutMs === undefined ? {} : { timeoutMs: body.timeoutMs }),
        ...(body.message === undefined ? {} : { message: body.message })
      })
    ).toJSON(),
  createInvite: async ({ context: { client } }, { params, body: { reason, ...init } }) =>
    (await findServer(client, params.server).invites.create(init, because(reason))).toJSON(),
  revokeInvite: async ({ context: { client } }, { params, query }) =>
    (
      await findInvite(findServer(client, params.server), params.invite).revoke(because(query.reason))
    ).toJSON(),
  createChannel: async (
    { context: { client } },
    { params, body: { reason, parent, overwrites, ...init } }
  ) => {
    const server = findServer(client, params.server)
    const above = parent === undefined ? undefined : findChannel(client, parent)
    return (
      await server.channels.create(
        {
          ...init,
          ...(above === undefined ? {} : { parent: above }),
          ...(overwrites === undefined
            ? {}
            : {
                overwrites: overwrites.map(({ target, ...bits }) => ({
                  target: server.roles.get(target) ?? findMember(server, target),
                  ...bits
                }))
              })
        },
        because(reason)
      )
    ).toJSON()
  },
  editChannel: async ({ context: { client } }, { params, body: { reason, ...changes } }) =>
    (await findChannel(client, params.channel).edit(changes, because(reason))).toJSON(),
  deleteChannel: async ({ context: { client } }, { params, query }) =>
    (await findChannel(client, params.channel).delete(because(query.reason))).toJSON(),
  markRead: async ({ context: { client } }, { params, body }) => {
    const channel = findChannel(client, params.channel)
    if (body.message === undefined) await channel.markRead()
    else await channel.markRead((await channel.message(body.message as never)).id)
    return findChannel(client, params.channel).toJSON()
  },
  createRole: async ({ context: { client } }, { params, body: { reason, ...init } }) =>
    (await findServer(client, params.server).roles.create(init, because(reason))).toJSON(),
  grantRole: async ({ context: { client } }, { params, query }) => {
    const server = findServer(client, params.server)
    return (
      await findRole(server, params.role).grant(findMember(server, params.member), because(query.reason))
    ).toJSON()
  },
  revokeRole: async ({ context: { client } }, { params, query }) => {
    const server = findServer(client, params.server)
    return (
      await findRole(server, params.role).revoke(findMember(server, params.member), because(query.reason))
    ).toJSON()
  },
  kickMember: async ({ context: { client } }, { params, query }) =>
    (await findMember(findServer(client, params.server), params.member).kick(because(query.reason))).toJSON(),
  banMember: async ({ context: { client } }, { params, query }) =>
    (await findMember(findServer(client, params.server), params.member).ban(because(query.reason))).toJSON(),
  connectPeer: async ({ context: { client }, signal }, { body }) => {
    const within =
      body.timeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(body.timeoutMs)])
    await client.connect(body.address, { signal: within })
    return { items: [...client.peers()] }
  },
  stopDaemon: ({ context }) => {
    if (context.stop === undefined) {
      const where =
        context.host === 'tui' ? 'the terminal client: quit it there' : 'another command: end it there'
      throw new XcordError('XCORD_DAEMON_REFUSED', `this profile is open in ${where}`, { status: 409 })
    }
    context.stop()
    return { stopping: true, pid: process.pid }
  }
}

export const HANDLERS: Handlers = {
  ...readHandlers,
  ...deviceHandlers,
  ...conversationHandlers,
  ...lockHandlers,
  ...keychainHandlers,
  ...writes,
  ...moderationHandlers,
  ...exportHandlers,
  ...fileHandlers,
  ...explainHandlers,
  ...threadHandlers,
  ...voiceHandlers,
  ...presenceHandlers,
  ...profileHandlers,
  ...syncHandlers,
  ...thingHandlers,
  ...requestHandlers,
  ...messageHandlers
}

import { findChannel, findMember, findServer } from './find.ts'
import type { Handlers } from './handlers.ts'

type ReadName =
  | 'getMe'
  | 'getLock'
  | 'listServers'
  | 'getServer'
  | 'listInvites'
  | 'listChannels'
  | 'getChannel'
  | 'listRoles'
  | 'listMembers'
  | 'getMember'
  | 'listPeers'
  | 'runDoctor'
  | 'getDaemon'
  | 'getHealth'
  | 'getReadiness'

const jsons = <T>(all: readonly { toJSON(): T }[]): { items: T[] } => ({
  items: all.map(each => each.toJSON())
})

export const readHandlers: Handlers<ReadName> = {
  getMe: ({ context: { client } }) => client.describe(),
  getLock: ({ context: { locking } }) => ({ locked: locking?.locked() ?? false }),
  listServers: ({ context: { client } }) => jsons(client.servers.all),
  getServer: ({ context: { client } }, { params }) => findServer(client, params.server).toJSON(),
  listInvites: ({ context: { client } }, { params }) => jsons(findServer(client, params.server).invites.all),
  listChannels: ({ context: { client } }, { params }) =>
    jsons(findServer(client, params.server).channels.all),
  getChannel: ({ context: { client } }, { params }) => findChannel(client, params.channel).toJSON(),
  listRoles: ({ context: { client } }, { params }) => jsons(findServer(client, params.server).roles.all),
  listMembers: ({ context: { client } }, { params }) => jsons(findServer(client, params.server).members.all),
  getMember: ({ context: { client } }, { params }) =>
    findMember(findServer(client, params.server), params.member).toJSON(),
  listPeers: ({ context: { client } }) => ({ items: [...client.peers()] }),
  runDoctor: ({ context: { client }, signal }, { query }) =>
    client.doctor({
      signal:
        query.timeoutMs === undefined
          ? signal
          : AbortSignal.any([signal, AbortSignal.timeout(query.timeoutMs)])
    }),
  getDaemon: ({ context }) => ({
    pid: process.pid,
    socket: context.socket,
    version: context.version,
    uptimeS: Math.round((context.now() - context.startedAt) / 1000),
    ready: context.locking?.locked() !== true,
    metrics: context.metrics ?? null,
    profile: context.profile,
    host: context.host
  }),
  getHealth: () => ({ ok: true }),
  getReadiness: ({ context: { locking } }) => ({ ready: locking?.locked() !== true })
}

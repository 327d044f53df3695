/** Ids of the path to live objects. Paths take whole ids only: names never identify. */
import { parseId, XcordError } from '@xcord/core'
import type { Channel, Client, Invite, Member, Message, Role, Server, Thread } from '@xcord/sdk'

/** XCORD_SERVER_NOT_FOUND. */
export function findServer(client: Client, id: string): Server {
  const found = client.servers.all.find(server => server.id === id)
  if (found === undefined)
    throw new XcordError('XCORD_SERVER_NOT_FOUND', `no server has the id "${id}"`, { server: id })
  return found
}

/** Channels of a server, its threads too. */
export function channelsOf(server: Server): readonly Channel[] {
  return [...server.channels.all, ...server.threads.all]
}

/** A channel or a thread. XCORD_CHANNEL_NOT_FOUND. */
export function findChannel(client: Client, id: string): Channel {
  for (const server of client.servers.all) {
    const found = channelsOf(server).find(channel => channel.id === id)
    if (found !== undefined) return found
  }
  throw new XcordError('XCORD_CHANNEL_NOT_FOUND', `no channel has the id "${id}"`, { channel: id })
}

/** XCORD_CHANNEL_NOT_FOUND. */
export function findThread(client: Client, id: string): Thread {
  for (const server of client.servers.all) {
    const found = server.threads.all.find(thread => thread.id === id)
    if (found !== undefined) return found
  }
  throw new XcordError('XCORD_CHANNEL_NOT_FOUND', `no thread has the id "${id}"`, { channel: id })
}

/** XCORD_MEMBER_NOT_FOUND. */
export function findMember(server: Server, id: string): Member {
  const found = server.members.all.find(member => member.id === id)
  if (found === undefined) {
    throw new XcordError('XCORD_MEMBER_NOT_FOUND', `no member of "${server.name}" has the id "${id}"`, {
      member: id
    })
  }
  return found
}

/** XCORD_ROLE_NOT_FOUND. */
export function findRole(server: Server, id: string): Role {
  const found = server.roles.all.find(role => role.id === id)
  if (found === undefined) {
    throw new XcordError('XCORD_ROLE_NOT_FOUND', `no role of "${server.name}" has the id "${id}"`, {
      role: id
    })
  }
  return found
}

/** XCORD_INVITE_NOT_FOUND. */
export function findInvite(server: Server, id: string): Invite {
  const found = server.invites.all.find(invite => invite.id === id)
  if (found === undefined) {
    throw new XcordError('XCORD_INVITE_NOT_FOUND', `no invite of "${server.name}" has the id "${id}"`, {
      invite: id
    })
  }
  return found
}

/** A message of any channel held here. XCORD_MESSAGE_NOT_FOUND. */
export async function findMessage(client: Client, text: string): Promise<Message> {
  const id = parseId('m', text)
  const missing = new XcordError('XCORD_MESSAGE_NOT_FOUND', `no message held here has the id "${text}"`, {
    message: text
  })
  if (id === undefined) throw missing
  for (const server of client.servers.all) {
    for (const channel of channelsOf(server)) {
      const found = await channel.message(id).catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'XCORD_MESSAGE_NOT_FOUND')
          return undefined
        throw error
      })
      if (found !== undefined && found.channel.id === channel.id) return found
    }
  }
  throw missing
}

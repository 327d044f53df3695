/**
 * What people type for things (`#general`, `@ada`, an id, six characters of one) to what the API takes: ids.
 */
import { parseId, XcordError } from '@xcord/core'
import type { ChannelJson, InviteJson, MemberJson, MessageJson, RoleJson, ServerJson } from '@xcord/sdk'
import type { Api } from '../api/api.ts'
import { usage } from '../errors/outcome.ts'
import { readMemory, writeMemory } from '../profile/memory.ts'
import type { Session } from './session.ts'

/** Characters of an id that are enough where they are unique. */
export const PREFIX_MIN = 6

interface Named {
  readonly id: string
}

/**
 * Exact id, exact name, unique prefix, name in another case: in this order.
 *
 * @returns undefined where nothing matches. XCORD_USAGE where more than one does.
 */
export function pick<T extends Named>(
  all: readonly T[],
  text: string,
  names: (each: T) => readonly (string | null)[],
  what: string
): T | undefined {
  const exact = all.find(each => each.id === text)
  if (exact !== undefined) return exact
  const lower = text.toLowerCase()
  const attempts = [
    all.filter(each => names(each).includes(text)),
    text.length >= PREFIX_MIN ? all.filter(each => each.id.startsWith(text)) : [],
    all.filter(each => names(each).some(name => name?.toLowerCase() === lower))
  ]
  const found = attempts.find(matches => matches.length > 0) ?? []
  if (found.length > 1) {
    throw usage(
      text,
      `"${text}" may be any of ${found.length} ${what}s; use an id: ${found
        .slice(0, 5)
        .map(each => each.id.slice(0, 14))
        .join(', ')}`
    )
  }
  return found[0]
}

/** The server of `--server`, else the only one, else the one used last. XCORD_SERVER_NOT_FOUND, XCORD_USAGE. */
export async function resolveServer(session: Session, api: Api, text?: string | null): Promise<ServerJson> {
  const { items } = await api.call('listServers')
  const wanted = text ?? session.settings.server
  if (wanted !== null && wanted !== undefined) {
    const found = pick(items, wanted, each => [each.name], 'server')
    if (found === undefined)
      throw new XcordError('XCORD_SERVER_NOT_FOUND', `this profile has no server "${wanted}"`, {
        server: wanted
      })
    writeMemory(session.paths.memory, { server: found.id })
    return found
  }
  const last = readMemory(session.paths.memory).server
  const found = items.length === 1 ? items[0] : items.find(each => each.id === last)
  if (found !== undefined) return found
  if (items.length === 0)
    throw new XcordError('XCORD_SERVER_NOT_FOUND', 'this profile is in no server yet', { server: '' })
  throw usage('--server', `this profile is in ${items.length} servers; say which with --server`)
}

/** A channel, else a thread. XCORD_CHANNEL_NOT_FOUND. A whole id needs no server. */
export async function resolveChannel(
  session: Session,
  api: Api,
  text: string,
  server?: string | null
): Promise<ChannelJson> {
  if (parseId('c', text) !== undefined) return api.call('getChannel', { params: { channel: text } })
  const home = await resolveServer(session, api, server)
  const params = { server: home.id }
  const name = text.replace(/^#/, '')
  const { items } = await api.call('listChannels', { params })
  const found =
    pick(items, name, each => [each.name], 'channel') ??
    pick((await api.call('listThreads', { params, query: {} })).items, name, each => [each.name], 'thread')
  if (found === undefined)
    throw new XcordError('XCORD_CHANNEL_NOT_FOUND', `"${home.name}" has no channel "${text}"`, {
      channel: text
    })
  return found
}

/** A thread that no channel hides by its name. XCORD_CHANNEL_NOT_FOUND. */
export async function resolveThread(
  session: Session,
  api: Api,
  text: string,
  server?: string | null
): Promise<ChannelJson> {
  const missing = (where: string) =>
    new XcordError('XCORD_CHANNEL_NOT_FOUND', `${where} has no thread "${text}"`, { channel: text })
  if (parseId('c', text) !== undefined) {
    const found = await api.call('getChannel', { params: { channel: text } })
    if (found.thread === undefined) throw missing('this profile')
    return found
  }
  const home = await resolveServer(session, api, server)
  const { items } = await api.call('listThreads', { params: { server: home.id }, query: {} })
  const found = pick(items, text.replace(/^#/, ''), each => [each.name], 'thread')
  if (found === undefined) throw missing(`"${home.name}"`)
  return found
}

/** XCORD_MEMBER_NOT_FOUND. */
export async function resolveMember(api: Api, server: ServerJson, text: string): Promise<MemberJson> {
  const { items } = await api.call('listMembers', { params: { server: server.id } })
  const found = pick(items, text.replace(/^@/, ''), each => [each.nick, each.name], 'member')
  if (found === undefined)
    throw new XcordError('XCORD_MEMBER_NOT_FOUND', `"${server.name}" has no member "${text}"`, {
      member: text
    })
  return found
}

/** XCORD_ROLE_NOT_FOUND. */
export async function resolveRole(api: Api, server: ServerJson, text: string): Promise<RoleJson> {
  const { items } = await api.call('listRoles', { params: { server: server.id } })
  const found = pick(items, text, each => [each.name, each.name.replace(/^@/, '')], 'role')
  if (found === undefined)
    throw new XcordError('XCORD_ROLE_NOT_FOUND', `"${server.name}" has no role "${text}"`, { role: text })
  return found
}

/** By id, prefix or link. XCORD_INVITE_NOT_FOUND. */
export async function resolveInvite(api: Api, server: ServerJson, text: string): Promise<InviteJson> {
  const { items } = await api.call('listInvites', { params: { server: server.id } })
  const found = pick(items, text, each => [each.link ?? null], 'invite')
  if (found === undefined)
    throw new XcordError('XCORD_INVITE_NOT_FOUND', `"${server.name}" has no invite "${text}"`, {
      invite: text
    })
  return found
}

/** By id, or by a prefix among the newest messages of each channel. XCORD_MESSAGE_NOT_FOUND. */
export async function resolveMessage(
  session: Session,
  api: Api,
  text: string,
  server?: string | null
): Promise<MessageJson> {
  if (parseId('m', text) !== undefined) return api.call('getMessage', { params: { message: text } })
  const missing = new XcordError(
    'XCORD_MESSAGE_NOT_FOUND',
    `no message held here has an id that begins with "${text}"`,
    { message: text }
  )
  if (text.length < PREFIX_MIN) throw missing
  const home = server ?? session.settings.server
  const inside = home === null ? undefined : (await resolveServer(session, api, home)).id
  const { items } = await api.call('findMessages', {
    query: { prefix: text, ...(inside === undefined ? {} : { server: inside }) }
  })
  const found = pick(items, text, () => [], 'message')
  if (found === undefined) throw missing
  return found
}

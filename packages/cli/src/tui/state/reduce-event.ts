/** What an event of the stream changes on screen. */
import type { ChannelJson, Delivery, MemberJson, MessageJson, RoleJson } from '@xcord/sdk'
import type { EventFrame } from '../../gateway/frames.ts'
import { EMPTY_CONVERSATION, openable, type State } from './state.ts'

const put = <T extends { readonly id: string }>(all: readonly T[] | undefined, one: T): readonly T[] => {
  const known = all ?? []
  return known.some(each => each.id === one.id)
    ? known.map(each => (each.id === one.id ? one : each))
    : [...known, one]
}
const drop = <T extends { readonly id: string }>(all: readonly T[] | undefined, id: string): readonly T[] =>
  (all ?? []).filter(each => each.id !== id)

/** By time, behind equals: a message that comes late takes its place among the earlier ones. */
function place(messages: readonly MessageJson[], message: MessageJson): readonly MessageJson[] {
  if (messages.some(each => each.id === message.id)) return put(messages, message)
  let at = messages.length
  while (at > 0 && (messages[at - 1]?.at ?? '') > message.at) at -= 1
  return [...messages.slice(0, at), message, ...messages.slice(at)]
}

const withChannels = (state: State, server: string, channels: readonly ChannelJson[]): State => ({
  ...state,
  channels: { ...state.channels, [server]: channels }
})
const withChannel = (state: State, channel: ChannelJson): State =>
  withChannels(state, channel.server, put(state.channels[channel.server], channel))

/** Whoever was in it stands in its channel, else in the first one. */
function withoutChannel(
  state: State,
  { id, server }: { readonly id: string; readonly server: string }
): State {
  const before = state.channels[server] ?? []
  const next = withChannels(state, server, drop(before, id))
  if (state.channel !== id) return next
  const parent = before.find(each => each.id === id)?.parent
  const open = { ...next, channel: null }
  const places = openable(open, server)
  return { ...open, channel: (places.find(each => each.id === parent) ?? places[0])?.id ?? null }
}

const withMembers = (state: State, member: MemberJson, there: boolean): State => {
  const before = state.members[member.server]
  const members = there ? put(before, member) : drop(before, member.id)
  const servers = state.servers.map(each =>
    each.id === member.server ? { ...each, members: members.length } : each
  )
  return { ...state, servers, members: { ...state.members, [member.server]: members } }
}
/** Whoever went looks different, too, and is shown no more. */
function withPresence(state: State, member: MemberJson): State {
  const known = state.members[member.server]?.some(each => each.id === member.id) === true
  return known ? withMembers(state, member, true) : state
}
const withRoles = (state: State, server: string, roles: readonly RoleJson[]): State => ({
  ...state,
  roles: { ...state.roles, [server]: roles }
})

function counted(state: State, message: MessageJson): State {
  const mine = message.author === state.me?.identity
  if (mine || (message.channel === state.channel && state.scroll === 0)) return state
  const channels = (state.channels[message.server] ?? []).map(each =>
    each.id === message.channel ? { ...each, unread: each.unread + 1 } : each
  )
  return withChannels(state, message.server, channels)
}

function created(state: State, message: MessageJson): State {
  const before = state.conversations[message.channel]
  // A channel that was never opened loads its page when it is.
  if (before === undefined) return counted(state, message)
  if (before.messages.some(each => each.id === message.id)) return changed(state, message)
  const messages = place(before.messages, message)
  return counted(
    { ...state, conversations: { ...state.conversations, [message.channel]: { ...before, messages } } },
    message
  )
}

function changed(state: State, message: MessageJson): State {
  const before = state.conversations[message.channel]
  if (before === undefined) return state
  const messages = before.messages.map(each => (each.id === message.id ? message : each))
  return { ...state, conversations: { ...state.conversations, [message.channel]: { ...before, messages } } }
}

function delivered(state: State, channel: string, id: string, delivery: Delivery): State {
  const before = state.conversations[channel] ?? EMPTY_CONVERSATION
  const message = before.messages.find(each => each.id === id)
  return message === undefined ? state : changed(state, { ...message, delivery })
}

function removedServer(state: State, id: string): State {
  const servers = drop(state.servers, id)
  if (state.server !== id) return { ...state, servers }
  const next = servers[0]?.id ?? null
  const channel =
    next === null
      ? null
      : (state.lastChannel[next] ??
        (state.channels[next] ?? []).find(each => each.kind === 'text')?.id ??
        null)
  return { ...state, servers, server: next, channel, mode: 'compose', selected: null, scroll: 0 }
}

const CAUSES = { left: 'You left', kicked: 'You were removed from', banned: 'You were banned from' } as const

/** Operations of ours that a stronger one set aside must be said: local success is no global promise. */
function voided(state: State, own: boolean, rule: string): State {
  if (!own) return state
  return {
    ...state,
    notice: {
      kind: 'error',
      code: rule,
      text: 'A change of yours was set aside by a stronger concurrent one.',
      remedy: 'Look at the present state, then repeat what still makes sense.'
    }
  }
}

export function reduceEvent(state: State, frame: EventFrame): State {
  switch (frame.type) {
    case 'message:create':
      return created(state, frame.data.message)
    case 'message:update':
    case 'message:delete':
    case 'reaction:add':
    case 'reaction:remove':
      return changed(state, frame.data.message)
    case 'delivery:update':
      return delivered(state, frame.data.channel, frame.data.message, frame.data.delivery)
    case 'channel:create':
    case 'channel:update':
      return withChannel(state, frame.data.channel)
    case 'thread:create':
    case 'thread:update':
      return withChannel(state, frame.data.thread)
    case 'channel:delete':
      return withoutChannel(state, frame.data.channel)
    case 'thread:delete':
      return withoutChannel(state, frame.data.thread)
    case 'role:create':
    case 'role:update':
      return withRoles(
        state,
        frame.data.role.server,
        put(state.roles[frame.data.role.server], frame.data.role)
      )
    case 'role:delete':
      return withRoles(
        state,
        frame.data.role.server,
        drop(state.roles[frame.data.role.server], frame.data.role.id)
      )
    case 'member:join':
    case 'member:update':
    case 'member:timeout':
      return withMembers(state, frame.data.member, true)
    case 'member:leave':
    case 'member:kick':
    case 'member:ban':
      return withMembers(state, frame.data.member, false)
    case 'presence:update':
      return withPresence(state, frame.data.member)
    case 'server:join':
    case 'server:update':
      return { ...state, servers: put(state.servers, frame.data.server) }
    case 'server:leave': {
      const { id, name, cause } = frame.data.server
      return { ...removedServer(state, id), notice: { kind: 'done', text: `${CAUSES[cause]} "${name}".` } }
    }
    case 'operation:void':
      return voided(state, frame.data.own, frame.data.rule)
    default:
      return state
  }
}

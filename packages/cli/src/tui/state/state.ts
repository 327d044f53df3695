/** Everything the terminal client shows, as one value. */
import type {
  ChannelJson,
  IdentityJson,
  MemberJson,
  MessageJson,
  OwnPresenceJson,
  RoleJson,
  ServerJson
} from '@xcord/sdk'
import { type Composer, EMPTY_COMPOSER } from './composer.ts'

export interface Conversation {
  /** Oldest first. */
  readonly messages: readonly MessageJson[]
  readonly loading: boolean
  /** Nothing older is held here. */
  readonly complete: boolean
  /** First message that was unread when the channel was opened. */
  readonly unreadFrom: string | null
}

/**
 * What keys mean now. `compose`: they write; `select`: they act on a message; the others have the keys to
 * themselves.
 */
export type Mode = 'compose' | 'select' | 'switch' | 'help' | 'confirm-delete' | 'react'

/** Somebody in a voice channel. */
export interface Occupant {
  readonly channel: string
  readonly name: string
  readonly device: string
  readonly muted: boolean
  readonly deafened: boolean
  readonly speaking: boolean
  readonly silenced: boolean
}

export interface Notice {
  readonly kind: 'done' | 'error'
  readonly text: string
  readonly code?: string
  readonly remedy?: string
}

export interface State {
  readonly me: IdentityJson | null
  /** What this device says of its presence. */
  readonly own: OwnPresenceJson | null
  /** Of the event stream: `lost` while the daemon is away. */
  readonly stream: 'connecting' | 'live' | 'lost'
  readonly peers: number
  readonly servers: readonly ServerJson[]
  readonly channels: Readonly<Record<string, readonly ChannelJson[]>>
  readonly roles: Readonly<Record<string, readonly RoleJson[]>>
  readonly members: Readonly<Record<string, readonly MemberJson[]>>
  readonly conversations: Readonly<Record<string, Conversation>>
  /** Who is in the voice channels of a server. */
  readonly occupants: Readonly<Record<string, readonly Occupant[]>>
  readonly server: string | null
  readonly channel: string | null
  /** The channel last open in each server. */
  readonly lastChannel: Readonly<Record<string, string>>
  readonly mode: Mode
  readonly selected: string | null
  /** Rows the message pane is scrolled up. */
  readonly scroll: number
  readonly composer: Composer
  readonly replyTo: string | null
  readonly editing: string | null
  readonly switcher: { readonly query: string; readonly index: number }
  readonly reaction: string
  readonly notice: Notice | null
}

export const EMPTY_CONVERSATION: Conversation = {
  messages: [],
  loading: false,
  complete: false,
  unreadFrom: null
}

export const INITIAL_STATE: State = {
  me: null,
  own: null,
  stream: 'connecting',
  peers: 0,
  servers: [],
  channels: {},
  roles: {},
  members: {},
  conversations: {},
  occupants: {},
  server: null,
  channel: null,
  lastChannel: {},
  mode: 'compose',
  selected: null,
  scroll: 0,
  composer: EMPTY_COMPOSER,
  replyTo: null,
  editing: null,
  switcher: { query: '', index: 0 },
  reaction: '',
  notice: null
}

export const currentServer = (state: State): ServerJson | undefined =>
  state.servers.find(each => each.id === state.server)

/** Kinds that hold no messages of their own. */
const CLOSED: ReadonlySet<string> = new Set(['category', 'voice', 'forum'])

/** Channels of a server that can be opened here, in order, each with its threads behind it: not those put away. */
export function openable(state: State, server: string | null): readonly ChannelJson[] {
  const all = server === null ? [] : (state.channels[server] ?? [])
  const shown = all.filter(each => each.thread?.archived === false || each.id === state.channel)
  return all
    .filter(each => each.thread === undefined)
    .flatMap(channel => [
      ...(CLOSED.has(channel.kind) ? [] : [channel]),
      ...shown.filter(each => each.thread !== undefined && each.parent === channel.id)
    ])
}

/** Voice channels of a server, in order, each with who is in it. */
export function voiceChannels(
  state: State,
  server: string | null
): readonly { readonly channel: ChannelJson; readonly occupants: readonly Occupant[] }[] {
  const all = server === null ? [] : (state.channels[server] ?? [])
  const present = server === null ? [] : (state.occupants[server] ?? [])
  return all
    .filter(each => each.kind === 'voice' || each.kind === 'stage')
    .map(channel => ({ channel, occupants: present.filter(each => each.channel === channel.id) }))
}

/** What a channel is called on screen: of a thread also where it belongs. */
export function titleOf(state: State, channel: ChannelJson): string {
  if (channel.thread === undefined) return `#${channel.name}`
  const parent = (state.channels[channel.server] ?? []).find(each => each.id === channel.parent)
  return `#${parent?.name ?? ''} > ${channel.name}`
}

export const currentChannel = (state: State): ChannelJson | undefined =>
  openable(state, state.server).find(each => each.id === state.channel)

export const currentConversation = (state: State): Conversation =>
  (state.channel === null ? undefined : state.conversations[state.channel]) ?? EMPTY_CONVERSATION

export const selectedMessage = (state: State): MessageJson | undefined =>
  currentConversation(state).messages.find(each => each.id === state.selected)

/** The next channel with something unread behind the open one, across servers. */
export function nextUnread(state: State): ChannelJson | undefined {
  const all = state.servers.flatMap(server => openable(state, server.id))
  const at = all.findIndex(each => each.id === state.channel)
  return [...all.slice(at + 1), ...all.slice(0, Math.max(0, at))].find(each => each.unread > 0)
}

export interface Choice {
  readonly server: ServerJson
  readonly channel: ChannelJson
  readonly label: string
}

/** Whether the letters of `query` come in this order in `text`; lower is closer, undefined no match. */
export function closeness(text: string, query: string): number | undefined {
  const hay = text.toLowerCase()
  let from = 0
  let cost = 0
  for (const letter of query.toLowerCase()) {
    const at = hay.indexOf(letter, from)
    if (at < 0) return undefined
    cost += at - from
    from = at + 1
  }
  return cost
}

/** What the switcher offers: closest first, unread first among equals. */
export function choices(state: State): readonly Choice[] {
  const all = state.servers.flatMap(server =>
    openable(state, server.id).map(channel => ({
      server,
      channel,
      label: `${titleOf(state, channel)} · ${server.name}`
    }))
  )
  const query = state.switcher.query.replace(/^#/, '').replaceAll(' ', '')
  return all
    .map(choice => ({ choice, cost: closeness(choice.channel.name + choice.server.name, query) }))
    .filter((each): each is { choice: Choice; cost: number } => each.cost !== undefined)
    .sort((a, b) => a.cost - b.cost || b.choice.channel.unread - a.choice.channel.unread)
    .map(each => each.choice)
}

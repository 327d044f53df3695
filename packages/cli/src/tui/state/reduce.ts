/** The terminal client's one transition: state and action to state. Pure. */
import type {
  ChannelJson,
  IdentityJson,
  MemberJson,
  MessageJson,
  OwnPresenceJson,
  RoleJson,
  ServerJson
} from '@xcord/sdk'
import type { Composer } from './composer.ts'
import { sent } from './composer.ts'
import { reduceEvent } from './reduce-event.ts'
import type { EventFrame } from '../../gateway/frames.ts'
import {
  choices,
  currentConversation,
  EMPTY_CONVERSATION,
  type Mode,
  type Notice,
  type Occupant,
  openable,
  type State
} from './state.ts'

export type Action =
  | { readonly type: 'me'; readonly me: IdentityJson }
  | { readonly type: 'own'; readonly own: OwnPresenceJson }
  | { readonly type: 'stream'; readonly stream: State['stream'] }
  | { readonly type: 'peers'; readonly count: number }
  | { readonly type: 'servers'; readonly servers: readonly ServerJson[] }
  | {
      readonly type: 'server-details'
      readonly server: string
      readonly channels: readonly ChannelJson[]
      readonly roles: readonly RoleJson[]
      readonly members: readonly MemberJson[]
    }
  | { readonly type: 'members'; readonly server: string; readonly members: readonly MemberJson[] }
  | { readonly type: 'occupants'; readonly server: string; readonly occupants: readonly Occupant[] }
  | { readonly type: 'channel'; readonly channel: ChannelJson }
  | { readonly type: 'page-asked'; readonly channel: string }
  | {
      readonly type: 'page'
      readonly channel: string
      readonly messages: readonly MessageJson[]
      readonly complete: boolean
      readonly fresh: boolean
    }
  | { readonly type: 'event'; readonly frame: EventFrame }
  | { readonly type: 'open'; readonly server: string; readonly channel: string | null }
  | { readonly type: 'mode'; readonly mode: Mode }
  | { readonly type: 'select'; readonly by: number }
  | { readonly type: 'scroll'; readonly by: number; readonly max: number }
  | { readonly type: 'compose'; readonly composer: Composer }
  | { readonly type: 'reply' }
  | { readonly type: 'edit'; readonly composer: Composer }
  | { readonly type: 'sent' }
  | { readonly type: 'cancel' }
  | { readonly type: 'switcher'; readonly query?: string; readonly by?: number }
  | { readonly type: 'reaction'; readonly text: string }
  | { readonly type: 'message'; readonly message: MessageJson }
  | { readonly type: 'notice'; readonly notice: Notice | null }

const byId = (messages: readonly MessageJson[]) => new Map(messages.map(each => [each.id, each]))

function withPage(state: State, action: Extract<Action, { type: 'page' }>): State {
  const before = state.conversations[action.channel] ?? EMPTY_CONVERSATION
  const known = byId(action.fresh ? [] : before.messages)
  const older = action.messages.filter(each => !known.has(each.id))
  const messages = action.fresh ? mergeTail(action.messages, before.messages) : [...older, ...before.messages]
  const channel = openable(state, state.server).find(each => each.id === action.channel)
  // Counted from the newest, others' messages only: what the counter counts.
  const unread = channel?.unread ?? 0
  const others = messages.filter(each => each.author !== state.me?.identity)
  const unreadFrom =
    before.unreadFrom ??
    (action.fresh && unread > 0 ? (others[Math.max(0, others.length - unread)]?.id ?? null) : null)
  const conversation = { messages, loading: false, complete: action.complete, unreadFrom }
  return { ...state, conversations: { ...state.conversations, [action.channel]: conversation } }
}

/** A fresh page, and behind it whatever events brought while it was on its way. */
function mergeTail(page: readonly MessageJson[], held: readonly MessageJson[]): readonly MessageJson[] {
  const paged = byId(page)
  const last = page[page.length - 1]
  // What was shown unverified and is in no page any more did not stand.
  const kept = held.filter(each => each.unverified !== true)
  const newer = last === undefined ? kept : kept.filter(each => !paged.has(each.id) && each.at >= last.at)
  return [...page, ...newer]
}

function open(state: State, server: string, wanted: string | null): State {
  const known = openable(state, server)
  const channel = wanted ?? state.lastChannel[server] ?? known[0]?.id ?? null
  const leaving = state.channel
  const left = leaving === null ? undefined : state.conversations[leaving]
  const conversations =
    leaving === null || left === undefined || leaving === channel
      ? state.conversations
      : { ...state.conversations, [leaving]: { ...left, unreadFrom: null } }
  const lastChannel = channel === null ? state.lastChannel : { ...state.lastChannel, [server]: channel }
  return {
    ...state,
    server,
    channel,
    lastChannel,
    conversations,
    mode: 'compose',
    selected: null,
    scroll: 0,
    replyTo: null,
    editing: null,
    notice: null
  }
}

function withServers(state: State, servers: readonly ServerJson[]): State {
  const next = { ...state, servers }
  if (servers.some(each => each.id === state.server)) return next
  const first = servers[0]
  return first === undefined ? { ...next, server: null, channel: null } : open(next, first.id, null)
}

function select(state: State, by: number): State {
  const { messages } = currentConversation(state)
  if (messages.length === 0) return state
  const at = messages.findIndex(each => each.id === state.selected)
  const next = at < 0 ? messages.length - 1 : Math.max(0, Math.min(messages.length - 1, at + by))
  return { ...state, mode: 'select', selected: messages[next]?.id ?? null }
}

function cancel(state: State): State {
  if (state.mode === 'confirm-delete' || state.mode === 'react') return { ...state, mode: 'select' }
  const composer = state.editing === null ? state.composer : { ...state.composer, text: '', cursor: 0 }
  return { ...state, mode: 'compose', selected: null, replyTo: null, editing: null, composer, notice: null }
}

function withMessage(state: State, message: MessageJson): State {
  const before = state.conversations[message.channel]
  if (before === undefined) return state
  const known = before.messages.some(each => each.id === message.id)
  const messages = known
    ? before.messages.map(each => (each.id === message.id ? message : each))
    : [...before.messages, message]
  return { ...state, conversations: { ...state.conversations, [message.channel]: { ...before, messages } } }
}

function switcher(state: State, { query, by }: { readonly query?: string; readonly by?: number }): State {
  if (query !== undefined) return { ...state, switcher: { query, index: 0 } }
  const count = choices(state).length
  const index = Math.max(0, Math.min(count - 1, state.switcher.index + (by ?? 0)))
  return { ...state, switcher: { ...state.switcher, index } }
}

/** Data that arrived. */
function reduceKnown(state: State, action: Action): State | undefined {
  switch (action.type) {
    case 'me':
      return { ...state, me: action.me }
    case 'own':
      return { ...state, own: action.own }
    case 'stream':
      return { ...state, stream: action.stream }
    case 'peers':
      return { ...state, peers: action.count }
    case 'servers':
      return withServers(state, action.servers)
    case 'server-details': {
      const next = {
        ...state,
        channels: { ...state.channels, [action.server]: action.channels },
        roles: { ...state.roles, [action.server]: action.roles },
        members: { ...state.members, [action.server]: action.members }
      }
      const lost =
        state.server === action.server &&
        !openable(next, action.server).some(each => each.id === state.channel)
      return lost ? { ...next, channel: openable(next, action.server)[0]?.id ?? null } : next
    }
    case 'members':
      return { ...state, members: { ...state.members, [action.server]: action.members } }
    case 'occupants':
      return { ...state, occupants: { ...state.occupants, [action.server]: action.occupants } }
    case 'channel': {
      const { channel } = action
      const all = (state.channels[channel.server] ?? []).map(each =>
        each.id === channel.id ? channel : each
      )
      return { ...state, channels: { ...state.channels, [channel.server]: all } }
    }
    case 'page-asked': {
      const before = state.conversations[action.channel] ?? EMPTY_CONVERSATION
      return {
        ...state,
        conversations: { ...state.conversations, [action.channel]: { ...before, loading: true } }
      }
    }
    case 'page':
      return withPage(state, action)
    case 'event':
      return reduceEvent(state, action.frame)
    case 'message':
      return withMessage(state, action.message)
    default:
      return undefined
  }
}

/** What the person did. */
function reduceDone(state: State, action: Action): State {
  switch (action.type) {
    case 'open':
      return open(state, action.server, action.channel)
    case 'mode':
      return { ...state, mode: action.mode, switcher: { query: '', index: 0 }, reaction: '', notice: null }
    case 'select':
      return select(state, action.by)
    case 'scroll':
      return { ...state, scroll: Math.max(0, Math.min(action.max, state.scroll + action.by)) }
    case 'compose':
      return { ...state, composer: action.composer, notice: null }
    case 'reply':
      return { ...state, mode: 'compose', replyTo: state.selected, editing: null, selected: null }
    case 'edit':
      return {
        ...state,
        mode: 'compose',
        editing: state.selected,
        replyTo: null,
        selected: null,
        composer: action.composer
      }
    case 'sent':
      return {
        ...state,
        composer: sent(state.composer),
        replyTo: null,
        editing: null,
        scroll: 0,
        notice: null
      }
    case 'cancel':
      return cancel(state)
    case 'switcher':
      return switcher(state, action)
    case 'reaction':
      return { ...state, reaction: action.text }
    case 'notice':
      return { ...state, notice: action.notice }
    default:
      return state
  }
}

export function reduce(state: State, action: Action): State {
  return reduceKnown(state, action) ?? reduceDone(state, action)
}

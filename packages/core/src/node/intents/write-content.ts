/** Own content: checked against today's state before anything is signed (AU28), then published. */
import { type ChannelId, MESSAGE_BYTES_MAX, type MessageId, XcordError } from '../../base/index.ts'
import { type ChannelState, draft, type PermissionName, permissionsToBits } from '../../authority/index.ts'
import type { Body } from '../../e2ee/index.ts'
import { utf8 } from '../../encoding/index.ts'
import type { Envelope } from '../../graph/index.ts'
import {
  type Attachment,
  isEmoji,
  mentionsOf,
  type Mentions,
  type Message,
  validateBody
} from '../../timeline/index.ts'
import { requireDecent, requirePace } from '../intake/arrival-rules.ts'
import { assertWritable } from '../replica/assert-writable.ts'
import { requireKind, takesMessages } from './channel-kinds.ts'
import { permissionsFor } from '../intake/content-permissions.ts'
import { operate } from '../replica/operate.ts'
import { publishContent } from '../replica/publish.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import type { Work } from '../replica/work.ts'

/** XCORD_CHANNEL_NOT_FOUND. */
export function requireChannel(state: ReplicaState, channel: ChannelId): ChannelState {
  const found = state.log.state().channel(channel)
  if (found === undefined)
    throw new XcordError('XCORD_CHANNEL_NOT_FOUND', 'This channel does not exist, or was deleted.', {
      channel
    })
  return found
}

/** Refuses where our account lacks a permission in the channel now. */
export function requirePermissions(
  state: ReplicaState,
  channel: ChannelId,
  needs: readonly PermissionName[],
  at: number
): void {
  requireChannel(state, channel)
  demand(state, channel, state.log.state().permissions(state.user, channel, at), ['ViewChannel', ...needs])
}

/** In a thread another permission decides who writes (AU32): the one to ask for. */
function namedIn({ thread }: ChannelState, need: PermissionName): PermissionName {
  if (thread === undefined || need !== 'SendMessages') return need
  return thread.locked ? 'ManageThreads' : 'SendMessagesInThreads'
}

/** Refuses where one of these is not among what we may do. */
function demand(
  state: ReplicaState,
  channel: ChannelId,
  bits: bigint,
  needs: readonly PermissionName[]
): void {
  for (const need of needs) {
    if ((bits & permissionsToBits([need])) !== 0n) continue
    const permission = namedIn(requireChannel(state, channel), need)
    throw new XcordError(
      'XCORD_PERMISSION_DENIED',
      `You need ${permission} in #${state.titleOf(channel).name ?? channel} for this.`,
      { permission, rule: 'AU30', action: 'write' }
    )
  }
}

const EVERYONE = permissionsToBits(['MentionEveryone'])
const SPEAKS = permissionsToBits(['ViewChannel', 'SendMessages'])
/** TypeError where the names or types of files are none. */
function assertFiles(body: Body & { readonly kind: 'message' }): void {
  const checked = body.attachments.length > 0 ? validateBody(body) : undefined
  if (checked?.ok === false) throw new TypeError(checked.reason)
}

/** Mentions of a text; `@everyone` without the permission is only text, as people know it. */
function mentions(state: ReplicaState, channel: ChannelId, content: string, at: number): Mentions {
  const { users, roles, everyone } = mentionsOf(content)
  const may = everyone && (state.log.state().permissions(state.user, channel, at) & EVERYONE) !== 0n
  return { users, roles, everyone: may }
}

function assertContent(content: string, files: readonly Attachment[] = []): void {
  if (content.trim() === '' && files.length === 0) throw new TypeError('a message needs content')
  if (3 * content.length <= MESSAGE_BYTES_MAX) return
  const bytes = utf8(content).length
  if (bytes <= MESSAGE_BYTES_MAX) return
  throw new XcordError(
    'XCORD_MESSAGE_TOO_LONG',
    `The message has ${bytes.toLocaleString('en')} bytes; at most ${MESSAGE_BYTES_MAX.toLocaleString('en')}.`,
    { bytes, limit: MESSAGE_BYTES_MAX }
  )
}

function write(work: Work, channel: ChannelId, body: Body): Envelope {
  assertWritable(work.state)
  requirePermissions(work.state, channel, permissionsFor(body), work.turn.at)
  return publishContent(work, channel, body)
}

/** Whether a thread of this channel may begin with this message; refuses as `writeMessage` would in the thread. */
export function requireOpening(work: Work, parent: ChannelId, content: string): void {
  const { state, turn } = work
  assertContent(content)
  requirePermissions(state, parent, ['SendMessagesInThreads'], turn.at)
  const named = mentions(state, parent, content, turn.at)
  requireDecent(state, { user: state.user, channel: parent, content, mentions: named, at: turn.at })
}

const REOPENS = permissionsToBits(['SendMessages'])

/** AU32: a post opens an archived thread again, unless it is locked. */
function reopen(work: Work, channel: ChannelId): void {
  const { state, turn } = work
  const authority = state.log.state()
  const thread = authority.channel(channel)?.thread
  if (thread?.archived !== true || thread.locked) return
  if ((authority.permissions(state.user, channel, turn.at) & REOPENS) === 0n) return
  operate(work, draft('threadEdit', { thread: channel, rows: [{ key: 1, value: 0 }], reason: null }))
}

/** A new message. */
export function writeMessage(
  work: Work,
  channel: ChannelId,
  content: string,
  replyTo: MessageId | null,
  attachments: readonly Attachment[] = []
): Envelope {
  const { state, turn } = work
  assertContent(content, attachments)
  assertWritable(state)
  requireKind(requireChannel(state, channel), takesMessages(state, channel), 'holds no messages of its own')
  const bits = state.log.state().permissions(state.user, channel, turn.at)
  if ((bits & SPEAKS) !== SPEAKS) demand(state, channel, bits, ['ViewChannel', 'SendMessages'])
  if (attachments.length > 0) demand(state, channel, bits, ['AttachFiles'])
  requirePace(state, channel, turn.at)
  const named = mentions(state, channel, content, turn.at)
  requireDecent(state, { user: state.user, channel, content, mentions: named, at: turn.at })
  const body = { kind: 'message', content, replyTo, mentions: named, attachments } as const
  assertFiles(body)
  reopen(work, channel)
  // What it needs beside was looked at above: it mentions everyone only where we may.
  return publishContent(work, channel, body)
}

/** A new text for one's own message (AU38). */
export function writeEdit(work: Work, message: Message, content: string): Envelope {
  assertContent(content)
  if (message.author !== work.state.user) {
    throw new XcordError('XCORD_PERMISSION_DENIED', 'Only its author edits a message.', {
      rule: 'AU38',
      action: 'edit'
    })
  }
  const named = mentions(work.state, message.channel, content, work.turn.at)
  requireDecent(work.state, {
    user: work.state.user,
    channel: message.channel,
    content,
    mentions: named,
    at: work.turn.at
  })
  return write(work, message.channel, {
    kind: 'edit',
    message: message.id,
    content,
    mentions: named,
    attachments: message.attachments
  })
}

/** Deletes one's own message, or with ManageMessages anybody's (AU38). */
export function writeDelete(work: Work, message: Message): Envelope {
  if (message.author !== work.state.user)
    requirePermissions(work.state, message.channel, ['ManageMessages'], work.turn.at)
  return write(work, message.channel, { kind: 'delete', message: message.id })
}

/** Adds or takes back a reaction. */
export function writeReaction(work: Work, message: Message, emoji: string, on: boolean): Envelope {
  if (!isEmoji(emoji)) throw new TypeError('a reaction is one emoji')
  return write(work, message.channel, { kind: 'reaction', message: message.id, emoji, on })
}

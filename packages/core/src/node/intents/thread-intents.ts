/**
 * What people do with threads (AU12, 7, 8, 52 and 54; AU32). The name of a thread that not all may view is sealed
 * inside it (EK19), and who is let into a private one is granted its keys at once (EK14).
 */
import { type ChannelId, idAs, type OperationId, type UserId, XcordError } from '../../base/index.ts'
import { type ChannelKind, type ChannelState, draft, type ThreadState } from '../../authority/index.ts'
import { isOpenToAll } from '../../e2ee/index.ts'
import { admitTo, viewersOf } from './channel-keys.ts'
import { requireKind } from './channel-kinds.ts'
import { sealTitle } from './channel-titles.ts'
import type { Intent } from '../contract.ts'
import { operate } from '../replica/operate.ts'
import type { Work } from '../replica/work.ts'
import { requireChannel, requireOpening, writeMessage } from './write-content.ts'

const WITH_THREADS: ReadonlySet<ChannelKind> = new Set(['text', 'announcement', 'forum'])

type ThreadIntent = Extract<Intent, { readonly kind: `thread:${string}` }>

/** Does it, and names the operation that the intent is about. */
export function operateThread(work: Work, intent: ThreadIntent, reason: string | null): OperationId {
  switch (intent.kind) {
    case 'thread:create':
      return createThread(work, intent)
    case 'thread:edit':
      return editThread(work, intent, reason)
    case 'thread:member':
      return setMember(work, intent.thread, intent.user, intent.member)
    case 'thread:delete':
      return operate(work, draft('threadDelete', { thread: intent.thread, reason }))
  }
}

function createThread(
  work: Work,
  { parent, name, private: hidden, first }: Extract<ThreadIntent, { kind: 'thread:create' }>
): OperationId {
  const authority = work.state.log.state()
  const place = requireChannel(work.state, parent)
  requireKind(place, WITH_THREADS.has(place.kind), 'has no threads')
  if (place.kind === 'forum' && first === null) throw new TypeError('a post in a forum begins with a message')
  // Checked before anything is signed: nobody shall find a thread whose first message was refused.
  if (first !== null) requireOpening(work, parent, first.content)
  const closed = hidden || !isOpenToAll(authority, parent)
  const operation = operate(
    work,
    draft('threadCreate', { parent, private: hidden ? 1 : 0, name: closed ? null : name })
  )
  const thread = idAs('c', operation)
  if (closed) sealTitle(work, thread, { name, topic: null })
  if (first !== null) writeMessage(work, thread, first.content, first.replyTo)
  return operation
}

/** A thread as it stands. XCORD_CHANNEL_NOT_FOUND. */
function requireThread(work: Work, thread: ChannelId): ChannelState & { readonly thread: ThreadState } {
  const found = work.state.log.state().channel(thread)
  if (found?.thread === undefined)
    throw new XcordError('XCORD_CHANNEL_NOT_FOUND', 'This thread does not exist, or was deleted.', {
      channel: thread
    })
  return { ...found, thread: found.thread }
}

function editThread(
  work: Work,
  { thread, name, archived, locked, slowModeSeconds }: Extract<ThreadIntent, { kind: 'thread:edit' }>,
  reason: string | null
): OperationId {
  requireThread(work, thread)
  const sealed = name !== undefined && !isOpenToAll(work.state.log.state(), thread)
  const rows = [
    ...(name === undefined ? [] : [{ key: 0, value: sealed ? null : name }]),
    ...(archived === undefined ? [] : [{ key: 1, value: archived ? 1 : 0 }]),
    ...(locked === undefined ? [] : [{ key: 2, value: locked ? 1 : 0 }]),
    ...(slowModeSeconds === undefined ? [] : [{ key: 3, value: slowModeSeconds }])
  ]
  if (rows.length === 0) throw new TypeError('nothing to change was named')
  const operation = operate(work, draft('threadEdit', { thread, rows, reason }))
  if (sealed) sealTitle(work, thread, { name, topic: null })
  return operation
}

function setMember(work: Work, thread: ChannelId, user: UserId, member: boolean): OperationId {
  if (!requireThread(work, thread).thread.private)
    throw new TypeError('a public thread has no members: everybody who views its channel is in it')
  const before = viewersOf(work, thread)
  const operation = operate(work, draft('threadMember', { thread, user, member: member ? 1 : 0 }))
  if (member) admitTo(work, thread, before)
  return operation
}

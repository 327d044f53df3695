/** A thread: a channel with verbs of its own. */
import { type ChannelId, compareIds, idAs, type MessageId, type UserId, XcordError } from '@xcord/core'
import type { AuthorityState } from '@xcord/core/authority'
import type { ChannelJson } from '../shapes.ts'
import type { Member, Message, ReasonOptions, Thread, ThreadInit, Written } from '../types.ts'
import { LiveChannel } from './channel.ts'
import { dateOf } from './date-of.ts'
import { createMessage } from './message.ts'
import type { LiveServer } from './server.ts'
import { toWritten } from './written.ts'

type ThreadState = NonNullable<NonNullable<ReturnType<AuthorityState['channel']>>['thread']>

/** Messages among which the thread's first one by its creator is looked for. */
const FIRST_MESSAGES = 20

export class LiveThread extends LiveChannel implements Thread {
  get #thread(): ThreadState {
    const thread = this.state.thread
    if (thread === undefined)
      throw new XcordError('XCORD_CHANNEL_NOT_FOUND', 'This is no thread.', { channel: this.id })
    return thread
  }

  override get kind(): 'thread' {
    return 'thread'
  }

  override get parent(): ChannelId {
    return this.state.parent as ChannelId
  }

  override get position(): number {
    return this.server.liveChannel(this.parent).threads.all.findIndex(each => each.id === this.id)
  }

  get private(): boolean {
    return this.#thread.private
  }

  get archived(): boolean {
    return this.#thread.archived
  }

  get locked(): boolean {
    return this.#thread.locked
  }

  get creator(): UserId {
    return this.#thread.creator
  }

  get createdAt(): Date {
    return dateOf(this.#thread.createdAt)
  }

  get members(): readonly Member[] {
    return this.#thread.members.map(user => this.server.liveMember(user))
  }

  async starter(): Promise<Message | undefined> {
    const { creator, parent } = this
    // Its creator's first message says it; what others write, whatever time they claim, does not.
    const { messages } = await this.server.replica.page(this.id, {
      after: { at: 0, id: '' as MessageId },
      limit: FIRST_MESSAGES
    })
    const answered = messages.find(each => each.author === creator)?.replyTo ?? null
    const held = answered === null ? undefined : await this.server.replica.message(parent, answered)
    return held === undefined ? undefined : createMessage(this.server.liveChannel(parent), held)
  }

  override async edit(changes: Parameters<Thread['edit']>[0], options: ReasonOptions = {}): Promise<Written> {
    const { slowmodeSeconds, name, archived, locked } = changes
    return toWritten(
      await this.server.replica.operate(
        {
          kind: 'thread:edit',
          thread: this.id,
          ...(name === undefined ? {} : { name }),
          ...(archived === undefined ? {} : { archived }),
          ...(locked === undefined ? {} : { locked }),
          ...(slowmodeSeconds === undefined ? {} : { slowModeSeconds: slowmodeSeconds })
        },
        options.reason ?? null
      )
    )
  }

  async archive(options: ReasonOptions = {}): Promise<Written> {
    return await this.edit({ archived: true }, options)
  }

  async unarchive(options: ReasonOptions = {}): Promise<Written> {
    return await this.edit({ archived: false }, options)
  }

  async lock(options: ReasonOptions = {}): Promise<Written> {
    return await this.edit({ locked: true }, options)
  }

  async unlock(options: ReasonOptions = {}): Promise<Written> {
    return await this.edit({ locked: false }, options)
  }

  async add(member: Member | UserId): Promise<Written> {
    return await this.#setMember(member, true)
  }

  async remove(member: Member | UserId): Promise<Written> {
    return await this.#setMember(member, false)
  }

  async join(): Promise<Written> {
    return await this.#setMember(this.server.me, true)
  }

  async leave(): Promise<Written> {
    return await this.#setMember(this.server.me, false)
  }

  override async delete(options: ReasonOptions = {}): Promise<Written> {
    return toWritten(
      await this.server.replica.operate({ kind: 'thread:delete', thread: this.id }, options.reason ?? null)
    )
  }

  override toJSON(): ChannelJson {
    const { creator, members } = this.#thread
    return {
      ...super.toJSON(),
      thread: {
        private: this.private,
        archived: this.archived,
        locked: this.locked,
        creator,
        createdAt: this.createdAt.toISOString(),
        members
      }
    }
  }

  async #setMember(member: Member | UserId, on: boolean): Promise<Written> {
    const user = typeof member === 'string' ? member : member.id
    return toWritten(
      await this.server.replica.operate({ kind: 'thread:member', thread: this.id, user, member: on }, null)
    )
  }
}

/** What making a thread asks of the node. */
export async function createThread(
  server: LiveServer,
  parent: LiveChannel,
  init: ThreadInit,
  options: ReasonOptions = {}
): Promise<ChannelId> {
  const { name, content, from } = init
  if (from !== undefined && content === undefined)
    throw new TypeError('a thread about a message begins with an answer to it: give its content')
  const replyTo = from === undefined ? null : typeof from === 'string' ? from : from.id
  const { operation } = await server.replica.operate(
    {
      kind: 'thread:create',
      parent: parent.id,
      name,
      private: init.private ?? false,
      first: content === undefined ? null : { content, replyTo }
    },
    options.reason ?? null
  )
  return idAs('c', operation)
}

/** Oldest first. */
export function byAge(a: LiveThread, b: LiveThread): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || compareIds(a.id, b.id)
}

/** A channel with its verbs and its view of the newest messages. */
import {
  type ChannelId,
  type MessageId,
  type PermissionName,
  type RoleId,
  type UserId,
  XcordError
} from '@xcord/core'
import { type AuthorityState, permissionsFromBits } from '@xcord/core/authority'
import type { Page, PageOptions } from '@xcord/core/timeline'
import type { ChannelJson, OverwriteJson } from '../shapes.ts'
import type {
  Channel,
  ChannelChanges,
  HistoryOptions,
  Member,
  Message,
  MessageDraft,
  PermitChange,
  ReasonOptions,
  Role,
  View,
  Written
} from '../types.ts'
import { createMessage } from './message.ts'
import type { LiveServer } from './server.ts'
import { createView, type SettableView } from './view.ts'
import { channelVoice } from './voice.ts'
import { toWritten } from './written.ts'
import { historyMode } from './channel-intent.ts'

type ChannelState = NonNullable<ReturnType<AuthorityState['channel']>>

/** Messages a view keeps at most; older ones are read through `history`. */
const VIEW_MESSAGES_MAX = 1_000
const PAGE_MESSAGES = 50

export class LiveChannel implements Channel {
  readonly id: ChannelId
  readonly server: LiveServer
  readonly messages: View<readonly Message[]>
  readonly threads: Channel['threads']
  readonly voice: Channel['voice']
  readonly #view: SettableView<readonly Message[]>
  #watched = false

  constructor(server: LiveServer, id: ChannelId) {
    this.server = server
    this.id = id
    this.#view = createView<readonly Message[]>([], () => {
      this.#watched = true
      void this.refresh()
    })
    this.threads = server.threadsOf(this)
    this.voice = channelVoice(server, id)
    this.messages = { subscribe: this.#view.subscribe, getSnapshot: this.#view.getSnapshot }
  }

  /** Whether somebody looked at `messages`. */
  get watched(): boolean {
    return this.#watched
  }

  protected get state(): ChannelState {
    const state = this.server.replica.state().channel(this.id)
    if (state === undefined)
      throw new XcordError('XCORD_CHANNEL_NOT_FOUND', 'This channel was deleted.', { channel: this.id })
    return state
  }

  get name(): string {
    return this.server.replica.titleOf(this.id).name ?? this.id.slice(0, 9)
  }

  get kind(): Channel['kind'] {
    return this.state.kind
  }

  get topic(): string | null {
    return this.server.replica.titleOf(this.id).topic
  }

  get parent(): ChannelId | null {
    return this.state.parent
  }

  get position(): number {
    const { parent } = this.state
    return this.server.replica
      .state()
      .channels()
      .filter(each => each.parent === parent && each.kind !== 'thread')
      .findIndex(each => each.id === this.id)
  }

  get slowmodeSeconds(): number {
    return this.state.slowModeSeconds
  }

  get nsfw(): boolean {
    return this.state.nsfw
  }

  get userLimit(): number | null {
    return this.state.userLimit || null
  }

  get bitrateKbps(): number | null {
    return this.state.bitrateKbps || null
  }

  get synced(): boolean {
    return this.state.synced
  }

  get overwrites(): readonly OverwriteJson[] {
    return this.state.overwrites.map(({ target, kind, allow, deny }) => ({
      target,
      kind,
      allow: permissionsFromBits(allow),
      deny: permissionsFromBits(deny)
    }))
  }

  get unread(): number {
    return this.server.replica.unread(this.id)
  }

  async send(message: string | MessageDraft): Promise<Message> {
    const draft: MessageDraft = typeof message === 'string' ? { content: message } : message
    if (typeof draft.content !== 'string') throw new TypeError('a message needs content')
    const replyTo =
      draft.replyTo === undefined
        ? null
        : typeof draft.replyTo === 'string'
          ? draft.replyTo
          : draft.replyTo.id
    return createMessage(this, await this.server.replica.send(this.id, draft.content, replyTo, draft.files))
  }

  async *history(options: HistoryOptions = {}): AsyncGenerator<Message> {
    const forward = options.after !== undefined && options.before === undefined
    let place: PageOptions = {
      limit: options.limit ?? PAGE_MESSAGES,
      ...(options.before === undefined ? {} : { before: options.before }),
      ...(options.after === undefined ? {} : { after: options.after }),
      ...hiddenToo(options)
    }
    for (;;) {
      const page = await this.server.replica.page(this.id, place)
      const messages = await this.#hydrate(page)
      yield* forward ? messages : messages.toReversed()
      const edge = forward ? page.messages.at(-1) : page.messages[0]
      if (edge === undefined || !(forward ? page.hasLater : page.hasEarlier)) return
      place = {
        limit: place.limit ?? PAGE_MESSAGES,
        ...hiddenToo(options),
        ...(forward ? { after: edge.id } : { before: edge.id })
      }
    }
  }

  async page(options: HistoryOptions & { readonly around?: MessageId } = {}): Promise<readonly Message[]> {
    const { hidden: _hidden, ...place } = options
    const page = await this.server.replica.page(this.id, {
      limit: PAGE_MESSAGES,
      ...place,
      ...hiddenToo(options)
    })
    return await this.#hydrate(page)
  }

  async message(id: MessageId): Promise<Message> {
    const held = await this.server.replica.message(this.id, id)
    if (held === undefined)
      throw new XcordError('XCORD_MESSAGE_NOT_FOUND', `No message ${id} is held in #${this.name}.`, {
        message: id
      })
    return createMessage(this, held)
  }

  async markRead(message?: MessageId): Promise<void> {
    await this.server.replica.markRead(this.id, message ?? null)
  }

  async edit(changes: ChannelChanges, options: ReasonOptions = {}): Promise<Written> {
    const { slowmodeSeconds, userLimit, history, ...rest } = changes
    return toWritten(
      await this.server.replica.operate(
        {
          kind: 'channel:edit',
          channel: this.id,
          ...rest,
          ...(slowmodeSeconds === undefined ? {} : { slowModeSeconds: slowmodeSeconds }),
          ...(history === undefined ? {} : { history: historyMode(history) }),
          ...(userLimit === undefined ? {} : { userLimit: userLimit ?? 0 })
        },
        options.reason ?? null
      )
    )
  }

  async move(
    place: { readonly parent?: ChannelId | Channel | null; readonly position?: number },
    options: ReasonOptions = {}
  ): Promise<Written> {
    const { parent, position } = place
    return toWritten(
      await this.server.replica.operate(
        {
          kind: 'channel:move',
          channel: this.id,
          ...(parent === undefined
            ? {}
            : { parent: parent === null || typeof parent === 'string' ? parent : parent.id }),
          ...(position === undefined ? {} : { position })
        },
        options.reason ?? null
      )
    )
  }

  async permit(
    target: Role | Member | RoleId | UserId,
    change: PermitChange,
    options: ReasonOptions = {}
  ): Promise<Written> {
    const { allow = [], deny = [], none = [] } = change
    return toWritten(
      await this.server.replica.operate(
        {
          kind: 'channel:permit',
          channel: this.id,
          target: typeof target === 'string' ? target : target.id,
          allow,
          deny,
          none
        },
        options.reason ?? null
      )
    )
  }

  async sync(on: boolean, options: ReasonOptions = {}): Promise<Written> {
    return toWritten(
      await this.server.replica.operate(
        { kind: 'channel:sync', channel: this.id, synced: on },
        options.reason ?? null
      )
    )
  }

  async delete(options: { readonly reason?: string } = {}): Promise<Written> {
    return toWritten(
      await this.server.replica.operate({ kind: 'channel:delete', channel: this.id }, options.reason ?? null)
    )
  }

  permits(permission: PermissionName): boolean {
    return this.server.replica.permits(permission, this.id)
  }

  toJSON(): ChannelJson {
    const state = this.state
    return {
      id: this.id,
      server: this.server.id,
      name: this.name,
      kind: state.kind,
      parent: state.parent,
      position: this.position,
      topic: this.topic,
      history: state.history[0] === 1 ? 'join' : state.history[0] === 2 ? 'window' : 'all',
      ...(state.history[1] === undefined ? {} : { historyDays: state.history[1] }),
      slowmodeSeconds: state.slowModeSeconds,
      nsfw: state.nsfw,
      ...(state.userLimit === 0 ? {} : { userLimit: state.userLimit }),
      ...(state.bitrateKbps === 0 ? {} : { bitrateKbps: state.bitrateKbps }),
      synced: state.synced,
      overwrites: this.overwrites,
      unread: this.unread
    }
  }

  /** Reads the newest page into the view again. */
  async refresh(): Promise<void> {
    if (!this.#watched) return
    this.#view.set(await this.page())
  }

  /** One message of the view changed or came. */
  absorb(message: Message): void {
    if (!this.#watched) return
    const shown = this.#view.getSnapshot()
    const known = shown.findIndex(each => each.id === message.id)
    if (known >= 0) {
      this.#view.set(shown.with(known, message))
      return
    }
    const first = shown[0]
    if (first !== undefined && order(message, first) < 0) return
    this.#view.set([...shown, message].sort(order).slice(-VIEW_MESSAGES_MAX))
  }

  /** What is hidden is for its author and for moderators (TL10). */
  async #hydrate({ messages }: Page): Promise<Message[]> {
    const all = this.permits('ManageMessages')
    const own = this.server.context.node.user
    const shown = messages.filter(each => each.status !== 'hidden' || all || each.author === own)
    return (await this.server.replica.hold(shown)).map(each => createMessage(this, each))
  }
}

function hiddenToo({ hidden }: HistoryOptions): { readonly includeHidden?: true } {
  return hidden === true ? { includeHidden: true } : {}
}

/** Order of a channel: (at, id), AU34. */
function order(a: Message, b: Message): number {
  return a.at.getTime() - b.at.getTime() || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

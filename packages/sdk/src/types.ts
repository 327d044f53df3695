/**
 * The public surface of the SDK: live nouns that own their verbs. Interfaces only; the classes behind them
 * are hidden, so that no libp2p, level or Yjs type can leak through.
 */
import type {
  ChannelId,
  ChannelKind,
  InviteId,
  MessageId,
  OperationId,
  PermissionName,
  RoleId,
  UserId
} from '@xcord/core'
import type { Attachment, FileDraft } from './attachment-types.ts'
import type { ChannelChanges, PermitChange, ReasonOptions } from './moderation-types.ts'
import type { PresenceJson } from './presence-types.ts'
import type { Avatar } from './profile-types.ts'
import type { Thread, ThreadCollection, ThreadInit } from './thread-types.ts'
import type { Server } from './server-types.ts'
import type { ChannelVoice } from './voice-types.ts'
import type {
  ChannelJson,
  Delivery,
  DeliveryState,
  InviteJson,
  MemberJson,
  MessageJson,
  OperationJson,
  OverwriteJson,
  RoleJson,
  Standing
} from './shapes.ts'

export type * from './attachment-types.ts'
export type * from './client-types.ts'
export type * from './conversation-types.ts'
export type * from './device-types.ts'
export type * from './export-types.ts'
export type * from './keychain-types.ts'
export type * from './moderation-types.ts'
export type * from './object-types.ts'
export type * from './request-types.ts'
export type * from './server-types.ts'
export type * from './thread-types.ts'
export type * from './voice-types.ts'

/** Ends a wait, never undoes a commit. */
export interface WaitOptions {
  readonly signal?: AbortSignal
}

/** An external store: goes straight into React's `useSyncExternalStore`. Both functions come bound. */
export interface View<T> {
  /** Calls back after each change; returns its removal. */
  readonly subscribe: (listener: () => void) => () => void
  /** The same reference until something changed. */
  readonly getSnapshot: () => T
}

/** A write that is signed and stored here. */
export interface Written {
  readonly operation: OperationId
  readonly standing: Standing
  readonly delivery: Delivery
  toJSON(): OperationJson
}

export interface MessageDraft {
  /** May be empty where there are files. */
  readonly content: string
  readonly replyTo?: MessageId | Message
  /** At most 10. Needs AttachFiles. XCORD_LIMIT, XCORD_ATTACHMENT_INVALID. */
  readonly files?: readonly FileDraft[]
}

/** A message as it stands now. Snapshots are immutable: an edit gives a new object under the same id. */
export interface Message {
  readonly id: MessageId
  readonly server: Server
  readonly channel: Channel
  readonly author: { readonly id: UserId; readonly name: string }
  readonly content: string
  readonly at: Date
  readonly editedAt: Date | null
  readonly deleted: boolean
  readonly replyTo: MessageId | null
  readonly mentions: readonly string[]
  readonly attachments: readonly Attachment[]
  readonly reactions: readonly { readonly emoji: string; readonly users: readonly UserId[] }[]
  readonly standing: Standing
  /** Shown by a member's snapshot and not judged here yet: `message:create` or `message:withdraw` follows. */
  readonly unverified: boolean
  readonly delivery: Delivery
  reply(content: string): Promise<Message>
  edit(content: string): Promise<Message>
  delete(): Promise<void>
  react(emoji: string): Promise<void>
  unreact(emoji: string): Promise<void>
  /**
   * Shows a message again that a denial of its author hid, with all that its device wrote before it.
   * XCORD_PERMISSION_DENIED: whoever could deny as strongly may; XCORD_CONFLICT where no cut hides it.
   */
  readmit(options?: ReasonOptions): Promise<Written>
  /** Begins a thread of its channel about this message; `content` answers it. */
  startThread(
    init: Omit<ThreadInit, 'from'> & { readonly content: string },
    options?: ReasonOptions
  ): Promise<Thread>
  /** Resolves when delivery is this level or higher. XCORD_ABORTED. */
  reached(state: DeliveryState, options?: WaitOptions): Promise<Delivery>
  toJSON(): MessageJson
}

export interface HistoryOptions {
  /** Messages per page fetched; iteration goes on until the end. Default 50. */
  readonly limit?: number
  readonly before?: MessageId
  readonly after?: MessageId
  /**
   * Also messages that a concurrent denial hid (`standing` is `voided`): one's own, and with ManageMessages all.
   * Default false.
   */
  readonly hidden?: boolean
}

export interface Channel {
  readonly id: ChannelId
  readonly server: Server
  readonly name: string
  readonly kind: ChannelKind
  readonly topic: string | null
  readonly parent: ChannelId | null
  /** Place among the channels of its parent, from 0. */
  readonly position: number
  readonly slowmodeSeconds: number
  readonly nsfw: boolean
  /** Of a voice channel: members at once, null for any number. */
  readonly userLimit: number | null
  /** Of a voice channel, null where nothing was said. */
  readonly bitrateKbps: number | null
  readonly synced: boolean
  readonly overwrites: readonly OverwriteJson[]
  readonly unread: number
  /** Of voice channels. */
  readonly voice: ChannelVoice
  readonly threads: ThreadCollection & {
    /**
     * Text and announcement channels have threads, forums posts. XCORD_PERMISSION_DENIED: CreatePublicThreads,
     * CreatePrivateThreads, in a forum SendMessages; and SendMessagesInThreads for a first message.
     */
    create(init: ThreadInit, options?: ReasonOptions): Promise<Thread>
  }
  /** The newest messages held, oldest first; grows as `history` is read. */
  readonly messages: View<readonly Message[]>
  /** Resolves when signed and stored here. XCORD_PERMISSION_DENIED, XCORD_MESSAGE_TOO_LONG. */
  send(message: string | MessageDraft): Promise<Message>
  /** Newest first. Fetches pages as it is read; `break` frees everything. */
  history(options?: HistoryOptions): AsyncIterable<Message>
  /** One page, oldest first. */
  page(options?: HistoryOptions & { readonly around?: MessageId }): Promise<readonly Message[]>
  message(id: MessageId): Promise<Message>
  /** Marks everything up to this message (default: the newest) as read on this profile. */
  markRead(message?: MessageId): Promise<void>
  edit(changes: ChannelChanges, options?: ReasonOptions): Promise<Written>
  /** Under another category (null: under none), or to another place among the channels of its parent, from 0. */
  move(
    place: { readonly parent?: ChannelId | Channel | null; readonly position?: number },
    options?: ReasonOptions
  ): Promise<Written>
  /**
   * What a role or member may do here beside what their roles say. A channel synced with its category takes the
   * category's overwrites as its own first. XCORD_PERMISSION_DENIED: one gives and takes only what one has here.
   */
  permit(
    target: Role | Member | RoleId | UserId,
    change: PermitChange,
    options?: ReasonOptions
  ): Promise<Written>
  /** Reads its category's overwrites in place of its own; off, they are copied. */
  sync(on: boolean, options?: ReasonOptions): Promise<Written>
  delete(options?: ReasonOptions): Promise<Written>
  permits(permission: PermissionName): boolean
  toJSON(): ChannelJson
}

export interface Role {
  readonly id: RoleId
  readonly server: Server
  readonly name: string
  readonly color: string | null
  readonly position: number
  readonly permissions: readonly PermissionName[]
  readonly hoist: boolean
  readonly mentionable: boolean
  /** Who holds it. */
  readonly members: readonly Member[]
  /** Permissions are changed one by one: `allow` sets, `deny` clears, all others stay. */
  edit(
    changes: {
      readonly name?: string
      /** `#rrggbb`, or null for none. */
      readonly color?: string | null
      readonly hoist?: boolean
      readonly mentionable?: boolean
      readonly allow?: readonly PermissionName[]
      readonly deny?: readonly PermissionName[]
    },
    options?: ReasonOptions
  ): Promise<Written>
  /** To a place counted from `@everyone`, which is 0. */
  move(position: number, options?: ReasonOptions): Promise<Written>
  delete(options?: ReasonOptions): Promise<Written>
  grant(member: Member | UserId, options?: ReasonOptions): Promise<Written>
  revoke(member: Member | UserId, options?: ReasonOptions): Promise<Written>
  toJSON(): RoleJson
}

export interface Member {
  readonly id: UserId
  readonly server: Server
  /** Nickname here, else the profile's name. */
  readonly name: string
  readonly nick: string | null
  readonly roles: readonly Role[]
  readonly joinedAt: Date
  readonly owner: boolean
  /** Presence is anything but offline. Who is connected to us is another matter: see `peers`. */
  readonly online: boolean
  /** As their devices say; offline where they say nothing, and where they are not heard. */
  readonly presence: PresenceJson
  /**
   * The picture they wear, undefined for none: fetched when it is asked for, from whichever connected member has it, and
   * kept. XCORD_ATTACHMENT_UNAVAILABLE, XCORD_ATTACHMENT_INVALID, XCORD_LIMIT, XCORD_ABORTED.
   */
  avatar(options?: WaitOptions): Promise<Avatar | undefined>
  /** Until when the member may only read; null if they may write. */
  readonly timeoutUntil: Date | null
  /** In voice channels, by a moderator: not heard, and does not hear. */
  readonly muted: boolean
  readonly deafened: boolean
  kick(options?: ReasonOptions): Promise<Written>
  ban(options?: ReasonOptions): Promise<Written>
  /** A number is a duration in ms; null ends it. At most 28 days. */
  timeout(until: Date | number | null, options?: ReasonOptions): Promise<Written>
  /** Takes voice or hearing away in voice channels, or gives it back. MuteMembers, DeafenMembers. */
  setVoice(
    changes: { readonly muted?: boolean; readonly deafened?: boolean },
    options?: ReasonOptions
  ): Promise<Written>
  /**
   * From the voice channel they are in to another, or out (null): every honest peer lets go of them.
   * XCORD_PERMISSION_DENIED without MoveMembers; XCORD_MEMBER_NOT_FOUND where they are in none.
   */
  moveTo(channel: Channel | ChannelId | null): void
  /** null: the name of the profile. One's own needs ChangeNickname, another's ManageNicknames. */
  setNick(nick: string | null, options?: ReasonOptions): Promise<Written>
  toJSON(): MemberJson
}

export interface Invite {
  readonly id: InviteId
  readonly server: Server
  /** Known only to the profile that made it. */
  readonly link: string | undefined
  readonly mode: 'open' | 'approval'
  readonly expiresAt: Date | null
  readonly uses: number
  readonly maxUses: number | null
  readonly open: boolean
  revoke(options?: ReasonOptions): Promise<Written>
  toJSON(): InviteJson
}

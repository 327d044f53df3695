/**
 * The public surface of the SDK: live nouns that own their verbs. Interfaces only; the classes behind them
 * are hidden, so that no libp2p, level or Yjs type can leak through.
 */
import type {
  ChannelId,
  ChannelKind,
  DeviceId,
  InviteId,
  MessageId,
  OperationId,
  PermissionName,
  RoleId,
  ServerId,
  UserId
} from '@xcord/core'
import type {
  AuditOptions,
  AuditPage,
  AutomodInit,
  AutomodRule,
  ChannelInit,
  PermitChange,
  ReasonOptions
} from './moderation-types.ts'
import type {
  BanJson,
  ChannelJson,
  Delivery,
  DeliveryState,
  DoctorJson,
  EventJson,
  EventName,
  EventShapes,
  IdentityJson,
  InviteJson,
  MemberJson,
  MessageJson,
  OperationJson,
  OverwriteJson,
  PeerJson,
  RoleJson,
  ServerJson,
  Standing,
  StateJson
} from './shapes.ts'

export type * from './moderation-types.ts'

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

/** What listeners get, beside the durable cursor. */
export interface ClientEvents {
  'message:create': { message: Message }
  'message:update': { message: Message }
  'message:delete': { message: Message }
  'reaction:add': { message: Message; emoji: string; user: UserId }
  'reaction:remove': { message: Message; emoji: string; user: UserId }
  'delivery:update': { message: Message; delivery: Delivery }
  'channel:create': { channel: Channel }
  'channel:update': { channel: Channel }
  'channel:delete': { channel: { id: ChannelId; server: Server } }
  'role:create': { role: Role }
  'role:update': { role: Role }
  'role:delete': { role: { id: RoleId; server: Server } }
  'member:join': { member: Member }
  'member:update': { member: Member }
  'member:leave': { member: Member }
  'member:kick': { member: Member; by: UserId; reason: string | null }
  'member:ban': { member: Member; by: UserId; reason: string | null }
  'member:unban': { member: Member; by: UserId }
  'member:timeout': { member: Member; by: UserId; reason: string | null }
  'server:join': { server: Server }
  'server:leave': { server: { id: ServerId; name: string; cause: 'left' | 'kicked' | 'banned' } }
  'server:update': { server: Server }
  'invite:create': { invite: Invite }
  'invite:revoke': { invite: Invite }
  'operation:void': EventShapes['operation:void']
  'operation:restore': EventShapes['operation:restore']
  'sync:progress': EventShapes['sync:progress']
  'connection:update': EventShapes['connection:update']
  /** Rejections of listeners and faults in the background. Without a listener they go to the log. */
  error: { error: unknown }
}

export type ClientEventName = keyof ClientEvents

export interface MessageDraft {
  readonly content: string
  readonly replyTo?: MessageId | Message
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
  readonly reactions: readonly { readonly emoji: string; readonly users: readonly UserId[] }[]
  readonly standing: Standing
  readonly delivery: Delivery
  reply(content: string): Promise<Message>
  edit(content: string): Promise<Message>
  delete(): Promise<void>
  react(emoji: string): Promise<void>
  unreact(emoji: string): Promise<void>
  /** Resolves when delivery is this level or higher. XCORD_ABORTED. */
  reached(state: DeliveryState, options?: WaitOptions): Promise<Delivery>
  toJSON(): MessageJson
}

export interface HistoryOptions {
  /** Messages per page fetched; iteration goes on until the end. Default 50. */
  readonly limit?: number
  readonly before?: MessageId
  readonly after?: MessageId
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
  readonly synced: boolean
  readonly overwrites: readonly OverwriteJson[]
  readonly unread: number
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
  edit(
    changes: { readonly name?: string; readonly topic?: string | null; readonly slowmodeSeconds?: number },
    options?: ReasonOptions
  ): Promise<Written>
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
  /** A device of the member is connected to us now. */
  readonly online: boolean
  /** Until when the member may only read; null if they may write. */
  readonly timeoutUntil: Date | null
  kick(options?: ReasonOptions): Promise<Written>
  ban(options?: ReasonOptions): Promise<Written>
  /** A number is a duration in ms; null ends it. At most 28 days. */
  timeout(until: Date | number | null, options?: ReasonOptions): Promise<Written>
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

export interface Server {
  readonly id: ServerId
  readonly name: string
  readonly description: string | null
  readonly owner: UserId
  readonly me: Member
  /** Equal on every peer that holds the same operations. Hex. */
  readonly stateHash: string
  readonly channels: {
    readonly all: readonly Channel[]
    get(idOrName: string): Channel | undefined
    /** Those we may view are in `all` and found by `get`. */
    create(init: ChannelInit, options?: ReasonOptions): Promise<Channel>
  }
  readonly roles: {
    readonly all: readonly Role[]
    get(idOrName: string): Role | undefined
    create(
      init: {
        readonly name: string
        readonly permissions?: readonly PermissionName[]
        readonly color?: string
      },
      options?: ReasonOptions
    ): Promise<Role>
  }
  readonly members: {
    readonly all: readonly Member[]
    /** Id, unique id prefix of six characters, or name (with or without `@`). */
    get(idOrName: string): Member | undefined
  }
  readonly invites: {
    readonly all: readonly Invite[]
    /** Default: 7 days, unlimited uses. Whoever holds the link may join and read until it is closed. */
    create(
      init?: { readonly maxUses?: number; readonly expiresInMs?: number | null },
      options?: ReasonOptions
    ): Promise<Invite>
    /** By id, prefix or link. */
    get(idOrLink: string): Invite | undefined
  }
  readonly bans: {
    /** Who is banned. XCORD_PERMISSION_DENIED without BanMembers. */
    list(): readonly BanJson[]
    /** Bans somebody by id, a member or not. */
    create(user: UserId, options?: ReasonOptions): Promise<Written>
    /** Lets a banned user join again. */
    remove(user: UserId, options?: ReasonOptions): Promise<Written>
  }
  readonly automod: {
    readonly all: readonly AutomodRule[]
    /** By id, unique prefix or name. */
    get(idOrName: string): AutomodRule | undefined
    create(init: AutomodInit, options?: ReasonOptions): Promise<AutomodRule>
  }
  /** The operations as an audit log, voided ones too. XCORD_PERMISSION_DENIED without ViewAuditLog. */
  audit(options?: AuditOptions): AuditPage
  /** Heads, state hash, forks: peers with equal heads hold the same operations. */
  heads(): StateJson
  edit(
    changes: { readonly name?: string; readonly description?: string | null },
    options?: ReasonOptions
  ): Promise<Written>
  /** Our consent to own this server, as a line of text for its owner. Good until the server changes hands. */
  consent(): string
  /**
   * Hands the server over to a member who gave their consent. `phrase`: the owner's 24 words, kept nowhere.
   * XCORD_PERMISSION_DENIED, XCORD_CONSENT_INVALID, XCORD_PHRASE_INVALID.
   */
  transfer(
    member: Member | UserId,
    options: { readonly consent: string; readonly phrase?: string } & ReasonOptions
  ): Promise<Written>
  /** By id or name, with or without `#`. XCORD_CHANNEL_NOT_FOUND. */
  channel(idOrName: string): Channel
  leave(): Promise<Written>
  toJSON(): ServerJson
}

export interface JoinOptions extends WaitOptions {
  /** Default 30,000. */
  readonly timeoutMs?: number
}

/** One profile's peer: identity, servers, network. */
export interface Client {
  readonly identity: { readonly id: UserId; readonly device: DeviceId; readonly name: string }
  readonly servers: {
    readonly all: readonly Server[]
    /** Id, unique prefix or name. */
    get(idOrName: string): Server | undefined
    create(init: { readonly name: string; readonly channels?: readonly string[] }): Promise<Server>
    /**
     * Joins by link; resolves once the state is known and our join is part of it. XCORD_INVITE_INVALID,
     * _EXPIRED, _USED, _REVOKED, XCORD_NO_PEER, XCORD_DEADLINE.
     */
    join(link: string, options?: JoinOptions): Promise<Server>
  }
  readonly view: View<readonly Server[]>
  on<E extends ClientEventName>(
    event: E,
    listener: (data: ClientEvents[E] & { readonly cursor: string }) => void | Promise<void>
  ): () => void
  /**
   * Durable events in order, from a cursor (exclusive) or from now on. A cursor older than what is kept gives
   * an explicit `gap` first, never silence.
   */
  events(options?: {
    readonly since?: string
    readonly types?: readonly EventName[]
    readonly signal?: AbortSignal
  }): AsyncIterable<EventJson>
  /** Cursor of the newest event. */
  readonly cursor: string
  describe(): IdentityJson
  peers(): readonly PeerJson[]
  doctor(options?: WaitOptions): Promise<DoctorJson>
  /** Dials an address by hand, as multiaddr text. */
  connect(address: string, options?: WaitOptions): Promise<void>
  /** Own dialable addresses. */
  addresses(): readonly string[]
  /** Graceful and repeatable: flushes, says goodbye, releases the profile. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Where a profile is kept. Made by `folder` (Node) or `memory`. */
export interface ProfileStore {
  readonly kind: string
}

export interface NetworkInit {
  /** Multiaddr text to listen on. Default: all interfaces, any port. */
  readonly listen?: readonly string[]
  /** Find peers in the local network. Default true. */
  readonly mdns?: boolean
  /** Public addresses to announce instead of those found. */
  readonly announce?: readonly string[]
}

export interface ClientInit {
  /** Name others see. Needed when the identity is made; ignored later. */
  readonly profile?: { readonly name: string }
  /** Default: memory, with one warning. */
  readonly store?: ProfileStore
  /** Nodes that help with discovery and relaying: multiaddr text. */
  readonly bootstrap?: readonly string[]
  readonly network?: NetworkInit
  /** 24 words: recovers this identity as a new device instead of making one. Only where the store is empty. */
  readonly phrase?: string
  /** Receives the phrase of a newly made identity, once. Without it the phrase is not shown to anyone. */
  readonly onPhrase?: (phrase: string) => void
}

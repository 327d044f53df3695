/** Public types of a profile's peer: the client, what it tells, and what it is made of. Interfaces only. */
import type { ChannelId, DeviceId, RoleId, ServerId, UserId } from '@xcord/core'
import type { IceServer, MediaPort } from '@xcord/core/voice'
import type {
  Conversation,
  ConversationCollection,
  DirectMessage,
  SafetyCollection
} from './conversation-types.ts'
import type { DeviceCollection } from './device-types.ts'
import type { ByteSource, Copied, CopyOptions, Imported, ImportOptions } from './export-types.ts'
import type { PresenceControl, PresenceJson } from './presence-types.ts'
import type { ProfileControl } from './profile-types.ts'
import type { KeychainControl } from './keychain-types.ts'
import type { JoinRequest } from './request-types.ts'
import type { Server } from './server-types.ts'
import type {
  Delivery,
  DoctorJson,
  EventJson,
  EventName,
  EventShapes,
  IdentityJson,
  PeerJson,
  SyncBudget,
  SyncControl
} from './shapes.ts'
import type { Thread } from './thread-types.ts'
import type { Channel, Invite, Member, Message, Role, View, WaitOptions } from './types.ts'
import type { Occupant } from './voice-types.ts'

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
  'thread:create': { thread: Thread }
  'thread:update': { thread: Thread }
  'thread:delete': { thread: { id: ChannelId; server: Server } }
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
  'request:create': { request: JoinRequest }
  'request:update': { request: JoinRequest }
  'conversation:create': { conversation: Conversation }
  /** Its people, its lifetime, who left, or how far own messages have come. */
  'conversation:update': { conversation: Conversation }
  /** A new message, or a changed text (`edited`). */
  'conversation:message': { message: DirectMessage }
  'conversation:delete': EventShapes['conversation:delete']
  'operation:void': EventShapes['operation:void']
  'operation:restore': EventShapes['operation:restore']
  /** A device signed two things for one place of its chain: its owner should make it anew. Once for each chain. */
  'device:fork': EventShapes['device:fork']
  /** A snapshot that somebody published is false: it is used for nothing, and this is who signed it. */
  'snapshot:false': EventShapes['snapshot:false']
  /**
   * Of a first page, of the operations that verify it, of messages; and when what is missing begins or ends to wait for the
   * budget. Not kept: no cursor brings it again.
   */
  'sync:progress': EventShapes['sync:progress']
  /** A message that was shown unverified did not stand: it is to be shown no more. Not kept. */
  'message:withdraw': EventShapes['message:withdraw']
  /** A peer came, turned out to be a member, took another path, or went (then as it was last). */
  'connection:update': EventShapes['connection:update']
  /** Who is in a voice channel changed, or what they say of themselves. Not kept: no cursor brings it again. */
  'voice:update': { channel: Channel; occupants: readonly Occupant[] }
  /** How a member is there changed, or their words. Not kept: no cursor brings it again. */
  'presence:update': { member: Member; presence: PresenceJson }
  /** Rejections of listeners and faults in the background. Without a listener they go to the log. */
  error: { error: unknown }
}

export type ClientEventName = keyof ClientEvents

export interface JoinOptions extends WaitOptions {
  /** Default 30,000. */
  readonly timeoutMs?: number
  /** Said to those who decide, where the link asks: at most 1,000 bytes. */
  readonly message?: string
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
     * _EXPIRED, _USED, _REVOKED, XCORD_NO_PEER, XCORD_DEADLINE. A link that asks: waits for the answer, then joins;
     * XCORD_APPROVAL_PENDING at the deadline (call again later), XCORD_APPROVAL_REFUSED.
     */
    join(link: string, options?: JoinOptions): Promise<Server>
    /**
     * Takes in the export of a server that this account is a member of. What is held already is joined with it, and
     * nothing held is replaced. XCORD_EXPORT_INVALID, XCORD_NOT_A_MEMBER, XCORD_CONFLICT.
     */
    import(source: ByteSource, options?: ImportOptions): Promise<Imported>
    /**
     * Founds a new server of ours as the one of an export stood: roles, channels, permissions, automod, expressions, bans. Its
     * members are invited anew; what they had there is given to them when they join and this device is online.
     * XCORD_EXPORT_INVALID.
     */
    copy(source: ByteSource, options?: CopyOptions): Promise<Copied>
  }
  readonly devices: DeviceCollection
  /** Two to ten people without a server. */
  readonly conversations: ConversationCollection
  readonly safety: SafetyCollection
  /** How far sync is, and what it may spend on a metered line. */
  readonly sync: SyncControl
  /** How members of our servers see that this device is there. */
  readonly presence: PresenceControl
  /** Name and picture, one's own and those of others. */
  readonly profile: ProfileControl
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
  /**
   * Another password for this profile: nothing but the lock of its keys is written anew. `old` where there is one; where
   * a key file opened it, that is gone afterwards. XCORD_KEYSTORE_REFUSED, XCORD_USAGE.
   */
  changePassword(old: string | undefined, next: string): Promise<void>
  /** KS11: lets the system's keychain open this profile, or no longer. Undefined where a profile is not in a folder. */
  readonly keychain: KeychainControl | undefined
  /**
   * The whole profile as one sealed file, as it is when the first piece is asked for, while everything goes on (ND42). The 24
   * words open it: `restoreBackup` makes a new device of it, `verifyBackup` looks whether it is whole.
   * XCORD_PERMISSION_DENIED where this device has no backup key.
   */
  backup(): AsyncIterable<Uint8Array>
  /** Graceful and repeatable: flushes, says goodbye, releases the profile. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Where a profile is kept. Made by `folder` (Node), `indexedDb` (browsers) or `memory`. */
export interface ProfileStore {
  readonly kind: string
}

export interface NetworkInit {
  /** Multiaddr text to listen on. Default: all interfaces, any port. A page listens nowhere: members reach it by a relay. */
  readonly listen?: readonly string[]
  /** Find peers in the local network. Default true; not in browsers. */
  readonly mdns?: boolean
  /** Public addresses to announce instead of those found. */
  readonly announce?: readonly string[]
  /** Direct connections to and between pages, by WebRTC. Default true in browsers; in Node it costs 30 MB, so false. */
  readonly webrtc?: boolean
}

export interface ClientInit {
  /** Name others see. Needed when the identity is made; ignored later: `client.profile.set` changes it. */
  readonly profile?: { readonly name: string }
  /** Default: memory, with one warning. */
  readonly store?: ProfileStore
  /** Nodes that help with discovery and relaying: multiaddr text. */
  readonly bootstrap?: readonly string[]
  /**
   * `false`: offline. What is held can be read and written, nothing is loaded for a network, and nothing leaves or
   * arrives until the profile is opened with one.
   */
  readonly network?: NetworkInit | false
  /** Carries audio in voice channels. In Node an engine of its own, started with the first call. Stopped with the client. */
  readonly media?: MediaPort
  /** STUN and TURN servers that voice may use; none where nothing is given. */
  readonly iceServers?: readonly IceServer[]
  /** What may be spent on what can wait, from here on; null: no bound. Absent: as it was. */
  readonly sync?: { readonly budget?: SyncBudget | null }
  /** 24 words: recovers this identity as a new device instead of making one. Only where the store is empty. */
  readonly phrase?: string
  /**
   * The backup file that belongs to the phrase (its bytes): brings back the servers with their readable history, from
   * whichever of their members is reachable. XCORD_BACKUP_INVALID.
   */
  readonly backup?: Uint8Array
  /** With a phrase: revokes every device that the identity had. For lost or stolen ones. */
  readonly revokeOthers?: boolean
  /** Where the backup file is kept fresh. Default: `backup` in the profile's folder; false: nowhere. */
  readonly backupFile?: string | false
  /** Receives the phrase of a newly made identity, once. Without it the phrase is not shown to anyone. */
  readonly onPhrase?: (phrase: string) => void
}

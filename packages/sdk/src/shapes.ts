/**
 * Plain JSON shapes of everything people see: what `toJSON()` of the live objects gives, what the daemon
 * answers and what `xcord --json` prints. Fields are only added within a major version.
 */
import type { ChannelKind, ErrorCode } from '@xcord/core'
import type { AttachmentJson } from './attachment-types.ts'
import type { ConversationJson, DirectMessageJson } from './conversation-types.ts'
import type { JoinRequestJson } from './request-types.ts'
import type { FalseSnapshotJson, MessageWithdrawnJson, VerifyingJson } from './doctor-shapes.ts'
import type { PresenceJson } from './presence-types.ts'
import type { AvatarJson } from './profile-types.ts'
import type { SyncProgressJson } from './sync-types.ts'

export type {
  DoctorCheckJson,
  DoctorJson,
  FalseSnapshotJson,
  MessageWithdrawnJson,
  UnopenedJson,
  VerifyingJson
} from './doctor-shapes.ts'
export type * from './presence-types.ts'
export type * from './profile-types.ts'
export type * from './sync-types.ts'

/** How far a message or operation is known to have come (SY17). Rises only; levels may be skipped. */
export type DeliveryState = 'local' | 'sent' | 'stored' | 'delivered' | 'seen'

export interface Delivery {
  readonly state: DeliveryState
  /** Others whose signed receipts we hold: a lower bound. */
  readonly holders: number
}

/** What authority makes of it: counts, not yet placed, or set aside by a stronger concurrent operation. */
export type Standing = 'effective' | 'pending' | 'voided'

export interface OperationJson {
  readonly operation: string
  readonly standing: Standing
  readonly delivery: Delivery
}

export interface ReactionJson {
  readonly emoji: string
  readonly users: readonly string[]
}

export interface MessageJson {
  readonly id: string
  readonly server: string
  readonly channel: string
  /** User id. */
  readonly author: string
  readonly authorName: string
  readonly content: string
  /** ISO 8601; the author's claim, ordered causally. */
  readonly at: string
  readonly editedAt?: string
  readonly deleted?: true
  readonly replyTo?: string
  readonly mentions: readonly string[]
  readonly attachments: readonly AttachmentJson[]
  readonly reactions: readonly ReactionJson[]
  readonly standing: Standing
  /** Shown by a member's snapshot and not judged here yet; absent otherwise. */
  readonly unverified?: true
  readonly delivery: Delivery
}

export interface ServerJson {
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly owner: string
  readonly members: number
  readonly channels: number
  readonly stateHash: string
  readonly unread: number
  /** Addresses of the community's own nodes; absent where there are none. */
  readonly nodes?: readonly string[]
  /** Where the idle go in calls; absent where they stay. */
  readonly afk?: { readonly channel: string; readonly seconds: number }
  /** Read from a file: this device only reads. */
  readonly imported?: true
  /** Shown by a member's snapshot, which is being verified; absent where everything was replayed here. */
  readonly verifying?: VerifyingJson
}

export interface ChannelJson {
  readonly id: string
  readonly server: string
  readonly name: string
  readonly kind: ChannelKind
  readonly parent: string | null
  /** Place among the channels of its parent, from 0. */
  readonly position: number
  readonly topic: string | null
  /** Who reads what was sent before they came. */
  readonly history: 'all' | 'join' | 'window'
  /** Of `window`. */
  readonly historyDays?: number
  readonly slowmodeSeconds: number
  readonly nsfw: boolean
  /** Of a voice channel: members at once; absent for any number. */
  readonly userLimit?: number
  /** Of a voice channel, where it was said. */
  readonly bitrateKbps?: number
  /** Its category's overwrites are read in place of its own. */
  readonly synced: boolean
  /** Those that count, one for each role or member that has any. */
  readonly overwrites: readonly OverwriteJson[]
  readonly unread: number
  /** Of threads only. */
  readonly thread?: ThreadJson
}

/** What only threads have. */
export interface ThreadJson {
  /** Only for its members, and for whoever has ManageThreads. */
  readonly private: boolean
  /** Put away; a message opens it again unless it is locked. */
  readonly archived: boolean
  /** Only ManageThreads writes there. */
  readonly locked: boolean
  /** User id. */
  readonly creator: string
  readonly createdAt: string
  /** User ids; empty for a public one. */
  readonly members: readonly string[]
}

export interface OverwriteJson {
  /** Id of a role or a user. */
  readonly target: string
  readonly kind: 'role' | 'member'
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

export interface RoleJson {
  readonly id: string
  readonly server: string
  readonly name: string
  /** Hex colour such as `#5865f2`, or null. */
  readonly color: string | null
  /** From below: `@everyone` is 0. */
  readonly position: number
  readonly permissions: readonly string[]
  /** Shown apart in the list of members. */
  readonly hoist: boolean
  readonly mentionable: boolean
  /** How many members hold it. */
  readonly members: number
}

export interface MemberJson {
  readonly id: string
  readonly server: string
  readonly name: string
  readonly nick: string | null
  readonly roles: readonly string[]
  readonly joinedAt: string
  readonly owner: boolean
  readonly online: boolean
  /** As their devices say; absent where they are offline. */
  readonly presence?: PresenceJson
  /** Absent where they wear none. */
  readonly avatar?: AvatarJson
  readonly timeoutUntil?: string
  /** In voice channels, by a moderator: not heard. */
  readonly muted?: true
  /** In voice channels, by a moderator: does not hear. */
  readonly deafened?: true
  /** Devices that signed two things for one place: to be made anew. */
  readonly forkedDevices?: readonly string[]
}

export interface BanJson {
  /** User id. */
  readonly id: string
  readonly server: string
  readonly name: string
  readonly by: string | null
  readonly reason: string | null
  readonly at: string | null
  readonly operation: string | null
}

export interface AutomodJson {
  readonly id: string
  readonly server: string
  readonly name: string
  /** What it looks for: words, more than `max` mentions, links to other hosts than `words` names. */
  readonly rule: 'words' | 'mentions' | 'links'
  readonly action: 'block'
  readonly enabled: boolean
  readonly words: readonly string[]
  readonly max: number | null
  readonly exemptRoles: readonly string[]
  readonly exemptChannels: readonly string[]
}

export interface ExpressionJson {
  readonly id: string
  readonly server: string
  readonly kind: 'emoji' | 'sticker' | 'sound'
  readonly name: string
  /** User id. */
  readonly creator: string
  /** Such as `image/webp`. */
  readonly mediaType: string
  /** Base64. */
  readonly media: string
}

export interface ScheduledEventJson {
  readonly id: string
  readonly server: string
  readonly name: string
  /** ISO 8601. */
  readonly startsAt: string
  readonly endsAt: string | null
  readonly description: string | null
  readonly location: string | null
  /** User id. */
  readonly creator: string
}

export interface PolicyJson {
  readonly server: string
  /** What members' clients make when they are asked for an invite. */
  readonly invites: 'open' | 'approval'
  /** Whether handing the server over takes the owner's 24 words. */
  readonly transferNeedsPhrase: boolean
}

export interface AuditJson {
  readonly operation: string
  /** User id; null where what enrolled the device does not stand any more. */
  readonly actor: string | null
  readonly actorName: string | null
  /** `noun:verb`. */
  readonly action: string
  readonly target: string | null
  readonly reason: string | null
  /** ISO 8601; the author's claim. */
  readonly at: string
  readonly standing: 'effective' | 'voided'
  /** Of voided ones: the rule, and the operation that struck it if there is one. */
  readonly rule?: string
  readonly by?: string
  /** Its device signed another for the same place. */
  readonly forked?: true
}

/**
 * A device signed two things for one place of its chain: somebody copied its key, or a backup was restored. Nobody is
 * banned for it; its owner should make it anew.
 */
export interface EquivocationJson {
  readonly server: string
  readonly device: string
  readonly user: string | null
  readonly chain: 'operations' | 'messages'
  /** The place. */
  readonly seq: number
  /** Ids of the branches that are at hand: both of operations, the later one of messages. */
  readonly branches: readonly string[]
  /** This very device. */
  readonly own: boolean
}

export interface ForkJson {
  readonly device: string
  readonly seq: number
  readonly operations: readonly string[]
}

export interface StateJson {
  readonly server: string
  readonly heads: readonly string[]
  readonly leaves: readonly string[]
  readonly operations: number
  readonly stateHash: string
  readonly forks: readonly ForkJson[]
}

export interface InviteJson {
  readonly id: string
  readonly server: string
  /** Present only where this profile holds the secret. */
  readonly link?: string
  readonly mode: 'open' | 'approval'
  readonly author: string
  readonly expiresAt: string | null
  readonly uses: number
  readonly maxUses: number | null
  readonly open: boolean
}

export interface DeviceJson {
  readonly device: string
  readonly name: string
  /** null of other devices: an identity log has no clock. */
  readonly addedAt: string | null
  /** May link and revoke others. */
  readonly manage: boolean
  /** Not revoked. */
  readonly active: boolean
  readonly current: boolean
}

export interface IdentityJson {
  readonly identity: string
  readonly name: string
  readonly device: string
  readonly devices: readonly DeviceJson[]
  readonly safetyNumber: string
}

export interface PeerJson {
  readonly peer: string
  readonly name: string | null
  readonly kind: 'member' | 'node' | 'unknown'
  readonly path: 'lan' | 'tcp' | 'wss' | 'webrtc' | 'turn' | 'relayed' | 'store' | 'memory' | 'none'
  readonly address: string | null
  readonly rttMs: number | null
  readonly servers: readonly string[]
  readonly cause?: string
  readonly remedy?: string
}

export interface ErrorJson {
  readonly code: ErrorCode | 'XCORD_INTERNAL'
  readonly message: string
  readonly details: unknown
  readonly docs: string
}

/** What each event carries as JSON: the same strings in SDK, daemon and command line. */
export interface EventShapes {
  'message:create': { message: MessageJson }
  'message:update': { message: MessageJson }
  'message:delete': { message: MessageJson }
  'reaction:add': { message: MessageJson; emoji: string; user: string }
  'reaction:remove': { message: MessageJson; emoji: string; user: string }
  'delivery:update': { message: string; channel: string; server: string; delivery: Delivery }
  'channel:create': { channel: ChannelJson }
  'channel:update': { channel: ChannelJson }
  'channel:delete': { channel: { id: string; server: string } }
  'thread:create': { thread: ChannelJson }
  'thread:update': { thread: ChannelJson }
  'thread:delete': { thread: { id: string; server: string } }
  'role:create': { role: RoleJson }
  'role:update': { role: RoleJson }
  'role:delete': { role: { id: string; server: string } }
  'member:join': { member: MemberJson }
  'member:update': { member: MemberJson }
  'member:leave': { member: MemberJson }
  'member:kick': { member: MemberJson; by: string; reason: string | null }
  'member:ban': { member: MemberJson; by: string; reason: string | null }
  'member:unban': { member: MemberJson; by: string }
  'member:timeout': { member: MemberJson; by: string; reason: string | null }
  'server:join': { server: ServerJson }
  'server:leave': { server: { id: string; name: string; cause: 'left' | 'kicked' | 'banned' } }
  'server:update': { server: ServerJson }
  'invite:create': { invite: InviteJson }
  'invite:revoke': { invite: InviteJson }
  'request:create': { request: JoinRequestJson }
  'request:update': { request: JoinRequestJson }
  'conversation:create': { conversation: ConversationJson }
  'conversation:update': { conversation: ConversationJson }
  'conversation:message': { message: DirectMessageJson }
  'conversation:delete': { conversation: string; message: string; expired: boolean }
  'operation:void': { operation: string; server: string; rule: string; by: string | null; own: boolean }
  'operation:restore': { operation: string; server: string }
  'device:fork': EquivocationJson
  'snapshot:false': FalseSnapshotJson
  'sync:progress': SyncProgressJson
  'message:withdraw': MessageWithdrawnJson
  'connection:update': { peer: PeerJson; connected: boolean }
  'presence:update': { member: MemberJson; presence: PresenceJson }
  gap: { reason: string; from: string; to: string }
}

/** Name of an event. */
export type EventName = keyof EventShapes

/** An event as it is kept and streamed. Cursors are opaque, ordered, durable across restarts. */
export type EventJson = {
  [E in EventName]: { readonly cursor: string; readonly type: E; readonly data: EventShapes[E] }
}[EventName]

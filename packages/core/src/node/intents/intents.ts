/** What members ask authority to do, in people's terms. The node turns each into signed operations. */
import type {
  ChannelId,
  DeviceId,
  InviteId,
  MessageId,
  OperationId,
  RoleId,
  UserId
} from '../../base/index.ts'
import type { ChannelKind, PermissionName } from '../../authority/index.ts'
import type { HistoryMode } from '../../e2ee/index.ts'
import type { Message } from '../../timeline/index.ts'
import type { AutomodContent } from './automod.ts'
import type { ObjectContent } from './objects.ts'

/** A first overwrite of a channel, or a change of one: bits to allow, to deny, to leave to the layers below. */
export interface OverwriteChange {
  readonly target: RoleId | UserId
  readonly allow: readonly PermissionName[]
  readonly deny: readonly PermissionName[]
  readonly none: readonly PermissionName[]
}

/** What only the owner decides (AU12, 65). */
export interface ServerPolicy {
  /** What the members' own clients make when they are asked for an invite. */
  readonly invites: 'open' | 'approval'
  /** Whether handing the server over takes the owner's 24 words. */
  readonly transferNeedsPhrase: boolean
}

/** What a member may ask authority to do; the node turns each into signed operations, usually one. */
export type Intent =
  | {
      readonly kind: 'channel:create'
      readonly channelKind: Exclude<ChannelKind, 'thread'>
      readonly name: string
      readonly topic: string | null
      readonly parent: ChannelId | null
      readonly slowModeSeconds?: number
      /** EK15: who reads what was sent before they came; all unless told, or as its category. */
      readonly history?: HistoryMode
      readonly overwrites?: readonly Omit<OverwriteChange, 'none'>[]
    }
  | {
      readonly kind: 'channel:edit'
      readonly channel: ChannelId
      readonly name?: string
      readonly topic?: string | null
      readonly slowModeSeconds?: number
      readonly history?: HistoryMode
      readonly nsfw?: boolean
      /** Members at once in a voice channel; 0 for any number, at most 99. */
      readonly userLimit?: number
      /** Of a voice channel: 8 to 512. */
      readonly bitrateKbps?: number
    }
  /** `parent` undefined keeps it; `position` counts among the channels of that parent from 0, undefined is the end. */
  | {
      readonly kind: 'channel:move'
      readonly channel: ChannelId
      readonly parent?: ChannelId | null
      readonly position?: number
    }
  /** A channel synced with its category takes a copy of its overwrites first (AU31). */
  | ({ readonly kind: 'channel:permit'; readonly channel: ChannelId } & OverwriteChange)
  /** Reads its category's overwrites in place of its own; off: takes a copy of them (AU31). */
  | { readonly kind: 'channel:sync'; readonly channel: ChannelId; readonly synced: boolean }
  | { readonly kind: 'channel:delete'; readonly channel: ChannelId }
  /**
   * Of a text or announcement channel; of a forum, a post, which is never private. `first` is its first message,
   * written in the same turn; one that answers a message of the parent begins a thread about that message.
   */
  | {
      readonly kind: 'thread:create'
      readonly parent: ChannelId
      readonly name: string
      readonly private: boolean
      readonly first: { readonly content: string; readonly replyTo: MessageId | null } | null
    }
  | {
      readonly kind: 'thread:edit'
      readonly thread: ChannelId
      readonly name?: string
      readonly archived?: boolean
      readonly locked?: boolean
      readonly slowModeSeconds?: number
    }
  /** Lets somebody into a private thread, or takes them out. */
  | {
      readonly kind: 'thread:member'
      readonly thread: ChannelId
      readonly user: UserId
      readonly member: boolean
    }
  | { readonly kind: 'thread:delete'; readonly thread: ChannelId }
  | {
      readonly kind: 'role:create'
      readonly name: string
      readonly permissions: readonly PermissionName[]
      readonly color: number
      readonly hoist?: boolean
      readonly mentionable?: boolean
    }
  | {
      readonly kind: 'role:edit'
      readonly role: RoleId
      readonly name?: string
      readonly color?: number
      readonly hoist?: boolean
      readonly mentionable?: boolean
      readonly set?: readonly PermissionName[]
      readonly clear?: readonly PermissionName[]
    }
  /** `position` counts from `@everyone`, which is 0. */
  | { readonly kind: 'role:move'; readonly role: RoleId; readonly position: number }
  | { readonly kind: 'role:delete'; readonly role: RoleId }
  | { readonly kind: 'role:grant' | 'role:revoke'; readonly role: RoleId; readonly user: UserId }
  | { readonly kind: 'member:kick' | 'member:ban' | 'member:unban'; readonly user: UserId }
  /** `until` in ms since the Unix epoch; null ends it. At most 28 days ahead. */
  | { readonly kind: 'member:timeout'; readonly user: UserId; readonly until: number | null }
  /** One's own needs ChangeNickname, another's ManageNicknames. null: the profile's name. */
  | { readonly kind: 'member:nick'; readonly user: UserId; readonly nick: string | null }
  /** What a member may not do in voice channels; what is not named stays. */
  | {
      readonly kind: 'member:voice'
      readonly user: UserId
      readonly mute?: boolean
      readonly deaf?: boolean
    }
  /**
   * Shows a message again that a denial of its author hid, with all that its device wrote before it (AU37).
   * XCORD_CONFLICT where nothing hides it, or nothing that can be widened.
   */
  | { readonly kind: 'message:readmit'; readonly message: Message }
  /** Tells the server that our identity revoked one of our devices (AU22). XCORD_CONFLICT where it did not. */
  | { readonly kind: 'device:revoke'; readonly device: DeviceId }
  | { readonly kind: 'invite:revoke'; readonly invite: InviteId }
  | {
      readonly kind: 'server:edit'
      readonly name?: string
      readonly description?: string | null
      /** Addresses of the community's own nodes, as multiaddr text; at most 16. */
      readonly nodes?: readonly string[]
      /** Where the idle go in calls (VX14); null: nowhere. XCORD_CHANNEL_NOT_FOUND, XCORD_CHANNEL_KIND. */
      readonly afkChannel?: ChannelId | null
      /** How long one is silent before, 60 to 86,400. */
      readonly afkSeconds?: number
    }
  | ({ readonly kind: 'server:policy' } & Partial<ServerPolicy>)
  /** `rule` null makes one; its id is the operation's. */
  | { readonly kind: 'automod:set'; readonly rule: OperationId | null; readonly content: AutomodContent }
  | { readonly kind: 'automod:remove'; readonly rule: OperationId }
  /** `object` null makes one; its id is the operation's. An object keeps its kind. */
  | { readonly kind: 'object:set'; readonly object: OperationId | null; readonly content: ObjectContent }
  | { readonly kind: 'object:remove'; readonly object: OperationId }

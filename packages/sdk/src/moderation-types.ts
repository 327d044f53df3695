/** Public types of moderation: what one asks for and what the audit log and automod answer. Interfaces only. */
import type { ChannelId, OperationId, PermissionName, RoleId, UserId } from '@xcord/core'
import type { AuditJson, AutomodJson } from './shapes.ts'
import type { Channel, Member, Role, Server, Written } from './types.ts'

/** For the audit log. */
export interface ReasonOptions {
  readonly reason?: string
}

/** Permissions to allow, to deny, and to leave to the layers below. */
export interface PermitChange {
  readonly allow?: readonly PermissionName[]
  readonly deny?: readonly PermissionName[]
  readonly none?: readonly PermissionName[]
}

/**
 * Who reads what was sent before they came: everybody, nobody, or as far back as so many days. Held by keys: what is sent
 * under one setting keeps it.
 */
export type HistorySetting = 'all' | 'join' | { readonly days: number }

export interface ChannelInit {
  readonly kind?: 'text' | 'voice' | 'category' | 'forum' | 'stage' | 'announcement'
  readonly name: string
  readonly topic?: string
  readonly parent?: ChannelId | Channel
  readonly slowmodeSeconds?: number
  /** `all` unless told. */
  readonly history?: HistorySetting
  /** Only for those whom `overwrites` let in, owner and administrators. Its name travels sealed. */
  readonly private?: boolean
  readonly overwrites?: readonly ({ readonly target: Role | Member | RoleId | UserId } & Omit<
    PermitChange,
    'none'
  >)[]
}

/** What is not named stays. */
export interface ChannelChanges {
  readonly name?: string
  readonly topic?: string | null
  readonly slowmodeSeconds?: number
  readonly history?: HistorySetting
  readonly nsfw?: boolean
  /** Of a voice channel: members at once, at most 99; null for any number. */
  readonly userLimit?: number | null
  /** Of a voice channel: 8 to 512. */
  readonly bitrateKbps?: number
}

/** What only the owner decides. */
export interface ServerPolicy {
  /** What members' clients make when they are asked for an invite. */
  readonly invites: 'open' | 'approval'
  /** Whether handing the server over takes the owner's 24 words. */
  readonly transferNeedsPhrase: boolean
}

/** Which entries of the audit log; each narrows. */
export interface AuditOptions {
  readonly actor?: UserId
  /** `noun:verb` such as `member:ban`, or a noun. */
  readonly action?: string
  /** Any id. */
  readonly target?: string
  readonly since?: Date
  /** Before this time. */
  readonly until?: Date
  /** Only what stands, or only what the rules set aside. */
  readonly standing?: 'effective' | 'voided'
  /** Continues after this entry. */
  readonly after?: OperationId
  /** Default 50, at most 200. */
  readonly limit?: number
}

/** Newest first; `next` continues, null at the end. */
export interface AuditPage {
  readonly items: readonly AuditJson[]
  readonly next: OperationId | null
}

/** What a rule of automod says. */
export interface AutomodInit {
  readonly name: string
  readonly trigger:
    /** Whole words, ASCII case ignored; `*` at an end of one matches within words. */
    | { readonly kind: 'words'; readonly words: readonly string[] }
    /** More mentions than this in one message. */
    | { readonly kind: 'mentions'; readonly max: number }
    /** Links to other hosts than these. */
    | { readonly kind: 'links'; readonly allow: readonly string[] }
  /** Default true. */
  readonly enabled?: boolean
  readonly exemptRoles?: readonly (Role | RoleId)[]
  readonly exemptChannels?: readonly (Channel | ChannelId)[]
}

/** A rule of automod: messages that break it are not sent, not passed on, not shown. Moderators are exempt. */
export interface AutomodRule {
  readonly id: OperationId
  readonly server: Server
  readonly name: string
  readonly enabled: boolean
  readonly trigger: AutomodInit['trigger']
  edit(changes: Partial<AutomodInit>, options?: ReasonOptions): Promise<Written>
  remove(options?: ReasonOptions): Promise<Written>
  toJSON(): AutomodJson
}

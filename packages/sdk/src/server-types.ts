/** Public types of a server with its collections. Interfaces only. */
import type { ChannelId, DeviceId, PermissionName, ServerId, UserId } from '@xcord/core'
import type { Explained, ExplainOptions, ExplainQuestion } from './explain-types.ts'
import type { ByteSource, ExportOptions } from './export-types.ts'
import type {
  AuditOptions,
  AuditPage,
  AutomodInit,
  AutomodRule,
  ChannelInit,
  ReasonOptions,
  ServerPolicy
} from './moderation-types.ts'
import type { ExpressionCollection, ScheduleCollection } from './object-types.ts'
import type { RequestCollection } from './request-types.ts'
import type {
  BanJson,
  FalseSnapshotJson,
  ServerJson,
  StateJson,
  UnopenedJson,
  VerifyingJson
} from './shapes.ts'
import type { ThreadCollection } from './thread-types.ts'
import type { AfkJson, VoiceSession } from './voice-types.ts'
import type { Channel, Invite, Member, Role, Written } from './types.ts'

export interface Server {
  readonly id: ServerId
  readonly name: string
  readonly description: string | null
  readonly owner: UserId
  readonly me: Member
  /** Read from a file: this device only reads, until it joins by a link. */
  readonly imported: boolean
  /** Equal on every peer that holds the same operations. Hex. */
  readonly stateHash: string
  /** Without threads, which are in `threads` and in those of their channel. */
  readonly channels: {
    readonly all: readonly Channel[]
    get(idOrName: string): Channel | undefined
    /** Those we may view are in `all` and found by `get`. */
    create(init: ChannelInit, options?: ReasonOptions): Promise<Channel>
  }
  /** Threads of all channels, oldest first: those we may view. */
  readonly threads: ThreadCollection
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
      init?: {
        readonly maxUses?: number
        readonly expiresInMs?: number | null
        /**
         * The link admits nobody: whoever opens it asks, and is let in by `requests`. Not together with `maxUses`.
         * Default: what `policy.invites` says.
         */
        readonly approval?: boolean
      },
      options?: ReasonOptions
    ): Promise<Invite>
    /** By id, prefix or link. */
    get(idOrLink: string): Invite | undefined
  }
  /** Who asked to join by a link that asks. */
  readonly requests: RequestCollection
  readonly bans: {
    /** Who is banned. XCORD_PERMISSION_DENIED without BanMembers. */
    list(): Promise<readonly BanJson[]>
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
  /** Emojis, stickers and sounds. */
  readonly expressions: ExpressionCollection
  /** Events to come to. */
  readonly schedule: ScheduleCollection
  /** Our session in a voice channel of this server, while it lasts. */
  readonly voice: VoiceSession | null
  /** Where those in a call go who say and do nothing for so long; nobody is heard there. */
  readonly afk: AfkJson | null
  /** Addresses of the community's own nodes, as multiaddr text. */
  readonly nodes: readonly string[]
  readonly policy: ServerPolicy
  /** XCORD_PERMISSION_DENIED: the owner alone. */
  setPolicy(changes: Partial<ServerPolicy>, options?: ReasonOptions): Promise<Written>
  /**
   * Tells the server that this identity revoked one of its devices: what that one signs from now on does not count.
   * XCORD_CONFLICT where the identity did not.
   */
  revokeDevice(device: DeviceId): Promise<Written>
  /** The operations as an audit log, voided ones too. XCORD_PERMISSION_DENIED without ViewAuditLog. */
  audit(options?: AuditOptions): Promise<AuditPage>
  /** A member's snapshot that is shown while it is being verified, and writing waits; null where all was replayed here. */
  readonly verification: VerifyingJson | null
  /** Snapshots that members published and that were found false here. They are used for nothing. */
  readonly falseSnapshots: readonly FalseSnapshotJson[]
  /** What is held and cannot be shown yet, each with its cause. It opens by itself as soon as it can be. */
  unopened(): readonly UnopenedJson[]
  /**
   * Why: the answer, the rules and signed operations that lead to it, and words for people. `verifyExplanation` checks
   * what `JSON.stringify` of it gives. RangeError for a permission that does not exist, XCORD_MESSAGE_NOT_FOUND.
   */
  explain(question: ExplainQuestion, options?: ExplainOptions): Promise<Explained>
  /**
   * The server as a signed file, in pieces, for `verifyServerExport` and `servers.import`. It holds no key; whoever
   * has it can read who is a member, roles, open channels and the audit log. XCORD_NOT_A_MEMBER.
   */
  export(options?: ExportOptions): ByteSource
  /** Heads, state hash, forks: peers with equal heads hold the same operations. */
  heads(): StateJson
  edit(
    changes: {
      readonly name?: string
      readonly description?: string | null
      /** At most 16. */
      readonly nodes?: readonly string[]
      /** A voice channel; null: the idle stay where they are. XCORD_CHANNEL_NOT_FOUND, XCORD_CHANNEL_KIND. */
      readonly afkChannel?: ChannelId | null
      /** 60 to 86,400; 300 unless said. */
      readonly afkSeconds?: number
    },
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
  /** A channel or a thread by id or name, with or without `#`. XCORD_CHANNEL_NOT_FOUND. */
  channel(idOrName: string): Channel
  leave(): Promise<Written>
  toJSON(): ServerJson
}

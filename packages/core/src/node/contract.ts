/**
 * The running peer as the SDK sees it: commands in, events out. Everything below is decided by the pure
 * layers; this one only does things.
 */
import type {
  BlobId,
  ChannelId,
  Clock,
  DeviceId,
  InviteId,
  MessageId,
  OperationId,
  Random,
  RuleId,
  ServerId,
  Timers,
  UserId
} from '../base/index.ts'
import type { SnapshotPace } from './snapshots/keep-snapshot.ts'
import type { AuthorityState, ExplainOptions, ForkState, PermissionName } from '../authority/index.ts'
import type { Suite } from '../crypto/index.ts'
import type { Account, BackupServer } from '../identity/index.ts'
import type { AccountDevices } from './accounts/account-devices.ts'
import type { KeyStoreMark } from './accounts/key-store-epoch.ts'
import type { Explanation } from '../verifier/index.ts'
import type { Transport } from '../net/index.ts'
import type { Store } from '../store/index.ts'
import type { ByteBudget, DeliveryLevel } from '../sync/index.ts'
import type { Message, Page, PageOptions } from '../timeline/index.ts'
import type { IceServer, MediaPort } from '../voice/index.ts'
import type { AutomodRule } from './intents/automod.ts'
import type { VerificationReport } from './snapshots/enter.ts'
import type { Conversations } from './conversations/conversation-contract.ts'
import type { EquivocationReport } from './intake/equivocation.ts'
import type { UnopenedReport } from './keys/unopened.ts'
import type { LoggedEvent } from './event-log.ts'
import type { DoctorFinding, LiveEvent, PeerReport, SyncLine } from './live-events.ts'
import type { ExportServerOptions } from './replica/export-server.ts'
import type { ReplicaQuestion } from './replica/explain.ts'
import type { Intent } from './intents/intents.ts'
import type { CopyReport } from './joining/found-copy.ts'
import type { ImportReport } from './joining/import-server.ts'
import type { FalseSnapshot } from './replica/published-claims.ts'
import type { Presence } from './people/presence-contract.ts'
import type { Profiles } from './people/profile-contract.ts'
import type { Voice } from './voice/voice-contract.ts'

/** Everything a peer is made of. */
export interface NodeInit {
  readonly suite: Suite
  readonly clock: Clock
  readonly random: Random
  readonly timers: Timers
  /** Owned by the node from here on. */
  readonly store: Store
  /** MK of the key store (KS1). */
  readonly masterKey: Uint8Array
  readonly account: Account
  /** Keeps the account where it outlives the process: its log and user keys grow while the node runs. */
  readonly saveAccount?: (account: Account) => Promise<void>
  /** Which writing of the key store is open now (KS9); absent where a profile has none. */
  readonly keyStore?: () => KeyStoreMark
  /** Opens and seals the backup file (ID11): given on to devices that are linked. Absent where nobody knows it. */
  readonly backupKey?: Uint8Array
  /** Where the device was that linked this one (ID10), as its row says; absent on others. */
  readonly home?: Uint8Array
  /** Servers that this device is to come back to (ND19), as a backup or another device of ours told them. */
  readonly returnTo?: readonly BackupServer[]
  /** Name for the signed profile, as long as none was set or said by a device of the account. */
  readonly name: string
  /** Owned by the node from here on; started and stopped by it. */
  readonly transport: Transport
  /** Nodes that help with discovery and relaying, as multiaddr text. */
  readonly bootstrap: readonly string[]
  /** Says who is there, and hears it (ND50). Default: false. */
  readonly presence?: boolean
  /** Carries audio (VX10). Without one, voice channels can be seen and not joined. Owned by the node from here on. */
  readonly media?: MediaPort
  /** What links may ask for their own address or a relay; none where nothing is given. */
  readonly iceServers?: readonly IceServer[]
  /** Faults in the background that no caller waits for. */
  readonly onFault?: (error: unknown) => void
  /** What may be spent on what can wait (SY19), from here on; null: no bound. Absent: what is kept holds. */
  readonly syncBudget?: ByteBudget | null
  /** When snapshots are made (ND24): for tests, which have few operations. */
  readonly snapshots?: SnapshotPace
}

/** How far something is known to have come (SY17). */
export interface DeliveryReport {
  readonly state: DeliveryLevel
  readonly holders: number
}

export type OperationStanding = 'effective' | 'pending' | 'voided'

/** What became of an operation of ours. */
export interface OperationOutcome {
  readonly operation: OperationId
  readonly standing: OperationStanding
  readonly delivery: DeliveryReport
}

/** A message with what only this peer knows of it. */
export interface HeldMessage {
  readonly message: Message
  readonly delivery: DeliveryReport
  /** Shown by a member's snapshot and not judged here yet (ND27). */
  readonly unverified?: true
}

/** What to look for in the audit log; each narrows. */
export interface AuditQuery {
  readonly actor?: UserId
  /** `noun:verb`, such as `member:ban`, or a noun alone. */
  readonly action?: string
  /** Any id: user, role, channel, invite, operation. */
  readonly target?: string
  /** Claimed at this time or later, ms. */
  readonly since?: number
  /** Claimed before this time, ms. */
  readonly until?: number
  /** Only what stands, or only what was set aside. */
  readonly standing?: AuditEntry['standing']
  /** Only what stands after this entry: the next page. */
  readonly after?: OperationId
  readonly limit: number
}

/** One operation as the audit log shows it. Times are their authors' claims. */
export interface AuditEntry {
  readonly operation: OperationId
  readonly actor: UserId | null
  readonly device: DeviceId
  readonly action: string
  readonly target: string | null
  readonly reason: string | null
  readonly at: number
  readonly standing: 'effective' | 'voided'
  /** Of voided ones: the rule, and the operation that struck it if there is one. */
  readonly rule?: RuleId
  readonly by?: OperationId
  /** Its device signed another for the same place (AU39). */
  readonly forked?: true
}

/** Newest first. `next`: the entry to continue after, null at the end. */
export interface AuditPage {
  readonly entries: readonly AuditEntry[]
  readonly next: OperationId | null
}

/** Somebody who is banned, and the ban that holds. */
export interface BanReport {
  readonly user: UserId
  readonly by: UserId | null
  readonly operation: OperationId | null
  readonly reason: string | null
  readonly at: number | null
}

/** Where the server's operations stand here: equal heads mean equal operations, equal hashes equal state. */
export interface HeadsReport {
  readonly heads: readonly OperationId[]
  readonly leaves: readonly OperationId[]
  readonly operations: number
  readonly stateHash: Uint8Array
  readonly forks: readonly ForkState[]
  /** Devices whose chains have two branches (AU39, EN8). */
  readonly equivocations: readonly EquivocationReport[]
}

/** Somebody who asked to join by an invite that asks (IV4). */
export interface JoinRequestReport {
  readonly user: UserId
  readonly invite: InviteId
  /** What they call themselves, and what they say. */
  readonly name: string
  readonly words: string
  /** Their clock, ms. */
  readonly at: number
  readonly standing: 'waiting' | 'refused' | 'accepted'
  /** Who answered, and when by their clock. */
  readonly by: UserId | null
  readonly answeredAt: number | null
}

/** An invite made here, with its link. */
export interface MadeInvite {
  readonly invite: InviteId
  readonly link: string
}

/** A file to be sent with a message. */
export interface OutgoingFile {
  /** Without folders. */
  readonly name: string
  readonly bytes: Uint8Array
  /** Media type; by default what its bytes say of images, else `application/octet-stream`. */
  readonly type?: string
  /** Sends an image as it is, with whatever it says of place, time and camera (AT4). */
  readonly keepMetadata?: boolean
}

/** What a channel is called. */
export interface ChannelTitle {
  readonly name: string | null
  readonly topic: string | null
}

/** One server as this peer holds it. */
export interface Replica {
  readonly server: ServerId
  /** Authority's present state; a new object after each change. */
  state(): AuthorityState
  /** Name of a user's newest signed profile, else a short form of the id. */
  nameOf(user: UserId): string
  /** This peer's clock, ms. */
  now(): number
  /** Whether our own device may do this now (AU28). */
  permits(permission: PermissionName, channel: ChannelId | null): boolean
  /** XCORD_PERMISSION_DENIED before anything is signed; resolves when committed here. */
  send(
    channel: ChannelId,
    content: string,
    replyTo: MessageId | null,
    files?: readonly OutgoingFile[]
  ): Promise<HeldMessage>
  /**
   * A file of a message, piece by piece, each checked and opened (AT). What is not held comes from connected members.
   * XCORD_MESSAGE_NOT_FOUND, XCORD_ATTACHMENT_INVALID, XCORD_ATTACHMENT_UNAVAILABLE, XCORD_ABORTED.
   */
  openFile(
    channel: ChannelId,
    message: MessageId,
    blob: BlobId,
    signal?: AbortSignal
  ): AsyncIterable<Uint8Array>
  edit(channel: ChannelId, message: MessageId, content: string): Promise<HeldMessage>
  remove(channel: ChannelId, message: MessageId): Promise<HeldMessage>
  react(channel: ChannelId, message: MessageId, emoji: string, on: boolean): Promise<HeldMessage>
  /**
   * XCORD_PERMISSION_DENIED before anything is signed; resolves when committed here. `operation` is the one that
   * the intent is about, where it took several.
   */
  operate(intent: Intent, reason: string | null): Promise<OperationOutcome>
  /** Name and topic of a channel as we may read them: sealed where not all may view it (EK19). */
  titleOf(channel: ChannelId): ChannelTitle
  /** Rules of automod that stand and that this version understands. */
  automod(): readonly AutomodRule[]
  /** XCORD_PERMISSION_DENIED without ViewAuditLog. */
  audit(query: AuditQuery): Promise<AuditPage>
  /** XCORD_PERMISSION_DENIED without BanMembers. */
  bans(): Promise<readonly BanReport[]>
  /** Whether what is shown was replayed here, or is a member's snapshot that is being verified (ND26). */
  verification(): VerificationReport
  /** Snapshots that members published and that were found false here (AU60). */
  falseSnapshots(): readonly FalseSnapshot[]
  heads(): HeadsReport
  /** Devices whose chains have two branches (AU39, EN8): to be made anew, not banned. */
  equivocations(): readonly EquivocationReport[]
  /** What is held and cannot be shown yet, each with its cause (ND25). */
  unopened(): readonly UnopenedReport[]
  /** Why (AU49). RangeError for an unknown permission, XCORD_MESSAGE_NOT_FOUND. */
  explain(question: ReplicaQuestion, options?: ExplainOptions): Promise<Explanation>
  /** The server as a file (SX), in pieces; of now, or as it stood once (SX12). XCORD_NOT_A_MEMBER, XCORD_USAGE. */
  exportServer(options: ExportServerOptions): AsyncIterable<Uint8Array>
  /** Only read from a file: this device takes no part in it (SX11). */
  readonly imported: boolean
  /** Own consent to become the owner, as text to hand to the present one (AU12, 67). */
  consent(): string
  /**
   * Hands the server over. `phrase`: the owner's 24 words, unless policy waives the root signature.
   * XCORD_PERMISSION_DENIED, XCORD_PHRASE_INVALID, XCORD_CONSENT_INVALID.
   */
  transfer(options: {
    readonly user: UserId
    readonly consent: string
    readonly phrase: string | null
    readonly reason: string | null
  }): Promise<OperationOutcome>
  invite(options: {
    readonly maxUses: number | null
    readonly expiresInMs: number | null
    readonly reason: string | null
    /** The link only says where to ask (IV4). */
    readonly approval: boolean
  }): Promise<MadeInvite>
  /** Who asked to join, newest first. XCORD_PERMISSION_DENIED without CreateInstantInvite. */
  requests(): readonly JoinRequestReport[]
  /** Lets an applicant in, or refuses. XCORD_REQUEST_NOT_FOUND, XCORD_PERMISSION_DENIED. */
  answerRequest(user: UserId, accept: boolean, reason: string | null): Promise<JoinRequestReport>
  /** Link of an invite made here. */
  linkOf(invite: InviteId): string | undefined
  leave(): Promise<OperationOutcome>
  page(channel: ChannelId, options: PageOptions): Promise<Page>
  /** Messages of a page with how far they are known to have come. */
  hold(messages: readonly Message[]): Promise<readonly HeldMessage[]>
  message(channel: ChannelId, id: MessageId): Promise<HeldMessage | undefined>
  /** The same from memory alone: most of what was written lately. undefined says nothing: ask `message`. */
  recent(channel: ChannelId, id: MessageId): HeldMessage | undefined
  /** Channel of a message held here. */
  locate(id: MessageId): Promise<ChannelId | undefined>
  deliveryOf(id: MessageId): Promise<DeliveryReport>
  unread(channel: ChannelId): number
  markRead(channel: ChannelId, message: MessageId | null): Promise<void>
  /** Users with a device connected to us now, or seen subscribed. */
  online(): ReadonlySet<UserId>
}

/** One profile's running peer. */
export interface Node {
  readonly user: UserId
  readonly device: DeviceId
  readonly name: string
  /** Own six groups of five digits (ID8). */
  readonly safetyNumber: string
  /** Own devices: who they are, and what one may do to the others. */
  readonly own: AccountDevices
  readonly voice: Voice
  readonly presence: Presence
  /** Name and picture: one's own, and those of others. */
  readonly profiles: Profiles
  readonly conversations: Conversations
  readonly line: SyncLine
  replica(server: ServerId): Replica | undefined
  replicas(): readonly Replica[]
  createServer(init: { readonly name: string; readonly channels: readonly string[] }): Promise<ServerId>
  /** Joins by link (IV1). Ends with XCORD_INVITE_*, XCORD_NO_PEER or XCORD_DEADLINE. */
  join(
    link: string,
    options: {
      readonly timeoutMs: number
      readonly signal?: AbortSignal | undefined
      /** Said to those who approve, where the link asks (IV4). */
      readonly words?: string
    }
  ): Promise<ServerId>
  /**
   * Takes in the export of a server (SX11). `enrol` adds this device where the account is a member by others.
   * XCORD_EXPORT_INVALID, XCORD_NOT_A_MEMBER, XCORD_CONFLICT.
   */
  importServer(source: AsyncIterable<Uint8Array>, options: { readonly enrol: boolean }): Promise<ImportReport>
  /** Founds a server as the one of a file stood (SX13). XCORD_EXPORT_INVALID. */
  foundCopy(source: AsyncIterable<Uint8Array>, options: { readonly name?: string }): Promise<CopyReport>
  /** Durable events: the newest cursor, a page after a cursor, and each as it is released. */
  readonly cursor: number
  readonly cursorFloor: number
  eventsAfter(cursor: number, limit: number): Promise<readonly LoggedEvent[]>
  onEvent(listener: (event: LoggedEvent) => void): () => void
  onLive(listener: (event: LiveEvent) => void): () => void
  connect(address: string, signal?: AbortSignal): Promise<void>
  addresses(): readonly string[]
  peers(): readonly PeerReport[]
  doctor(): Promise<readonly DoctorFinding[]>
  /**
   * The whole profile as one sealed file (ND42), as it is when the first piece is asked for. XCORD_PERMISSION_DENIED where
   * this device has no backup key.
   */
  backup(): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

export type { DoctorFinding, LiveEvent, PeerReport, SyncLine } from './live-events.ts'
export type { BudgetReport, ByteBudget } from '../sync/index.ts'
export type { CopyReport } from './joining/found-copy.ts'
export type { ImportReport } from './joining/import-server.ts'
export type * from './conversations/conversation-contract.ts'
export type * from './people/presence-contract.ts'
export type * from './people/profile-contract.ts'
export type * from './voice/voice-contract.ts'
export type { Intent, OverwriteChange, ServerPolicy } from './intents/intents.ts'
export type { ObjectContent, ServerObject } from './intents/objects.ts'
export type { AutomodContent, AutomodRule, AutomodTrigger } from './intents/automod.ts'
export type { RuleId }

/**
 * The running peer as the SDK sees it: commands in, events out. Everything below is decided by the pure
 * layers; this one only does things.
 */
import type {
  ChannelId, Clock, DeviceId, InviteId, MessageId, OperationId, Random, RoleId, RuleId, ServerId, Timers, UserId
} from '../base/index.ts'
import type { AuthorityState, ChannelKind, PermissionName } from '../authority/index.ts'
import type { Suite } from '../crypto/index.ts'
import type { Account } from '../identity/index.ts'
import type { Transport } from '../net/index.ts'
import type { Store } from '../store/index.ts'
import type { DeliveryLevel } from '../sync/index.ts'
import type { Message, Page, PageOptions } from '../timeline/index.ts'
import type { LoggedEvent } from './event-log.ts'

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
  /** Name for the signed profile; kept, and published when it changes. */
  readonly name: string
  /** Owned by the node from here on; started and stopped by it. */
  readonly transport: Transport
  /** Nodes that help with discovery and relaying, as multiaddr text. */
  readonly bootstrap: readonly string[]
  /** Faults in the background that no caller waits for. */
  readonly onFault?: (error: unknown) => void
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
}

/** What a member may ask authority to do; the node turns each into one signed operation. */
export type Intent =
  | { readonly kind: 'channel:create'; readonly channelKind: ChannelKind; readonly name: string; readonly topic: string | null; readonly parent: ChannelId | null }
  | { readonly kind: 'channel:edit'; readonly channel: ChannelId; readonly name?: string; readonly topic?: string | null; readonly slowModeSeconds?: number }
  | { readonly kind: 'channel:delete'; readonly channel: ChannelId }
  | { readonly kind: 'role:create'; readonly name: string; readonly permissions: readonly PermissionName[]; readonly color: number }
  | { readonly kind: 'role:grant' | 'role:revoke'; readonly role: RoleId; readonly user: UserId }
  | { readonly kind: 'member:kick' | 'member:ban'; readonly user: UserId }
  | { readonly kind: 'invite:revoke'; readonly invite: InviteId }

/** An invite made here, with its link. */
export interface MadeInvite {
  readonly invite: InviteId
  readonly link: string
}

/** One server as this peer holds it. */
export interface Replica {
  readonly server: ServerId
  /** Authority's present state; a new object after each change. */
  state(): AuthorityState
  /** Name of a user's newest signed profile, else a short form of the id. */
  nameOf(user: UserId): string
  /** Whether our own device may do this now (AU28). */
  permits(permission: PermissionName, channel: ChannelId | null): boolean
  /** XCORD_PERMISSION_DENIED before anything is signed; resolves when committed here. */
  send(channel: ChannelId, content: string, replyTo: MessageId | null): Promise<HeldMessage>
  edit(channel: ChannelId, message: MessageId, content: string): Promise<HeldMessage>
  remove(channel: ChannelId, message: MessageId): Promise<HeldMessage>
  react(channel: ChannelId, message: MessageId, emoji: string, on: boolean): Promise<HeldMessage>
  operate(intent: Intent, reason: string | null): Promise<OperationOutcome>
  invite(options: { readonly maxUses: number | null; readonly expiresInMs: number | null; readonly reason: string | null }): Promise<MadeInvite>
  /** Link of an invite made here. */
  linkOf(invite: InviteId): string | undefined
  leave(): Promise<OperationOutcome>
  page(channel: ChannelId, options: PageOptions): Promise<Page>
  message(channel: ChannelId, id: MessageId): Promise<HeldMessage | undefined>
  /** Channel of a message held here. */
  locate(id: MessageId): Promise<ChannelId | undefined>
  deliveryOf(id: MessageId): Promise<DeliveryReport>
  unread(channel: ChannelId): number
  markRead(channel: ChannelId, message: MessageId | null): Promise<void>
  /** Users with a device connected to us now, or seen subscribed. */
  online(): ReadonlySet<UserId>
}

/** Events that are not kept: progress and connections. */
export type LiveEvent =
  | { readonly type: 'sync:progress'; readonly server: ServerId; readonly received: number; readonly expected: number | null; readonly done: boolean }
  | { readonly type: 'connection:update'; readonly device: DeviceId; readonly connected: boolean }
  /** Something people may show changed, without an event of its own (names, unread, presence). */
  | { readonly type: 'view:update'; readonly server: ServerId }

/** A peer in the network, for `peers` and doctor. */
export interface PeerReport {
  readonly device: DeviceId
  readonly user: UserId | null
  readonly kind: 'member' | 'node' | 'unknown'
  readonly path: string
  readonly address: string | null
  readonly rttMs: number | null
  readonly servers: readonly ServerId[]
}

/** One check of doctor. */
export interface DoctorFinding {
  readonly check: 'store' | 'identity' | 'addresses' | 'bootstrap' | 'relay' | 'members' | 'clock' | 'outbox'
  readonly ok: boolean
  readonly detail: string
  readonly cause?: string
  readonly remedy?: string
}

/** One profile's running peer. */
export interface Node {
  readonly user: UserId
  readonly device: DeviceId
  readonly name: string
  /** Own six groups of five digits (ID8). */
  readonly safetyNumber: string
  /** Own devices by the identity log. */
  devices(): readonly { readonly device: DeviceId; readonly name: string; readonly addedAt: number }[]
  replica(server: ServerId): Replica | undefined
  replicas(): readonly Replica[]
  createServer(init: { readonly name: string; readonly channels: readonly string[] }): Promise<ServerId>
  /** Joins by link (IV1). Ends with XCORD_INVITE_*, XCORD_NO_PEER or XCORD_DEADLINE. */
  join(link: string, options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined }): Promise<ServerId>
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
  close(): Promise<void>
}

export type { RuleId }

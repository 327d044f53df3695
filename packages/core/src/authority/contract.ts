/**
 * What the layers above may ask of a server's authority. The log is a deterministic machine: no clock, no
 * randomness, no I/O; the same operations give the same answers in any order of arrival (AU-P1).
 */
import type {
  ChannelId,
  DeviceId,
  InviteId,
  MessageId,
  OperationId,
  Refusal,
  RoleId,
  RuleId,
  ServerId,
  UserId,
  Verdict
} from '../base/index.ts'
import type { CborValue } from '../encoding/index.ts'
import type { CutRow, Operation } from '../graph/index.ts'
import type { Explanation, Question } from '../verifier/index.ts'
import type { Loss, Moved } from './loss.ts'
import type { AuthoritySnapshot, SnapshotRoots } from './snapshot-claim.ts'

export type { Loss, Moved } from './loss.ts'

/** A permission by its flag name in XCord's own words (AU33), such as `SendMessages`. */
export type PermissionName = string

export type ChannelKind = 'category' | 'text' | 'voice' | 'forum' | 'stage' | 'announcement' | 'thread'

export interface MemberState {
  readonly user: UserId
  readonly status: 'in' | 'out' | 'banned'
  /** Undominated effective joins (AU25), empty unless `in`. The first is the earliest. */
  readonly joins: readonly OperationId[]
  readonly joinedAt: number
  /** Assigned roles that exist, highest first; `@everyone` is not listed. */
  readonly roles: readonly RoleId[]
  readonly nick: string | null
  readonly timeoutUntil: number
  /** What moderators took away in voice channels (AU12, 19). */
  readonly voice: { readonly mute: boolean; readonly deaf: boolean }
  /** Devices that are on. */
  readonly devices: readonly DeviceId[]
  /** Newest user key known in this state (ID7): generation and X25519 public key. */
  readonly userKey: {
    readonly generation: number
    readonly boxPublicKey: Uint8Array
    /** A revocation outside its past is known (ID7): nothing is sealed to it until it is renewed (EK7). */
    readonly stale?: boolean
  }
}

export interface RoleState {
  readonly id: RoleId
  readonly name: string
  readonly permissions: bigint
  /** AU11: lexicographic bytes; empty for `@everyone`. */
  readonly position: Uint8Array
  readonly color: number
  readonly hoist: boolean
  readonly mentionable: boolean
}

export interface OverwriteState {
  readonly target: RoleId | UserId
  readonly kind: 'role' | 'member'
  readonly allow: bigint
  readonly deny: bigint
}

/** What only threads have (AU32). */
export interface ThreadState {
  readonly private: boolean
  readonly archived: boolean
  readonly locked: boolean
  readonly creator: UserId
  /** By its creator's clock, ms. */
  readonly createdAt: number
  /** Of a private thread. */
  readonly members: readonly UserId[]
}

export interface ChannelState {
  readonly id: ChannelId
  readonly kind: ChannelKind
  /** null where not all may view: then name and topic travel sealed in the channel (EK19). */
  readonly name: string | null
  readonly topic: string | null
  readonly parent: ChannelId | null
  readonly position: Uint8Array
  readonly slowModeSeconds: number
  /** EK15: who reads what was sent before they came. */
  readonly history: readonly number[]
  /** Those that count: of a synced channel its category's (AU31), of a thread its parent's (AU32). */
  readonly overwrites: readonly OverwriteState[]
  readonly synced: boolean
  readonly nsfw: boolean
  /** Members at once in a voice channel; 0 for any number. */
  readonly userLimit: number
  /** Of a voice channel, kbit/s; 0 where nothing was said. */
  readonly bitrateKbps: number
  readonly thread?: ThreadState
}

export interface InviteState {
  readonly id: InviteId
  readonly open: boolean
  readonly author: UserId
  readonly signPublicKey: Uint8Array
  /** Virtual recipient of @everyone in open invites (IV3); null for approval. */
  readonly boxPublicKey: Uint8Array | null
  readonly roles: readonly RoleId[]
  readonly notAfter: number | null
  readonly maxUses: number | null
  readonly uses: number
  readonly user: UserId | null
}

/** A rule of automod. What the payload says is for the layer that judges messages. */
export interface AutomodState {
  readonly id: OperationId
  readonly payload: Uint8Array
}

/** What an object is for (AU12, 70). */
export type ObjectType = 'emoji' | 'sticker' | 'sound' | 'webhook' | 'event'

/** An emoji, a sticker, a sound, a webhook, an event. What the payload says is for the layers above. */
export interface ObjectState {
  readonly id: OperationId
  readonly type: ObjectType
  readonly channel: ChannelId | null
  readonly name: string
  readonly payload: Uint8Array
  /** Who made it. */
  readonly creator: UserId
}

/** Two operations of one device with one number (AU39). */
export interface ForkState {
  readonly device: DeviceId
  readonly seq: number
  readonly operations: readonly OperationId[]
}

/** A server's state, immutable: the current one or that of any frontier. */
export interface AuthorityState {
  readonly server: ServerId
  readonly name: string
  readonly owner: UserId
  readonly ownerGeneration: number
  readonly description: string | null
  /** Where the idle go in calls, and when (VX14). */
  readonly afk: { readonly channel: ChannelId; readonly seconds: number } | null
  /** A number of `policy` by its key (AU12): 0 minSuite, 1 shards, 2 invite mode, 3 root signature waived. 0 where unset. */
  policy(key: number): number
  /** Anybody the server ever knew, whatever their status. */
  member(user: UserId): MemberState | undefined
  /** Those who are in. */
  members(): Iterable<MemberState>
  banned(): Iterable<UserId>
  /** Who a device belongs to, and whether it is on. */
  device(device: DeviceId): { readonly user: UserId; readonly on: boolean } | undefined
  role(role: RoleId): RoleState | undefined
  /** Highest first, `@everyone` last. */
  roles(): readonly RoleState[]
  channel(channel: ChannelId): ChannelState | undefined
  channels(): readonly ChannelState[]
  invite(invite: InviteId): InviteState | undefined
  invites(): readonly InviteState[]
  /** Addresses of the nodes that the community runs, as multiaddr text. */
  readonly nodes: readonly string[]
  /** Rules that stand (AU12, 68): the operation that made each, and its payload as it is now. */
  automod(): readonly AutomodState[]
  /** Objects that stand (AU12, 70). */
  objects(): readonly ObjectState[]
  /** AU30, warm: permissions of a member in a channel, or base permissions without one. `at` for timeouts. */
  permissions(user: UserId, channel: ChannelId | null, at: number): bigint
  /** AU41's stateRoot. */
  hash(): Uint8Array
}

/** What one accepted operation (or a flip it caused) changed for people; the SDK's events. */
export type AuthorityChange =
  | {
      readonly type:
        | 'member:join'
        | 'member:leave'
        | 'member:kick'
        | 'member:ban'
        | 'member:unban'
        | 'member:timeout'
        | 'member:update'
      readonly user: UserId
      readonly operation: OperationId
    }
  | {
      readonly type: 'role:create' | 'role:update' | 'role:delete'
      readonly role: RoleId
      readonly operation: OperationId
    }
  | {
      readonly type: 'channel:create' | 'channel:update' | 'channel:delete'
      readonly channel: ChannelId
      readonly operation: OperationId
    }
  | {
      readonly type: 'invite:create' | 'invite:revoke'
      readonly invite: InviteId
      readonly operation: OperationId
    }
  | { readonly type: 'server:update'; readonly operation: OperationId }
  /** AU39, once a device: `operation` has the number of `other`. */
  | {
      readonly type: 'device:fork'
      readonly device: DeviceId
      readonly seq: number
      readonly operation: OperationId
      readonly other: OperationId
    }
  | {
      readonly type: 'operation:void' | 'operation:restore'
      readonly operation: OperationId
      readonly rule: RuleId
      readonly by: OperationId | null
    }

/** Messages whose visibility may have changed and must be judged again (AU36, AU37). */
export interface Rejudge {
  /** Envelopes of these devices above these sequence numbers. */
  readonly devices: readonly { readonly device: DeviceId; readonly aboveSeq: number }[]
  /** All envelopes with a claimed time after this; undefined for none. */
  readonly since?: number
}

export type AddResult =
  | {
      readonly kind: 'accepted'
      readonly operation: Operation
      readonly effective: boolean
      readonly changes: readonly AuthorityChange[]
      readonly rejudge: Rejudge
      readonly losses: readonly Loss[]
    }
  /** Known already. */
  | { readonly kind: 'known'; readonly operation: OperationId }
  /** AU9: waits in the bounded pool; these parents are missing. */
  | { readonly kind: 'orphan'; readonly operation: OperationId; readonly missing: readonly OperationId[] }
  /** AU6: from the future; offer again when due. */
  | { readonly kind: 'held'; readonly operation: OperationId; readonly until: number }
  /** AU7: stands on a newer protocol: neither kept nor refused, for a newer client to judge. */
  | { readonly kind: 'newer'; readonly operation: OperationId }
  | { readonly kind: 'rejected'; readonly refusal: Refusal }
  /** AU59: can be judged only with the operations before the snapshot that the log began with; offer again then. */
  | { readonly kind: 'history'; readonly operation: OperationId }

/** What a content envelope wants to do, for AU34–AU38. */
export interface ContentAct {
  readonly device: DeviceId
  readonly seq: number
  readonly id: MessageId
  readonly channel: ChannelId
  readonly auth: readonly OperationId[]
  readonly at: number
  /** Permissions needed in the channel beside ViewChannel. */
  readonly needs: readonly PermissionName[]
}

export type ContentVerdict =
  | { readonly kind: 'visible'; readonly user: UserId }
  /** True in its own past, struck by a concurrent denial (AU36): kept, hidden, may return. */
  | { readonly kind: 'hidden'; readonly user: UserId; readonly rule: RuleId; readonly by: OperationId }
  | { readonly kind: 'rejected'; readonly rule: RuleId; readonly reason: string }
  /** Operations of its frontier are missing here. */
  | { readonly kind: 'waiting'; readonly missing: readonly OperationId[] }

/** An operation about to be signed: the fields that follow from the log. */
export interface OperationDraft {
  readonly kind: number
  readonly body: readonly CborValue[]
  readonly cut?: readonly CutRow[] | null
  /** Leaves relied on, beside what the log adds itself. */
  readonly refs?: readonly OperationId[]
}

/** How to explain. */
export interface ExplainOptions {
  /** Speaks of these operations and their pasts; of all that is known here unless told. */
  readonly frontier?: readonly OperationId[]
  /** Puts every operation of the frontier's past into the proof, judged: `closure` instead of `slice` (AU50). */
  readonly complete?: boolean
}

/** How an operation came here. */
export interface AddOptions {
  /** Whom an orphan counts against (AU9); the author's device unless told. */
  readonly peer?: string
  /** From our own store: signatures inside the body were checked, and its time was due, when it was first accepted. */
  readonly trusted?: boolean
  /** Gossiped just now, not history: joins long past their invite's end are held (IV5). */
  readonly live?: boolean
}

/** Which operations a snapshot stands for. */
export interface SnapshotOptions {
  /** Leave at least so many of the newest outside, all of which have all of it in their past; unless told, none. */
  readonly lag?: number
}

/** Little, but known of every operation, also of those before a snapshot. */
export interface OperationMark {
  readonly kind: number
  readonly lamport: number
  /** Claimed time, ms. */
  readonly at: number
}

/** One server's operations and what follows from them. */
export interface AuthorityLog {
  readonly server: ServerId
  /** Adds one signed operation. `now` is used only by AU6. Orphans that became placeable follow by `drain`. */
  add(operation: Operation, now: number, options?: AddOptions): AddResult
  /** Results of orphans and held operations that can be placed now, in order. */
  drain(now: number): readonly AddResult[]
  /** Undefined also for operations before the snapshot that the log began with, but for the genesis and those kept. */
  get(id: OperationId): Operation | undefined
  mark(id: OperationId): OperationMark | undefined
  has(id: OperationId): boolean
  /** Every accepted operation in an order that respects pasts; of a log that began with a snapshot those after it. */
  operations(): Iterable<Operation>
  count(): number
  /** What moved since it held so many operations; undefined where that is too long ago: anything may have. */
  movedSince(count: number): Moved | undefined
  heads(): readonly OperationId[]
  /** Leaves that nothing cites: a `gather` of these takes all others along. */
  leaves(): readonly OperationId[]
  /**
   * Gathers that would take all leaves into the past (AU8). Sign them before a denial while more than 16 leaves are
   * about: a denial strikes what relies on its cell and is not in its past, so joins by an invite that is being
   * closed must be in the past of its closing. Up to 16 leaves `place` cites by itself.
   */
  gathers(): readonly OperationDraft[]
  missing(): readonly OperationId[]
  /** ≤ 16 ids whose past holds all that is known here, or undefined while more leaves await a `gather` (AU8). */
  frontier(): readonly OperationId[] | undefined
  /**
   * The frontier an author cites: heads, its own newest operation, and its join or device.add; writing in a private
   * thread, what let it in, which no head may cover yet. Always ≤ 16.
   */
  frontierFor(device: DeviceId, channel?: ChannelId): readonly OperationId[]
  /** Is `id` the frontier's member or in its past? */
  covers(frontier: readonly OperationId[], id: OperationId): boolean
  state(): AuthorityState
  /** State of a frontier's past; undefined if one of its operations is unknown. Cached. */
  stateAt(frontier: readonly OperationId[]): AuthorityState | undefined
  /** EK8, EK9: accepted losses outside a frontier's past. */
  lossesOutside(frontier: readonly OperationId[]): readonly Loss[]
  /** Highest lamport value in a frontier. */
  lamportOf(frontier: readonly OperationId[]): number
  standing(
    id: OperationId
  ):
    | { readonly standing: 'effective' | 'voided'; readonly rule?: RuleId; readonly by?: OperationId }
    | undefined
  /** AU39: every fork that the operations held here prove. */
  forks(): readonly ForkState[]
  /** AU40: whether a seal would be allowed now, and stronger than the denials it repeats. */
  strengthens(device: DeviceId, seal: OperationDraft, at: number): boolean
  /** AU7: whether the server has moved to a newer protocol: then it is read-only here. */
  needsNewer(): boolean
  /** Would this act of the device be allowed now (AU28: "may I press the button")? */
  permits(
    device: DeviceId,
    draft: OperationDraft,
    at: number
  ): { readonly ok: true } | (Refusal & { readonly permission?: PermissionName })
  /** Payload fields for a new operation of this device: server, seq, prev, parents, refs, lamport, at. */
  place(device: DeviceId, draft: OperationDraft, at: number): Omit<Operation, 'id' | 'bytes'>
  judge(act: ContentAct): ContentVerdict
  /** Why (AU49): the answer, the steps and the signed operations behind it. RangeError for an unknown permission. */
  explain(question: Question, options?: ExplainOptions): Explanation
  /** How many operations stand in a snapshot that this log began with (AU59); 0 where it has them all. */
  settledCount(): number
  /** Something was asked that only those operations can answer: add them all to a new log. */
  wantsHistory(): boolean
  /** AU60: a published snapshot, if it is what its operations give; undefined while they are not all here. */
  auditSnapshot(claim: SnapshotRoots): Verdict<AuthoritySnapshot> | undefined
  /** AU58: undefined where no set of operations can be told by 16 heads. */
  snapshot(options?: SnapshotOptions): AuthoritySnapshot | undefined
}

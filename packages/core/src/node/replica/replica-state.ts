/**
 * What a peer holds of one server in memory: the machines of the layers below and the indexes between them.
 * Changed only inside a turn; everything in it can be rebuilt from the store (`loadReplica`).
 */
import type {
  ChannelId,
  Clock,
  DeviceId,
  InviteId,
  KeyId,
  MessageId,
  OperationId,
  Random,
  RecordId,
  ServerId,
  UserId
} from '../../base/index.ts'
import type { AuthorityLog, AuthorityState } from '../../authority/index.ts'
import type { Suite } from '../../crypto/index.ts'
import type { KeyRing } from '../../e2ee/index.ts'
import { toHex } from '../../encoding/index.ts'
import { type AuthorChain, authorIdOf, createAuthorChain, type Operation } from '../../graph/index.ts'
import type { Account } from '../../identity/index.ts'
import type { Database } from '../../store/index.ts'
import { ChainIndex, type DeliveryTracker, type IdBeginning, IdSet } from '../../sync/index.ts'
import type { DeliveryBlock } from './delivery-block.ts'
import type { EventLog } from '../event-log.ts'
import type { Preview } from '../snapshots/fetch-snapshot.ts'
import type { Provisional } from '../snapshots/provisional.ts'
import type { SnapshotPace } from '../snapshots/keep-snapshot.ts'
import type { AskKeys, KnownRequest } from '../joining/join-requests.ts'
import type { PromiseRow } from '../joining/promised-roles.ts'
import type { Settled } from './settled.ts'
import type { FalseSnapshot, LastPublished } from './published-claims.ts'
import type { ServerRow } from './tables.ts'
import type { KnownProfile } from '../people/known-profile.ts'
import type { TimelineStore } from '../timeline/timeline-store.ts'
import type { Tip } from '../intake/tips.ts'

/** What replicas share. */
export interface ReplicaDeps {
  readonly suite: Suite
  readonly clock: Clock
  readonly random: Random
  readonly database: Database
  readonly events: EventLog
  readonly timeline: TimelineStore
  readonly account: Account
  /** When snapshots are made; as ND24 has it unless told. */
  readonly snapshots?: SnapshotPace | undefined
}

/** Where this profile stands in the server. */
export type MembershipStatus = ServerRow['status']

/** An envelope that is stored and waits. */
export interface Pending {
  readonly id: MessageId
  readonly device: DeviceId
  readonly seq: number
  /** The key it waits for, or null while it waits for operations. */
  readonly keyId: KeyId | null
  readonly operations: readonly OperationId[]
  /** It claims a time far ahead, and waits for ours to come near it; Infinity: its topic is unknown. In memory only. */
  readonly until?: number | undefined
}

/** A channel's sealed title, and what decides between two. */
export interface SealedTitle {
  readonly name: string
  readonly topic: string | null
  readonly revision: number
  readonly device: DeviceId
}

/** A message as slow mode remembers it. */
export interface SentMark {
  readonly id: MessageId
  readonly at: number
}

/** Own numbers whose delivery is in the store only, both ends included. */
export interface OutboxGap {
  readonly from: number
  readonly to: number
}

/** Where one author's chain stands. */
export interface AuthorState {
  readonly chain: AuthorChain
  /** Latest claimed time (AU34). */
  at: number
}

function beginningOf({ marks, sum }: Settled): IdBeginning<OperationId> {
  return { size: marks.size, sum, has: id => marks.has(id), newestFirst: () => marks.newestFirst() }
}

export class ReplicaState {
  readonly deps: ReplicaDeps
  readonly server: ServerId
  readonly log: AuthorityLog
  readonly ring: KeyRing
  readonly tracker: DeliveryTracker
  readonly chains = new ChainIndex()
  readonly authors = new Map<DeviceId, AuthorState>()
  readonly operationIds: IdSet<OperationId>
  readonly recordIds = new IdSet<RecordId>()
  readonly profiles = new Map<UserId, KnownProfile>()
  readonly links = new Map<InviteId, string>()
  /** IV4: invites that ask, and who asked. */
  readonly asks = new Map<InviteId, AskKeys>()
  readonly requests = new Map<UserId, KnownRequest>()
  /** SX13: what this device promised to those who are still to come. */
  readonly promises = new Map<UserId, PromiseRow>()
  /** EK19: titles sealed in their channels, as far as we could read them. */
  readonly channelNames = new Map<ChannelId, SealedTitle>()
  /** Newest message of each user in each channel, for slow mode; filled as messages arrive. */
  readonly lastSent = new Map<string, SentMark>()
  /** An automod rule was ever made here: only then are messages judged by any. */
  automodSeen = false
  readonly pending = new Map<MessageId, Pending>()
  /** When the first of those that wait for their time is due. */
  nextDue = Infinity
  /** Every device that ever signed an accepted operation here. */
  readonly devices = new Set<DeviceId>()
  /** Each device's newest accepted operation, for cuts (AU1). */
  readonly lastOperations = new Map<DeviceId, { readonly seq: number; readonly id: OperationId }>()
  /** Newest messages per channel, for the parents of the next one (AU34). */
  readonly tips = new Map<string, readonly Tip[]>()
  /** Channels whose newest page was read lately, the newest last: sync brings theirs first (SY7). */
  onScreen: readonly ChannelId[] = []
  /** What own envelopes in a channel cite, as of so many accepted operations. */
  readonly frontiers = new Map<ChannelId, { readonly count: number; readonly ids: readonly OperationId[] }>()
  /** Channel of own messages whose delivery is tracked. */
  readonly ownChannels = new Map<MessageId, ChannelId>()
  /** Delivery rows written lately, by block. */
  readonly deliveries = new Map<number, DeliveryBlock>()
  /** The newest block that may have a row in the store. */
  deliveriesTo = 0
  /** Own content not yet settled (SY18), by sequence number, ascending. */
  unsettled = new Map<MessageId, number>()
  settledTo = 0
  /** Part of a long outbox that is in the store only. */
  outboxGap: OutboxGap | undefined
  status: MembershipStatus
  inviteSecret: Uint8Array | null = null
  /** Topic secret from the invite's package, until a key of our own opens (IV2). */
  packageSecret: Uint8Array | null = null
  /** A peer had no more operations to tell, and nothing more at all: while joining, when to sign. */
  operationsTold = false
  caughtUp = false
  /** Members who hold our leave, since the start (ND40). */
  readonly farewellHolders = new Set<UserId>()
  /** How far live messages' clocks lie ahead of ours, ms, by author device: for doctor. */
  readonly skews = new Map<DeviceId, number>()
  /** Operations from the future that wait in the log, and until when (AU6). */
  readonly held = new Map<OperationId, number>()
  addresses: readonly string[] = []
  /** The snapshot that the log began with; undefined where all operations are in it. */
  readonly settled: Settled | undefined
  /** Snapshots that members published: the newest, those compared with the operations, and those found false. */
  published: LastPublished | undefined
  /** The one that lies here to be served, by its operation. */
  servedSnapshot: OperationId | undefined
  readonly audited = new Set<OperationId>()
  readonly falseSnapshots = new Map<OperationId, FalseSnapshot>()
  /** What people are shown until all operations are here (ND26). */
  preview: Preview | undefined
  /** Pages shown before that, judged by nobody yet (ND27). */
  provisional: Provisional | undefined
  /** While we enter, sync asks for nothing: a snapshot and a first page have the line (ND27). */
  holdsSync = false
  /** Our join, signed by what a snapshot told; it counts here once its past is here. */
  ownJoin: Operation | undefined
  /** Operations there were when a snapshot was made last, or tried. */
  snapshotAt = 0
  #wantsAll = false
  /** Places in the order of acceptance. */
  nextOperation = 0
  nextRecord = 0
  readonly #authorIds = new Map<string, { readonly of: Map<string, DeviceId>; devices: number }>()

  constructor(
    deps: ReplicaDeps,
    init: {
      readonly server: ServerId
      readonly status: MembershipStatus
      readonly log: AuthorityLog
      readonly ring: KeyRing
      readonly tracker: DeliveryTracker
      readonly settled?: Settled | undefined
    }
  ) {
    this.deps = deps
    this.server = init.server
    this.status = init.status
    this.log = init.log
    this.ring = init.ring
    this.tracker = init.tracker
    this.settled = init.settled
    this.operationIds = new IdSet(init.settled && beginningOf(init.settled))
  }

  /** Something here can be told only by all operations. */
  wantAll(): void {
    this.#wantsAll = this.settled !== undefined
  }

  /** Whether something was asked that only the operations in the snapshot can tell: they are to be read then. */
  wantsAll(): boolean {
    return this.#wantsAll || (this.settled !== undefined && this.log.wantsHistory())
  }

  /** An operation by its id; where it is in the snapshot alone, all are called for. */
  operation(id: OperationId): Operation | undefined {
    const found = this.log.get(id)
    if (found === undefined && this.settled?.marks.has(id) === true) this.wantAll()
    return found
  }

  /** Operations that lie outside the snapshot, and where they are stored. */
  rows(): Iterable<readonly [OperationId, number]> {
    if (this.settled !== undefined) return this.settled.rows
    return this.operationIds
      .newestFirst()
      .toReversed()
      .map((id, row) => [id, row] as const)
  }

  /** The present state; until all operations are here, as a snapshot tells of it (ND26). */
  shown(): AuthorityState {
    return (this.preview?.log ?? this.log).state()
  }

  /** Members there are, by the present state. */
  memberCount(): number {
    let count = 0
    for (const each of this.log.state().members()) if (each.status === 'in') count++
    return count
  }

  get self(): DeviceId {
    return this.deps.account.device.device
  }

  get user(): UserId {
    return this.deps.account.user
  }

  /** The device behind an author id (EN2), if it ever acted here. */
  deviceOf(tag: Uint8Array, authorId: Uint8Array): DeviceId | undefined {
    const key = toHex(tag)
    let known = this.#authorIds.get(key)
    if (known === undefined || known.devices !== this.devices.size) {
      known ??= { of: new Map(), devices: 0 }
      // Devices are only added, in order: hash those that came since.
      let index = 0
      for (const device of this.devices) {
        if (index++ >= known.devices) known.of.set(toHex(authorIdOf(this.deps.suite, tag, device)), device)
      }
      known.devices = this.devices.size
      this.#authorIds.set(key, known)
    }
    return known.of.get(toHex(authorId))
  }

  author(device: DeviceId): AuthorState {
    let found = this.authors.get(device)
    if (found === undefined) {
      found = { chain: createAuthorChain(), at: 0 }
      this.authors.set(device, found)
    }
    return found
  }

  /** Name people see: the newest signed profile, else a short form of the id. */
  nameOf(user: UserId): string {
    return this.profiles.get(user)?.name ?? this.provisional?.names.get(user) ?? `${user.slice(0, 7)}…`
  }

  /** What a channel is called: by its operations, else as sealed inside it (EK19). */
  titleOf(channel: ChannelId): { readonly name: string | null; readonly topic: string | null } {
    const found = this.shown().channel(channel)
    const sealed = this.channelNames.get(channel)
    if (found?.name === null && sealed !== undefined) return { name: sealed.name, topic: sealed.topic }
    return { name: found?.name ?? null, topic: found?.topic ?? null }
  }

  /** Is our account a member, by this very device, in the present state? Not of what was only read from a file (SX11). */
  isMember(): boolean {
    if (this.status === 'imported') return false
    const authority = this.log.state()
    return authority.member(this.user)?.status === 'in' && authority.device(this.self)?.on === true
  }
}

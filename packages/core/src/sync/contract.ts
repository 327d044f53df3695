/**
 * What sync tells and asks. Sync is a machine without I/O: inputs go in, effects come out as values, and
 * what the node holds in memory is seen through `ServerView`. It is blind to content: who may have what,
 * topic secrets, items and their places in chains come in from outside.
 */
import type {
  ChannelId,
  DeviceId,
  MessageId,
  OperationId,
  Random,
  RecordId,
  Refusal,
  RuleId,
  ServerId
} from '../base/index.ts'
import type { SigningKey, Suite } from '../crypto/index.ts'
import type { Budget } from './byte-budget.ts'
import type { ChainId, ChainIndex } from './chain-index.ts'
import type { IdSet } from './id-set.ts'
import type { EnvelopeLog } from './range-form.ts'
import type { RangeBound, RangeTree } from './range-tree.ts'
import type { Ranges } from './ranges.ts'
import type { Receipt, ReceiptKind } from './receipt.ts'

/** One stream with one device, numbered by the node. Numbers are never reused. */
export type SessionId = number

/**
 * SY3: what a device is to us in one server, from present state. `member` gets all it may read; `disputed`
 * (AU28) and `applicant` (knows the secret, unknown device) operations and key records; `none` nothing.
 * `removed`: of an account that was a member and is none now: the operations up to its removal, so that it learns
 * of it. `unjudged`: we hold no state ourselves (joining): we ask, and serve nothing.
 */
export type Standing = 'member' | 'disputed' | 'applicant' | 'removed' | 'unjudged' | 'none'

/** The part of a graph that sync walks. Authority's log fits. */
export interface OperationSource {
  heads(): readonly OperationId[]
  /** Leaves in no head's past. */
  leaves(): readonly OperationId[]
  get(id: OperationId): OperationPlace | undefined
  /** What is held and cannot be followed: `get` tells of such an operation alone. All others have all of it in the past. */
  readonly settled?: SettledOperations | undefined
}

/** Operations that stand as one. */
export interface SettledOperations {
  has(id: OperationId): boolean
  /** Whoever has these has all. */
  readonly heads: readonly OperationId[]
  /** Some of them, newest first. */
  readonly samples: readonly OperationId[]
}

/** Where an operation stands. */
export interface OperationPlace {
  readonly id: OperationId
  readonly prev: OperationId | null
  readonly parents: readonly OperationId[]
  readonly refs: readonly OperationId[]
  readonly lamport: number
}

/** What the node holds of one server, in memory, at this moment. Implemented by node; read at every step. */
export interface ServerView {
  readonly server: ServerId
  /** Topic secrets whose tokens we send: the current one, and those retired in the last day. 32 bytes each. */
  offered(): readonly Uint8Array[]
  /** Topic secrets we recognise (a year, ≤ 32), the offered ones among them. */
  kept(): readonly Uint8Array[]
  standing(device: DeviceId): Standing
  /** The operations by which a removed device's account is no member: it is told of these and their past (SY3). */
  removals(device: DeviceId): readonly OperationId[]
  /**
   * We are a member no more and stay in sync for a while (ND40), asking for no content: to tell of our own leave, which this
   * is; or, null, to hear it should fall what others put us out by. Absent or undefined: neither.
   */
  farewell?(): OperationId | null | undefined
  /**
   * Whether nothing is to be asked yet, as something more urgent is under way on the same line (ND27). Absent: no. Who says so ends it by
   * itself, soon, whatever peers do, and feeds `standing` then.
   */
  holds?(): boolean
  readonly operations: OperationSource
  /** Ids of all accepted operations. */
  readonly operationIds: IdSet<OperationId>
  /** Ids of all key records held; in an order that the peer should get them in (newest first). */
  readonly recordIds: IdSet<RecordId>
  /** Envelopes held, by author chain; stubs and unopenable ones (SY14) count. */
  readonly chains: ChainIndex
  /** Lamport time of a key record's frontier: key records are reconciled in order of it (SY6). */
  recordTime(id: RecordId): number
  /**
   * Channels and threads whose newest messages are wanted first (SY7), most wanted first: what is on screen, unread,
   * lately active.
   */
  channels(): readonly ChannelId[]
  /** Channels of which somebody looks at the newest page: asked for though the budget is spent (SY19). */
  onScreen?(): readonly ChannelId[]
  /** Whether envelopes of this chain could be judged now (AU52): else nothing of it is asked. */
  knowsChain(chain: ChainId): boolean
}

/** One of our own envelopes that is unproven, and its place in our chain (SY18). */
export interface OfferedEnvelope {
  readonly seq: number
  readonly id: MessageId
}

/** What a sync machine is built of. */
export interface SyncInit {
  readonly suite: Suite
  readonly random: Random
  /** This device. */
  readonly device: DeviceId
  /** Signs receipts. */
  readonly signer: SigningKey
  /** Whether range reconciliation is spoken (SY6). Default: yes. */
  readonly ranges?: boolean
  /** What may be spent on what can wait (SY19); after a change of it feed an input `budget`. Absent: no bound. */
  readonly budget?: Budget
  /** Live: the node adds and removes. Follow an addition with an input `server`. */
  readonly views: ReadonlyMap<ServerId, ServerView>
}

/** Which items travel. */
export type ItemKind = 'operations' | 'records' | 'envelopes' | 'stubs'

/** A range of one author chain, both ends inclusive. */
export interface ChainRange {
  readonly chain: ChainId
  readonly from: number
  readonly to: number
}

/** A message or act by its time and id, and where it lies in its author's chain. */
export interface MessageEntry extends RangeBound {
  readonly chain: ChainId
  readonly seq: number
}

/** An envelope log from one place up to where it was asked to. */
export interface MessageLog {
  readonly tree: RangeTree<MessageEntry>
  /** As far back as was read: where it was asked from, or above it. */
  readonly from: RangeBound
}

/** Which part of an envelope log is asked of the store: the newest `newest` of the range (0: all). */
export interface MessageSpan {
  readonly log: EnvelopeLog
  readonly from: RangeBound
  /** Not included. */
  readonly to: RangeBound
  readonly newest: number
}

/** Bytes asked of the node's store. */
export type SyncQuery =
  | {
      readonly kind: 'operations' | 'records'
      readonly server: ServerId
      readonly ids: readonly (OperationId | RecordId)[]
      readonly bytesMax: number
    }
  /**
   * Ranges in order; inside each, newest part first. `device` says for whom, so that the node may give stubs
   * for what it may not read.
   */
  | {
      readonly kind: 'envelopes'
      readonly server: ServerId
      readonly device: DeviceId
      readonly ranges: readonly ChainRange[]
      readonly itemsMax: number
      readonly bytesMax: number
    }
  /** Message logs (SY6): null for a channel that the device may not view. */
  | {
      readonly kind: 'logs'
      readonly server: ServerId
      readonly device: DeviceId
      readonly spans: readonly MessageSpan[]
    }
  /** Own messages not yet proven stored (SY18), in author order, from a number on. */
  | {
      readonly kind: 'outbox'
      readonly server: ServerId
      readonly from: number
      readonly itemsMax: number
    }

/**
 * The answer to a query. `items`: as asked, missing ones left out; inside one range ascending. Reading stops
 * before `bytesMax` is passed, though one item is always taken; `rest` is what was not read: of ids the number
 * from the end, of ranges the ranges left (a partly read one with a lower `to`).
 */
export type SyncFound =
  | {
      readonly kind: 'operations' | 'records'
      readonly items: readonly Uint8Array[]
      readonly rest: number
      /** Nothing was read: `get` can be followed further back now, so what the other side lacks is to be told anew. */
      readonly again?: true
    }
  | {
      readonly kind: 'envelopes'
      readonly items: readonly Uint8Array[]
      readonly stubs: readonly Uint8Array[]
      readonly rest: readonly ChainRange[]
    }
  /** One for each span. */
  | { readonly kind: 'logs'; readonly logs: readonly (MessageLog | null)[] }
  /** `next`: where to read on; null where nothing follows. May be empty and go on. */
  | { readonly kind: 'outbox'; readonly offers: readonly OfferedEnvelope[]; readonly next: number | null }

/** All that can happen to sync. `at`: milliseconds, never going back. */
export type SyncInput = { readonly at: number } &
  /** A stream stands. `circuit`: relayed (SY1, SY11); `gossip`: the peer is a gossip neighbour (SY10). */
  (
    | {
        readonly type: 'open'
        readonly session: SessionId
        readonly role: 'dialler' | 'listener'
        readonly peer: DeviceId
        readonly circuit: boolean
        readonly gossip: boolean
      }
    | { readonly type: 'frame'; readonly session: SessionId; readonly bytes: Uint8Array }
    /** The stream ended or was reset. */
    | { readonly type: 'gone'; readonly session: SessionId }
    | { readonly type: 'gossip'; readonly session: SessionId; readonly linked: boolean }
    /** A server or topic secret was added: open sessions look for it again. */
    | { readonly type: 'server'; readonly server: ServerId }
    /** A server was left: its sessions end. */
    | { readonly type: 'leave'; readonly server: ServerId }
    /** Authority changed: standings are judged again (SY3), tips of newly known devices asked. */
    | { readonly type: 'standing'; readonly server: ServerId }
    /**
     * Committed, from whatever source; the view shows it already. Items are pushed to peers without a gossip
     * link, or with `urgent` to all (an applicant's join). `from`: the device that brought them gets no echo.
     */
    | {
        readonly type: 'stored'
        readonly server: ServerId
        readonly from?: DeviceId
        readonly urgent?: boolean
        readonly operations?: readonly Uint8Array[]
        readonly records?: readonly Uint8Array[]
        readonly envelopes?: readonly Uint8Array[]
      }
    | { readonly type: 'found'; readonly lookup: number; readonly found: SyncFound }
    /** A delivery was judged and committed; the view shows it. `fresh`: items that were new. `refusal`: provably bad. */
    | {
        readonly type: 'taken'
        readonly delivery: number
        readonly fresh: number
        readonly refusal?: Refusal
        /** It could not be kept here, by no fault of the peer's: what it brought is asked for again (SY9). */
        readonly lost?: boolean
      }
    /** Envelopes of this author are held, durable or read here: tell it (SY16). */
    | {
        readonly type: 'receipts'
        readonly server: ServerId
        readonly author: DeviceId
        readonly kind: ReceiptKind
        readonly ids: readonly MessageId[]
      }
    /** Somebody looks at a page of a channel: the newest, or the one before a time, ms (SY19). */
    | {
        readonly type: 'look'
        readonly server: ServerId
        readonly channel: ChannelId
        readonly before: number | null
      }
    /** Another budget is in force. */
    | { readonly type: 'budget' }
    | { readonly type: 'wake' }
  )

/**
 * All that sync wants done. Carry out the effects of one step in order and completely before the next step:
 * a frame that overtakes another is a peer's breach of SY2.
 */
export type SyncEffect =
  | { readonly type: 'send'; readonly session: SessionId; readonly bytes: Uint8Array }
  /** End the stream after what was sent. `rule`: the one that the peer broke; avoid it for 10 minutes. */
  | {
      readonly type: 'close'
      readonly session: SessionId
      readonly device: DeviceId
      readonly rule: RuleId | null
      readonly reason: string
    }
  /** Answer with an input `found`. */
  | { readonly type: 'lookup'; readonly lookup: number; readonly query: SyncQuery }
  /** Judge these, commit, answer with an input `taken`: that is what lets the peer go on (SY8). In order per session. */
  | {
      readonly type: 'deliver'
      readonly delivery: number
      readonly session: SessionId
      readonly device: DeviceId
      readonly server: ServerId
      readonly kind: ItemKind
      readonly items: readonly Uint8Array[]
      readonly pushed: boolean
    }
  /** Wake with an input `wake` then. A later effect replaces an earlier one; null: not needed. */
  | { readonly type: 'timer'; readonly at: number | null }
  /** Both proved that they know this server's secret. */
  | {
      readonly type: 'matched'
      readonly session: SessionId
      readonly device: DeviceId
      readonly server: ServerId
    }
  /** Hello is through and no server is shared: the stream serves nothing now. */
  | { readonly type: 'unmatched'; readonly session: SessionId; readonly device: DeviceId }
  /** This server's part of the session ended. */
  | {
      readonly type: 'ended'
      readonly session: SessionId
      readonly device: DeviceId
      readonly server: ServerId
      readonly rule: RuleId | null
    }
  /** Nothing that this peer offers is missing here any more. Once for each time it becomes true. */
  | {
      readonly type: 'caught-up'
      readonly session: SessionId
      readonly device: DeviceId
      readonly server: ServerId
    }
  /** All operations that this peer had when it was asked are here, as far as it gives them. Once a session (SY12). */
  | {
      readonly type: 'operations'
      readonly session: SessionId
      readonly device: DeviceId
      readonly server: ServerId
    }
  /** This peer holds our leave (ND40). Once a session. */
  | {
      readonly type: 'parted'
      readonly session: SessionId
      readonly device: DeviceId
      readonly server: ServerId
    }
  /**
   * After each delivery of envelopes, and when what is missing begins or ends to wait for the budget (SY19): how many
   * came in this session, in how many bytes, how many of those offered are still missing.
   */
  | {
      readonly type: 'progress'
      readonly session: SessionId
      readonly server: ServerId
      readonly received: number
      readonly bytes: number
      readonly missing: number
    }
  /** Bytes were spent that are to be remembered over restarts (SY19): keep the budget's ledger. */
  | { readonly type: 'spent' }
  /** A peer's receipt, signature and signer checked: give it to the `DeliveryTracker`. */
  | { readonly type: 'receipt'; readonly server: ServerId; readonly receipt: Receipt }
  /** The author asks for proof of what its chain has at these numbers, 256 at most (SY18): answer with an input `receipts`
   * for what is durable here. */
  | {
      readonly type: 'offered'
      readonly session: SessionId
      readonly device: DeviceId
      readonly server: ServerId
      readonly numbers: Ranges
    }

/** A machine: deterministic given its inputs, its view and its random stream. */
export interface SyncMachine {
  step(input: SyncInput): readonly SyncEffect[]
  /** What is remembered, for metrics and for bounds in tests. */
  gauge(): SyncGauge
}

/** Sizes of what the machine remembers. */
export interface SyncGauge {
  readonly sessions: number
  readonly matched: number
  readonly requests: number
  readonly jobs: number
  readonly tips: number
  /** Ranges that walks have still to ask, and rows that wait to be fetched (SY6). */
  readonly ranges: number
  readonly inFlightBytes: number
  readonly inboxBytes: number
}

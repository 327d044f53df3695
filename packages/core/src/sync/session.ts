/** What sync remembers: of the whole, of one stream, of one server shared over it. Only this folder sees it. */
import type {
  ChannelId,
  DeviceId,
  MessageId,
  OperationId,
  RecordId,
  RuleId,
  ServerId
} from '../base/index.ts'
import type { ChainId } from './chain-index.ts'
import type { ChainRange, ServerView, SessionId, Standing, SyncEffect, SyncInit } from './contract.ts'
import type { Fingerprint } from './fingerprint.ts'
import { encodeFrame, type Frame, type Summary } from './frames.ts'
import { CONTROL_BURST, CONTROL_PER_SECOND, HELLO_MS, REQUESTS_BURST, REQUESTS_PER_SECOND } from './limits.ts'
import type { ItemLogs } from './item-logs.ts'
import { CIRCUIT, DIRECT, type PathLimits } from './path-limits.ts'
import { type ClaimKey, FetchPlanner } from './planner.ts'
import type { ItemLog, Span } from './range-form.ts'
import type { RangeBound } from './range-tree.ts'
import type { Ranges } from './ranges.ts'
import type { ReceiptKind } from './receipt.ts'
import { TokenBucket } from '../base/index.ts'
import type { Walk, WalkKind, Window } from './walk-state.ts'

/** A peer's row about one chain, and what came of it. */
export interface PeerTip {
  /** null: the peer told no row, only listed some of it (SY6). */
  sum: Fingerprint | null
  ranges: Ranges
  /** Asked of this peer and answered, in this session. */
  got: Ranges
  /** Times that it did not send what its row promised. */
  misses: number
  /** The sum for which forks were looked for. */
  compared: Fingerprint | null
  /** How often the peer did not serve it, and until when it is not asked of it again (SY8). */
  denials: number
  deniedUntil: number
}

/** A walk through our outbox, offered to one peer part by part (SY18). */
export interface Offering {
  /** Where the next part begins; null where none follows. */
  next: number | null
  /** Offered and not yet named by a receipt. */
  readonly waiting: Set<MessageId>
  /** When the next part is offered though this one was not answered; Infinity while it is being read. */
  until: number
}

/** A server shared over one stream. */
export interface Share {
  readonly session: Session
  readonly server: ServerId
  readonly handle: number
  /** The secret under which both proved themselves. */
  readonly secret: Uint8Array
  opened: boolean
  theirs: Summary | null
  /** What the peer was to us when we last judged it (SY3). */
  standing: Standing
  level: number
  wantsReceipts: boolean
  offering: Offering | null
  /** When the outbox was offered from its start, and whether the peer once held all that we hold (SY18). */
  offeredAt: number
  agreed: boolean
  /** The summary last sent, and when a next one is due. */
  sent: Uint8Array | null
  beatAt: number
  quietAt: number
  changes: number
  askedOperations: Fingerprint | null
  /** All operations that the peer had to tell came once. */
  operationsTold: boolean
  askedRecords: Fingerprint | null
  fruitless: number
  readonly tips: Map<ChainId, PeerTip>
  readonly told: Map<ChainId, Fingerprint>
  /** Rows followed the summary last sent: the peer need not wait for more. */
  rowsFollowed: boolean
  tipsSeen: boolean
  /** Walks through ranges (SY6), those that the peer does not serve, and what they found missing. */
  readonly walks: Map<WalkKind, Walk>
  readonly unwalkable: Set<WalkKind>
  readonly listed: Map<ItemLog, readonly RangeBound[]>
  /** Envelopes to ask for before others, most wanted first (SY7). */
  first: readonly FirstRange[]
  /** The windows were walked since the peer's last summary. */
  walked: boolean
  /** When rows are asked that ranges gave no reason for; Infinity: not needed. */
  tipsAt: number
  /** Chains of which something may be missing. */
  readonly pending: Set<ChainId>
  comparing: { readonly chain: ChainId; left: Ranges; busy: boolean } | null
  caughtUp: boolean
  /** The peer was seen to hold our leave (ND40). */
  parted: boolean
  received: number
  /** Missing by the last count and what came since; and after how many deliveries it is counted anew. */
  missing: number
  countIn: number
  /** Something is missing that another session is fetching. */
  blocked: boolean
  /** It was told that what is missing waits for the budget (SY19). */
  held: boolean
  /** When what is not asked now may be asked: a chain that was not served, or all that waits for the budget. */
  retryAt: number
  /** Until then nothing is asked: what came last could not be kept here (SY9). */
  restsUntil: number
  /** When envelopes were asked last. */
  askedAt: number
  /** Bytes of envelopes that came. */
  receivedBytes: number
  /** Pages that somebody looked at, by channel and upper end (SY19). */
  readonly looks: Map<string, Look>
  servedAt: number
}

/** What is asked before other envelopes. `wanted`: somebody looks at it. */
export interface FirstRange extends ChainRange {
  readonly wanted: boolean
}

/** A page that somebody looks at. */
export interface Look {
  readonly channel: ChannelId
  /** Not included. */
  readonly to: RangeBound
  readonly at: number
  asked: boolean
}

/** A request of ours. */
export interface Ask {
  readonly request: number
  readonly share: Share
  readonly kind: 'operations' | 'records' | 'envelopes' | 'compare' | 'ranges'
  /** Of ranges: whose. */
  readonly walk: WalkKind | null
  /** Of envelopes: what was asked, by chain. */
  readonly ranges: ReadonlyMap<ChainId, Ranges>
  /** How many items may come, and how many were promised. */
  readonly itemsMax: number
  readonly promised: number
  /** Of envelopes under a budget: nobody looks at them, so others wait until these came (SY19). */
  readonly waits: boolean
  /** Heads unknown when asked. */
  readonly heads: readonly OperationId[]
  items: number
  fresh: number
  /** Deliveries not yet taken. */
  waiting: number
  /** Something of it could not be kept here (SY9). */
  lost: boolean
  status: number | null
  progressAt: number
}

/** A request of theirs. */
export type Job = { readonly share: Share; readonly request: number; busy: boolean } & (
  | {
      readonly kind: 'operations'
      ids: readonly OperationId[]
      /** What the peer has, to tell anew what it lacks; null where it named what it wants (SY6). */
      readonly have: readonly OperationId[] | null
    }
  | { readonly kind: 'records'; ids: readonly RecordId[] }
  | {
      readonly kind: 'envelopes'
      ranges: readonly ChainRange[]
      /** Bytes that the budget promised to the read that is under way, and whether something was not served (SY19). */
      reserved: number
      withheld: boolean
    }
  | { readonly kind: 'compare'; ranges: readonly ChainRange[]; readonly have: ReadonlySet<string> }
  | { readonly kind: 'ranges'; readonly spans: readonly Span[] }
)

/** A frame that waits for credit; `cost` 0 needs none but keeps its place. */
export interface ReadyFrame {
  readonly bytes: Uint8Array
  readonly cost: number
}

/** One stream. */
export interface Session {
  readonly id: SessionId
  readonly role: 'dialler' | 'listener'
  readonly peer: DeviceId
  readonly limits: PathLimits
  gossip: boolean
  /** The peer speaks SY6, and so do we. */
  ranges: boolean
  phase: 'hello' | 'tokens' | 'ready'
  readonly helloBy: number
  nonceD: Uint8Array
  nonceL: Uint8Array
  /** The dialler's tokens so far, as the dialler knows them; null: padding. */
  readonly slots: ({ readonly server: ServerId; readonly secret: Uint8Array } | null)[]
  /** The dialler's tokens so far, as the listener counts them. */
  tokensSeen: number
  /** Tokens frames of the peer, and ours: each side bears so many (SY2). */
  tokenFrames: number
  tokenFramesSent: number
  readonly shares: Map<number, Share>
  readonly ended: Set<number>
  /** Servers that we ended because the peer had no standing: looked at again when authority changes (SY3). */
  readonly refused: Set<ServerId>
  inFlight: number
  readonly ready: ReadyFrame[]
  readyBytes: number
  inbox: number
  owed: number
  jobs: Job[]
  lookups: number
  served: number
  readonly asks: Map<number, Ask>
  nextRequest: number
  readonly theirRequests: TokenBucket
  readonly ourRequests: TokenBucket
  readonly control: TokenBucket
  /** An ask had to wait for our own pace. */
  paced: boolean
  /** Items that were news, and items that were not (SY13). */
  fresh: number
  stale: number
}

/** Whom a lookup is for. */
export type LookupOwner = { readonly session: Session } & (
  | { readonly for: 'job'; readonly job: Job }
  | { readonly for: 'outbox'; readonly share: Share; readonly offering: Offering }
  | {
      readonly for: 'windows'
      readonly share: Share
      readonly walk: Walk
      readonly windows: readonly Window[]
    }
  | {
      readonly for: 'compare'
      readonly share: Share
      readonly chain: ChainId
      readonly from: number
      readonly to: number
    }
)

/** Where a delivery came from. */
export interface DeliveryOwner {
  readonly session: Session
  readonly share: Share
  readonly ask: Ask | null
  readonly bytes: number
  readonly items: number
  readonly envelopes: number
}

/** Receipts that gather before they leave. */
export interface ReceiptBatch {
  readonly server: ServerId
  readonly author: DeviceId
  readonly kind: ReceiptKind
  readonly ids: Set<MessageId>
}

/** Everything. */
export interface World {
  readonly init: SyncInit
  readonly sessions: Map<SessionId, Session>
  readonly planners: Map<ServerId, FetchPlanner>
  readonly itemLogs: ItemLogs
  readonly lookups: Map<number, LookupOwner>
  readonly deliveries: Map<number, DeliveryOwner>
  readonly receipts: Map<string, ReceiptBatch>
  receiptsAt: number
  /** Bytes delivered and not yet taken, over all sessions (SY8). */
  inbox: number
  inboxEnvelopes: number
  next: number
  timer: number | null
}

/** One step: the moment, and the effects that gather. */
export interface Turn {
  readonly world: World
  readonly at: number
  readonly effects: SyncEffect[]
}

/** A stream's first memory. */
export function createSession(
  init: {
    readonly session: SessionId
    readonly role: 'dialler' | 'listener'
    readonly peer: DeviceId
    readonly circuit: boolean
    readonly gossip: boolean
  },
  at: number
): Session {
  return {
    id: init.session,
    role: init.role,
    peer: init.peer,
    gossip: init.gossip,
    ranges: false,
    limits: init.circuit ? CIRCUIT : DIRECT,
    phase: 'hello',
    helloBy: at + HELLO_MS,
    nonceD: new Uint8Array(),
    nonceL: new Uint8Array(),
    slots: [],
    tokensSeen: 0,
    tokenFrames: 0,
    tokenFramesSent: 0,
    shares: new Map(),
    ended: new Set(),
    refused: new Set(),
    inFlight: 0,
    ready: [],
    readyBytes: 0,
    inbox: 0,
    owed: 0,
    jobs: [],
    lookups: 0,
    served: 0,
    asks: new Map(),
    nextRequest: 1,
    paced: false,
    fresh: 0,
    stale: 0,
    theirRequests: new TokenBucket(REQUESTS_PER_SECOND, REQUESTS_BURST, at),
    // Half of what the peer tolerates: its clock and its queue see ours bunched.
    ourRequests: new TokenBucket(REQUESTS_PER_SECOND / 2, REQUESTS_BURST / 2, at),
    control: new TokenBucket(CONTROL_PER_SECOND, CONTROL_BURST, at)
  }
}

/** Sends a frame that needs no credit. */
export function send(turn: Turn, session: Session, frame: Exclude<Frame, { kind: 'unknown' }>): void {
  turn.effects.push({ type: 'send', session: session.id, bytes: encodeFrame(frame) })
}

/** What is held of a share's server, while it is. */
export function viewOf(turn: Turn, share: Share): ServerView | undefined {
  return turn.world.init.views.get(share.server)
}

/** A server's claims. */
export function plannerOf(turn: Turn, server: ServerId): FetchPlanner {
  let planner = turn.world.planners.get(server)
  if (planner === undefined) turn.world.planners.set(server, (planner = new FetchPlanner()))
  return planner
}

/** All open shares of a server. */
export function sharesOf(turn: Turn, server: ServerId): readonly Share[] {
  const out: Share[] = []
  for (const session of turn.world.sessions.values()) {
    for (const share of session.shares.values()) if (share.server === server) out.push(share)
  }
  return out
}

/** The registered integer of a rule: its number in chapter SY, 100 for another chapter, 0 for none. */
export function wireRule(rule: RuleId | null): number {
  if (rule === null) return 0
  return rule.startsWith('SY') ? Number(rule.slice(2)) : 100
}

/** What a request of ours claims. */
export function claimKeys(ask: Ask): Iterable<ClaimKey> {
  if (ask.kind === 'ranges')
    return [ask.walk === 'windows' ? 'windows' : ask.walk === 'records' ? 'records' : 'operations']
  return ask.kind === 'operations' || ask.kind === 'records' ? [ask.kind] : ask.ranges.keys()
}

/** What a peer tells of now, and keeps nowhere: who is connected, how far it has come, how it fares. */
import type { ChannelId, DeviceId, MessageId, RuleId, ServerId, UserId } from '../base/index.ts'
import type { BudgetReport, ByteBudget } from '../sync/index.ts'

/** What a newcomer gets, in this order. */
export type SyncPhase = 'page' | 'operations' | 'messages'

/** Events that are not kept: progress and connections. */
export type LiveEvent =
  /**
   * Messages and acts on messages came from a peer, or what is missing begins or ends to wait for the budget (SY19). Counts are
   * those of the connection to that peer; acts count as messages do.
   */
  | {
      readonly type: 'sync:progress'
      readonly server: ServerId
      /** What of: a first page, unverified; the operations that verify it; messages. */
      readonly phase: SyncPhase
      /** Of a first page. */
      readonly channel?: ChannelId
      readonly received: number
      /** Of messages. */
      readonly bytes?: number
      /** As far as peers told; null where nobody did. */
      readonly expected: number | null
      /** Nothing that this peer offers is missing. */
      readonly done: boolean
      /** New messages since the last such event of this server. */
      readonly channels?: readonly { readonly channel: ChannelId; readonly received: number }[]
      /** null: the line is not metered. */
      readonly budget?: BudgetReport | null
    }
  /** A message that was shown unverified did not stand, and by which rule (ND27). */
  | {
      readonly type: 'message:withdraw'
      readonly server: ServerId
      readonly channel: ChannelId
      readonly message: MessageId
      readonly rule: RuleId
      /** Who signed the snapshot that it was shown by, where that was false. */
      readonly by: UserId | null
    }
  /** A peer came, turned out to be a member, took another path, or went: then as it was last. */
  | { readonly type: 'connection:update'; readonly peer: PeerReport; readonly connected: boolean }
  /** Who is in a voice channel changed, or what they say of themselves. */
  | { readonly type: 'voice:update'; readonly server: ServerId; readonly channel: ChannelId }
  /** How a member is there changed, or their words. */
  | { readonly type: 'presence:update'; readonly server: ServerId; readonly user: UserId }
  /** Something people may show changed, without an event of its own (names, unread, presence). */
  | { readonly type: 'view:update'; readonly server: ServerId }

/** What may be spent on what can wait, and how far sync is. */
export interface SyncLine {
  /** null: the line is not metered. */
  report(): BudgetReport | null
  /** The last that was told of each server since the start. */
  progress(): readonly Extract<LiveEvent, { readonly type: 'sync:progress' }>[]
  /** Another budget, from now on and after restarts; null: none. RangeError. */
  setBudget(budget: ByteBudget | null): Promise<void>
}

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
  readonly check:
    | 'store'
    | 'identity'
    | 'addresses'
    | 'bootstrap'
    | 'relay'
    | 'members'
    | 'forks'
    | 'snapshots'
    | 'clock'
    | 'unopened'
    | 'outbox'
    | 'keystore'
    | 'budget'
  readonly ok: boolean
  readonly detail: string
  readonly cause?: string
  readonly remedy?: string
}

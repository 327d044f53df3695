/** What a peer tells of now, and keeps nowhere: who is connected, how far it has come, how it fares. */
import type { ChannelId, DeviceId, MessageId, RuleId, ServerId, UserId } from '../base/index.ts'

/** What a newcomer gets, in this order. */
export type SyncPhase = 'page' | 'operations' | 'messages'

/** Events that are not kept: progress and connections. */
export type LiveEvent =
  | {
      readonly type: 'sync:progress'
      readonly server: ServerId
      /** What of: a first page, unverified; the operations that verify it; messages. */
      readonly phase: SyncPhase
      /** Of a first page. */
      readonly channel?: ChannelId
      readonly received: number
      readonly expected: number | null
      readonly done: boolean
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
  readonly ok: boolean
  readonly detail: string
  readonly cause?: string
  readonly remedy?: string
}

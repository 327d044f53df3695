/** One attempt to link two members of a call (VX8), and what all pairs of a call share. */
import type { ChannelId, DeviceId, ServerId } from '../base/index.ts'
import type { SigningKey, Suite } from '../crypto/index.ts'
import type { IceServer, LinkId } from './contract.ts'
import type { DescriptionSignal } from './description.ts'
import type { CallEffect } from './effects.ts'
import {
  ARRIVAL_MS_MAX,
  ATTEMPT_DOUBLINGS_MAX,
  DEAF_RETRY_MS_MAX,
  ATTEMPT_MS_MAX,
  REPEAT_MS,
  REPEAT_MS_MAX,
  RETRY_MS
} from './limits.ts'
import type { SessionId, Signal } from './signals.ts'

/** What all pairs of a call share. */
export interface PairContext {
  readonly suite: Suite
  readonly key: SigningKey
  readonly device: DeviceId
  readonly server: ServerId
  readonly channel: ChannelId
  readonly session: SessionId
  /** X25519 public key of this joining (VX1). */
  readonly callKey: Uint8Array
  readonly iceServers: readonly IceServer[]
  readonly bitrateKbps: number
  nextLink(): LinkId
  /** What we say of ourselves now. */
  flags(): number
  emit(effect: CallEffect): void
}

export type CandidateSignal = Extract<Signal, { readonly kind: 'candidate' }>

/** One attempt to link: what we said of it, and what the other did. */
export interface Attempt {
  readonly number: number
  readonly link: LinkId
  readonly begunAt: number
  own: DescriptionSignal | undefined
  readonly ownCandidates: CandidateSignal[]
  /** Before ours is said again, ms; doubled each time. */
  repeatMs: number
  taken: Uint8Array | undefined
  readonly takenCandidates: Set<string>
}

/** One that has just begun. */
export function newAttempt(number: number, link: LinkId, begunAt: number): Attempt {
  return {
    number,
    link,
    begunAt,
    own: undefined,
    ownCandidates: [],
    repeatMs: REPEAT_MS,
    taken: undefined,
    takenCandidates: new Set()
  }
}

/**
 * How long an attempt may take, ms. Longer after each failure: where machines are too busy for the usual time, attempts
 * that are all given up alike would never connect. The side that answers waits twice as long: the other one decides.
 */
export function attemptMs(failures: number, offers: boolean): number {
  return (offers ? 1 : 2) * ATTEMPT_MS_MAX * 2 ** Math.min(failures, ATTEMPT_DOUBLINGS_MAX)
}

/** How long to wait after so many failures, ms. */
export function retryMs(failures: number): number {
  return Math.min(RETRY_MS * 2 ** failures, REPEAT_MS_MAX)
}

/** How long a pair may be deaf, after so many other paths in a row, before the next is tried, ms. */
export function rerouteMs(reroutes: number, heardBoth: boolean): number {
  if (reroutes > 0) return Math.min(ARRIVAL_MS_MAX * 2 ** reroutes, DEAF_RETRY_MS_MAX)
  return heardBoth ? ARRIVAL_MS_MAX : 0
}

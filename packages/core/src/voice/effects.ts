/** What goes into a call and what comes out of it: values, so that a seed replays any call. */
import type { ChannelId, DeviceId, Refusal, UserId } from '../base/index.ts'
import type { LinkFailure, LinkId, LinkInit, LinkSignal, MediaEvent } from './contract.ts'
import type { Present } from './presence.ts'
import type { Hearing, SessionId, VoiceFrame } from './signals.ts'

/** What a device may do in the channel, by everything known here (VX4). */
export interface Standing {
  readonly user: UserId
  /** Its user is in, the device on, and Connect and ViewChannel hold: a timeout takes them. */
  readonly connect: boolean
  readonly speak: boolean
  /** By a moderator. */
  readonly muted: boolean
  readonly deafened: boolean
  /** MoveMembers. */
  readonly move: boolean
  /** PrioritySpeaker. */
  readonly priority: boolean
}

/** How a pair stands. `unreachable`: tried some times, and going on. */
export type PairPath = 'connecting' | 'connected' | 'interrupted' | 'unreachable'

/** Why a pair's last attempt came to nothing. `unanswered`: nothing was heard of the other side's engine. */
export type PairTrouble = LinkFailure | 'unanswered'

/** Somebody else in the call. */
export interface Participant {
  readonly device: DeviceId
  readonly user: UserId
  readonly session: SessionId
  /** By themselves. */
  readonly muted: boolean
  readonly deafened: boolean
  readonly speaking: boolean
  /** By a moderator, or without Speak: not heard here, whatever their client does. */
  readonly silenced: boolean
  /** Speaks before others by right (VX13): they are to be turned down while this one speaks. */
  readonly priority: boolean
  readonly path: PairPath
  /** What the last attempt failed by; null once one connected. */
  readonly trouble: PairTrouble | null
  /** Whether their audio arrives here, and ours there. */
  readonly heard: Hearing
  readonly hears: Hearing
}

/** Why a call is over for us. */
export type CallEnd = 'left' | 'full' | 'removed' | 'moved'

export type CallEvent =
  | { readonly type: 'join' | 'leave' | 'update'; readonly participant: Participant }
  | { readonly type: 'ended'; readonly end: CallEnd; readonly to: ChannelId | null }

/** What happens to a call. `at`: our clock, ms, never falling. */
export type CallInput =
  | { readonly kind: 'start'; readonly at: number }
  /** Time passed, or rights changed. At least four times a second. */
  | { readonly kind: 'tick'; readonly at: number }
  /** Everybody whom presence shows in the channel (VX5). */
  | { readonly kind: 'present'; readonly at: number; readonly present: readonly Present[] }
  /** A frame of this channel, from an authenticated stream of `device`. */
  | { readonly kind: 'frame'; readonly at: number; readonly device: DeviceId; readonly frame: VoiceFrame }
  | { readonly kind: 'media'; readonly at: number; readonly event: MediaEvent }
  | { readonly kind: 'self'; readonly at: number; readonly change: Partial<CallSelf> }
  /** Somebody came who may not know of us yet. */
  | { readonly kind: 'announce'; readonly at: number }
  /** The network under us changed: what is down is tried at once. */
  | { readonly kind: 'network'; readonly at: number }
  | { readonly kind: 'leave'; readonly at: number }

/** What we chose for ourselves. */
export interface CallSelf {
  readonly muted: boolean
  readonly deafened: boolean
  /** Push to talk: only while `talking` anything is sent. */
  readonly pushToTalk: boolean
  readonly talking: boolean
  /** We want to be heard before others (VX13); means nothing without PrioritySpeaker. */
  readonly priority: boolean
  /** What we send sounds like speech. */
  readonly speaking: boolean
}

export type CallEffect =
  | { readonly kind: 'send'; readonly device: DeviceId; readonly frame: VoiceFrame }
  | { readonly kind: 'open'; readonly link: LinkId; readonly init: LinkInit }
  | { readonly kind: 'take'; readonly link: LinkId; readonly signal: LinkSignal }
  | { readonly kind: 'close'; readonly link: LinkId }
  | { readonly kind: 'sending' | 'receiving'; readonly link: LinkId; readonly on: boolean }
  /** To be told to all who may see the channel; null: we left. */
  | { readonly kind: 'publish'; readonly session: SessionId | null; readonly flags: number }
  | { readonly kind: 'tell'; readonly event: CallEvent }
  /** A peer broke a rule; nothing came of what it said. */
  | { readonly kind: 'refused'; readonly device: DeviceId; readonly refusal: Refusal }

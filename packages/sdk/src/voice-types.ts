/** Public types of voice channels. Interfaces only. */
import type { ChannelId, DeviceId, UserId } from '@xcord/core'
import type { Channel, Member } from './types.ts'

/** Somebody in a voice channel, by one of their devices. */
export interface Occupant {
  readonly member: Member
  readonly device: DeviceId
  /** By themselves. */
  readonly muted: boolean
  readonly deafened: boolean
  readonly speaking: boolean
  /** By a moderator, or without Speak: every honest peer plays nothing of them. */
  readonly silenced: boolean
  toJSON(): OccupantJson
}

/** An occupant as JSON. */
export interface OccupantJson {
  readonly member: UserId
  readonly name: string
  readonly device: DeviceId
  readonly channel: ChannelId
  readonly muted: boolean
  readonly deafened: boolean
  readonly speaking: boolean
  readonly silenced: boolean
}

/** Somebody else in a call of ours. */
export interface VoiceParticipant extends Omit<Occupant, 'toJSON'> {
  /** `unreachable`: no path was found yet, and it goes on being looked for. */
  readonly path: 'connecting' | 'connected' | 'interrupted' | 'unreachable'
  /** What the last attempt failed by; null once one connected. Others follow by themselves, ever less often. */
  readonly trouble: VoiceTrouble | null
  /** Whether their audio arrives here, and ours there: who cannot hear whom. */
  readonly heard: 'unknown' | 'yes' | 'no'
  readonly hears: 'unknown' | 'yes' | 'no'
  /** Is to be heard before others, by right (PrioritySpeaker): whoever plays turns others down while they speak. */
  readonly priority: boolean
}

/** What brought us into a channel: our own choice, a moderator's, or our having said and done nothing for long. */
export type VoiceCause = 'self' | 'moderator' | 'idle'

/**
 * Why the last attempt to link a pair failed. `unanswered`: their side says nothing; `ice`: no path; `dtls`, `description`: their
 * side is not what was signed, or not understood; `codec`: it has no Opus; `limit`: it flooded; `crashed`: our own engine went.
 */
export type VoiceTrouble = 'unanswered' | 'ice' | 'dtls' | 'description' | 'codec' | 'limit' | 'crashed'

/** Why a session is over. `moved`: sent where one may not go, or out. `removed`: without Connect any more. */
export type VoiceEnd = 'left' | 'full' | 'removed' | 'moved'

/** What can be done in a voice channel. */
export interface ChannelVoice {
  /** Who is in it, seen without joining. `voice:update` tells of changes. */
  readonly occupants: readonly Occupant[]
  /**
   * Joins; from another voice channel of the server we move. XCORD_CHANNEL_KIND, XCORD_PERMISSION_DENIED,
   * XCORD_VOICE_FULL, XCORD_VOICE_UNAVAILABLE without a media engine.
   */
  join(options?: VoiceJoinOptions): Promise<VoiceSession>
}

/** What a session tells its listeners. */
export interface VoiceEvents {
  join: { readonly participant: VoiceParticipant }
  leave: { readonly participant: VoiceParticipant }
  update: { readonly participant: VoiceParticipant }
  /** 480 samples, 10 ms, of 48 kHz mono, signed 16 bit. Only of whom may be heard. Yours to keep. */
  audio: { readonly member: UserId; readonly device: DeviceId; readonly frame: Int16Array }
  /** Figures of every pair, every two seconds. */
  stats: { readonly pairs: readonly VoicePairJson[] }
  /** A pair is better or worse than before, in a word. */
  quality: { readonly pair: VoicePairJson }
  moved: { readonly channel: Channel; readonly cause: VoiceCause }
  ended: { readonly end: VoiceEnd }
}

/** Where the idle go in calls, and after how long. */
export interface AfkJson {
  readonly channel: ChannelId
  readonly seconds: number
}

/** Figures of one pair. null: not known (yet). */
export interface VoicePairJson {
  readonly member: UserId
  readonly name: string
  readonly device: DeviceId
  readonly path: VoiceParticipant['path']
  readonly trouble: VoiceTrouble | null
  readonly heard: VoiceParticipant['heard']
  readonly hears: VoiceParticipant['hears']
  readonly route: 'direct' | 'relay' | null
  readonly rttMs: number | null
  readonly jitterMs: number | null
  readonly lossPct: number | null
  readonly receivedKbps: number | null
  readonly sentKbps: number | null
  readonly concealedPct: number | null
  /** All figures in a word (VX66); null while there is no link. */
  readonly quality: 'good' | 'fair' | 'poor' | null
}

export interface VoiceJoinOptions {
  readonly muted?: boolean
  readonly deafened?: boolean
  /**
   * Nothing is sent unless `talk(true)` was said. Default: where one lacks UseVAD, which an open microphone needs.
   * `false` without it: XCORD_PERMISSION_DENIED.
   */
  readonly pushToTalk?: boolean
}

/** Our part in a voice channel, from joining to the end. */
export interface VoiceSession {
  /** Changes when we move, or are moved. */
  readonly channel: Channel
  /** What brought us into it. */
  readonly cause: VoiceCause
  /** null while it lasts. */
  readonly ended: VoiceEnd | null
  readonly muted: boolean
  readonly deafened: boolean
  readonly pushToTalk: boolean
  readonly talking: boolean
  /** Whether we want to be heard before others. */
  readonly priority: boolean
  /** The others. */
  readonly participants: readonly VoiceParticipant[]
  /** Four groups of digits: whoever reads out the same is in a call with the same devices. */
  readonly code: string
  /**
   * 480 samples of 48 kHz mono, signed 16 bit, one frame every 10 ms: the pace is the caller's. Dropped while we are
   * muted. RangeError for another length.
   */
  send(frame: Int16Array): void
  mute(on?: boolean): void
  deafen(on?: boolean): void
  /** With push to talk: the key is down, or up. */
  talk(on: boolean): void
  /** To be heard before others. XCORD_PERMISSION_DENIED without PrioritySpeaker. */
  setPriority(on: boolean): void
  /** XCORD_PERMISSION_DENIED for `false` without UseVAD. */
  setPushToTalk(on: boolean): void
  /** Figures of the last two seconds. */
  stats(): Promise<readonly VoicePairJson[]>
  /** To another voice channel of the server; refuses as joining does. */
  move(channel: Channel): void
  leave(): void
  /** Returns its removal. A listener that throws or rejects reaches the client's `error`. */
  on<E extends keyof VoiceEvents>(
    event: E,
    listener: (data: VoiceEvents[E]) => void | Promise<void>
  ): () => void
}

/** Voice as the SDK sees it: who is in a channel, and our own part in a call. */
import type { ChannelId, DeviceId, ServerId, UserId } from '../../base/index.ts'
import type { CallEnd, CallSelf, LinkStats, Participant } from '../../voice/index.ts'

/** Somebody in a voice channel, as its presence says (VX5). */
export interface VoicePresence {
  readonly device: DeviceId
  readonly user: UserId
  readonly channel: ChannelId
  /** By themselves. */
  readonly muted: boolean
  readonly deafened: boolean
  readonly speaking: boolean
  /** By a moderator, or without Speak. */
  readonly silenced: boolean
}

/** How to join. */
export interface VoiceJoinOptions {
  readonly muted?: boolean
  readonly deafened?: boolean
  /** Sends only while `talking` is set. Default: where the channel denies UseVAD. */
  readonly pushToTalk?: boolean
}

/** Why we are in the channel we are in: our own choice, a moderator's (VX12), or for having been idle (VX14). */
export type VoiceCause = 'self' | 'moderator' | 'idle'

/** What a session tells. */
export type VoiceEvent =
  | { readonly type: 'join' | 'leave' | 'update'; readonly participant: Participant }
  /** 480 samples of 48 kHz mono; only of whom may be heard (VX4). */
  | {
      readonly type: 'audio'
      readonly device: DeviceId
      readonly user: UserId
      readonly frame: Int16Array
    }
  /** Figures of all pairs, every two seconds. */
  | { readonly type: 'stats'; readonly pairs: readonly VoicePairStats[] }
  /** We are in another channel now. */
  | { readonly type: 'moved'; readonly channel: ChannelId; readonly cause: VoiceCause }
  /** Over. `moved`: we were sent where we may not go, or out. */
  | { readonly type: 'ended'; readonly end: CallEnd }

/** One pair's figures. */
export interface VoicePairStats {
  readonly participant: Participant
  /** null while there is no link. */
  readonly stats: LinkStats | null
}

/** Our part in a call, from joining to the end. */
export interface VoiceSession {
  readonly server: ServerId
  readonly channel: ChannelId
  /** What brought us into this channel. */
  readonly cause: VoiceCause
  /** null while it lasts. */
  readonly ended: CallEnd | null
  readonly self: CallSelf
  participants(): readonly Participant[]
  /** To compare aloud (VX11). */
  code(): string
  /** 480 samples of 48 kHz mono, 16 bit, paced by whoever sends. Dropped while nothing of ours is to be heard. */
  send(frame: Int16Array): void
  /**
   * XCORD_PERMISSION_DENIED for an open microphone where the channel denies UseVAD, and for priority without
   * PrioritySpeaker.
   */
  set(change: Partial<Omit<CallSelf, 'speaking'>>): void
  /** As of the last two seconds. */
  stats(): Promise<readonly VoicePairStats[]>
  /** To another voice channel of the server. As joining. */
  move(channel: ChannelId): void
  leave(): void
  on(listener: (event: VoiceEvent) => void): () => void
}

/** Voice of a node. One session a server at a time. */
export interface Voice {
  /** Who is in a channel, as far as we may see it. */
  present(server: ServerId, channel: ChannelId): readonly VoicePresence[]
  /** Our session in a server. */
  session(server: ServerId): VoiceSession | undefined
  /**
   * Joins; from a session in another channel of the server it moves. XCORD_SERVER_NOT_FOUND, XCORD_CHANNEL_NOT_FOUND,
   * XCORD_CHANNEL_KIND, XCORD_PERMISSION_DENIED, XCORD_VOICE_FULL, XCORD_VOICE_UNAVAILABLE.
   */
  join(server: ServerId, channel: ChannelId, options?: VoiceJoinOptions): VoiceSession
  /**
   * Sends a member who is in a voice channel to another, or out (VX12). XCORD_PERMISSION_DENIED,
   * XCORD_MEMBER_NOT_FOUND where they are in none, and as joining for a channel where nobody talks.
   */
  moveMember(server: ServerId, user: UserId, to: ChannelId | null): void
}

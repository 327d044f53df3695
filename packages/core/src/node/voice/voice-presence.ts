/**
 * Presence of voice channels over gossip (VX5): ephemeral envelopes under the channel's epoch, so that whoever may not
 * see the channel learns nothing, and relays forward what they cannot read.
 */
import { type ChannelId, type DeviceId, refuse, type Refusal, type ServerId } from '../../base/index.ts'
import type { OpenedEnvelope } from '../../e2ee/index.ts'
import type { Envelope } from '../../graph/index.ts'
import {
  isAudible,
  PresenceBook,
  sessionBytes,
  type SessionId,
  sessionOf,
  VoiceFlags,
  type VoiceState
} from '../../voice/index.ts'
import { publishEphemeral } from '../replica/publish.ts'
import type { LiveReplica } from '../replica/replica.ts'
import type { VoicePresence } from './voice-contract.ts'
import { standingOf } from './voice-rights.ts'

export interface VoicePresenceInit {
  now(): number
  publish(replica: LiveReplica, envelopes: readonly Envelope[]): void
  /** We said where we are. */
  said(replica: LiveReplica, state: VoiceState): void
  /** Something is known now that is forgotten in time. */
  heard(): void
  /** Who is in a channel changed, for people. */
  changed(server: ServerId, channel: ChannelId): void
}

export class VoicePresences {
  readonly #init: VoicePresenceInit
  readonly #books = new Map<ServerId, PresenceBook>()
  /** When we last said where we are. */
  readonly #saidAt = new Map<ServerId, number>()

  constructor(init: VoicePresenceInit) {
    this.#init = init
  }

  /** Devices that presence shows in a channel. */
  in(server: ServerId, channel: ChannelId): ReturnType<PresenceBook['in']> {
    return this.#books.get(server)?.in(channel, this.#init.now()) ?? []
  }

  /** As people see it: those who may be there. */
  shown(replica: LiveReplica, channel: ChannelId): readonly VoicePresence[] {
    const at = this.#init.now()
    return this.in(replica.server, channel).flatMap(({ device, flags }) => {
      const standing = standingOf(replica.state(), channel, device, at)
      if (standing?.connect !== true) return []
      return {
        device,
        user: standing.user,
        channel,
        muted: (flags & VoiceFlags.muted) !== 0,
        deafened: (flags & VoiceFlags.deafened) !== 0,
        speaking: isAudible(standing) && (flags & VoiceFlags.speaking) !== 0,
        silenced: !isAudible(standing)
      }
    })
  }

  /** Forgets what was not said again. Returns whether anything is left to be forgotten. */
  expire(): boolean {
    for (const [server, book] of this.#books)
      for (const channel of book.expire(this.#init.now())) this.#init.changed(server, channel)
    return [...this.#books.values()].some(each => !each.isEmpty)
  }

  /** Tells all who may see the channel where we are. XCORD_PERMISSION_DENIED without a key to say it under. */
  async say(
    replica: LiveReplica,
    channel: ChannelId,
    session: SessionId | null,
    flags: number
  ): Promise<void> {
    const { server, current } = replica
    const call = session === null ? null : sessionBytes(session)
    // What is not newer than the last does not count.
    const at = Math.max(this.#init.now(), (this.#saidAt.get(server) ?? 0) + 1)
    this.#saidAt.set(server, at)
    const state = { session, channel, flags, at }
    this.#note(server, current.self, state)
    this.#init.said(replica, state)
    const body = { kind: 'voiceState', call, flags } as const
    const envelope = await replica.do(work => publishEphemeral(work, channel, body, at))
    this.#init.publish(replica, [envelope])
  }

  /** What a device said of itself on a stream of its own: gossip does not run where it is connected by a relay. */
  hear(replica: LiveReplica, device: DeviceId, state: VoiceState): Refusal | undefined {
    const standing = standingOf(replica.state(), state.channel, device, this.#init.now())
    if (standing?.connect !== true) return refuse('VX4', 'a device that may not connect')
    return this.#note(replica.server, device, state) ? undefined : refuse('VX5', 'presence heard before')
  }

  /** What gossip brought. False where it is not to go on. */
  take(replica: LiveReplica, device: DeviceId, { channel, payload }: OpenedEnvelope): boolean {
    if (payload.body.kind !== 'voiceState') return true
    const standing = standingOf(replica.state(), channel, device, this.#init.now())
    if (standing?.connect !== true) return false
    const { call, flags } = payload.body
    const session = call === null ? null : sessionOf(call)
    return this.#note(replica.server, device, { session, channel, flags, at: payload.at })
  }

  #note(server: ServerId, device: DeviceId, state: Parameters<PresenceBook['note']>[1]): boolean {
    const book = this.#books.get(server) ?? new PresenceBook()
    this.#books.set(server, book)
    const before = book.of(device, this.#init.now())?.channel
    const noted = book.note(device, state, this.#init.now())
    if (!noted.ok) return false
    this.#init.heard()
    if (noted.value) {
      this.#init.changed(server, state.channel)
      if (before !== undefined && before !== state.channel) this.#init.changed(server, before)
    }
    return true
  }
}

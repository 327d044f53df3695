/** Voice of a node: its sessions, their streams, and who is in which channel. */
import {
  type ChannelId,
  type DeviceId,
  isXcordError,
  refuse,
  type Refusal,
  type ServerId,
  type UserId,
  XcordError
} from '../../base/index.ts'
import type { OpenedEnvelope } from '../../e2ee/index.ts'
import type { Envelope } from '../../graph/index.ts'
import {
  type IceServer,
  type LinkId,
  type MediaPort,
  placesOf,
  type VoiceFrame,
  type VoiceState
} from '../../voice/index.ts'
import type { AddressBook } from '../exchange/address-book.ts'
import type { LiveEvent, NodeInit } from '../contract.ts'
import type { LiveReplica } from '../replica/replica.ts'
import type { Voice, VoiceJoinOptions, VoicePresence, VoiceSession } from './voice-contract.ts'
import { VoicePresences } from './voice-presence.ts'
import { requireJoinable, requireMover, requireVoiceChannel, standingOf } from './voice-rights.ts'
import { LiveVoiceSession } from './voice-session.ts'
import { createVoiceStreams, type VoiceStreams } from './voice-streams.ts'

/** VX5: presence that was not said again is looked for this often, ms. */
const EXPIRE_MS = 1_000
const NO_SESSION = '00'.repeat(16)

export interface VoiceHostInit extends Pick<
  NodeInit,
  'suite' | 'random' | 'timers' | 'clock' | 'transport' | 'account'
> {
  readonly media: MediaPort | undefined
  readonly iceServers: readonly IceServer[]
  readonly book: Pick<AddressBook, 'of'>
  /** Looks for members whose addresses are not known. */
  seek(server: ServerId): void
  replica(server: ServerId): LiveReplica | undefined
  publish(replica: LiveReplica, envelopes: readonly Envelope[]): void
  emit(event: LiveEvent): void
  fault(error: unknown): void
}

export class VoiceHost implements Voice {
  readonly #init: VoiceHostInit
  readonly #sessions = new Map<ServerId, LiveVoiceSession>()
  readonly #presences: VoicePresences
  readonly #streams: VoiceStreams
  readonly #offs: (() => void)[] = []
  #links: LinkId = 0
  #cancelExpire: (() => void) | undefined
  #closed = false

  constructor(init: VoiceHostInit) {
    this.#init = init
    const { transport, media, clock } = init
    this.#presences = new VoicePresences({
      now: () => clock.now(),
      publish: init.publish,
      said: (replica, state) => this.#tellRelayed(replica, state),
      heard: () => this.#expire(),
      changed: (server, channel) => this.#presenceChanged(server, channel)
    })
    this.#streams = createVoiceStreams({
      transport,
      timers: init.timers,
      now: () => clock.now(),
      addresses: ({ server }, device) =>
        init.book.of(server).find(each => each.device === device)?.addresses ?? [],
      seek: init.seek,
      take: (device, frame) => this.#take(device, frame)
    })
    this.#offs.push(
      transport.on('gossip:change', ({ subscribed }) => {
        if (subscribed) for (const session of this.#sessions.values()) session.announce()
      }),
      transport.on('addresses:change', () => {
        for (const session of this.#sessions.values()) session.networkChanged()
      })
    )
    if (media !== undefined)
      this.#offs.push(
        media.listen(event => {
          for (const session of this.#sessions.values()) session.media(event)
        })
      )
  }

  present(server: ServerId, channel: ChannelId): readonly VoicePresence[] {
    const replica = this.#init.replica(server)
    return replica === undefined ? [] : this.#presences.shown(replica, channel)
  }

  session(server: ServerId): VoiceSession | undefined {
    return this.#sessions.get(server)
  }

  join(server: ServerId, channel: ChannelId, options: VoiceJoinOptions = {}): VoiceSession {
    const replica = this.#require(server)
    const pushToTalk = requireJoinable(replica.state(), channel, this.#device, this.#now(), options)
    const { media } = this.#init
    if (media === undefined)
      throw new XcordError(
        'XCORD_VOICE_UNAVAILABLE',
        'This peer cannot carry audio: it has no media engine.',
        {
          reason: 'no media engine'
        }
      )
    const { muted = false, deafened = false } = options
    const known = this.#sessions.get(server)
    if (known !== undefined) {
      known.move(channel)
      known.set({ muted, deafened, pushToTalk })
      return known
    }
    this.#requirePlace(replica, channel)
    const self = { muted, deafened, pushToTalk, talking: false, priority: false, speaking: false }
    const session = new LiveVoiceSession(this.#sessionInit(replica, media), channel, self)
    if (session.ended === null) this.#sessions.set(server, session)
    return session
  }

  moveMember(server: ServerId, user: UserId, to: ChannelId | null): void {
    const replica = this.#require(server)
    const authority = replica.state()
    if (to !== null) requireVoiceChannel(authority, to)
    const found = authority
      .channels()
      .flatMap(({ id }) => this.#presences.in(server, id))
      .filter(each => authority.device(each.device)?.user === user)
    const [first] = found
    if (first === undefined)
      throw new XcordError('XCORD_MEMBER_NOT_FOUND', 'They are in no voice channel.', { member: user })
    requireMover(standingOf(authority, first.channel, this.#device, this.#now()))
    for (const target of found) {
      const signal = { kind: 'move', device: target.device, target: target.session, to } as const
      const frame = { server, channel: target.channel, from: NO_SESSION, to: null, signal }
      for (const { device } of this.#presences.in(server, target.channel)) {
        if (device === this.#device) this.#sessions.get(server)?.frame(device, frame)
        else this.#streams.send(device, frame)
      }
    }
  }

  /** Gossip brought what is never stored (EN9). False where it is not to go on. */
  take(replica: LiveReplica, device: DeviceId, opened: OpenedEnvelope): boolean {
    return this.#presences.take(replica, device, opened)
  }

  /** Rights may have changed in a server (VX4): at once, not with the next tick. */
  authorityChanged({ server }: LiveReplica): void {
    this.#sessions.get(server)?.judge()
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const session of [...this.#sessions.values()]) session.leave()
    for (const off of this.#offs) off()
    this.#cancelExpire?.()
    await this.#streams.close()
  }

  get #device(): DeviceId {
    return this.#init.account.device.device
  }

  #now(): number {
    return this.#init.clock.now()
  }

  #require(server: ServerId): LiveReplica {
    const replica = this.#init.replica(server)
    if (replica === undefined)
      throw new XcordError('XCORD_SERVER_NOT_FOUND', 'The server is not held here.', { server })
    return replica
  }

  #sessionInit(replica: LiveReplica, media: MediaPort): ConstructorParameters<typeof LiveVoiceSession>[0] {
    const { suite, random, timers, account, iceServers, fault } = this.#init
    const { server } = replica
    return {
      suite,
      random,
      timers,
      key: account.device.signingKey,
      device: this.#device,
      media,
      iceServers,
      replica,
      now: () => this.#now(),
      nextLink: () => ++this.#links,
      present: channel => this.#presences.in(server, channel),
      send: (device, frame) => this.#streams.send(device, frame),
      publish: (channel, session, flags) => {
        this.#presences.say(replica, channel, session, flags).catch((error: unknown) => {
          // Without a key to say it under one is not seen from outside; and whoever was put out says nothing more.
          if (!this.#closed && !isXcordError(error, 'XCORD_PERMISSION_DENIED')) fault(error)
        })
      },
      hasPlace: channel => this.#placesIn(replica, channel).free,
      requirePlace: channel => this.#requirePlace(replica, channel),
      over: () => void this.#sessions.delete(server)
    }
  }

  /** Places of a channel, and whether one is free for us. */
  #placesIn(replica: LiveReplica, channel: ChannelId): { readonly places: number; readonly free: boolean } {
    const places = placesOf(replica.state().channel(channel)?.userLimit ?? 0)
    const others = this.#presences.shown(replica, channel).filter(each => each.device !== this.#device).length
    return { places, free: others < places }
  }

  #requirePlace(replica: LiveReplica, channel: ChannelId): void {
    const { places, free } = this.#placesIn(replica, channel)
    if (!free)
      throw new XcordError('XCORD_VOICE_FULL', `This voice channel is full: ${places} are in it.`, {
        channel,
        places
      })
  }

  /** VX5: gossip does not run over relays; whoever is connected by nothing else is told on a stream. */
  #tellRelayed(replica: LiveReplica, { channel, session, flags, at }: VoiceState): void {
    const direct = new Map<DeviceId, boolean>()
    for (const { device, limits } of this.#init.transport.connections())
      direct.set(device, direct.get(device) === true || limits === undefined)
    const signal = { kind: 'present', session, flags, at } as const
    const frame = { server: replica.server, channel, from: session ?? NO_SESSION, to: null, signal }
    for (const [device, without] of direct)
      // Whoever may not be there does not learn that anybody is.
      if (!without && standingOf(replica.state(), channel, device, this.#now())?.connect === true)
        this.#streams.send(device, frame)
  }

  #take(device: DeviceId, frame: VoiceFrame): Refusal | undefined {
    const replica = this.#init.replica(frame.server)
    if (replica?.state().device(device) === undefined)
      return refuse('VX7', 'of no member of a server of ours')
    const { channel, signal } = frame
    if (signal.kind === 'present') return this.#presences.hear(replica, device, { ...signal, channel })
    const session = this.#sessions.get(frame.server)
    if (session?.channel !== frame.channel) return refuse('VX7', 'for a call that we are not in')
    return session.frame(device, frame)
  }

  #presenceChanged(server: ServerId, channel: ChannelId): void {
    const session = this.#sessions.get(server)
    if (session?.channel === channel) session.presenceChanged()
    this.#init.emit({ type: 'voice:update', server, channel })
  }

  /** Only while there is something to forget: a peer without calls has no timer for them. */
  #expire(): void {
    if (this.#closed) return
    this.#cancelExpire ??= this.#init.timers.after(EXPIRE_MS, () => {
      this.#cancelExpire = undefined
      if (this.#presences.expire()) this.#expire()
    })
  }
}

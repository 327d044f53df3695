/** Our part in a call (VX): the call machine with its clock, its media and its server. Decides nothing itself. */
import { FRAME_SAMPLES } from '../../audio/index.ts'
import type { ChannelId, DeviceId, Random, Refusal, ServerId, Timers } from '../../base/index.ts'
import type { SigningKey, Suite } from '../../crypto/index.ts'
import {
  Call,
  type CallEffect,
  type CallEnd,
  type CallInput,
  type CallSelf,
  type IceServer,
  IdleWatch,
  type LinkId,
  type MediaEvent,
  type MediaPort,
  type Participant,
  type Present,
  SESSION_BYTES,
  type SessionId,
  sessionOf,
  SpeechGate,
  type VoiceFrame
} from '../../voice/index.ts'
import type { LiveReplica } from '../replica/replica.ts'
import { PairFigures } from './pair-figures.ts'
import type { VoiceCause, VoiceEvent, VoicePairStats, VoiceSession } from './voice-contract.ts'
import { requireJoinable, requirePriority, standingOf } from './voice-rights.ts'

/** VX4: rights and time are looked at this often, ms. */
const TICK_MS = 250

export interface SessionInit {
  readonly suite: Suite
  readonly random: Random
  readonly timers: Timers
  readonly key: SigningKey
  readonly device: DeviceId
  readonly media: MediaPort
  readonly iceServers: readonly IceServer[]
  readonly replica: LiveReplica
  now(): number
  nextLink(): LinkId
  present(channel: ChannelId): readonly Present[]
  send(device: DeviceId, frame: VoiceFrame): void
  publish(channel: ChannelId, session: SessionId | null, flags: number): void
  /** Whether one more may come. */
  hasPlace(channel: ChannelId): boolean
  /** Refuses a channel that is full. */
  requirePlace(channel: ChannelId): void
  over(): void
}

/** Input without its time. */
type Happening = CallInput extends infer I ? (I extends CallInput ? Omit<I, 'at'> : never) : never

export class LiveVoiceSession implements VoiceSession {
  readonly server: ServerId
  readonly #init: SessionInit
  readonly #listeners = new Set<(event: VoiceEvent) => void>()
  readonly #gate = new SpeechGate()
  readonly #idle: IdleWatch
  readonly #figures: PairFigures
  #call: Call
  #channel: ChannelId
  #cause: VoiceCause = 'self'
  #ended: CallEnd | null = null
  #at = 0
  #cancelTick: () => void = () => undefined

  constructor(init: SessionInit, channel: ChannelId, self: CallSelf) {
    this.#init = init
    this.server = init.replica.server
    this.#channel = channel
    this.#idle = new IdleWatch(this.#now())
    this.#figures = new PairFigures(init.media)
    this.#call = this.#newCall(channel, self)
    this.#begin()
    this.#tick()
  }

  get channel(): ChannelId {
    return this.#channel
  }

  get cause(): VoiceCause {
    return this.#cause
  }

  get ended(): CallEnd | null {
    return this.#ended
  }

  get self(): CallSelf {
    return this.#call.self
  }

  participants(): readonly Participant[] {
    return this.#call.participants(this.#now())
  }

  code(): string {
    return this.#call.code()
  }

  send(frame: Int16Array): void {
    if (frame.length !== FRAME_SAMPLES)
      throw new RangeError(`a frame has ${FRAME_SAMPLES} samples, not ${frame.length}`)
    this.#gate.push(frame, this.#now())
    const links = this.#call.sendingTo()
    if (links.length > 0) this.#init.media.send(links, frame)
  }

  set(change: Parameters<VoiceSession['set']>[0]): void {
    const { replica, device } = this.#init
    if (change.pushToTalk === false)
      requireJoinable(replica.state(), this.#channel, device, this.#now(), change)
    if (change.priority === true)
      requirePriority(standingOf(replica.state(), this.#channel, device, this.#now()))
    this.#idle.active(this.#now())
    this.#step({ kind: 'self', change })
  }

  async stats(): Promise<readonly VoicePairStats[]> {
    return await this.#figures.of(this.#call, this.#now())
  }

  move(channel: ChannelId): void {
    if (this.#ended !== null || channel === this.#channel) return
    const { replica, device } = this.#init
    requireJoinable(replica.state(), channel, device, this.#now(), { pushToTalk: this.self.pushToTalk })
    this.#init.requirePlace(channel)
    this.#idle.active(this.#now())
    this.#goTo(channel, 'self')
  }

  leave(): void {
    this.#step({ kind: 'leave' })
  }

  on(listener: (event: VoiceEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  // What the host brings.

  /** A frame of this session's channel. */
  frame(device: DeviceId, frame: VoiceFrame): Refusal | undefined {
    const effects = this.#stepped({ kind: 'frame', device, frame })
    this.#apply(effects)
    const refused = effects.find(each => each.kind === 'refused' && each.device === device)
    return refused?.kind === 'refused' ? refused.refusal : undefined
  }

  media(event: MediaEvent): void {
    const device = this.#call.deviceOf(event.link)
    if (device === undefined) return
    if (event.kind !== 'audio') {
      this.#step({ kind: 'media', event })
      return
    }
    const at = this.#now()
    const user = this.#call.hears(event.link, at)
      ? this.#init.replica.state().device(device)?.user
      : undefined
    if (user !== undefined) this.#tell({ type: 'audio', device, user, frame: event.frame })
  }

  /** Rights may have changed. */
  judge(): void {
    this.#step({ kind: 'tick' })
  }

  presenceChanged(): void {
    this.#step({ kind: 'present', present: this.#init.present(this.#channel) })
  }

  announce(): void {
    this.#step({ kind: 'announce' })
  }

  networkChanged(): void {
    this.#step({ kind: 'network' })
  }

  // The machine.

  #newCall(channel: ChannelId, self: CallSelf): Call {
    const { suite, random, key, device, iceServers, replica, nextLink } = this.#init
    const at = this.#now()
    return new Call({
      suite,
      key,
      device,
      server: this.server,
      channel,
      session: sessionOf(random.bytes(SESSION_BYTES)),
      // The secret half will open frames once calls are forwarded; until then nobody needs it.
      callKey: suite.x25519PublicKey(random.bytes(32)),
      iceServers,
      bitrateKbps: replica.state().channel(channel)?.bitrateKbps ?? 0,
      nextLink,
      since: at,
      standing: (who, when) => standingOf(replica.state(), channel, who, when),
      userLimit: () => replica.state().channel(channel)?.userLimit ?? 0,
      self
    })
  }

  #begin(): void {
    this.#step({ kind: 'start' })
    this.presenceChanged()
  }

  #goTo(channel: ChannelId, cause: VoiceCause): void {
    const before = this.#call
    const { self } = before
    this.#channel = channel
    this.#cause = cause
    this.#call = this.#newCall(channel, { ...self, talking: false, priority: false, speaking: false })
    // Presence of the new channel replaces that of the old one: saying goodbye after it would hide us.
    const parting = before.step({ kind: 'leave', at: this.#now() })
    this.#apply(parting.filter(each => each.kind !== 'publish' && !isEnd(each)))
    this.#begin()
    this.#tell({ type: 'moved', channel, cause })
  }

  #tick(): void {
    this.#cancelTick = this.#init.timers.after(TICK_MS, () => {
      const speaking = this.#gate.speaking(this.#now())
      if (speaking !== this.self.speaking) this.#step({ kind: 'self', change: { speaking } })
      if (speaking) this.#idle.active(this.#now())
      else this.#stepAside()
      this.presenceChanged()
      void this.#look()
      if (this.#ended === null) this.#tick()
    })
  }

  async #look(): Promise<void> {
    const pairs = await this.#figures.look(this.#call, this.#now())
    if (pairs !== undefined && this.#ended === null) this.#tell({ type: 'stats', pairs })
  }

  /** VX14: whoever is idle goes where the server sends the idle, if there is a place. */
  #stepAside(): void {
    const afk = this.#init.replica.state().afk
    if (afk === null || afk.channel === this.#channel || !this.#idle.isIdle(this.#now(), afk.seconds)) return
    if (this.#mayGo(afk.channel) && this.#init.hasPlace(afk.channel)) this.#goTo(afk.channel, 'idle')
  }

  /** The clock may go back; a call's time does not. */
  #now(): number {
    this.#at = Math.max(this.#at, this.#init.now())
    return this.#at
  }

  #stepped(input: Happening): readonly CallEffect[] {
    return this.#call.step({ ...input, at: this.#now() })
  }

  #step(input: Happening): void {
    this.#apply(this.#stepped(input))
  }

  #apply(effects: readonly CallEffect[]): void {
    for (const effect of effects) this.#do(effect)
  }

  #do(effect: CallEffect): void {
    const { media, send, publish } = this.#init
    switch (effect.kind) {
      case 'send':
        send(effect.device, effect.frame)
        return
      case 'open':
        media.open(effect.link, effect.init)
        return
      case 'take':
        media.take(effect.link, effect.signal)
        return
      case 'close':
        media.close(effect.link)
        return
      case 'sending':
        media.setSending(effect.link, effect.on)
        return
      case 'receiving':
        media.setReceiving(effect.link, effect.on)
        return
      case 'publish':
        publish(this.#channel, effect.session, effect.flags)
        return
      case 'tell':
        if (effect.event.type === 'ended') this.#end(effect.event.end, effect.event.to)
        else this.#tell(effect.event)
        return
      case 'refused':
    }
  }

  /** Sent elsewhere by a moderator one goes there, if one may; everything else is the end. */
  #end(end: CallEnd, to: ChannelId | null): void {
    if (end === 'moved' && to !== null && this.#mayGo(to)) {
      this.#goTo(to, 'moderator')
      return
    }
    this.#ended = end
    this.#cancelTick()
    this.#init.over()
    this.#tell({ type: 'ended', end })
    this.#listeners.clear()
  }

  #mayGo(to: ChannelId): boolean {
    const { replica, device } = this.#init
    const standing = standingOf(replica.state(), to, device, this.#now())
    const kind = replica.state().channel(to)?.kind
    return standing?.connect === true && (kind === 'voice' || kind === 'stage')
  }

  #tell(event: VoiceEvent): void {
    for (const listener of [...this.#listeners]) listener(event)
  }
}

function isEnd(effect: CallEffect): boolean {
  return effect.kind === 'tell' && effect.event.type === 'ended'
}

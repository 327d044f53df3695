/** Calls over a network that loses, repeats and delays, with time and chance of a seed. */
import { createHash } from 'node:crypto'
import { createMemoryMedia, type MemoryMedia } from '../adapters/memory/index.ts'
import {
  type ChannelId,
  type DeviceId,
  idFromBytes,
  type Random,
  type Timers,
  type UserId
} from '../base/index.ts'
import type { SigningKey, Suite } from '../crypto/index.ts'
import { Call } from './call.ts'
import type { IceServer, MediaPort } from './contract.ts'
import type { CallEffect, CallEvent, CallInput, CallSelf, Standing } from './effects.ts'
import { PresenceBook } from './presence.ts'
import { decodeFrame, encodeFrame, type SessionId, type VoiceFrame } from './signals.ts'

export const SERVER = idFromBytes('s', new Uint8Array(32).fill(1))
export const CHANNEL = idFromBytes('c', new Uint8Array(32).fill(2))
export const OPEN_SELF: CallSelf = {
  muted: false,
  deafened: false,
  pushToTalk: false,
  talking: false,
  priority: false,
  speaking: false
}
const ALLOWED = { connect: true, speak: true, muted: false, deafened: false, move: false, priority: false }

/** What the network does to each frame. */
export interface Faults {
  readonly loss?: number
  readonly repeat?: number
  readonly delayMs?: number
}

export class SimPeer {
  readonly device: DeviceId
  readonly user: UserId
  readonly key: SigningKey
  readonly port: MediaPort
  readonly book = new PresenceBook()
  readonly events: CallEvent[] = []
  readonly refused: string[] = []
  /** When audio of each device was last played here. */
  readonly heardAt = new Map<DeviceId, number>()
  call: Call | undefined
  down = false

  constructor(suite: Suite, media: MemoryMedia, number: number) {
    this.key = suite.signingKey(new Uint8Array(32).fill(number + 10))
    this.device = idFromBytes('d', this.key.publicKey)
    this.user = idFromBytes('u', new Uint8Array(32).fill(number + 10))
    this.port = media.port()
  }

  get hearing(): readonly DeviceId[] {
    return [...this.heardAt.keys()]
  }
}

export class SimWorld {
  readonly suite: Suite
  readonly media: MemoryMedia
  readonly peers: SimPeer[] = []
  readonly standings = new Map<DeviceId, Standing>()
  readonly frames: { readonly from: SimPeer; readonly to: SimPeer; readonly bytes: Uint8Array }[] = []
  faults: Faults = {}
  userLimit = 0
  /** What each step of an engine takes at most, ms. */
  engineMs = 20
  iceServers: readonly IceServer[] = []
  now = 1_800_000_000_000
  readonly #random: Random
  readonly #queue: { readonly at: number; readonly order: number; readonly run: () => void }[] = []
  #order = 0
  #links = 0
  #clocks = new Map<SimPeer, number>()

  constructor(suite: Suite, seed: string, size: number) {
    this.suite = suite
    let block = 0
    this.#random = {
      bytes: length => {
        const digest = createHash('sha512').update(`${seed}/${block++}`).digest()
        return Uint8Array.from(digest.subarray(0, length))
      }
    }
    const timers: Timers = {
      after: (ms, run) => {
        let off = false
        this.after(ms, () => {
          if (!off) run()
        })
        return () => void (off = true)
      }
    }
    this.media = createMemoryMedia({
      timers,
      random: this.#random,
      delayMs: () => this.engineMs * (0.5 + this.chance() / 2)
    })
    for (let number = 0; number < size; number++) {
      const peer = new SimPeer(suite, this.media, number)
      this.peers.push(peer)
      this.standings.set(peer.device, { ...ALLOWED, user: peer.user })
      peer.port.listen(event => {
        if (event.kind === 'audio') {
          const device = peer.call?.deviceOf(event.link)
          if (device !== undefined && peer.call?.hears(event.link, this.clockOf(peer)) === true)
            peer.heardAt.set(device, this.now)
        } else this.input(peer, { kind: 'media', at: this.clockOf(peer), event })
      })
    }
  }

  /** 0 to 1. */
  chance(): number {
    const [a, b] = this.#random.bytes(2)
    return ((a as number) * 256 + (b as number)) / 65_536
  }

  bytes(length: number): Uint8Array {
    return this.#random.bytes(length)
  }

  /** A peer's clock goes ahead, or behind. */
  skew(peer: SimPeer, ms: number): void {
    this.#clocks.set(peer, ms)
  }

  clockOf(peer: SimPeer): number {
    return this.now + (this.#clocks.get(peer) ?? 0)
  }

  after(ms: number, run: () => void): void {
    const at = this.now + Math.floor(ms)
    const order = this.#order++
    const place = this.#queue.findIndex(each => each.at > at)
    this.#queue.splice(place < 0 ? this.#queue.length : place, 0, { at, order, run })
  }

  /** Lets time pass. */
  run(ms: number): void {
    const until = this.now + Math.floor(ms)
    for (;;) {
      const next = this.#queue[0]
      if (next === undefined || next.at > until) break
      this.#queue.shift()
      this.now = next.at
      next.run()
    }
    this.now = until
  }

  join(peer: SimPeer, self: Partial<CallSelf> = {}, channel: ChannelId = CHANNEL): SessionId {
    const session = Buffer.from(this.bytes(16)).toString('hex')
    const { suite, media: _media } = this
    const call = new Call({
      suite,
      key: peer.key,
      device: peer.device,
      server: SERVER,
      channel,
      session,
      callKey: suite.x25519PublicKey(this.bytes(32)),
      iceServers: this.iceServers,
      bitrateKbps: 0,
      nextLink: () => ++this.#links,
      since: this.clockOf(peer),
      standing: device => this.standings.get(device),
      userLimit: () => this.userLimit,
      self: { ...OPEN_SELF, ...self }
    })
    peer.call = call
    peer.down = false
    this.input(peer, { kind: 'start', at: this.clockOf(peer) })
    const tick = (): void => {
      if (peer.call !== call || call.ended !== undefined || peer.down) return
      const at = this.clockOf(peer)
      peer.book.expire(at)
      this.input(peer, { kind: 'present', at, present: peer.book.in(channel, at) })
      peer.port.send(call.sendingTo(), new Int16Array(480))
      this.after(250, tick)
    }
    tick()
    return session
  }

  /** The process dies: nothing is said any more. */
  kill(peer: SimPeer): void {
    peer.down = true
    peer.call = undefined
    this.media.crash(peer.port)
  }

  input(peer: SimPeer, input: CallInput): void {
    if (peer.down) return
    for (const effect of peer.call?.step(input) ?? []) this.#do(peer, effect)
  }

  /** Brings bytes to a peer as if they came over a stream of `from`. */
  deliver(from: SimPeer, to: SimPeer, bytes: Uint8Array): void {
    const read = decodeFrame(bytes)
    if (!read.ok) to.refused.push(read.rule)
    else if (read.value !== undefined)
      this.input(to, { kind: 'frame', at: this.clockOf(to), device: from.device, frame: read.value })
  }

  say(from: SimPeer, to: SimPeer, frame: VoiceFrame): void {
    const bytes = encodeFrame(frame)
    this.frames.push({ from, to, bytes })
    const { loss = 0, repeat = 0, delayMs = 5 } = this.faults
    for (let copy = 0; copy < (this.chance() < repeat ? 2 : 1); copy++)
      if (this.chance() >= loss) this.after(this.chance() * delayMs, () => this.deliver(from, to, bytes))
  }

  #do(peer: SimPeer, effect: CallEffect): void {
    switch (effect.kind) {
      case 'send': {
        const to = this.peers.find(each => each.device === effect.device)
        if (to !== undefined) this.say(peer, to, effect.frame)
        return
      }
      case 'open':
        peer.port.open(effect.link, effect.init)
        return
      case 'take':
        peer.port.take(effect.link, effect.signal)
        return
      case 'close':
        peer.port.close(effect.link)
        return
      case 'sending':
        peer.port.setSending(effect.link, effect.on)
        return
      case 'receiving':
        peer.port.setReceiving(effect.link, effect.on)
        return
      case 'publish': {
        const { session, flags } = effect
        const state = { session, flags, channel: CHANNEL, at: this.clockOf(peer) }
        for (const other of this.peers)
          if (this.chance() >= (this.faults.loss ?? 0))
            this.after(
              this.chance() * 50,
              () => void other.book.note(peer.device, state, this.clockOf(other))
            )
        return
      }
      case 'tell':
        peer.events.push(effect.event)
        return
      case 'refused':
        peer.refused.push(effect.refusal.rule)
    }
  }

  /** Everybody in a call hears everybody else in it. */
  complete(): boolean {
    const inCall = this.peers.filter(each => each.call !== undefined && each.call.ended === undefined)
    return inCall.every(peer =>
      inCall.every(other => other === peer || (peer.heardAt.get(other.device) ?? 0) > this.now - 600)
    )
  }

  /** Changes what somebody may do, for all. */
  set(peer: SimPeer, change: Partial<Standing>): void {
    this.standings.set(peer.device, { ...(this.standings.get(peer.device) as Standing), ...change })
  }
}

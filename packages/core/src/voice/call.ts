/**
 * A call (VX): our part in one voice channel, from joining to leaving. Pure: inputs in, effects out; no clock, no
 * chance, nothing done. Every receiver decides alone whom it links with and whom it hears (VX4), so that a rule binds
 * whatever the others' clients do.
 */
import type { DeviceId, Refusal } from '../base/index.ts'
import { refuse } from '../base/index.ts'
import type { PairContext } from './attempt.ts'
import { callCode } from './code.ts'
import type { LinkId } from './contract.ts'
import type { CallEffect, CallEnd, CallEvent, CallInput, CallSelf, Participant, Standing } from './effects.ts'
import { FloodMeter } from './flood.ts'
import { Greetings } from './greetings.ts'
import { CLAIM_MS_MAX, GONE_MS, PRESENCE_GAP_MS, PRESENCE_MS, REPEAT_MS } from './limits.ts'
import { Pair } from './pair.ts'
import { beyond, type Claimant, placesOf } from './places.ts'
import type { Present } from './presence.ts'
import { mayHear, maySend, talks } from './rights.ts'
import { type CallRefusal, MediaKind, type SessionId, VoiceFlags, type VoiceFrame } from './signals.ts'
import { participantOf, Telling } from './telling.ts'

export interface CallInit extends Omit<PairContext, 'flags' | 'emit'> {
  /** When we joined, our clock, ms. */
  readonly since: number
  /** What a device may do in this channel now; undefined for whoever is nobody here. */
  standing(device: DeviceId, at: number): Standing | undefined
  /** The channel's; 0 for any number. */
  userLimit(): number
  readonly self: CallSelf
}

export class Call {
  readonly #init: CallInit
  readonly #pairs = new Map<DeviceId, Pair>()
  readonly #greetings = new Greetings()
  readonly #telling = new Telling()
  readonly #meter = new FloodMeter()
  /** Sessions that a moderator sent away. */
  readonly #barred = new Set<SessionId>()
  /** Who says that there is no place for us. */
  readonly #full = new Set<DeviceId>()
  readonly #context: PairContext
  #self: CallSelf
  #present: readonly Present[] = []
  #effects: CallEffect[] = []
  #publishedAt = -Infinity
  #publishedFlags = -1
  #ended: CallEnd | undefined

  constructor(init: CallInit) {
    this.#init = init
    this.#self = init.self
    this.#context = { ...init, flags: () => this.flags, emit: effect => void this.#effects.push(effect) }
  }

  get ended(): CallEnd | undefined {
    return this.#ended
  }

  get self(): CallSelf {
    return this.#self
  }

  /** What we say of ourselves (VX5). */
  get flags(): number {
    const { muted, deafened, speaking, priority } = this.#self
    return (
      (muted || deafened ? VoiceFlags.muted : 0) |
      (deafened ? VoiceFlags.deafened : 0) |
      (speaking && talks(this.#self) ? VoiceFlags.speaking : 0) |
      (priority ? VoiceFlags.priority : 0)
    )
  }

  /** The others, by device. */
  participants(at: number): readonly Participant[] {
    return [...this.#pairs.values()]
      .map(pair => participantOf(pair, this.#init.standing(pair.device, at)))
      .filter(each => each !== undefined)
      .sort((a, b) => (a.device < b.device ? -1 : 1))
  }

  /** Whom a link leads to. */
  deviceOf(link: LinkId): DeviceId | undefined {
    return this.#byLink(link)?.device
  }

  /** The link to a device. */
  linkOf(device: DeviceId): LinkId | undefined {
    return this.#pairs.get(device)?.link
  }

  /** Whether frames of a link may be heard now (VX4): asked for each, so that nothing slips through on the way. */
  hears(link: LinkId, at: number): boolean {
    const pair = this.#byLink(link)
    if (pair?.connected !== true || this.#ended !== undefined) return false
    const { standing, device } = this.#init
    return mayHear(this.#self, standing(device, at), standing(pair.device, at))
  }

  /** Links that our frames go to. */
  sendingTo(): readonly LinkId[] {
    const links: LinkId[] = []
    for (const { sending, link } of this.#pairs.values()) if (sending && link !== undefined) links.push(link)
    return links
  }

  /** VX11: to compare aloud; of the devices that a link leads to. */
  code(): string {
    const { suite, device, callKey } = this.#init
    const members = [{ device, callKey }]
    for (const pair of this.#pairs.values())
      if (pair.connected && pair.callKey !== undefined)
        members.push({ device: pair.device, callKey: pair.callKey })
    return callCode(suite, members)
  }

  /** Takes one input; what it calls for, in order. After the end: nothing. */
  step(input: CallInput): readonly CallEffect[] {
    if (this.#ended !== undefined) return []
    this.#take(input)
    if (this.#ended === undefined) this.#settle(input.at)
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  #take(input: CallInput): void {
    const { at } = input
    switch (input.kind) {
      case 'start':
      case 'tick':
        return
      case 'present':
        this.#present = input.present.filter(each => each.device !== this.#init.device)
        return
      case 'frame': {
        const refusal = this.#frame(input.device, input.frame, at)
        if (refusal !== undefined) this.#effects.push({ kind: 'refused', device: input.device, refusal })
        return
      }
      case 'media':
        this.#byLink(input.event.link)?.media(input.event, at)
        return
      case 'self':
        this.#self = { ...this.#self, ...input.change }
        for (const pair of this.#pairs.values()) if (pair.connected) pair.sayState(at)
        return
      case 'announce':
        this.#publishedFlags = -1
        return
      case 'network':
        for (const pair of this.#pairs.values()) pair.hurry(at)
        return
      case 'leave':
        this.#end('left', null)
    }
  }

  // What follows from time, rights and what was taken.

  #settle(at: number): void {
    if (this.#init.standing(this.#init.device, at)?.connect !== true) {
      this.#end('removed', null)
      return
    }
    for (const pair of this.#pairs.values()) {
      if (this.#init.standing(pair.device, at)?.connect !== true) this.#part(pair, 'denied')
      else if (pair.connected) pair.heardAt = at
      else if (at - pair.heardAt >= GONE_MS) this.#part(pair)
    }
    this.#places(at)
    if (this.#ended !== undefined) return
    for (const pair of this.#pairs.values()) {
      pair.tick(at)
      if (!pair.confirmed && at - pair.helloAt >= REPEAT_MS) this.#hello(pair, at)
      this.#wire(pair, at)
    }
    this.#greet(at)
    this.#publish(at)
    this.#tell(at)
  }

  /** VX6: whoever is beyond the places is parted with; if it is us, we go. */
  #places(at: number): void {
    const { device, since } = this.#init
    const places = placesOf(this.#init.userLimit())
    const over = this.#over([])
    const refusing = [...this.#full].filter(each => this.#present.some(one => one.device === each)).length
    if (over.has(device) || refusing * 2 > Math.max(this.#present.length, this.#pairs.size, places - 1)) {
      this.#end('full', null)
      return
    }
    for (const each of over) {
      const pair = this.#pairs.get(each)
      if (pair !== undefined) this.#part(pair, 'full')
    }
    if (at - since > CLAIM_MS_MAX) this.#full.clear()
  }

  #over(newcomers: readonly Claimant[]): ReadonlySet<DeviceId> {
    const { device, since } = this.#init
    const own = { device, since, firstSeen: since }
    return beyond([own, ...this.#pairs.values(), ...newcomers], placesOf(this.#init.userLimit()))
  }

  /** VX4: whether we send to them and hear them, told to the engine where it changed. */
  #wire(pair: Pair, at: number): void {
    const { link } = pair
    if (link === undefined) return
    const own = this.#init.standing(this.#init.device, at)
    const theirs = this.#init.standing(pair.device, at)
    const sending = pair.connected && talks(this.#self) && maySend(own, theirs)
    if (sending !== pair.sending) {
      pair.sending = sending
      this.#effects.push({ kind: 'sending', link, on: sending })
    }
    const receiving = pair.connected && mayHear(this.#self, own, theirs)
    if (receiving !== pair.receiving) {
      pair.receiving = receiving
      this.#effects.push({ kind: 'receiving', link, on: receiving })
    }
  }

  /** Says hello to those whom presence shows and who have not answered yet. */
  #greet(at: number): void {
    const wanted = this.#present.filter(
      ({ device, session }) =>
        !this.#pairs.has(device) &&
        !this.#barred.has(session) &&
        this.#init.standing(device, at)?.connect === true
    )
    // To no session: whoever we know by presence alone has not said hello, and does so only when asked.
    for (const { device } of this.#greetings.due(wanted, at)) this.#sayHello(device, null)
  }

  #hello(pair: Pair, at: number): void {
    pair.helloAt = at
    this.#sayHello(pair.device, pair.session)
  }

  #sayHello(device: DeviceId, to: SessionId | null): void {
    const { server, channel, session, since } = this.#init
    const signal = { kind: 'hello', since, flags: this.flags, media: [MediaKind.audio] } as const
    this.#effects.push({ kind: 'send', device, frame: { server, channel, from: session, to, signal } })
  }

  #refuse(device: DeviceId, to: SessionId, why: CallRefusal): void {
    const { server, channel, session } = this.#init
    this.#effects.push({
      kind: 'send',
      device,
      frame: { server, channel, from: session, to, signal: { kind: 'refused', why } }
    })
  }

  /** VX5. */
  #publish(at: number): void {
    const { flags } = this
    const due = at - this.#publishedAt
    if (due < PRESENCE_GAP_MS || (flags === this.#publishedFlags && due < PRESENCE_MS)) return
    this.#publishedAt = at
    this.#publishedFlags = flags
    this.#effects.push({ kind: 'publish', session: this.#init.session, flags })
  }

  // What others say.

  #frame(device: DeviceId, frame: VoiceFrame, at: number): Refusal | undefined {
    if (this.#meter.tooMuch(device, at)) return refuse('VX7', 'too many frames')
    const standing = this.#init.standing(device, at)
    const { signal, from, to } = frame
    if (signal.kind === 'move') return this.#moved(signal, standing)
    if (standing?.connect !== true) {
      if (signal.kind === 'hello') this.#refuse(device, from, 'denied')
      return refuse('VX4', 'a device that may not connect')
    }
    if (this.#barred.has(from)) return refuse('VX12', 'a session that was sent away')
    if (signal.kind === 'hello') {
      this.#helloed(device, frame, signal, at)
      return undefined
    }
    if (to !== this.#init.session) return refuse('VX7', 'for another session than ours')
    if (signal.kind === 'refused') {
      if (signal.why === 'full') this.#full.add(device)
      return undefined
    }
    const pair = this.#pairs.get(device)
    if (pair?.session !== from) {
      // They know us and we do not know them: their hello was lost.
      if (signal.kind !== 'bye') this.#sayHello(device, null)
      return undefined
    }
    pair.heardAt = at
    pair.confirmed = true
    return this.#signal(pair, signal, at)
  }

  #signal(pair: Pair, signal: VoiceFrame['signal'], at: number): Refusal | undefined {
    switch (signal.kind) {
      case 'description':
        return pair.description(signal, at)
      case 'candidate':
        return pair.candidate(signal)
      case 'again':
        return pair.again(signal.attempt, at)
      case 'state':
        pair.state(signal, at)
        return undefined
      case 'bye':
        this.#part(pair)
        return undefined
      default:
        return undefined
    }
  }

  #helloed(
    device: DeviceId,
    { from, to }: VoiceFrame,
    hello: Extract<VoiceFrame['signal'], { readonly kind: 'hello' }>,
    at: number
  ): void {
    const known = this.#pairs.get(device)
    const knowsUs = to === this.#init.session
    if (known?.session === from) {
      known.heardAt = at
      known.confirmed ||= knowsUs
      known.flags = hello.flags
      if (!knowsUs) this.#hello(known, at)
      return
    }
    // An older joining of theirs, said late.
    if (known !== undefined && hello.since <= known.since) return
    if (known !== undefined) this.#part(known)
    const { flags, since } = hello
    if (this.#over([{ device, since, firstSeen: at }]).has(device)) {
      this.#refuse(device, from, 'full')
      return
    }
    const pair = new Pair(this.#context, { device, session: from, since, flags, firstSeen: at }, at)
    pair.confirmed = knowsUs
    this.#pairs.set(device, pair)
    this.#full.delete(device)
    if (!knowsUs) this.#hello(pair, at)
  }

  /** VX12: a moderator sends somebody elsewhere, or out. */
  #moved(
    signal: Extract<VoiceFrame['signal'], { readonly kind: 'move' }>,
    mover: Standing | undefined
  ): Refusal | undefined {
    if (mover?.move !== true) return refuse('VX12', 'MoveMembers is needed to move others')
    if (signal.device === this.#init.device) {
      if (signal.target === this.#init.session) this.#end('moved', signal.to)
      return undefined
    }
    this.#barred.add(signal.target)
    const pair = this.#pairs.get(signal.device)
    if (pair?.session === signal.target) this.#part(pair)
    return undefined
  }

  #byLink(link: LinkId): Pair | undefined {
    for (const pair of this.#pairs.values()) if (pair.link === link) return pair
    return undefined
  }

  // Ends.

  #part(pair: Pair, why?: CallRefusal): void {
    if (why !== undefined) this.#refuse(pair.device, pair.session, why)
    pair.close()
    this.#pairs.delete(pair.device)
  }

  #end(end: CallEnd, to: Extract<CallEvent, { readonly type: 'ended' }>['to']): void {
    for (const pair of this.#pairs.values()) {
      pair.say({ kind: 'bye' })
      pair.close()
    }
    this.#pairs.clear()
    this.#effects.push({ kind: 'publish', session: null, flags: 0 })
    for (const event of this.#telling.changes([])) this.#effects.push({ kind: 'tell', event })
    this.#ended = end
    this.#effects.push({ kind: 'tell', event: { type: 'ended', end, to } })
  }

  // What people see.

  #tell(at: number): void {
    for (const event of this.#telling.changes(this.participants(at)))
      this.#effects.push({ kind: 'tell', event })
  }
}

/**
 * One pair of a call (VX8, VX9): how its link comes about, is lost and found again. The device with the lower id offers,
 * so that two who start at once make one link; what is lost on the way is said again.
 */
import { type ChannelId, type DeviceId, refuse, type Refusal, type ServerId } from '../base/index.ts'
import type { SigningKey, Suite } from '../crypto/index.ts'
import { equalBytes } from '../encoding/index.ts'
import type { IceServer, LinkCandidate, LinkDescription, LinkId, MediaEvent } from './contract.ts'
import { checkDescription, type DescriptionSignal, signDescription } from './description.ts'
import type { CallEffect, PairPath } from './effects.ts'
import {
  ARRIVAL_MS_MAX,
  ATTEMPT_GAP_MS,
  ATTEMPT_MS_MAX,
  CANDIDATE_BYTES_MAX,
  CANDIDATES_MAX,
  FAILURES_SHOWN,
  INTERRUPTED_MS_MAX,
  REPEAT_MS,
  REPEAT_MS_MAX,
  REROUTES_MAX,
  RETRY_MS,
  STATE_MS
} from './limits.ts'
import type { Hearing, SessionId, Signal } from './signals.ts'

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

type CandidateSignal = Extract<Signal, { readonly kind: 'candidate' }>

/** One attempt to link: what we said of it, and what the other did. */
interface Attempt {
  readonly number: number
  readonly link: LinkId
  readonly begunAt: number
  own: DescriptionSignal | undefined
  readonly ownCandidates: CandidateSignal[]
  taken: Uint8Array | undefined
  readonly takenCandidates: Set<string>
}

export class Pair {
  readonly device: DeviceId
  readonly session: SessionId
  readonly since: number
  readonly firstSeen: number
  /** What they say of themselves. */
  flags: number
  speaking = false
  /** When anything was heard of them. */
  heardAt: number
  /** They know our session. */
  confirmed = false
  helloAt = -Infinity
  heard: Hearing = 'unknown'
  hears: Hearing = 'unknown'
  callKey: Uint8Array | undefined
  sending = false
  receiving = false
  readonly #context: PairContext
  #attempt: Attempt | undefined
  #number = 0
  #begunAt = -Infinity
  #connectedAt: number | undefined
  #interruptedAt: number | undefined
  #nextAt = Infinity
  #repeatAt = Infinity
  #stateAt = Infinity
  #failures = 0
  #reroutes = 0

  constructor(
    context: PairContext,
    init: Pick<Pair, 'device' | 'session' | 'since' | 'flags' | 'firstSeen'>,
    at: number
  ) {
    this.#context = context
    this.device = init.device
    this.session = init.session
    this.since = init.since
    this.flags = init.flags
    this.firstSeen = init.firstSeen
    this.heardAt = at
    if (this.#offers) this.#begin(at)
  }

  get link(): LinkId | undefined {
    return this.#attempt?.link
  }

  get connected(): boolean {
    return this.#connectedAt !== undefined && this.#interruptedAt === undefined
  }

  get path(): PairPath {
    if (this.#interruptedAt !== undefined) return 'interrupted'
    if (this.#connectedAt !== undefined) return 'connected'
    return this.#failures >= FAILURES_SHOWN ? 'unreachable' : 'connecting'
  }

  get #offers(): boolean {
    return this.#context.device < this.device
  }

  say(signal: Signal): void {
    const { server, channel, session } = this.#context
    this.#context.emit({
      kind: 'send',
      device: this.device,
      frame: { server, channel, from: session, to: this.session, signal }
    })
  }

  sayState(at: number): void {
    this.#stateAt = at + STATE_MS
    this.say({ kind: 'state', flags: this.#context.flags(), attempt: this.#number, hears: this.heard })
  }

  /** Ends the pair. */
  close(): void {
    this.#drop()
    this.#nextAt = this.#repeatAt = this.#stateAt = Infinity
  }

  tick(at: number): void {
    const attempt = this.#attempt
    if (attempt === undefined) {
      if (this.#offers && at >= this.#nextAt) this.#begin(at)
      else if (!this.#offers && at >= this.#repeatAt) this.#askAgain(at)
      return
    }
    if (this.#connectedAt === undefined) {
      if (at - attempt.begunAt >= ATTEMPT_MS_MAX) this.#lose(at)
      else if (at >= this.#repeatAt && attempt.taken === undefined) this.#repeat(at, attempt)
      return
    }
    if (this.#interruptedAt !== undefined && at - this.#interruptedAt >= INTERRUPTED_MS_MAX) {
      this.#lose(at)
      return
    }
    if (this.heard === 'unknown' && at - this.#connectedAt >= ARRIVAL_MS_MAX) {
      this.heard = 'no'
      this.sayState(at)
      this.#reroute(at)
    }
    if (at >= this.#stateAt) this.sayState(at)
  }

  /** The network changed: what is not up is tried now. */
  hurry(at: number): void {
    if (this.connected) return
    this.#failures = 0
    if (this.#interruptedAt !== undefined) this.#lose(at)
    if (this.#attempt !== undefined) return
    if (this.#offers) this.#begin(at)
    else this.#askAgain(at)
  }

  // What the engine tells.

  media(event: MediaEvent, at: number): void {
    switch (event.kind) {
      case 'signal':
        if (event.signal.kind === 'description') this.#describe(event.signal.description, at)
        else this.#candidate(event.signal.candidate)
        return
      case 'connected':
        this.#connectedAt ??= at
        this.#interruptedAt = undefined
        this.#failures = 0
        this.sayState(at)
        return
      case 'interrupted':
        if (this.#connectedAt !== undefined) this.#interruptedAt ??= at
        return
      case 'arrived':
        if (this.heard === 'yes') return
        this.heard = 'yes'
        this.#settled()
        this.sayState(at)
        return
      case 'failed':
      case 'closed':
        this.#lose(at)
        return
      case 'level':
        this.speaking = event.speaking
        return
      case 'audio':
    }
  }

  #describe(description: LinkDescription, at: number): void {
    const attempt = this.#attempt
    if (attempt === undefined || attempt.own !== undefined) return
    const { suite, key, server, channel, session, device, callKey } = this.#context
    const place = { server, channel, from: session, device, to: this.session, peer: this.device }
    const signed = signDescription(suite, key, {
      ...place,
      attempt: attempt.number,
      description,
      at,
      callKey
    })
    if (!signed.ok) {
      this.#lose(at)
      return
    }
    const { claim, signature, sdp } = signed.value
    attempt.own = { kind: 'description', claim, signature, sdp }
    this.#repeatAt = at + REPEAT_MS
    this.say(attempt.own)
    for (const each of attempt.ownCandidates) this.say(each)
  }

  #candidate({ candidate, mid, line }: LinkCandidate): void {
    const attempt = this.#attempt
    if (attempt === undefined || attempt.ownCandidates.length >= CANDIDATES_MAX) return
    if (candidate.length > CANDIDATE_BYTES_MAX) return
    const signal: CandidateSignal = { kind: 'candidate', attempt: attempt.number, candidate, mid, line }
    attempt.ownCandidates.push(signal)
    // They wait for the description that they belong to.
    if (attempt.own !== undefined) this.say(signal)
  }

  // What the other side says.

  /** VX2, VX3, VX8. What is only late or said twice is passed over. */
  description(signal: DescriptionSignal, at: number): Refusal | undefined {
    const { suite, server, channel, session, device } = this.#context
    const place = { server, channel, from: this.session, device: this.device, to: session, peer: device }
    const checked = checkDescription(suite, signal, place, at)
    if (!checked.ok) return checked
    const { attempt: number, description, callKey } = checked.value
    if ((description.type === 'offer') === this.#offers)
      return refuse('VX8', 'the device with the lower id offers, the other answers')
    if (this.callKey !== undefined && !equalBytes(this.callKey, callKey))
      return refuse('VX3', 'another call key in one session')
    const same = number === this.#attempt?.number
    if (same && this.#attempt?.taken !== undefined) return this.#takenBefore(this.#attempt, signal, at)
    if (!this.#offers && !same) {
      if (number <= this.#number || at - this.#begunAt < ATTEMPT_GAP_MS) return undefined
      this.#open(number, at, false)
    } else if (!same) return undefined
    const attempt = this.#attempt as Attempt
    this.callKey = callKey
    attempt.taken = signal.claim
    this.#context.emit({
      kind: 'take',
      link: attempt.link,
      signal: { kind: 'description', description }
    })
    return undefined
  }

  /** A second description of one attempt: the same again, since ours was lost, or another, which is refused. */
  #takenBefore(attempt: Attempt, signal: DescriptionSignal, at: number): Refusal | undefined {
    if (!equalBytes(attempt.taken as Uint8Array, signal.claim))
      return refuse('VX3', 'two descriptions for one attempt')
    if (!this.#offers && attempt.own !== undefined) this.#repeat(at, attempt)
    return undefined
  }

  candidate(signal: CandidateSignal): Refusal | undefined {
    const attempt = this.#attempt
    if (attempt?.number !== signal.attempt) return undefined
    const { candidate, mid, line } = signal
    const name = `${mid ?? ''} ${line ?? ''} ${candidate}`
    if (attempt.takenCandidates.has(name)) return undefined
    if (attempt.takenCandidates.size >= CANDIDATES_MAX) return refuse('VX8', 'too many candidates')
    attempt.takenCandidates.add(name)
    this.#context.emit({
      kind: 'take',
      link: attempt.link,
      signal: { kind: 'candidate', candidate: { candidate, mid, line } }
    })
    return undefined
  }

  again(number: number, at: number): Refusal | undefined {
    if (!this.#offers) return refuse('VX8', 'only the side that answers asks for an attempt')
    if (number === this.#number && at - this.#begunAt >= ATTEMPT_GAP_MS && at < this.#nextAt) this.#begin(at)
    return undefined
  }

  state(signal: Extract<Signal, { readonly kind: 'state' }>, at: number): void {
    this.flags = signal.flags
    if (signal.attempt !== this.#number) return
    const worse = signal.hears === 'no' && this.hears !== 'no'
    this.hears = signal.hears
    this.#settled()
    if (worse) this.#reroute(at)
  }

  // Attempts.

  #begin(at: number): void {
    this.#open(this.#number + 1, at, true)
  }

  #open(number: number, at: number, initiator: boolean): void {
    this.#drop()
    const link = this.#context.nextLink()
    const { iceServers, bitrateKbps } = this.#context
    const turn = iceServers.some(each => each.urls.some(url => /^turns?:/.test(url)))
    this.#number = number
    this.#begunAt = at
    this.#nextAt = Infinity
    this.#repeatAt = Infinity
    this.#attempt = {
      number,
      link,
      begunAt: at,
      own: undefined,
      ownCandidates: [],
      taken: undefined,
      takenCandidates: new Set()
    }
    this.#context.emit({
      kind: 'open',
      link,
      init: { initiator, iceServers, relayOnly: turn && this.#reroutes > 0, bitrateKbps }
    })
  }

  #drop(): void {
    if (this.#attempt !== undefined) this.#context.emit({ kind: 'close', link: this.#attempt.link })
    this.#attempt = undefined
    this.#connectedAt = this.#interruptedAt = undefined
    this.heard = this.hears = 'unknown'
    this.sending = this.receiving = this.speaking = false
  }

  /** The attempt is over; the next one comes, later each time. */
  #lose(at: number): void {
    this.#drop()
    const wait = Math.min(RETRY_MS * 2 ** this.#failures, REPEAT_MS_MAX)
    this.#failures++
    if (this.#offers) this.#nextAt = at + wait
    else this.#askAgain(at, wait)
  }

  #askAgain(at: number, wait = 0): void {
    this.#repeatAt = at + Math.max(wait, REPEAT_MS)
    if (this.#number > 0) this.say({ kind: 'again', attempt: this.#number })
  }

  #repeat(at: number, attempt: Attempt): void {
    this.#repeatAt = at + REPEAT_MS
    if (attempt.own === undefined) return
    this.say(attempt.own)
    for (const each of attempt.ownCandidates) this.say(each)
  }

  /** Only a pair that hears both ways begins to count anew: else one deaf side would be rerouted for ever. */
  #settled(): void {
    if (this.heard === 'yes' && this.hears === 'yes') this.#reroutes = 0
  }

  /** Connected and deaf: another path, through a relay where there is one. The side that offers decides. */
  #reroute(at: number): void {
    if (!this.#offers || this.#connectedAt === undefined || this.#reroutes >= REROUTES_MAX) return
    this.#reroutes++
    this.#begin(at)
  }
}

/**
 * One pair of a call (VX8, VX9): how its link comes about, is lost and found again. The device with the lower id offers,
 * so that two who start at once make one link; what is lost on the way is said again.
 */
import { type DeviceId, refuse, type Refusal } from '../base/index.ts'
import { equalBytes } from '../encoding/index.ts'
import {
  type Attempt,
  attemptMs,
  type CandidateSignal,
  newAttempt,
  type PairContext,
  rerouteMs,
  retryMs
} from './attempt.ts'
import type { LinkCandidate, LinkDescription, LinkId, MediaEvent } from './contract.ts'
import { checkDescription, type DescriptionSignal, signDescription } from './description.ts'
import type { PairPath, PairTrouble } from './effects.ts'
import {
  ARRIVAL_MS_MAX,
  ATTEMPT_GAP_MS,
  CANDIDATE_BYTES_MAX,
  CANDIDATES_MAX,
  FAILURES_SHOWN,
  INTERRUPTED_MS_MAX,
  REPEAT_MS,
  STATE_MS
} from './limits.ts'
import type { Hearing, SessionId, Signal } from './signals.ts'

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
  /** What the last attempt failed by; null once one connected. */
  trouble: PairTrouble | null = null
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
  #stateAt: number
  /** Since when no attempt is under way. */
  #waitingAt: number
  #failures = 0
  #reroutes = 0
  /** Both have heard each other over this attempt. */
  #heardBoth = false
  /** Since when one of the two is deaf. */
  #deafAt: number | undefined

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
    this.#stateAt = at + STATE_MS
    this.#waitingAt = at
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
    this.#advance(at)
    // Said while nothing connects too: an attempt may be silent for longer than whoever is gone.
    if (at >= this.#stateAt) this.sayState(at)
  }

  #advance(at: number): void {
    const attempt = this.#attempt
    if (attempt === undefined) {
      if (this.#offers && at >= this.#nextAt) this.#begin(at)
      else if (!this.#offers) this.#await(at)
      return
    }
    if (this.#connectedAt === undefined) {
      if (at - attempt.begunAt >= attemptMs(this.#failures, this.#offers))
        this.#lose(at, attempt.taken === undefined ? 'unanswered' : 'ice')
      else if (at >= this.#repeatAt && attempt.taken === undefined) this.#repeat(at, attempt)
      return
    }
    if (this.#interruptedAt !== undefined && at - this.#interruptedAt >= INTERRUPTED_MS_MAX) {
      this.#lose(at, 'ice')
      return
    }
    if (this.heard === 'unknown' && at - this.#connectedAt >= ARRIVAL_MS_MAX) this.#deaf(at)
    this.#reroute(at)
  }

  /** The other side is to offer: asked for again, and where nothing comes that is a failure like any other. */
  #await(at: number): void {
    if (at >= this.#repeatAt) this.#askAgain(at)
    if (at - this.#waitingAt < attemptMs(this.#failures, true)) return
    this.#waitingAt = at
    this.#failures++
    this.trouble ??= 'unanswered'
  }

  /** The network changed: what is not up is tried now. */
  hurry(at: number): void {
    if (this.connected) return
    this.#failures = 0
    if (this.#interruptedAt !== undefined) this.#lose(at, 'ice')
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
        this.trouble = null
        this.sayState(at)
        return
      case 'interrupted':
        if (this.#connectedAt !== undefined) this.#interruptedAt ??= at
        return
      case 'arrived':
        if (this.heard === 'yes') return
        this.heard = 'yes'
        this.#settled(at)
        this.sayState(at)
        return
      case 'stalled':
        if (this.heard === 'yes') this.#deaf(at)
        return
      case 'failed':
        this.#lose(at, event.failure)
        return
      case 'closed':
        this.#lose(at, this.trouble)
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
      this.#lose(at, 'description')
      return
    }
    const { claim, signature, sdp } = signed.value
    attempt.own = { kind: 'description', claim, signature, sdp }
    this.#repeatAt = at + attempt.repeatMs
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
    this.hears = signal.hears
    this.#settled(at)
    this.#reroute(at)
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
    this.#attempt = newAttempt(number, link, at)
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
    this.#heardBoth = false
    this.#deafAt = undefined
    this.sending = this.receiving = this.speaking = false
  }

  /** The attempt is over; the next one comes, later each time. */
  #lose(at: number, trouble: PairTrouble | null): void {
    this.#drop()
    this.trouble = trouble
    this.#waitingAt = at
    const wait = retryMs(this.#failures)
    this.#failures++
    if (this.#offers) this.#nextAt = at + wait
    else this.#askAgain(at, wait)
  }

  #askAgain(at: number, wait = 0): void {
    this.#repeatAt = at + Math.max(wait, REPEAT_MS)
    if (this.#number > 0) this.say({ kind: 'again', attempt: this.#number })
  }

  /** Less and less often: a machine that is slow to answer is not to be buried in what it has already. */
  #repeat(at: number, attempt: Attempt): void {
    attempt.repeatMs *= 2
    this.#repeatAt = at + attempt.repeatMs
    if (attempt.own === undefined) return
    this.say(attempt.own)
    for (const each of attempt.ownCandidates) this.say(each)
  }

  /** Nothing of theirs arrives, or nothing any more. */
  #deaf(at: number): void {
    this.heard = 'no'
    this.#settled(at)
    this.sayState(at)
  }

  /** Only a pair that hears both ways begins to count anew: else one deaf side would be rerouted for ever. */
  #settled(at: number): void {
    if (this.heard === 'no' || this.hears === 'no') this.#deafAt ??= at
    else this.#deafAt = undefined
    if (this.heard !== 'yes' || this.hears !== 'yes') return
    this.#reroutes = 0
    this.#heardBoth = true
  }

  /**
   * Connected and deaf: another path, through a relay where there is one. The side that offers decides: at once where no
   * media ever came, after a moment where it stopped, and later each time where other paths were deaf too.
   */
  #reroute(at: number): void {
    if (!this.#offers || this.#connectedAt === undefined || this.#deafAt === undefined) return
    if (at - this.#deafAt < rerouteMs(this.#reroutes, this.#heardBoth)) return
    this.#reroutes++
    this.#begin(at)
  }
}

/**
 * Which address to dial when (NT14). Pure: time arrives as `at`, chance as `jitter`; the adapter carries out
 * effects and reports back.
 *
 * Direct addresses of a peer go first, two at a time; its circuit starts 300 ms later on a place of its own, so
 * that people meet at once however long dead addresses take; direct addresses are tried on beside it. Every
 * address has its own deadline and back-off.
 */
import {
  BACKOFF_MS_MAX,
  BACKOFF_MS_MIN,
  CIRCUIT_DELAY_MS,
  type DeviceId,
  DIAL_ADDRESSES_MAX,
  DIALS_MAX,
  DIALS_PER_PEER_MAX
} from '../base/index.ts'
import type { DialAttempt, PathKind } from './contract.ts'

/** An address and what kind of path it is. */
export interface DialCandidate {
  readonly address: string
  readonly path: PathKind
}

interface Backoff {
  readonly failures: number
  readonly until: number
}

interface Active {
  readonly path: PathKind
  readonly startedAt: number
}

interface Job {
  readonly startedAt: number
  readonly waiting: readonly DialCandidate[]
  readonly active: ReadonlyMap<string, Active>
  readonly tried: readonly DialAttempt[]
}

/** All dialling of one peer's process. */
export interface DiallerState {
  /** In order of arrival: who waits longest is served first. */
  readonly jobs: ReadonlyMap<DeviceId, Job>
  readonly backoff: ReadonlyMap<string, Backoff>
}

/** What happened. */
export type DiallerInput =
  /** Somebody wants this peer. `patient` leaves out addresses in back-off. Joins a job under way. */
  | {
      readonly kind: 'want'
      readonly device: DeviceId
      readonly candidates: readonly DialCandidate[]
      readonly patient: boolean
      readonly at: number
    }
  | { readonly kind: 'opened'; readonly device: DeviceId; readonly address: string; readonly at: number }
  /** `jitter` from 0 to 1 spreads the back-off by ±25%. */
  | {
      readonly kind: 'failed'
      readonly device: DeviceId
      readonly address: string
      readonly error: string
      readonly jitter: number
      readonly at: number
    }
  /** Nobody wants this peer any more, or it connected by itself. */
  | { readonly kind: 'cancel'; readonly device: DeviceId; readonly at: number }
  | { readonly kind: 'tick'; readonly at: number }
  /** The network changed: what failed before may work now. */
  | { readonly kind: 'network'; readonly at: number }

/** What to do. */
export type DiallerEffect =
  | {
      readonly kind: 'dial'
      readonly device: DeviceId
      readonly address: string
      readonly deadlineMs: number
    }
  | { readonly kind: 'abort'; readonly device: DeviceId; readonly address: string }
  | {
      readonly kind: 'done'
      readonly device: DeviceId
      readonly address: string
      readonly tried: readonly DialAttempt[]
    }
  | { readonly kind: 'give-up'; readonly device: DeviceId; readonly tried: readonly DialAttempt[] }
  /** Send a tick then. */
  | { readonly kind: 'wake'; readonly at: number }

/** Deadline of one dial by path, ms. */
export const DIAL_DEADLINES_MS: Readonly<Record<PathKind, number>> = {
  memory: 2_000,
  lan: 2_000,
  tcp: 5_000,
  wss: 5_000,
  relayed: 8_000,
  webrtc: 20_000
}

const RANK: Readonly<Record<PathKind, number>> = { memory: 0, lan: 1, tcp: 2, wss: 3, relayed: 4, webrtc: 5 }
/** Back-offs remembered; the ones that end first are forgotten beyond. */
const BACKOFFS_MAX = 4_096

/** A dialler that has tried nothing. */
export function openDialler(): DiallerState {
  return { jobs: new Map(), backoff: new Map() }
}

/** When the first of these addresses leaves its back-off; `at` if one is free now, undefined if there is none. */
export function nextTryAt(state: DiallerState, addresses: readonly string[], at: number): number | undefined {
  if (addresses.length === 0) return undefined
  return Math.min(...addresses.map(each => Math.max(at, state.backoff.get(each)?.until ?? at)))
}

/** One step. */
export function stepDialler(
  state: DiallerState,
  input: DiallerInput
): readonly [DiallerState, readonly DiallerEffect[]] {
  switch (input.kind) {
    case 'want':
      return schedule(...want(state, input), input.at)
    case 'opened':
      return schedule(...opened(state, input), input.at)
    case 'failed':
      return schedule(...failed(state, input), input.at)
    case 'cancel':
      return schedule(...cancel(state, input.device), input.at)
    case 'tick':
      return schedule(state, [], input.at)
    case 'network':
      return schedule({ ...state, backoff: new Map() }, [], input.at)
  }
}

type Step = readonly [DiallerState, readonly DiallerEffect[]]
type Input<K extends DiallerInput['kind']> = Extract<DiallerInput, { kind: K }>

function withJob(state: DiallerState, device: DeviceId, job: Job | undefined): DiallerState {
  const jobs = new Map(state.jobs)
  if (job === undefined) jobs.delete(device)
  else jobs.set(device, job)
  return { ...state, jobs }
}

function want(state: DiallerState, input: Input<'want'>): Step {
  const old = state.jobs.get(input.device) ?? {
    startedAt: input.at,
    waiting: [],
    active: new Map(),
    tried: []
  }
  const known = new Set([...old.active.keys(), ...old.waiting.map(each => each.address)])
  const held: DialAttempt[] = []
  const fresh: DialCandidate[] = []
  for (const candidate of input.candidates.slice(0, DIAL_ADDRESSES_MAX)) {
    if (known.has(candidate.address)) continue
    known.add(candidate.address)
    const until = state.backoff.get(candidate.address)?.until ?? 0
    if (input.patient && until > input.at) {
      held.push({
        ...candidate,
        startedAt: input.at,
        ms: 0,
        error: `failed lately; next try in ${Math.ceil((until - input.at) / 1000)} s`
      })
    } else {
      fresh.push(candidate)
    }
  }
  const waiting = [...old.waiting, ...fresh]
    .sort((a, b) => RANK[a.path] - RANK[b.path])
    .slice(0, DIAL_ADDRESSES_MAX)
  return [withJob(state, input.device, { ...old, waiting, tried: [...old.tried, ...held] }), []]
}

function opened(state: DiallerState, input: Input<'opened'>): Step {
  const backoff = new Map(state.backoff)
  backoff.delete(input.address)
  const job = state.jobs.get(input.device)
  const winner = job?.active.get(input.address)
  if (job === undefined || winner === undefined) return [{ ...state, backoff }, []]
  const others = [...job.active.keys()].filter(each => each !== input.address)
  const tried = [
    ...job.tried,
    {
      address: input.address,
      path: winner.path,
      startedAt: winner.startedAt,
      ms: input.at - winner.startedAt
    }
  ]
  // A direct path is worth more than the circuit: its addresses are tried to the end.
  if (isCircuit(winner.path)) {
    const active = new Map([...job.active].filter(([, each]) => !isCircuit(each.path)))
    const waiting = job.waiting.filter(each => !isCircuit(each.path))
    const rest = active.size + waiting.length > 0 ? { ...job, active, waiting, tried } : undefined
    return [
      withJob({ ...state, backoff }, input.device, rest),
      [{ kind: 'done', device: input.device, address: input.address, tried }]
    ]
  }
  return [
    withJob({ ...state, backoff }, input.device, undefined),
    [
      ...others.map(address => ({ kind: 'abort', device: input.device, address }) as const),
      { kind: 'done', device: input.device, address: input.address, tried }
    ]
  ]
}

function failed(state: DiallerState, input: Input<'failed'>): Step {
  const job = state.jobs.get(input.device)
  const lost = job?.active.get(input.address)
  if (job === undefined || lost === undefined) return [state, []]
  const failures = (state.backoff.get(input.address)?.failures ?? 0) + 1
  const wait = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(failures - 1, 20))
  const backoff = new Map(state.backoff)
  backoff.set(input.address, { failures, until: input.at + Math.round(wait * (0.75 + 0.5 * input.jitter)) })
  if (backoff.size > BACKOFFS_MAX) {
    const first = [...backoff].reduce((a, b) => (b[1].until < a[1].until ? b : a))
    backoff.delete(first[0])
  }
  const active = new Map(job.active)
  active.delete(input.address)
  const tried = [
    ...job.tried,
    {
      address: input.address,
      path: lost.path,
      startedAt: lost.startedAt,
      ms: input.at - lost.startedAt,
      error: input.error
    }
  ]
  return [withJob({ ...state, backoff }, input.device, { ...job, active, tried }), []]
}

function cancel(state: DiallerState, device: DeviceId): Step {
  const job = state.jobs.get(device)
  if (job === undefined) return [state, []]
  return [
    withJob(state, device, undefined),
    [...job.active.keys()].map(address => ({ kind: 'abort', device, address }) as const)
  ]
}

function isCircuit(path: PathKind): boolean {
  return path === 'relayed'
}

/** Fills free places, oldest job first; ends jobs that have nothing left. */
function schedule(state: DiallerState, effects: readonly DiallerEffect[], at: number): Step {
  const out = [...effects]
  const jobs = new Map(state.jobs)
  let total = [...jobs.values()].reduce((sum, job) => sum + job.active.size, 0)
  let wakeAt: number | undefined
  for (const [device, job] of jobs) {
    const active = new Map(job.active)
    const waiting: DialCandidate[] = []
    for (const candidate of job.waiting) {
      const circuits = [...active.values()].filter(each => isCircuit(each.path)).length
      const direct = active.size - circuits
      const directLeft = direct > 0 || waiting.some(each => !isCircuit(each.path))
      const startAt =
        isCircuit(candidate.path) && directLeft ? job.startedAt + CIRCUIT_DELAY_MS : job.startedAt
      const place =
        total < DIALS_MAX && (isCircuit(candidate.path) ? circuits < 1 : direct < DIALS_PER_PEER_MAX)
      if (startAt > at) wakeAt = Math.min(wakeAt ?? startAt, startAt)
      if (!place || startAt > at) {
        waiting.push(candidate)
        continue
      }
      active.set(candidate.address, { path: candidate.path, startedAt: at })
      total++
      out.push({
        kind: 'dial',
        device,
        address: candidate.address,
        deadlineMs: DIAL_DEADLINES_MS[candidate.path]
      })
    }
    if (active.size === 0 && waiting.length === 0) {
      jobs.delete(device)
      out.push({ kind: 'give-up', device, tried: job.tried })
    } else {
      jobs.set(device, { ...job, active, waiting })
    }
  }
  if (wakeAt !== undefined) out.push({ kind: 'wake', at: wakeAt })
  return [{ ...state, jobs }, out]
}

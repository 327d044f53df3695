/** Carries out what `stepDialler` decides (NT14), and keeps wanted peers connected (NT15). */
import { type Clock, type DeviceId, type Random, XcordError } from '../../base/index.ts'
import {
  type Connection,
  deviceOfAddress,
  type DialAttempt,
  type DialCandidate,
  type DiallerEffect,
  type DiallerInput,
  type DialOptions,
  nextTryAt,
  openDialler,
  pathOfAddress,
  stepDialler
} from '../../net/index.ts'
import { awakeDeadline } from './awake-deadline.ts'
import { throwIfAborted, type WrappedConnection } from './connection.ts'
import { messageOf } from './frame-stream.ts'
import { quietly } from './quiet-timer.ts'

/** A peer that is kept and only reached by circuit is tried directly again this often, ms. */
const DIRECT_RETRY_MS = 60_000
/** After a kept connection closed, ms: the other side often redials at once too. */
const REDIAL_MS = 250
/** Attempts remembered of one peer, and peers remembered. */
const ATTEMPTS_MAX = 16
const ATTEMPTED_PEERS_MAX = 512

/** What the dialler is given. */
export interface DiallerDeps {
  readonly clock: Clock
  readonly random: Random
  readonly self: DeviceId
  /** Dials one address to the end of the handshake. */
  dialOne(address: string, signal: AbortSignal): Promise<WrappedConnection>
  /** Why an address of known form cannot be dialled here, or undefined. */
  refuses(address: string): string | undefined
  connections(device: DeviceId): readonly Connection[]
}

/** The dialler of one transport. */
export interface Dialler {
  dial(addresses: readonly string[], options?: DialOptions): Promise<Connection>
  keep(device: DeviceId, addresses: readonly string[]): void
  unkeep(device: DeviceId): void
  isKept(device: DeviceId): boolean
  attempts(device: DeviceId): readonly DialAttempt[]
  /** A connection opened or closed, whoever dialled it. */
  opened(connection: Connection): void
  closed(device: DeviceId): void
  refresh(): void
  /** Nothing is dialled before. */
  start(): void
  stop(): void
}

interface Waiter {
  resolve(connection: Connection): void
  reject(error: unknown): void
}

interface Sorted {
  readonly device: DeviceId
  readonly candidates: readonly DialCandidate[]
  readonly unusable: readonly DialAttempt[]
}

/** Makes a dialler. */
export function createDialler(deps: DiallerDeps): Dialler {
  return new StepDialler(deps)
}

class StepDialler implements Dialler {
  readonly #deps: DiallerDeps
  readonly #waiters = new Map<DeviceId, Set<Waiter>>()
  readonly #kept = new Map<DeviceId, readonly string[]>()
  readonly #retries = new Map<DeviceId, ReturnType<typeof setTimeout>>()
  readonly #running = new Map<string, AbortController>()
  readonly #dialled = new Map<string, Connection>()
  readonly #history = new Map<DeviceId, readonly DialAttempt[]>()
  #state = openDialler()
  #wake: ReturnType<typeof setTimeout> | undefined
  #started = false
  #stopped = false

  constructor(deps: DiallerDeps) {
    this.#deps = deps
  }

  async dial(addresses: readonly string[], options?: DialOptions): Promise<Connection> {
    throwIfAborted(options?.signal)
    if (this.#stopped || !this.#started) {
      const state = this.#stopped ? 'stopped' : 'not started'
      throw new XcordError('XCORD_CLOSED', `The network is ${state}.`, { what: 'transport' })
    }
    const sorted = sortAddresses(this.#deps, addresses)
    const { device, candidates } = sorted
    const open = this.#deps.connections(device)
    const direct = open.find(each => each.limits === undefined)
    if (direct !== undefined) return direct
    const circuit = open[0]
    if (circuit === undefined) return await this.#wait(sorted, options)
    // Good enough to talk; a direct path is looked for beside it.
    const better = candidates.filter(each => each.path !== 'relayed')
    if (better.length > 0)
      this.#feed({ kind: 'want', device, candidates: better, patient: true, at: this.#now() })
    return circuit
  }

  keep(device: DeviceId, addresses: readonly string[]): void {
    if (device === this.#deps.self) return
    this.#kept.set(
      device,
      addresses.filter(
        each =>
          pathOfAddress(each) !== undefined &&
          deviceOfAddress(each) === device &&
          this.#deps.refuses(each) === undefined
      )
    )
    this.#maintain(device)
  }

  unkeep(device: DeviceId): void {
    this.#kept.delete(device)
    this.#forgetRetry(device)
    if (!this.#waiters.has(device)) this.#feed({ kind: 'cancel', device, at: this.#now() })
  }

  isKept(device: DeviceId): boolean {
    return this.#kept.has(device)
  }

  attempts(device: DeviceId): readonly DialAttempt[] {
    return this.#history.get(device) ?? []
  }

  opened(connection: Connection): void {
    if (connection.direction === 'outbound') return
    this.#settle(connection.device, waiter => waiter.resolve(connection))
    if (connection.limits === undefined)
      this.#feed({ kind: 'cancel', device: connection.device, at: this.#now() })
  }

  closed(device: DeviceId): void {
    if (this.#kept.has(device) && this.#deps.connections(device).length === 0)
      this.#maintainLater(device, REDIAL_MS)
  }

  refresh(): void {
    this.#feed({ kind: 'network', at: this.#now() })
    for (const device of this.#kept.keys()) this.#maintain(device)
  }

  start(): void {
    this.#started = true
    for (const device of this.#kept.keys()) this.#maintain(device)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#wake)
    for (const device of [...this.#retries.keys()]) this.#forgetRetry(device)
    this.#running.forEach(controller => controller.abort(new Error('the network is stopping')))
    const closed = new XcordError('XCORD_CLOSED', 'The network is stopped.', { what: 'transport' })
    for (const device of [...this.#waiters.keys()]) this.#settle(device, waiter => waiter.reject(closed))
  }

  #now(): number {
    return this.#deps.clock.now()
  }

  #feed(input: DiallerInput): void {
    if (this.#stopped) return
    const [state, effects] = stepDialler(this.#state, input)
    this.#state = state
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: DiallerEffect): void {
    switch (effect.kind) {
      case 'dial':
        return void this.#run(effect.device, effect.address, effect.deadlineMs)
      case 'abort':
        return this.#running.get(effect.address)?.abort(new Error('another address was faster'))
      case 'wake': {
        clearTimeout(this.#wake)
        this.#wake = setTimeout(
          () => this.#feed({ kind: 'tick', at: this.#now() }),
          Math.max(0, effect.at - this.#now())
        )
        return
      }
      case 'done': {
        this.#remember(effect.device, effect.tried)
        const connection = this.#dialled.get(effect.address)
        if (connection !== undefined) this.#settle(effect.device, waiter => waiter.resolve(connection))
        return
      }
      case 'give-up': {
        this.#remember(effect.device, effect.tried)
        // It may have come to us, or stand on a circuit.
        const standing = this.#deps.connections(effect.device)[0]
        this.#settle(effect.device, waiter =>
          standing === undefined ? waiter.reject(unreachable(effect.tried)) : waiter.resolve(standing)
        )
        this.#maintainLater(effect.device)
      }
    }
  }

  #settle(device: DeviceId, run: (waiter: Waiter) => void): void {
    const waiting = this.#waiters.get(device)
    this.#waiters.delete(device)
    waiting?.forEach(run)
  }

  #remember(device: DeviceId, tried: readonly DialAttempt[]): void {
    this.#history.delete(device)
    this.#history.set(device, tried.slice(-ATTEMPTS_MAX))
    const oldest = this.#history.size > ATTEMPTED_PEERS_MAX ? this.#history.keys().next().value : undefined
    if (oldest !== undefined) this.#history.delete(oldest)
  }

  async #run(device: DeviceId, address: string, deadlineMs: number): Promise<void> {
    const controller = new AbortController()
    const cancel = awakeDeadline(deadlineMs, () =>
      controller.abort(new Error(`no answer within ${deadlineMs / 1000} s`))
    )
    this.#running.set(address, controller)
    try {
      const connection = await this.#deps.dialOne(address, controller.signal)
      if (this.#stopped || controller.signal.aborted) {
        await connection.close()
        throw new Error('too late')
      }
      this.#dialled.set(address, connection)
      this.#feed({ kind: 'opened', device, address, at: this.#now() })
      this.#dialled.delete(address)
    } catch (error) {
      const why = messageOf(controller.signal.aborted ? controller.signal.reason : error)
      const jitter = (this.#deps.random.bytes(1)[0] ?? 0) / 255
      this.#feed({ kind: 'failed', device, address, error: why, jitter, at: this.#now() })
    } finally {
      cancel()
      if (this.#running.get(address) === controller) this.#running.delete(address)
    }
  }

  async #wait(
    { device, candidates, unusable }: Sorted,
    options: DialOptions | undefined
  ): Promise<Connection> {
    return await new Promise<Connection>((resolve, reject) => {
      const forget = (): void => options?.signal?.removeEventListener('abort', onAbort)
      const waiter: Waiter = {
        resolve: connection => (forget(), resolve(connection)),
        reject: error => (forget(), reject(withUnusable(error, unusable)))
      }
      const onAbort = (): void => {
        const waiting = this.#waiters.get(device)
        waiting?.delete(waiter)
        if (waiting?.size === 0) this.#waiters.delete(device)
        if (!this.#waiters.has(device) && !this.#kept.has(device))
          this.#feed({ kind: 'cancel', device, at: this.#now() })
        reject(
          new XcordError('XCORD_ABORTED', 'Given up on request.', {}, { cause: options?.signal?.reason })
        )
      }
      options?.signal?.addEventListener('abort', onAbort, { once: true })
      const waiting = this.#waiters.get(device) ?? new Set()
      waiting.add(waiter)
      this.#waiters.set(device, waiting)
      this.#feed({ kind: 'want', device, candidates, patient: options?.patient === true, at: this.#now() })
    })
  }

  /** Dials a kept peer that is not connected, or only by circuit. */
  #maintain(device: DeviceId): void {
    const addresses = this.#kept.get(device)
    if (addresses === undefined || this.#stopped || !this.#started) return
    this.#forgetRetry(device)
    const open = this.#deps.connections(device)
    if (open.some(each => each.limits === undefined)) return
    const usable = addresses.filter(each => open.length === 0 || pathOfAddress(each) !== 'relayed')
    if (usable.length === 0) return
    const candidates = usable.map(address => ({ address, path: pathOfAddress(address) ?? 'tcp' }) as const)
    this.#feed({ kind: 'want', device, candidates, patient: true, at: this.#now() })
  }

  #maintainLater(device: DeviceId, floorMs = 500): void {
    const addresses = this.#kept.get(device)
    if (addresses === undefined || this.#stopped) return
    const at = this.#now()
    const next = nextTryAt(this.#state, addresses, at) ?? at
    const wait = Math.max(floorMs, this.#deps.connections(device).length > 0 ? DIRECT_RETRY_MS : 0, next - at)
    this.#forgetRetry(device)
    this.#retries.set(device, quietly(setTimeout(() => this.#maintain(device), wait)))
  }

  #forgetRetry(device: DeviceId): void {
    clearTimeout(this.#retries.get(device))
    this.#retries.delete(device)
  }
}

/** Splits what the caller gave into what can be dialled and what cannot, and finds whom it leads to. */
function sortAddresses(deps: DiallerDeps, addresses: readonly string[]): Sorted {
  let device: DeviceId | undefined
  const candidates: DialCandidate[] = []
  const unusable: DialAttempt[] = []
  for (const address of addresses) {
    const path = pathOfAddress(address)
    const target = deviceOfAddress(address)
    if (target === deps.self) throw invalid(address, 'it leads to this very device')
    if (target !== undefined && device !== undefined && target !== device)
      throw invalid(address, 'it leads to another device than the first')
    const error =
      path === undefined || target === undefined ? 'not an address of a peer' : deps.refuses(address)
    if (path === undefined || target === undefined || error !== undefined) {
      unusable.push({ address, path: path ?? 'tcp', startedAt: deps.clock.now(), ms: 0, error })
      continue
    }
    device = target
    candidates.push({ address, path })
  }
  if (device === undefined) throw invalid(unusable[0]?.address ?? '', unusable[0]?.error ?? 'there is none')
  return { device, candidates, unusable }
}

function invalid(address: string, why: string): XcordError<'XCORD_ADDRESS_INVALID'> {
  return new XcordError('XCORD_ADDRESS_INVALID', `"${address.slice(0, 200)}" cannot be dialled: ${why}.`, {
    address
  })
}

function unreachable(tried: readonly DialAttempt[]): XcordError<'XCORD_NO_PEER'> {
  const lines = tried.map(each => ({ address: each.address, error: each.error ?? 'opened, then closed' }))
  const detail = lines.map(each => `${each.address}: ${each.error}`).join('; ')
  return new XcordError(
    'XCORD_NO_PEER',
    `The peer cannot be reached (${detail === '' ? 'no address to try' : detail}).`,
    { tried: lines }
  )
}

function withUnusable(error: unknown, unusable: readonly DialAttempt[]): unknown {
  if (unusable.length === 0 || !(error instanceof XcordError) || error.code !== 'XCORD_NO_PEER') return error
  const { tried } = error.details as { tried: readonly { address: string; error: string }[] }
  return new XcordError(
    'XCORD_NO_PEER',
    error.message,
    {
      tried: [...tried, ...unusable.map(each => ({ address: each.address, error: each.error ?? '' }))]
    },
    { cause: error }
  )
}

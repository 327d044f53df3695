/** Carries out what `stepDialler` decides (NT14), and keeps wanted peers connected (NT15). */
import { type Clock, type DeviceId, type Random, XcordError } from '../../base/index.ts'
import { type Connection, deviceOfAddress, type DialAttempt, type DialCandidate, type DiallerEffect, type DiallerInput, type DialOptions, nextTryAt, openDialler, pathOfAddress, stepDialler } from '../../net/index.ts'
import { throwIfAborted, type WrappedConnection } from './connection.ts'
import { messageOf } from './frame-stream.ts'

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
  const { clock } = deps
  const waiters = new Map<DeviceId, Set<Waiter>>()
  const kept = new Map<DeviceId, readonly string[]>()
  const retries = new Map<DeviceId, ReturnType<typeof setTimeout>>()
  const running = new Map<string, AbortController>()
  const dialled = new Map<string, Connection>()
  const history = new Map<DeviceId, readonly DialAttempt[]>()
  let state = openDialler()
  let wake: ReturnType<typeof setTimeout> | undefined
  let stopped = false

  const feed = (input: DiallerInput): void => {
    if (stopped) return
    const [next, effects] = stepDialler(state, input)
    state = next
    effects.forEach(perform)
  }
  const perform = (effect: DiallerEffect): void => {
    switch (effect.kind) {
      case 'dial': return void run(effect.device, effect.address, effect.deadlineMs)
      case 'abort': return running.get(effect.address)?.abort(new Error('another address was faster'))
      case 'wake': {
        clearTimeout(wake)
        wake = setTimeout(() => feed({ kind: 'tick', at: clock.now() }), Math.max(0, effect.at - clock.now()))
        return
      }
      case 'done': {
        remember(effect.device, effect.tried)
        const connection = dialled.get(effect.address)
        if (connection !== undefined) settle(effect.device, waiter => waiter.resolve(connection))
        return
      }
      case 'give-up': {
        remember(effect.device, effect.tried)
        // It may have come to us, or stand on a circuit.
        const standing = deps.connections(effect.device)[0]
        settle(effect.device, waiter => (standing === undefined ? waiter.reject(unreachable(effect.tried)) : waiter.resolve(standing)))
        maintainLater(effect.device)
      }
    }
  }
  const settle = (device: DeviceId, run: (waiter: Waiter) => void): void => {
    const waiting = waiters.get(device)
    waiters.delete(device)
    waiting?.forEach(run)
  }
  const remember = (device: DeviceId, tried: readonly DialAttempt[]): void => {
    history.delete(device)
    history.set(device, tried.slice(-ATTEMPTS_MAX))
    const oldest = history.size > ATTEMPTED_PEERS_MAX ? history.keys().next().value : undefined
    if (oldest !== undefined) history.delete(oldest)
  }
  const run = async (device: DeviceId, address: string, deadlineMs: number): Promise<void> => {
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(new Error(`no answer within ${deadlineMs / 1000} s`)), deadlineMs)
    running.set(address, controller)
    try {
      const connection = await deps.dialOne(address, controller.signal)
      if (stopped || controller.signal.aborted) {
        await connection.close()
        throw controller.signal.reason
      }
      dialled.set(address, connection)
      feed({ kind: 'opened', device, address, at: clock.now() })
      dialled.delete(address)
    } catch (error) {
      const why = messageOf(controller.signal.aborted ? controller.signal.reason : error)
      const jitter = (deps.random.bytes(1)[0] ?? 0) / 255
      feed({ kind: 'failed', device, address, error: why, jitter, at: clock.now() })
    } finally {
      clearTimeout(timer)
      if (running.get(address) === controller) running.delete(address)
    }
  }

  const sort = (addresses: readonly string[]): Sorted => {
    let device: DeviceId | undefined
    const candidates: DialCandidate[] = []
    const unusable: DialAttempt[] = []
    for (const address of addresses) {
      const path = pathOfAddress(address)
      const target = deviceOfAddress(address)
      if (target !== undefined && ((device !== undefined && target !== device) || target === deps.self)) {
        throw invalid(address, target === deps.self ? 'it leads to this very device' : 'it leads to another device than the first')
      }
      const error = path === undefined || target === undefined ? 'not an address of a peer' : deps.refuses(address)
      if (error !== undefined) {
        unusable.push({ address, path: path ?? 'tcp', startedAt: clock.now(), ms: 0, error })
        continue
      }
      device = target
      candidates.push({ address, path: path as DialCandidate['path'] })
    }
    if (device === undefined) {
      const first = unusable[0]
      throw invalid(first?.address ?? '', first?.error ?? 'there is none')
    }
    return { device, candidates, unusable }
  }

  const maintain = (device: DeviceId): void => {
    const addresses = kept.get(device)
    if (addresses === undefined || stopped) return
    clearTimeout(retries.get(device))
    retries.delete(device)
    const open = deps.connections(device)
    if (open.some(each => each.limits === undefined)) return
    const usable = addresses.filter(each => open.length === 0 || pathOfAddress(each) !== 'relayed')
    if (usable.length === 0) return
    const candidates = usable.map(address => ({ address, path: pathOfAddress(address) ?? 'tcp' }) as const)
    feed({ kind: 'want', device, candidates, patient: true, at: clock.now() })
  }
  const maintainLater = (device: DeviceId, floorMs = 500): void => {
    const addresses = kept.get(device)
    if (addresses === undefined || stopped) return
    const at = clock.now()
    const next = nextTryAt(state, addresses, at) ?? at
    const wait = Math.max(floorMs, deps.connections(device).length > 0 ? DIRECT_RETRY_MS : 0, next - at)
    clearTimeout(retries.get(device))
    retries.set(device, setTimeout(() => maintain(device), wait).unref())
  }

  return {
    dial: async (addresses, options) => {
      throwIfAborted(options?.signal)
      if (stopped) throw new XcordError('XCORD_CLOSED', 'The network is stopped.', { what: 'transport' })
      const { device, candidates, unusable } = sort(addresses)
      const open = deps.connections(device)
      const direct = open.find(each => each.limits === undefined)
      if (direct !== undefined) return direct
      const circuit = open[0]
      if (circuit !== undefined) {
        // Good enough to talk; a direct path is looked for beside it.
        const better = candidates.filter(each => each.path !== 'relayed')
        if (better.length > 0) feed({ kind: 'want', device, candidates: better, patient: true, at: clock.now() })
        return circuit
      }
      return await new Promise<Connection>((resolve, reject) => {
        const forget = (): void => {
          options?.signal?.removeEventListener('abort', onAbort)
        }
        const waiter: Waiter = {
          resolve: connection => (forget(), resolve(connection)),
          reject: error => (forget(), reject(withUnusable(error, unusable)))
        }
        const onAbort = (): void => {
          const waiting = waiters.get(device)
          waiting?.delete(waiter)
          if (waiting?.size === 0) waiters.delete(device)
          if (!waiters.has(device) && !kept.has(device)) feed({ kind: 'cancel', device, at: clock.now() })
          reject(new XcordError('XCORD_ABORTED', 'Given up on request.', {}, { cause: options?.signal?.reason }))
        }
        options?.signal?.addEventListener('abort', onAbort, { once: true })
        const waiting = waiters.get(device) ?? new Set()
        waiting.add(waiter)
        waiters.set(device, waiting)
        feed({ kind: 'want', device, candidates, patient: options?.patient === true, at: clock.now() })
      })
    },
    keep: (device, addresses) => {
      if (device === deps.self) return
      const usable = addresses.filter(each => {
        const path = pathOfAddress(each)
        return path !== undefined && deviceOfAddress(each) === device && deps.refuses(each) === undefined
      })
      kept.set(device, usable)
      maintain(device)
    },
    unkeep: device => {
      kept.delete(device)
      clearTimeout(retries.get(device))
      retries.delete(device)
      if (!waiters.has(device)) feed({ kind: 'cancel', device, at: clock.now() })
    },
    isKept: device => kept.has(device),
    attempts: device => history.get(device) ?? [],
    opened: connection => {
      if (connection.direction === 'outbound') return
      settle(connection.device, waiter => waiter.resolve(connection))
      if (connection.limits === undefined) feed({ kind: 'cancel', device: connection.device, at: clock.now() })
    },
    closed: device => {
      if (kept.has(device) && deps.connections(device).length === 0) maintainLater(device, REDIAL_MS)
    },
    refresh: () => {
      feed({ kind: 'network', at: clock.now() })
      for (const device of kept.keys()) maintain(device)
    },
    stop: () => {
      stopped = true
      clearTimeout(wake)
      retries.forEach(timer => clearTimeout(timer))
      retries.clear()
      running.forEach(controller => controller.abort(new Error('the network is stopping')))
      const closed = new XcordError('XCORD_CLOSED', 'The network is stopped.', { what: 'transport' })
      for (const device of [...waiters.keys()]) settle(device, waiter => waiter.reject(closed))
    }
  }
}

function invalid(address: string, why: string): XcordError<'XCORD_ADDRESS_INVALID'> {
  return new XcordError('XCORD_ADDRESS_INVALID', `"${address.slice(0, 200)}" cannot be dialled: ${why}.`, { address })
}

function unreachable(tried: readonly DialAttempt[]): XcordError<'XCORD_NO_PEER'> {
  const lines = tried.map(each => ({ address: each.address, error: each.error ?? 'opened, then closed' }))
  const detail = lines.map(each => `${each.address}: ${each.error}`).join('; ')
  return new XcordError('XCORD_NO_PEER', `The peer cannot be reached (${detail === '' ? 'no address to try' : detail}).`, { tried: lines })
}

function withUnusable(error: unknown, unusable: readonly DialAttempt[]): unknown {
  if (unusable.length === 0 || !(error instanceof XcordError) || error.code !== 'XCORD_NO_PEER') return error
  const { tried } = error.details as { tried: readonly { address: string; error: string }[] }
  return new XcordError('XCORD_NO_PEER', error.message, {
    tried: [...tried, ...unusable.map(each => ({ address: each.address, error: each.error ?? '' }))]
  }, { cause: error })
}

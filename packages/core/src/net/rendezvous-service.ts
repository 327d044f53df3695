/**
 * Both ends of `/xcord/rendezvous/1` over frame streams (NT10): any transport can be client, any node server.
 */
import { type Clock, type DeviceId, type Random, XcordError, type Verdict } from '../base/index.ts'
import { equalBytes } from '../encoding/index.ts'
import type { Connection, FrameStream, PeerRecord, PeerRecords, Rendezvous } from './contract.ts'
import {
  decodeRendezvousAnswer,
  decodeRendezvousRequest,
  encodeRendezvousAnswer,
  encodeRendezvousRequest,
  RENDEZVOUS_FRAME_BYTES_MAX,
  RENDEZVOUS_PROTOCOL,
  RENDEZVOUS_REFUSALS,
  RENDEZVOUS_REQUESTS_MAX,
  type RendezvousAnswer,
  type RendezvousRequest
} from './rendezvous-protocol.ts'
import type { RendezvousRegistry } from './rendezvous-registry.ts'
import { type Budget, type BudgetBounds, openBudget, spend } from './step-budget.ts'

/** Requests per device: a client with 256 servers registers in one and queries each once in ten minutes. */
const REQUESTS: BudgetBounds = { burst: 300, perSecond: 2 }
/** Devices whose budget is remembered; the one seen longest ago is forgotten beyond. */
const BUDGETS_MAX = 10_000

/** What the server needs. */
export interface RendezvousServerDeps {
  readonly registry: RendezvousRegistry
  readonly records: Pick<PeerRecords, 'open'>
  readonly clock: Clock
  readonly random: Random
  /** Told of each refusal, for metrics. */
  readonly refused?: ((reason: keyof typeof RENDEZVOUS_REFUSALS) => void) | undefined
}

/** Makes the handler of the node's side; run it for every inbound stream. */
export function createRendezvousServer(deps: RendezvousServerDeps): (stream: FrameStream) => Promise<void> {
  const budgets = new Map<DeviceId, Budget>()
  const refusal = (reason: keyof typeof RENDEZVOUS_REFUSALS): RendezvousAnswer => {
    deps.refused?.(reason)
    return { version: 1, kind: 31, reason: RENDEZVOUS_REFUSALS[reason] }
  }
  const afford = (device: DeviceId): boolean => {
    const at = deps.clock.now()
    const [budget, granted] = spend(budgets.get(device) ?? openBudget(REQUESTS, at), REQUESTS, at)
    budgets.delete(device)
    budgets.set(device, budget)
    const oldest = budgets.size > BUDGETS_MAX ? budgets.keys().next().value : undefined
    if (oldest !== undefined) budgets.delete(oldest)
    return granted
  }
  const answer = async (device: DeviceId, request: RendezvousRequest): Promise<RendezvousAnswer> => {
    const at = deps.clock.now()
    if (request.kind === 2)
      return { version: 1, kind: 18, records: deps.registry.query(device, request.key, at, deps.random) }
    if (request.kind === 1) {
      deps.registry.unregister(device, request.keys)
      return { version: 1, kind: 17 }
    }
    // Only the connection's own device: nobody registers somebody else.
    const record = await deps.records.open(request.record)
    if (!record.ok || record.value.device !== device) return refusal('record')
    deps.registry.expire(at)
    return deps.registry.register(device, request.keys, request.record, at)
      ? { version: 1, kind: 16, ttlMs: deps.registry.ttlMs }
      : refusal('full')
  }
  return async stream => {
    let served = 0
    for await (const frame of stream.frames()) {
      const request = decodeRendezvousRequest(frame)
      if (!request.ok) {
        await stream.send(encodeRendezvousAnswer(refusal('form')))
        return
      }
      const reply = afford(stream.connection.device)
        ? await answer(stream.connection.device, request.value)
        : refusal('busy')
      await stream.send(encodeRendezvousAnswer(reply))
      served++
      if (served >= RENDEZVOUS_REQUESTS_MAX) return
    }
  }
}

/** What the client needs of its transport. */
export interface RendezvousClientDeps {
  readonly records: PeerRecords
  /** The best open connection to a node, if any. */
  connectionTo(node: DeviceId): Connection | undefined
}

/** Makes the client half. */
export function createRendezvousClient(deps: RendezvousClientDeps): Rendezvous {
  const ask = async <K extends RendezvousAnswer['kind']>(
    node: DeviceId,
    request: RendezvousRequest,
    kind: K,
    signal: AbortSignal | undefined
  ): Promise<Extract<RendezvousAnswer, { kind: K }>> => {
    const connection = deps.connectionTo(node)
    if (connection === undefined) throw noNode('not connected', '')
    const stream = await connection.openStream(RENDEZVOUS_PROTOCOL, {
      signal,
      frameBytesMax: RENDEZVOUS_FRAME_BYTES_MAX
    })
    const abort = (): void => stream.abort('given up')
    signal?.addEventListener('abort', abort, { once: true })
    let answered = false
    try {
      await stream.send(encodeRendezvousRequest(request))
      const reply = await firstFrame(stream)
      answered = reply !== undefined
      const answer: Verdict<RendezvousAnswer> | undefined =
        reply === undefined ? undefined : decodeRendezvousAnswer(reply)
      if (answer?.ok === true && answer.value.kind === kind)
        return answer.value as Extract<RendezvousAnswer, { kind: K }>
      if (answer?.ok === true && answer.value.kind === 31)
        throw noNode(`refused with reason ${answer.value.reason}`, connection.address)
      throw noNode('it gave no answer that can be understood', connection.address)
    } finally {
      signal?.removeEventListener('abort', abort)
      if (answered) await stream.close()
      else abort()
    }
  }
  return {
    register: async (node, keys, options) => {
      const record = await deps.records.own()
      const answer = await ask(node, { version: 1, kind: 0, keys, record }, 16, options?.signal)
      return { ttlMs: answer.ttlMs }
    },
    unregister: async (node, keys, options) => {
      await ask(node, { version: 1, kind: 1, keys }, 17, options?.signal)
    },
    query: async (node, key, options) => {
      const answer = await ask(node, { version: 1, kind: 2, key }, 18, options?.signal)
      const opened = await Promise.all(answer.records.filter(unique).map(each => deps.records.open(each)))
      return opened.filter(each => each.ok).map((each): PeerRecord => each.value)
    }
  }
}

function unique(record: Uint8Array, index: number, all: readonly Uint8Array[]): boolean {
  return all.findIndex(each => equalBytes(each, record)) === index
}

async function firstFrame(stream: FrameStream): Promise<Uint8Array | undefined> {
  for await (const frame of stream.frames()) return frame
  return undefined
}

function noNode(error: string, address: string): XcordError<'XCORD_NO_PEER'> {
  return new XcordError('XCORD_NO_PEER', `The node did not answer the rendezvous: ${error}.`, {
    tried: [{ address, error }]
  })
}

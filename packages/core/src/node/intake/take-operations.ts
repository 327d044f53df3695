/** Takes operations through the door: decode, verify, place, judge, reduce (AU), and notes what follows. */
import {
  type ChannelId,
  type DeviceId,
  idAs,
  type OperationId,
  type Refusal,
  type UserId
} from '../../base/index.ts'
import { type AddResult, type AuthorityChange, KINDS, type Rejudge } from '../../authority/index.ts'
import { decodeOperation, type Operation } from '../../graph/index.ts'
import { forkEvent } from './equivocation.ts'
import type { EventRecord } from '../event-log.ts'
import { notePublished } from '../replica/published-claims.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { operationTable } from '../replica/tables.ts'
import type { Turn } from '../replica/turn.ts'

/** What a turn learnt from operations and has still to act upon. */
export interface AuthorityNews {
  readonly accepted: Operation[]
  readonly rejudge: Rejudge[]
  /** Accepted operations took something away (EK8). */
  lossFromOthers: boolean
  lossFromUs: boolean
}

/** Empty news. */
export function createNews(): AuthorityNews {
  return { accepted: [], rejudge: [], lossFromOthers: false, lossFromUs: false }
}

/** What became of one operation's bytes. */
export type TakenOperation =
  | { readonly kind: 'fresh' | 'known' | 'waiting'; readonly operation: OperationId }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** Takes a peer's bytes. */
export function takeOperation(
  state: ReplicaState,
  turn: Turn,
  news: AuthorityNews,
  bytes: Uint8Array,
  from: DeviceId | undefined
): TakenOperation {
  const decoded = decodeOperation(state.deps.suite, bytes)
  if (!decoded.ok) return { kind: 'refused', refusal: decoded }
  return addOperation(state, turn, news, decoded.value, from)
}

/** Takes an operation that is decoded and verified: a peer's, or our own just signed. */
export function addOperation(
  state: ReplicaState,
  turn: Turn,
  news: AuthorityNews,
  operation: Operation,
  from: DeviceId | undefined
): TakenOperation {
  // Whoever passed it on answers for it while it waits, not the device that it says signed it (AU9).
  const result = state.log.add(
    operation,
    nowFor(state, turn, operation),
    from === undefined ? {} : { peer: from }
  )
  const taken = absorb(state, turn, news, result, from)
  if (result.kind === 'accepted')
    for (const each of state.log.drain(turn.at)) absorb(state, turn, news, each, from)
  return taken
}

/**
 * Our own is never early (AU6): where our clock went back, its time is that of what it follows. Held, it would not be stored,
 * and the next one of ours would be signed for the same place.
 */
function nowFor(state: ReplicaState, turn: Turn, operation: Operation): number {
  return operation.device === state.self ? Math.max(turn.at, operation.at) : turn.at
}

/** Operations from the future remembered by name; the log holds as many (AU6). */
const HELD_MAX = 1_024

/** Operations that were held for the future (AU6) and are due now. */
export function drainOperations(state: ReplicaState, turn: Turn, news: AuthorityNews): void {
  for (const [id, until] of state.held) if (until <= turn.at) state.held.delete(id)
  for (const each of state.log.drain(turn.at)) absorb(state, turn, news, each, undefined)
}

function absorb(
  state: ReplicaState,
  turn: Turn,
  news: AuthorityNews,
  result: AddResult,
  from: DeviceId | undefined
): TakenOperation {
  switch (result.kind) {
    case 'accepted':
      accepted(state, turn, news, result, from)
      return { kind: 'fresh', operation: result.operation.id }
    case 'known':
      return { kind: 'known', operation: result.operation }
    case 'held':
      if (state.held.size < HELD_MAX) state.held.set(result.operation, result.until)
      return { kind: 'waiting', operation: result.operation }
    case 'orphan':
    case 'history':
    case 'newer':
      return { kind: 'waiting', operation: result.operation }
    case 'rejected':
      return { kind: 'refused', refusal: result.refusal }
  }
}

function accepted(
  state: ReplicaState,
  turn: Turn,
  news: AuthorityNews,
  result: Extract<AddResult, { kind: 'accepted' }>,
  from: DeviceId | undefined
): void {
  const { operation } = result
  state.settled?.rows.set(operation.id, state.nextOperation)
  turn.batch.put(operationTable, [state.server, state.nextOperation++], {
    version: 1,
    bytes: operation.bytes
  })
  turn.storedFrom(from).operations.push(operation.bytes)
  turn.authorityChanged = true
  noteOperation(state, operation)
  news.accepted.push(operation)
  turn.accepted.push(operation)
  news.rejudge.push(result.rejudge)
  if (result.losses.length > 0) {
    if (operation.device === state.self) news.lossFromUs = true
    else news.lossFromOthers = true
  }
  for (const change of result.changes) {
    const event = eventOf(state, change, operation)
    if (event !== undefined) turn.events.push(event)
  }
}

const AUTOMOD_KIND = KINDS.automodSet[0]
const CHECKPOINT_KIND = KINDS.checkpoint[0]

/** Notes who acted, and how far (also while loading). */
export function noteOperation(state: ReplicaState, operation: Operation): void {
  state.operationIds.add(operation.id)
  state.devices.add(operation.device)
  if (operation.kind === AUTOMOD_KIND) state.automodSeen = true
  if (operation.kind === CHECKPOINT_KIND) notePublished(state, operation)
  const last = state.lastOperations.get(operation.device)
  if (last === undefined || operation.seq >= last.seq)
    state.lastOperations.set(operation.device, { seq: operation.seq, id: operation.id })
}

/** The event people see of a change. `refs` and `note` as docs/spec/node.md lists them. */
function eventOf(state: ReplicaState, change: AuthorityChange, cause: Operation): EventRecord | undefined {
  const base = { type: change.type, server: state.server }
  if ('user' in change) {
    const by = authorOf(state, change.operation)
    return {
      ...base,
      refs: [change.user, ...(by === undefined ? [] : [by])],
      note: reasonOf(state, change.operation)
    }
  }
  if ('role' in change) return { ...base, refs: [change.role], note: null }
  if ('channel' in change)
    return { ...base, type: channelType(state, change), refs: [change.channel], note: null }
  if ('invite' in change) return { ...base, refs: [change.invite], note: null }
  if (change.type === 'server:update') return { ...base, refs: [], note: null }
  if (change.type === 'device:fork')
    return forkEvent(state, change.device, {
      chain: 'operations',
      seq: change.seq,
      branches: [change.other, change.operation]
    })
  const own = state.operation(change.operation)?.device === state.self ? 'own' : 'other'
  const by = change.by ?? cause.id
  return { ...base, refs: [change.operation, by], note: 'rule' in change ? `${change.rule}\n${own}` : null }
}

/** Threads have events of their own; what a channel was made as it stays. */
function channelType(
  state: ReplicaState,
  { type, channel }: Extract<AuthorityChange, { channel: ChannelId }>
): string {
  const made = state.log.get(idAs('o', channel))
  return made?.kind === KINDS.threadCreate[0] ? type.replace('channel:', 'thread:') : type
}

function authorOf(state: ReplicaState, operation: OperationId): UserId | undefined {
  const device = state.operation(operation)?.device
  return device === undefined ? undefined : state.log.state().device(device)?.user
}

/** The audit reason ends the body of most spine kinds (AU12). */
function reasonOf(state: ReplicaState, id: OperationId): string | null {
  const last = state.operation(id)?.body.at(-1)
  return typeof last === 'string' ? last : null
}

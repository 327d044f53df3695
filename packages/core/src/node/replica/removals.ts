/** Who is no member any more, and by which operations: the removed are told of those, and of nothing later (SY3). */
import type { OperationId, UserId } from '../../base/index.ts'
import { decodeBody, kindName } from '../../authority/index.ts'
import type { Operation } from '../../graph/index.ts'
import type { ReplicaState } from './replica-state.ts'

type Removals = ReadonlyMap<UserId, readonly OperationId[]>
/** Removals told of one user: who was kicked more often learns of the latest. */
const TOLD_MAX = 4

const REMOVES: ReadonlySet<string | undefined> = new Set(['leave', 'kick', 'ban'])
const isRemoval = ({ kind }: Operation): boolean => REMOVES.has(kindName(kind))

/** Whom an operation removes, whether or not it stands. */
function removedBy(state: ReplicaState, operation: Operation): UserId | undefined {
  const name = kindName(operation.kind)
  if (name === 'leave') return state.log.state().device(operation.device)?.user
  const decoded = decodeBody(operation.kind, operation.body)
  return decoded.ok && 'user' in decoded.value.body ? (decoded.value.body.user as UserId) : undefined
}

/** What removes whom, whether or not it stands, as far as the operations were looked through. */
interface Candidates {
  readonly byUser: Map<UserId, OperationId[]>
  /** Of nobody known then. */
  open: readonly Operation[]
  /** Operations that were looked at, and how many there were then. */
  looked: number
  count: number
}

/**
 * Operations only come to those there are, so each is read once; whether one stands is asked when somebody wants to
 * know, as a later one may have taken it back.
 */
const known = new WeakMap<ReplicaState['log'], Candidates>()

function candidatesOf(state: ReplicaState): ReadonlyMap<UserId, readonly OperationId[]> {
  const { log } = state
  let found = known.get(log)
  if (found === undefined) known.set(log, (found = { byUser: new Map(), open: [], looked: 0, count: 0 }))
  if (found.count === log.count()) return found.byUser
  let at = 0
  const due = [...found.open]
  for (const operation of log.operations())
    if (at++ >= found.looked && isRemoval(operation)) due.push(operation)
  found.open = due.filter(operation => removedBy(state, operation) === undefined)
  for (const operation of due) {
    const user = removedBy(state, operation)
    if (user === undefined) continue
    const ids = found.byUser.get(user)
    if (ids === undefined) found.byUser.set(user, [operation.id])
    else ids.push(operation.id)
  }
  found.looked = at
  found.count = log.count()
  return found.byUser
}

/** Those that stand, the newest, in the order in which they were accepted. */
function standingOf(state: ReplicaState, user: UserId, ids: readonly OperationId[]): readonly OperationId[] {
  const before = state.settled?.removals.get(user) ?? []
  return [...before, ...ids.filter(id => state.log.standing(id)?.standing === 'effective')].slice(-TOLD_MAX)
}

/** By what we are out, as far as that can still fall: undefined for who is in, and once it lies in what is settled. */
export function outBy(
  state: ReplicaState
): { readonly id: OperationId; readonly at: number; readonly own: boolean } | undefined {
  const status = state.log.state().member(state.user)?.status
  if (state.status === 'imported' || status === undefined || status === 'in') return undefined
  const id = removalsOf(state, state.user).at(-1)
  const mark = id === undefined ? undefined : state.log.mark(id)
  if (id === undefined || mark === undefined) return undefined
  return { id, at: mark.at, own: status === 'out' && kindName(mark.kind) === 'leave' }
}

/** Our own leave, where it is by that that we are out (ND40). */
export function farewellOf(state: ReplicaState): OperationId | undefined {
  const by = outBy(state)
  return by?.own === true ? by.id : undefined
}

/** The operations that took a user out, in the order in which they were accepted. */
export function removalsOf(state: ReplicaState, user: UserId): readonly OperationId[] {
  return standingOf(state, user, candidatesOf(state).get(user) ?? [])
}

/** The same of everybody. */
export function allRemovals(state: ReplicaState): Removals {
  const candidates = candidatesOf(state)
  const users = new Set([...(state.settled?.removals.keys() ?? []), ...candidates.keys()])
  return new Map([...users].map(user => [user, standingOf(state, user, candidates.get(user) ?? [])]))
}

/** Who is no member any more, and by which operations: the removed are told of those, and of nothing later (SY3). */
import type { OperationId, UserId } from '../../base/index.ts'
import { decodeBody, kindName } from '../../authority/index.ts'
import type { Operation } from '../../graph/index.ts'
import type { ReplicaState } from './replica-state.ts'

type Removals = ReadonlyMap<UserId, readonly OperationId[]>
/** Removals told of one user: who was kicked more often learns of the latest. */
const TOLD_MAX = 4

/** Whom an operation removes, whether or not it stands. */
function removedBy(state: ReplicaState, operation: Operation): UserId | undefined {
  const name = kindName(operation.kind)
  if (name === 'leave') return state.log.state().device(operation.device)?.user
  if (name !== 'kick' && name !== 'ban') return undefined
  const decoded = decodeBody(operation.kind, operation.body)
  return decoded.ok && 'user' in decoded.value.body ? (decoded.value.body.user as UserId) : undefined
}

function collect(state: ReplicaState): Removals {
  const found = new Map<UserId, readonly OperationId[]>(state.settled?.removals)
  for (const operation of state.log.operations()) {
    const user = removedBy(state, operation)
    if (user === undefined || state.log.standing(operation.id)?.standing !== 'effective') continue
    found.set(user, [...(found.get(user) ?? []).slice(1 - TOLD_MAX), operation.id])
  }
  return found
}

/** Looking through all operations costs some ms per 10,000: once for each that is added, and only where somebody asks. */
const known = new WeakMap<ReplicaState, { readonly count: number; readonly removals: Removals }>()

/** Our own leave, where it is by that that we are out (ND40). */
export function farewellOf(
  state: ReplicaState
): { readonly id: OperationId; readonly at: number } | undefined {
  if (state.status === 'imported' || state.log.state().member(state.user)?.status !== 'out') return undefined
  const id = removalsOf(state, state.user).at(-1)
  const mark = id === undefined ? undefined : state.log.mark(id)
  if (id === undefined || mark === undefined || kindName(mark.kind) !== 'leave') return undefined
  return { id, at: mark.at }
}

/** The operations that took a user out, in the order in which they were accepted. */
export function removalsOf(state: ReplicaState, user: UserId): readonly OperationId[] {
  return allRemovals(state).get(user) ?? []
}

/** The same of everybody. */
export function allRemovals(state: ReplicaState): Removals {
  const count = state.log.count()
  let cached = known.get(state)
  if (cached?.count !== count) known.set(state, (cached = { count, removals: collect(state) }))
  return cached.removals
}

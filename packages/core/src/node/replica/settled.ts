/** Operations in the snapshot that a server was opened from: what is known of them without reading them (ND24). */
import type { OperationId, UserId } from '../../base/index.ts'
import type { Operation } from '../../graph/index.ts'
import type { Marks } from '../snapshots/marks.ts'
import type { Fingerprint, OperationPlace, OperationSource, SettledOperations } from '../../sync/index.ts'
import type { ReplicaState } from './replica-state.ts'

export interface Settled extends SettledOperations {
  readonly marks: Marks
  /** SY4's sum of their ids. */
  readonly sum: Fingerprint
  readonly removals: ReadonlyMap<UserId, readonly OperationId[]>
  /** What made a channel or thread, and where it is stored. */
  readonly kept: ReadonlyMap<OperationId, Operation>
  readonly keptRows: readonly number[]
  /** Where the operations after the snapshot are stored. */
  readonly rows: Map<OperationId, number>
}

/** The operations held as sync walks them: those in the snapshot stand alone, as if nothing were before them. */
export function operationSource(state: ReplicaState): OperationSource {
  return {
    heads: () => state.log.heads(),
    leaves: () => state.log.leaves(),
    get: id => placeOf(state, id),
    settled: state.settled
  }
}

function placeOf(state: ReplicaState, id: OperationId): OperationPlace | undefined {
  const mark = state.settled?.marks.get(id)
  return mark === undefined
    ? state.log.get(id)
    : { id, prev: null, parents: [], refs: [], lamport: mark.lamport }
}

/** What is known here of snapshots that members published (AU60). */
import type { DeviceId, OperationId, UserId } from '../../base/index.ts'
import { readCheckpoint } from '../../authority/index.ts'
import type { Operation } from '../../graph/index.ts'
import type { ReplicaState } from './replica-state.ts'

/** The newest snapshot known to have been published, and not known to be false. */
export interface LastPublished {
  readonly id: OperationId
  readonly epoch: number
  readonly count: number
}

/** A snapshot that was found false, and whose device signed it. */
export interface FalseSnapshot {
  readonly operation: OperationId
  readonly device: DeviceId
  readonly user: UserId | null
}

/** Notes an operation that publishes one. */
export function notePublished(state: ReplicaState, operation: Operation): void {
  const claim = readCheckpoint(operation)
  if (claim === undefined || state.falseSnapshots.has(operation.id)) return
  const known = state.published
  // Their numbers an author chooses; what they stand for a replay tells.
  const newer =
    known === undefined ||
    claim.count > known.count ||
    (claim.count === known.count && operation.id < known.id)
  if (newer) state.published = { id: operation.id, epoch: claim.epoch, count: claim.count }
}

/** What members owe their server without being asked: keys (EK11, EK14), seals (AU40), snapshots (AU60), promises (SX13). */
import type { Random } from '../base/index.ts'
import type { Operation } from '../graph/index.ts'
import { createKeyDuties } from './keys/key-duties.ts'
import { createPromiseDuties } from './joining/promised-roles.ts'
import type { LiveReplica } from './replica/replica.ts'
import { createSealDuties } from './keys/seal-duties.ts'
import { createSnapshotDuties } from './snapshots/snapshot-duties.ts'

export interface Duties {
  /** Looks whether anything is owed, and if so sets the clock. `accepted`: operations that came just now. */
  consider(replica: LiveReplica, accepted?: readonly Operation[]): void
  forget(replica: LiveReplica): void
}

/** Watches over replicas. */
export function createDuties(random: Random, now: () => number): Duties {
  const keys = createKeyDuties(random, now)
  const seals = createSealDuties(random)
  const snapshots = createSnapshotDuties(random)
  const promises = createPromiseDuties()
  return {
    consider: (replica, accepted = []) => {
      keys.consider(replica)
      seals.consider(replica, accepted)
      snapshots.consider(replica, accepted)
      promises.consider(replica)
    },
    forget: replica => {
      keys.forget(replica)
      seals.forget(replica)
      snapshots.forget(replica)
      promises.forget(replica)
    }
  }
}

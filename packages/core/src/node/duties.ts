/** What members owe their server without being asked: keys (EK11, EK14), seals (AU40), snapshots (AU60), promises (SX13). */
import type { Random } from '../base/index.ts'
import type { Operation } from '../graph/index.ts'
import { createKeyDuties } from './keys/key-duties.ts'
import { createPromiseDuties } from './joining/promised-roles.ts'
import type { LiveReplica } from './replica/replica.ts'
import { createSealDuties } from './keys/seal-duties.ts'
import { createSnapshotDuties } from './snapshots/snapshot-duties.ts'

/** Whoever opens a server wants to see it: what is owed in a large one takes a look at every member, which comes after. */
const BEGIN_MS = 1_000

export interface Duties {
  /** A server was opened or made: looks a little later. */
  begin(replica: LiveReplica): void
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
  const beginning = new Map<LiveReplica, () => void>()
  const consider = (replica: LiveReplica, accepted: readonly Operation[]): void => {
    keys.consider(replica)
    seals.consider(replica, accepted)
    snapshots.consider(replica, accepted)
    promises.consider(replica)
  }
  return {
    begin: replica => {
      if (beginning.has(replica)) return
      const look = (): void => {
        beginning.delete(replica)
        consider(replica, [])
      }
      beginning.set(replica, replica.later(BEGIN_MS, look))
    },
    consider: (replica, accepted = []) => consider(replica, accepted),
    forget: replica => {
      beginning.get(replica)?.()
      beginning.delete(replica)
      keys.forget(replica)
      seals.forget(replica)
      snapshots.forget(replica)
      promises.forget(replica)
    }
  }
}

/**
 * Duties towards the keys (EK11, EK14): what a removal, a join or age calls for is done by somebody, soon, and
 * seldom by two at once: whoever may manage roles goes first, the others wait longer and look again.
 */
import type { Random } from '../base/index.ts'
import type { LiveReplica } from './replica.ts'
import { grant, rotate } from './operate.ts'
import { publishPlan } from './publish.ts'
import { drainOperations } from './take-operations.ts'
import type { Work } from './work.ts'

/** EK11(3): holders of ManageRoles after 1–5 s. */
const FIRST_MS = [1_000, 4_000] as const
/** EK11(3): any other holder after 10–60 s. */
const OTHERS_MS = [10_000, 50_000] as const
/** EK14: keys one turn asks for at once. */
const ASKED_MAX = 8

export interface KeyDuties {
  /** Looks whether anything is owed, and if so sets the clock. */
  consider(replica: LiveReplica): void
  forget(replica: LiveReplica): void
}

/** Watches over replicas' keys. */
export function createKeyDuties(random: Random, now: () => number): KeyDuties {
  const timers = new Map<LiveReplica, () => void>()

  const within = ([from, span]: readonly [number, number]): number => {
    const [a = 0, b = 0] = random.bytes(2)
    return from + Math.floor((span * (a * 256 + b)) / 65_536)
  }

  const owed = (replica: LiveReplica): boolean => {
    const { current } = replica
    if (!current.isMember()) return false
    const at = now()
    return current.ring.rotationsDue(at).some(each => each.mayRotate) || current.ring.grantsDue(at).length > 0
      || [...current.pending.values()].some(each => each.keyId !== null)
  }

  return {
    consider: replica => {
      if (timers.has(replica) || !owed(replica)) return
      const first = replica.permits('ManageRoles', null)
      timers.set(replica, replica.later(within(first ? FIRST_MS : OTHERS_MS), work => {
        timers.delete(replica)
        perform(work)
      }))
    },
    forget: replica => {
      timers.get(replica)?.()
      timers.delete(replica)
    }
  }
}

/** Does what is owed now: others may have done it meanwhile. */
export function perform(work: Work): void {
  drainOperations(work.state, work.turn, work.news)
  rotate(work)
  grant(work)
  const missing = new Set([...work.state.pending.values()].flatMap(each => (each.keyId === null ? [] : [each.keyId])))
  for (const key of [...missing].slice(0, ASKED_MAX)) {
    const plan = work.state.isMember() ? work.state.ring.planCannotOpen(key) : undefined
    if (plan !== undefined) publishPlan(work, plan)
  }
}

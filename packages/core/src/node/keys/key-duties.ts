/**
 * Duties towards the keys (EK11, EK14): what a removal, a join or age calls for is done by somebody, soon, and
 * seldom by two at once: whoever may manage roles goes first, the others wait longer and look again.
 */
import type { Random } from '../../base/index.ts'
import type { LiveReplica } from '../replica/replica.ts'
import { grant, rotate } from '../replica/operate.ts'
import { publishPlan } from '../replica/publish.ts'
import { drainOperations } from '../intake/take-operations.ts'
import { seldom } from './seldom.ts'
import { keysToAsk } from './unopened.ts'
import type { Work } from '../replica/work.ts'

/** EK14: whoever is connected to the newcomer admits it, at once but not all in the same moment. */
const ADMITTING_MS = [100, 600] as const
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

/** What is owed: grants to newcomers, new keys, or questions for keys we lack ourselves, which nobody else asks. */
type Duty = 'grants' | 'keys' | 'asks'

/** Watches over replicas' keys. */
export function createKeyDuties(random: Random, now: () => number): KeyDuties {
  const timers: Record<Duty, Map<LiveReplica, () => void>> = {
    grants: new Map(),
    keys: new Map(),
    asks: new Map()
  }

  const within = ([from, span]: readonly [number, number]): number => {
    const [a = 0, b = 0] = random.bytes(2)
    return from + Math.floor((span * (a * 256 + b)) / 65_536)
  }

  const set = (duty: Duty, replica: LiveReplica, range: readonly [number, number]): void => {
    if (timers[duty].has(replica)) return
    timers[duty].set(
      replica,
      replica.later(within(range), work => {
        timers[duty].delete(replica)
        looks.done(replica)
        if (duty === 'asks') askForKeys(work)
        else perform(work)
      })
    )
  }

  const looks = seldom(now, (replica, at) => {
    const { current } = replica
    if (!current.isMember()) return
    const usual = replica.permits('ManageRoles', null) ? FIRST_MS : OTHERS_MS
    const grants = current.ring.grantsDue(at)
    if (grants.length > 0) {
      const online = replica.online()
      const admitting = grants.some(
        each =>
          'user' in each.recipient && each.recipient.user !== current.user && online.has(each.recipient.user)
      )
      set('grants', replica, admitting ? ADMITTING_MS : usual)
    }
    if (keysToAsk(current).length > 0) set('asks', replica, FIRST_MS)
    if (current.ring.rotationsDue(at).some(each => each.mayRotate)) set('keys', replica, usual)
  })

  return {
    consider: replica => {
      if (replica.current.isMember()) looks.consider(replica)
    },
    forget: replica => {
      looks.forget(replica)
      for (const each of Object.values(timers)) {
        each.get(replica)?.()
        each.delete(replica)
      }
    }
  }
}

/** Does what is owed now: others may have done it meanwhile. */
export function perform(work: Work): void {
  drainOperations(work.state, work.turn, work.news)
  rotate(work)
  grant(work)
  askForKeys(work)
}

/** EK14: says which keys we cannot open, a few at a time. */
function askForKeys(work: Work): void {
  drainOperations(work.state, work.turn, work.news)
  if (!work.state.isMember()) return
  for (const key of keysToAsk(work.state).slice(0, ASKED_MAX)) {
    const plan = work.state.ring.planCannotOpen(key)
    if (plan !== undefined) publishPlan(work, plan)
  }
}

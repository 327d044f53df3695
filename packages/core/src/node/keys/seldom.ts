/**
 * Looks that cost as much as a server has members, called for by whatever comes: many operations at once are looked
 * at together, and a large server is left alone for many times as long as looking took.
 */
import type { LiveReplica } from '../replica/replica.ts'

/** Between two looks at least, ms. */
const REST_MS = 100
/** And so many times as long as the last one took, */
const REST_TIMES = 20
/** up to this. Time alone ends invites and ages keys, too: looked at this often where nothing else happens. */
const AGAIN_MS = 60_000

export interface Seldom {
  /** Something may have come: looks now or a little later, if anything did. */
  consider(replica: LiveReplica): void
  /** Something was done about what was seen: the next time looks, even if nothing came. */
  done(replica: LiveReplica): void
  forget(replica: LiveReplica): void
}

interface Looked {
  readonly at: number
  /** What there was then. */
  readonly held: string
  readonly restMs: number
}

/** Calls `look` no oftener than it can afford. */
export function seldom(now: () => number, look: (replica: LiveReplica, at: number) => void): Seldom {
  const looked = new Map<LiveReplica, Looked>()
  const waiting = new Map<LiveReplica, () => void>()
  const consider = (replica: LiveReplica): void => {
    if (waiting.has(replica)) return
    const { log, recordIds, pending } = replica.current
    const held = `${log.count()}/${recordIds.size}/${pending.size}`
    const at = now()
    const last = looked.get(replica)
    const since = last === undefined || at < last.at ? Infinity : at - last.at
    if (last?.held === held && since < AGAIN_MS) return
    if (last !== undefined && since < last.restMs) {
      const again = replica.later(last.restMs - since, () => {
        waiting.delete(replica)
        consider(replica)
      })
      waiting.set(replica, again)
      return
    }
    look(replica, at)
    const restMs = Math.min(AGAIN_MS, Math.max(REST_MS, REST_TIMES * (now() - at)))
    looked.set(replica, { at, held, restMs })
  }
  return {
    consider,
    done: replica => {
      const last = looked.get(replica)
      if (last !== undefined) looked.set(replica, { ...last, held: '' })
    },
    forget: replica => {
      looked.delete(replica)
      waiting.get(replica)?.()
      waiting.delete(replica)
    }
  }
}

/** Snapshots that are due are published by whoever waited shortest; those that others publish are audited (AU60). */
import type { OperationId, Random } from '../../base/index.ts'
import { KINDS, readCheckpoint } from '../../authority/index.ts'
import type { Operation } from '../../graph/index.ts'
import { auditPublished, isPublishDue, publishSnapshot } from './published-snapshot.ts'
import type { LiveReplica } from '../replica/replica.ts'

const CHECKPOINT = KINDS.checkpoint[0]
/** The wait grows with the members, who all may: an hour for 3,600, so that few publish at once. */
const WAIT_MS_MIN = 1_000
const WAIT_MS_PER_MEMBER = 1_000
const WAIT_MS_MAX = 3_600_000
/** After a flood of operations, as when all are replayed, the few that stand for most are looked at. */
const AUDIT_WAIT_MS = 500
const AUDITS_MAX = 4

export interface SnapshotDuties {
  consider(replica: LiveReplica, accepted: readonly Operation[]): void
  forget(replica: LiveReplica): void
}

interface Pending {
  publish?: (() => void) | undefined
  audit?: (() => void) | undefined
  waiting: { readonly id: OperationId; readonly count: number }[]
}

/** Watches over snapshots. */
export function createSnapshotDuties(random: Random): SnapshotDuties {
  const pending = new Map<LiveReplica, Pending>()
  const of = (replica: LiveReplica): Pending => {
    let found = pending.get(replica)
    if (found === undefined) pending.set(replica, (found = { waiting: [] }))
    return found
  }
  const wait = (members: number): number => {
    const [a = 0, b = 0] = random.bytes(2)
    const span = Math.min(WAIT_MS_MAX, members * WAIT_MS_PER_MEMBER)
    return WAIT_MS_MIN + Math.floor((span * (a * 256 + b)) / 65_536)
  }
  const audit = (replica: LiveReplica, mine: Pending): void => {
    mine.audit ??= replica.later(AUDIT_WAIT_MS, async work => {
      mine.audit = undefined
      const waiting = mine.waiting.sort((a, b) => b.count - a.count).slice(0, AUDITS_MAX)
      mine.waiting = []
      for (const { id } of waiting) if (!work.state.audited.has(id)) await auditPublished(work, id)
    })
  }
  return {
    consider: (replica, accepted) => {
      const { current } = replica
      const made = accepted.filter(each => each.kind === CHECKPOINT && each.device !== current.self)
      if (made.length > 0) {
        const mine = of(replica)
        mine.waiting.push(...made.map(each => ({ id: each.id, count: readCheckpoint(each)?.count ?? 0 })))
        audit(replica, mine)
      }
      if (!isPublishDue(current)) return
      const mine = of(replica)
      mine.publish ??= replica.later(wait(current.memberCount()), async work => {
        mine.publish = undefined
        await publishSnapshot(work)
      })
    },
    forget: replica => {
      const mine = pending.get(replica)
      mine?.publish?.()
      mine?.audit?.()
      pending.delete(replica)
    }
  }
}

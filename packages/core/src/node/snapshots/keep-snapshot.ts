/** A peer's own snapshot of a server (ND24): made when enough came since the last, and written with the turn. */
import type { OperationId } from '../../base/index.ts'
import { KINDS, type OperationMark } from '../../authority/index.ts'
import { haveList } from '../../sync/index.ts'
import { chooseSnapshot } from './choose-snapshot.ts'
import { Marks } from './marks.ts'
import { encodeSnapshot, type OwnSnapshot } from './own-snapshot.ts'
import { allRemovals } from '../replica/removals.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { operationSource } from '../replica/settled.ts'
import { snapshotTable } from '../replica/tables.ts'
import type { Work } from '../replica/work.ts'

/** When a snapshot is made, counted in operations. */
export interface SnapshotPace {
  /** While the peer runs. */
  readonly every: number
  /** When it closes. */
  readonly closing: number
  /** Newest that stay outside: what comes late is concurrent with these at most. */
  readonly lag: number
  /** Operations after which one is published for others (AU60); as ND26 has it unless told. */
  readonly publish?: number
}

/** AU41's 1,000; on closing where opening would else cost more than a glance; 0136 on what stays outside. */
const SNAPSHOT_PACE: SnapshotPace = { every: 1_000, closing: 400, lag: 100 }

const SAMPLES_MAX = 64
const MADE_CHANNEL: ReadonlySet<number> = new Set([KINDS.channelCreate[0], KINDS.threadCreate[0]])

/** Whether so many came since the last one was made, or tried. */
export function isSnapshotDue(state: ReplicaState, when: 'every' | 'closing'): boolean {
  const { status, log, snapshotAt } = state
  return status === 'member' && log.count() - snapshotAt >= paceOf(state)[when]
}

function paceOf(state: ReplicaState): SnapshotPace {
  return state.deps.snapshots ?? SNAPSHOT_PACE
}

/** Makes one, where the log has a beginning that everything else stands on (AU59); else the one from before stays. */
export async function keepSnapshot(work: Work): Promise<void> {
  const { state, turn } = work
  state.snapshotAt = state.log.count()
  const own = takeSnapshot(state, paceOf(state).lag)
  if (own === undefined) return
  const { database } = state.deps
  const pieces = encodeSnapshot(own)
  // Not read: what lies there may be damaged.
  const before = await database.table(snapshotTable).count({ prefix: [state.server] })
  for (let at = pieces.length; at < before; at++) turn.batch.delete(snapshotTable, [state.server, at])
  for (const [at, { part, bytes }] of pieces.entries())
    turn.batch.put(snapshotTable, [state.server, at], { version: 1, part, bytes })
}

function takeSnapshot(state: ReplicaState, lag: number): OwnSnapshot | undefined {
  const { log } = state
  const snapshot = chooseSnapshot(log, lag)
  if (snapshot === undefined) return undefined
  const { server, count, sum, heads, chunks } = snapshot
  const inside = (id: OperationId): boolean => heads.includes(id) || log.covers(heads, id)
  const more: (readonly [OperationId, OperationMark])[] = []
  const kept = [...(state.settled?.keptRows ?? [])]
  const outside: number[] = []
  for (const [id, row] of state.rows()) {
    const mark = log.mark(id)
    if (mark === undefined || !inside(id)) {
      outside.push(row)
      continue
    }
    more.push([id, mark])
    if (MADE_CHANNEL.has(mark.kind)) kept.push(row)
  }
  const marks = Marks.join(state.settled?.marks, more)
  const samples = haveList(operationSource(state), SAMPLES_MAX).filter(id => marks.has(id))
  return {
    claim: { server, count, sum, heads },
    chunks,
    rows: state.nextOperation,
    outside,
    kept,
    marks,
    devices: [...state.lastOperations].map(([device, last]) => ({ device, ...last })),
    removals: [...allRemovals(state)].flatMap(([user, ids]) => {
      const operations = ids.filter(id => marks.has(id))
      return operations.length === 0 ? [] : [{ user, operations }]
    }),
    samples,
    automodSeen: state.automodSeen,
    pins: state.ring.pin(heads)
  }
}

/** Snapshots that members publish (AU60, ND26): made when due, audited by all who hold the operations, kept to serve. */
import { type DeviceId, OPERATION_CITES_MAX, type OperationId, type UserId } from '../../base/index.ts'
import { type AuthoritySnapshot, draftCheckpoint, readCheckpoint } from '../../authority/index.ts'
import { decodeOperation, type Operation } from '../../graph/index.ts'
import { operate } from '../replica/operate.ts'
import { notePublished } from '../replica/published-claims.ts'
import { gather } from '../replica/publish.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { falseSnapshotTable, publishedTable } from '../replica/tables.ts'
import type { Work } from '../replica/work.ts'

/** AU41: a snapshot is due after so many operations; fewer replay in less time than one takes to look after. */
const PUBLISH_EVERY = 1_000
/** One more each time: higher ones are made up. */
const EPOCH_MAX = 2 ** 32
const OPERATION = 0
const CHUNK = 1

/** Whether so many operations came since the last one. */
export function isPublishDue(state: ReplicaState): boolean {
  const every = state.deps.snapshots?.publish ?? PUBLISH_EVERY
  return state.isMember() && state.log.count() - (state.published?.count ?? 0) >= every
}

/** Publishes one of all that is known here, if it is still due. */
export async function publishSnapshot(work: Work): Promise<void> {
  const { state } = work
  if (!isPublishDue(state)) return
  if (state.log.leaves().length > OPERATION_CITES_MAX) gather(work)
  const snapshot = state.log.snapshot()
  if (snapshot === undefined) return
  const { published } = state
  const before = published !== undefined && published.epoch < EPOCH_MAX ? published : undefined
  const id = operate(work, draftCheckpoint(snapshot, before))
  const operation = state.log.get(id)
  if (operation !== undefined) await keep(work, operation, snapshot)
}

/**
 * Compares a published snapshot with what the operations give. A true one is kept to be served; of a false one the
 * signer is told, and it is used for nothing: the operation itself, which everybody gets, proves the lie.
 */
export async function auditPublished(work: Work, id: OperationId): Promise<void> {
  const { state, turn } = work
  const operation = state.operation(id)
  const claim = operation && readCheckpoint(operation)
  if (operation === undefined || claim === undefined) return
  const verdict = state.log.auditSnapshot(claim)
  if (verdict === undefined) return
  state.audited.add(id)
  if (verdict.ok) {
    if (state.published?.id === id) await keep(work, operation, verdict.value)
    return
  }
  const { device } = operation
  const user = state.log.state().device(device)?.user ?? null
  state.falseSnapshots.set(id, { operation: id, device, user })
  if (state.published?.id === id) {
    state.published = undefined
    const held = await readPublished(state)
    if (held !== undefined) notePublished(state, held.operation)
  }
  turn.batch.put(falseSnapshotTable, [state.server, id], { version: 1, operation: id, device, user })
  turn.events.push({
    type: 'snapshot:false',
    server: state.server,
    refs: [id, device, user ?? ''],
    note: verdict.reason
  })
  turn.viewChanged = true
}

async function keep(
  { state, turn }: Work,
  operation: Operation,
  { chunks }: AuthoritySnapshot
): Promise<void> {
  const before = await state.deps.database.table(publishedTable).count({ prefix: [state.server] })
  const pieces = [operation.bytes, ...chunks]
  for (let at = pieces.length; at < before; at++) turn.batch.delete(publishedTable, [state.server, at])
  for (const [at, bytes] of pieces.entries())
    turn.batch.put(publishedTable, [state.server, at], {
      version: 1,
      part: at === 0 ? OPERATION : CHUNK,
      bytes
    })
  state.audited.add(operation.id)
  state.servedSnapshot = operation.id
}

/** The newest that was published and found true here, with its chunks. */
export async function readPublished(
  state: ReplicaState
): Promise<{ readonly operation: Operation; readonly chunks: readonly Uint8Array[] } | undefined> {
  let operation: Operation | undefined
  const chunks: Uint8Array[] = []
  const { database, suite } = state.deps
  for await (const { value } of database.table(publishedTable).scan({ prefix: [state.server] })) {
    if (value.part === CHUNK) chunks.push(value.bytes)
    else {
      const read = decodeOperation(suite, value.bytes, { trusted: true })
      if (read.ok) operation = read.value
    }
  }
  return operation === undefined || chunks.length === 0 ? undefined : { operation, chunks }
}

/** Reads what is stored, before the operations are noted. */
export async function loadPublished(state: ReplicaState): Promise<void> {
  const { database } = state.deps
  for await (const { value } of database.table(falseSnapshotTable).scan({ prefix: [state.server] })) {
    const operation = value.operation as OperationId
    state.falseSnapshots.set(operation, {
      operation,
      device: value.device as DeviceId,
      user: value.user as UserId | null
    })
  }
  const held = await readPublished(state)
  state.servedSnapshot = held?.operation.id
  if (held !== undefined) notePublished(state, held.operation)
}

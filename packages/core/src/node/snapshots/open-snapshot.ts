/** Opens a server's log from the peer's own snapshot and the operations after it (ND24). */
import { isXcordError, type OperationId, type ServerId } from '../../base/index.ts'
import { authorityDeps, type AuthorityLog, openAuthorityLog, readSnapshot } from '../../authority/index.ts'
import type { RingPins } from '../../e2ee/index.ts'
import { decodeOperation, type Operation } from '../../graph/index.ts'
import { decodeSnapshot, type OwnSnapshot, type SnapshotPiece } from './own-snapshot.ts'
import type { ReplicaDeps } from '../replica/replica-state.ts'
import type { Settled } from '../replica/settled.ts'
import { operationTable, snapshotTable } from '../replica/tables.ts'

/** A log that was opened. */
export interface OpenedLog {
  readonly genesis: Operation
  readonly log: AuthorityLog
  /** Operations in the log itself, in order of acceptance. */
  readonly operations: readonly Operation[]
  /** Rows in the table of operations. */
  readonly rows: number
  readonly snapshot?: OwnSnapshot
  readonly settled?: Settled
  readonly pins?: RingPins
}

/** Undefined where there is none, or where it does not fit what is stored: then all operations are read. */
export async function openFromSnapshot(deps: ReplicaDeps, server: ServerId): Promise<OpenedLog | undefined> {
  try {
    const stored: SnapshotPiece[] = []
    for await (const { value } of deps.database.table(snapshotTable).scan({ prefix: [server] }))
      stored.push(value)
    const own = stored.length === 0 ? undefined : decodeSnapshot(server, stored)
    return own === undefined ? undefined : await openWith(deps, own)
  } catch (error) {
    // What does not open any more can be made again.
    if (isXcordError(error, 'XCORD_STORE_CORRUPT')) return undefined
    throw error
  }
}

async function openWith(deps: ReplicaDeps, own: OwnSnapshot): Promise<OpenedLog | undefined> {
  const { server } = own.claim
  const read = readSnapshot(own.claim, own.chunks)
  const [genesis] = (await readRows(deps, server, [0])) ?? []
  const made = await readRows(deps, server, own.kept)
  const late = await readRows(deps, server, own.outside)
  const last = await readFrom(deps, server, own.rows)
  if (
    read === undefined ||
    genesis === undefined ||
    made === undefined ||
    late === undefined ||
    last === undefined
  )
    return undefined
  const kept = new Map(made.map(each => [each.id, each]))
  const log = openAuthorityLog(authorityDeps(deps.suite), genesis, {
    snapshot: read,
    trusted: true,
    inside: id => own.marks.get(id),
    kept
  })
  const operations = [...late, ...last]
  const rows = new Map<OperationId, number>()
  for (const [index, each] of operations.entries()) {
    // What the snapshot cannot judge was judged on all operations, and has to be again.
    if (log.add(each, Number.MAX_SAFE_INTEGER, { trusted: true }).kind !== 'accepted') return undefined
    rows.set(each.id, own.outside[index] ?? own.rows + index - late.length)
  }
  const removals = new Map(own.removals.map(each => [each.user, each.operations]))
  const { marks, samples } = own
  return {
    genesis,
    log,
    operations,
    rows: own.rows + last.length,
    snapshot: own,
    settled: {
      has: id => marks.has(id),
      heads: own.claim.heads,
      marks,
      sum: BigInt.asUintN(128, own.claim.sum),
      removals,
      kept,
      keptRows: own.kept,
      samples,
      rows
    },
    pins: own.pins
  }
}

async function readRows(
  deps: ReplicaDeps,
  server: ServerId,
  places: readonly number[]
): Promise<readonly Operation[] | undefined> {
  const rows = await deps.database.table(operationTable).getMany(places.map(at => [server, at] as const))
  return decodeAll(
    deps,
    rows.map(each => each?.bytes)
  )
}

async function readFrom(
  deps: ReplicaDeps,
  server: ServerId,
  from: number
): Promise<readonly Operation[] | undefined> {
  const found: Uint8Array[] = []
  for await (const { value } of deps.database.table(operationTable).scan({ prefix: [server], from }))
    found.push(value.bytes)
  return decodeAll(deps, found)
}

function decodeAll(
  deps: ReplicaDeps,
  stored: readonly (Uint8Array | undefined)[]
): readonly Operation[] | undefined {
  const out: Operation[] = []
  for (const bytes of stored) {
    const read = bytes === undefined ? undefined : decodeOperation(deps.suite, bytes, { trusted: true })
    if (read?.ok !== true) return undefined
    out.push(read.value)
  }
  return out
}

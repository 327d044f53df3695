/**
 * Takes in the export of a server (SX11): verified whole before anything of it is kept, then merged operation by
 * operation with what is held. Nothing held is ever dropped for it.
 */
import { type OperationId, type Refusal, type ServerId, type UserId, XcordError } from '../../base/index.ts'
import {
  type ContentCounts,
  type ExportedItem,
  type ExportedState,
  type ExportReader,
  openExport
} from '../../archive/index.ts'
import { permissionsToBits } from '../../authority/index.ts'
import type { Operation } from '../../graph/index.ts'
import type { BackupServer } from '../../identity/index.ts'
import type { ItemKind } from '../../sync/index.ts'
import { isOut } from '../replica/membership.ts'
import { publishPlan } from '../replica/publish.ts'
import type { ReplicaRegistry } from '../registry.ts'
import type { LiveReplica } from '../replica/replica.ts'
import type { ReplicaDeps } from '../replica/replica-state.ts'
import { returnAs } from './return-as.ts'
import { operationTable, profileTable, serverTable } from '../replica/tables.ts'
import { takeItems } from '../intake/take-items.ts'
import { takeOperation } from '../intake/take-operations.ts'
import type { Work } from '../replica/work.ts'

/** Operations taken in one turn, or written in one batch. */
const BATCH_OPERATIONS = 256
/** Content is taken in runs of so many, or so many bytes. */
const BATCH_ITEMS = 256
const BATCH_BYTES = 1_048_576

/** What an import needs of the node. */
export interface ImportHost extends Pick<ReplicaDeps, 'suite' | 'account' | 'database'> {
  readonly registry: ReplicaRegistry
  /** Shows a replica that takes part to the network. */
  online(replica: LiveReplica): void
}

/** What came of an import. */
export interface ImportReport {
  readonly server: ServerId
  readonly name: string
  /** In the file. */
  readonly operations: number
  /** Of these, new here. */
  readonly fresh: number
  /** AU41 of the file's operations. */
  readonly stateHash: Uint8Array
  /** AU41 of what is held now, before this device was enrolled: equal unless more was known here. */
  readonly merged: Uint8Array
  /** member: this device takes part. reader: the account is a member, this device is not; it reads only. */
  readonly part: 'member' | 'reader'
  /** The `device.add` of this device, where it was asked for. */
  readonly enrolled: OperationId | null
  readonly content: ContentCounts | null
  readonly exporter: UserId
  /** The exporter's clock, ms. */
  readonly at: number
}

/** A refusal of a file as the world's failure: the file is the caller's, not a peer's. */
export function exportInvalid({ rule, reason }: Refusal): XcordError<'XCORD_EXPORT_INVALID'> {
  return new XcordError('XCORD_EXPORT_INVALID', `This file is refused by ${rule}: ${reason}.`, {
    rule,
    reason
  })
}

/**
 * Imports. XCORD_EXPORT_INVALID, XCORD_NOT_A_MEMBER; nothing is kept then, but for content that was taken before its
 * part of the file turned out to be broken.
 *
 * @param options.enrol - Adds this device, where the account is a member by others (ND12).
 */
export async function importServer(
  host: ImportHost,
  source: AsyncIterable<Uint8Array>,
  options: { readonly enrol: boolean }
): Promise<ImportReport> {
  const reader = openExport(host.suite, source)
  try {
    const read = await reader.readState()
    if (!read.ok) throw exportInvalid(read)
    return await keep(host, reader, read.value, options)
  } finally {
    await reader.close()
  }
}

async function keep(
  host: ImportHost,
  reader: ExportReader,
  file: ExportedState,
  options: { readonly enrol: boolean }
): Promise<ImportReport> {
  const { server, log, seal, exporter } = file
  const operations = seal.operations
  const held = host.registry.replicas.get(server) ?? (await host.registry.recall(server))
  const wasLeft = held !== undefined && isOut(held.current)
  const fresh = held === undefined ? operations : await merge(held, [...log.operations()])
  const replica = held ?? (await restore(host, file))
  // What was left is ours again, by an admission that the file brought.
  if (wasLeft && replica.current.status === 'member') host.online(replica)
  const account = replica.state().member(host.account.user)
  if (account?.status !== 'in') {
    if (replica.current.status === 'left') host.registry.replicas.delete(server)
    throw notAMember(replica.state().name, server)
  }
  if (isOut(replica.current)) await replica.do(asReader)
  const merged = replica.state().hash()
  const counts = await takeContent(reader, file, replica)
  const enrolled = options.enrol && !replica.current.isMember() ? await enrol(host, replica) : null
  return {
    server,
    name: replica.state().name,
    operations,
    fresh,
    stateHash: seal.stateHash,
    merged,
    part: replica.current.isMember() ? 'member' : 'reader',
    enrolled,
    content: counts,
    exporter,
    at: seal.at
  }
}

function notAMember(name: string, server: ServerId): XcordError<'XCORD_NOT_A_MEMBER'> {
  return new XcordError(
    'XCORD_NOT_A_MEMBER',
    `The file is a true export of "${name}", but your account is no member of it. Ask a member for an invite.`,
    { server }
  )
}

/** The profile held this server before: what lies there is joined with the file, and shown again. */
function asReader(work: Work): void {
  work.state.status = 'imported'
  work.turn.batch.put(serverTable, [work.state.server], { ...rowOf(work.state.server), status: 'imported' })
  work.turn.viewChanged = true
}

const rowOf = (server: ServerId) => ({
  version: 1 as const,
  server,
  status: 'imported' as const,
  inviteSecret: null,
  addresses: []
})

/** Takes what is not held yet through the door. Returns how many that were. */
async function merge(replica: LiveReplica, operations: readonly Operation[]): Promise<number> {
  const lacking = operations.filter(each => !replica.current.log.has(each.id))
  for (let at = 0; at < lacking.length; at += BATCH_OPERATIONS) {
    const batch = lacking.slice(at, at + BATCH_OPERATIONS)
    await replica.do(work => {
      for (const { bytes } of batch) {
        const taken = takeOperation(work.state, work.turn, work.news, bytes, undefined)
        if (taken.kind === 'refused') throw exportInvalid(taken.refusal)
      }
    })
  }
  return lacking.length
}

/**
 * Not held: the operations were judged a moment ago, each in its place, so they are stored as they are. The row of
 * the server comes last: before it is there, nothing is.
 */
async function restore(
  { account, database, registry }: ImportHost,
  file: ExportedState
): Promise<LiveReplica> {
  const { server, log, profiles } = file
  const user = account.user
  if (log.state().member(user)?.status !== 'in') throw notAMember(log.state().name, server)
  let batch = database.batch()
  let index = 0
  for (const { bytes } of log.operations()) {
    batch.put(operationTable, [server, index++], { version: 1, bytes })
    if (batch.size < BATCH_OPERATIONS) continue
    await batch.commit()
    batch = database.batch()
  }
  for (const each of profiles) batch.put(profileTable, [server, each.user], { version: 1, bytes: each.bytes })
  batch.put(serverTable, [server], rowOf(server))
  await batch.commit()
  const replica = await registry.recall(server)
  if (replica === undefined) throw new RangeError('the server vanished while it was written')
  await replica.do(work => {
    work.turn.viewChanged = true
  })
  return replica
}

/** ND42: servers that a backup brought are read only until this device is added to them, which asks for nobody. */
export async function enrolRestored(host: ImportHost, servers: readonly BackupServer[]): Promise<void> {
  for (const { server } of servers) {
    const replica = host.registry.replicas.get(server)
    if (replica?.imported !== true || replica.current.devices.has(replica.current.self)) continue
    if (replica.state().member(host.account.user)?.status === 'in') await enrol(host, replica)
  }
}

/** ND12. A device that was part of it already does not come back this way: it would give numbers out twice. */
async function enrol(host: ImportHost, replica: LiveReplica): Promise<OperationId> {
  const added = await replica.do(work => {
    const { state, turn } = work
    if (state.devices.has(state.self)) {
      throw new XcordError(
        'XCORD_CONFLICT',
        'This device was part of the server before, and what it wrote since this file is not known here. Join by a link instead: members bring it back.',
        { operation: state.lastOperations.get(state.self)?.id ?? '', rule: 'SX11' }
      )
    }
    state.status = 'joining'
    turn.urgent = true
    const operation = returnAs(work, host.account, state.log.state().member(state.user)?.joins ?? [])
    beginAnew(work)
    return operation
  })
  host.online(replica)
  return added
}

/** EK12: who manages roles makes keys where none opens here, so that a server lives on though nobody is left. */
function beginAnew(work: Work): void {
  const { state, turn } = work
  const bits = state.log.state().permissions(state.user, null, turn.at)
  const manages = (bits & permissionsToBits(['ManageRoles'])) !== 0n
  if (!manages || state.ring.currentTopic() !== undefined) return
  const planned = state.ring.planEveryone(state.deps.random)
  if (planned.kind === 'plan') publishPlan(work, planned.plan)
}

const KINDS: Readonly<Record<ExportedItem['kind'], ItemKind>> = {
  record: 'records',
  envelope: 'envelopes',
  stub: 'stubs'
}

/** Content passes through as it is read, each run of one kind in one turn. */
async function takeContent(
  reader: ExportReader,
  file: ExportedState,
  replica: LiveReplica
): Promise<ContentCounts | null> {
  let kind: ItemKind = 'records'
  let items: Uint8Array[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    if (items.length === 0) return
    const taken = items
    const of = kind
    items = []
    bytes = 0
    await replica.do(async work => await takeItems(work, of, taken, undefined))
  }
  const read = await reader.readContent(file, async item => {
    if (KINDS[item.kind] !== kind || items.length >= BATCH_ITEMS || bytes >= BATCH_BYTES) await flush()
    kind = KINDS[item.kind]
    // A view of the piece that was read: kept beyond it, it must be its own.
    items.push(item.bytes.slice())
    bytes += item.bytes.length
  })
  if (!read.ok) throw exportInvalid(read)
  await flush()
  return file.hasContent ? read.value : null
}

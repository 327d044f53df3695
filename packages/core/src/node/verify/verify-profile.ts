/**
 * Verifies a profile's database (ND41): first every record by itself, then what they say of each other. Reads only; what
 * does not open is left out of what follows, so that one damaged record does not hide another.
 */
import type { MessageId, Random, ServerId } from '../../base/index.ts'
import type { SecretKey, Suite } from '../../crypto/index.ts'
import { equalBytes } from '../../encoding/index.ts'
import type { Account } from '../../identity/index.ts'
import { type Database, openDatabase, type Store, verifyDatabase } from '../../store/index.ts'
import { openEventLog } from '../event-log.ts'
import { openFromSnapshot } from '../snapshots/open-snapshot.ts'
import { loadReplica } from '../replica/load-replica.ts'
import { PROFILE_TABLES } from '../profile-tables.ts'
import type { ReplicaDeps, ReplicaState } from '../replica/replica-state.ts'
import {
  actTable,
  chainTable,
  DATABASE_SCHEMA,
  deliveryTable,
  envelopeTable,
  operationTable,
  pendingTable,
  recordTable,
  type ServerRow,
  serverTable,
  snapshotTable
} from '../replica/tables.ts'
import { createTimelineStore } from '../timeline/timeline-store.ts'
import { checkChains } from './check-chains.ts'
import { type CheckContext, checkKeyRecords, checkOperations } from './check-operations.ts'
import { checkEvents, checkIndexes, checkOutbox, checkTimeline } from './check-projections.ts'
import { Findings, type ProfileProblemCode, type ProfileReport, type VerifiedServer } from './problems.ts'
import { wholeStore } from './whole-store.ts'

/** What is verified. */
export interface VerifyProfileInit {
  /** Stays open, and is the caller's to close. Nobody may write to it meanwhile. */
  readonly store: Store
  readonly suite: Suite
  readonly masterKey: SecretKey
  readonly random: Random
  readonly account: Account
}

/** Tables whose rows all belong to a server that has a row. */
const OF_SERVERS = [
  operationTable,
  recordTable,
  envelopeTable,
  chainTable,
  pendingTable,
  actTable,
  deliveryTable,
  snapshotTable
] as const
const RECORD_CODES = {
  damaged: 'record-damaged',
  newer: 'record-newer',
  older: 'record-older',
  unknown: 'record-unknown',
  'header-damaged': 'header-damaged',
  'header-missing': 'header-missing',
  'header-newer': 'header-newer',
  'header-older': 'header-older',
  unreadable: 'store-unreadable'
} as const satisfies Record<string, ProfileProblemCode>
/** Kinds after which the records cannot be read as a database. */
const BARRIERS: ReadonlySet<string> = new Set([
  'header-damaged',
  'header-missing',
  'header-newer',
  'header-older',
  'unreadable'
])

/**
 * Verifies a whole profile.
 *
 * @throws XcordError XCORD_STORE_FAILED or XCORD_CLOSED where the store cannot be read at all. What is wrong inside is
 *   told, not thrown.
 */
export async function verifyProfile(init: VerifyProfileInit): Promise<ProfileReport> {
  const { store, suite, masterKey, random } = init
  const findings = new Findings()
  const base = { suite, masterKey, random, schema: DATABASE_SCHEMA, tables: PROFILE_TABLES }
  const raw = await verifyDatabase({ ...base, store })
  for (const { kind, table, key, reason } of raw.problems)
    findings.add(RECORD_CODES[kind], null, `${table} ${key === '' ? '' : `${key}: `}${reason}`)
  findings.count += raw.problemCount - raw.problems.length
  const blocked = raw.problems.some(each => BARRIERS.has(each.kind)) || raw.problemCount > raw.problems.length
  if (blocked || raw.records === 0)
    return { records: raw.records, servers: [], complete: !blocked, ...told(findings) }
  const hidden = new Set(raw.problems.map(each => each.key))
  const database = await openDatabase({ ...base, store: wholeStore(store, hidden) })
  try {
    const servers = await checkServers(init, database, findings)
    await checkEvents(database, findings)
    return { records: raw.records, servers, complete: true, ...told(findings) }
  } finally {
    await database.close()
  }
}

const told = ({ count, problems }: Findings): Pick<ProfileReport, 'problemCount' | 'problems'> => ({
  problemCount: count,
  problems
})

async function checkServers(
  { suite, random, account }: VerifyProfileInit,
  database: Database,
  findings: Findings
): Promise<readonly VerifiedServer[]> {
  const deps: ReplicaDeps = {
    suite,
    random,
    database,
    account,
    // Nothing is judged by the time of day here.
    clock: { now: () => Number.MAX_SAFE_INTEGER },
    events: await openEventLog(database),
    timeline: await createTimelineStore({ database, self: account.user })
  }
  const servers: VerifiedServer[] = []
  const messages = new Map<MessageId, string>()
  let readAll = true
  for await (const { value } of database.table(serverTable).scan()) {
    const found = await checkServer(deps, value, findings)
    servers.push(found.server)
    for (const [id, channel] of found.messages) messages.set(id, channel)
    readAll &&= found.whole
  }
  await checkOwners(
    database,
    findings,
    servers.map(each => each.server)
  )
  // Of a server that does not load nobody knows which messages are its own.
  if (readAll) await checkTimeline(database, findings, messages)
  return servers
}

/** Rows that belong to no server of the profile. */
async function checkOwners(
  database: Database,
  findings: Findings,
  servers: readonly ServerId[]
): Promise<void> {
  for (const definition of OF_SERVERS) {
    const table = database.table<readonly [ServerId, ...unknown[]], unknown>(definition)
    let owned = 0
    for (const server of servers) owned += await table.count({ prefix: [server] as never })
    const all = await table.count()
    if (all > owned)
      findings.add('record-orphaned', null, `${all - owned} rows of ${definition.name} belong to no server`)
  }
}

async function checkServer(
  deps: ReplicaDeps,
  row: ServerRow,
  findings: Findings
): Promise<{
  readonly server: VerifiedServer
  readonly messages: ReadonlyMap<MessageId, string>
  readonly whole: boolean
}> {
  const server = row.server as ServerId
  const context: CheckContext = { suite: deps.suite, database: deps.database, server, findings }
  const { count, log } = await checkOperations(context)
  const keyRecords = await checkKeyRecords(context)
  const stateHash = log?.state().hash() ?? null
  const base = { server, operations: count, keyRecords, envelopes: 0, messages: 0, stateHash }
  const state = await load(deps, row, findings)
  if (state === undefined) return { server: base, messages: new Map(), whole: false }
  const expected = await checkChains(context, state.ring)
  await checkIndexes(context, expected)
  await checkOutbox(context, state)
  await checkSnapshot(deps, context, stateHash)
  return {
    server: { ...base, envelopes: expected.envelopes, messages: expected.messages.size },
    messages: expected.messages,
    whole: true
  }
}

/** The peer's own snapshot (ND24), where there is one: it opens, and with what came after it makes the same state. */
async function checkSnapshot(
  deps: ReplicaDeps,
  { server, database, findings }: CheckContext,
  stateHash: Uint8Array | null
): Promise<void> {
  if ((await database.table(snapshotTable).count({ prefix: [server] })) === 0) return
  const opened = await openFromSnapshot(deps, server)
  if (opened === undefined)
    findings.add('snapshot-damaged', server, 'the snapshot does not open, or does not fit the operations')
  else if (stateHash !== null && !equalBytes(opened.log.state().hash(), stateHash))
    findings.add('snapshot-damaged', server, 'the snapshot makes another state than all operations')
}

async function load(
  deps: ReplicaDeps,
  row: ServerRow,
  findings: Findings
): Promise<ReplicaState | undefined> {
  try {
    // Not from its snapshot: that is compared with what all operations make.
    return await loadReplica(deps, row, { all: true })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    findings.add('server-unloadable', row.server as ServerId, why)
    return undefined
  }
}

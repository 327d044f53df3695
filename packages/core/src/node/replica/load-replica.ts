/** Rebuilds a replica from the store: operations in order of acceptance, keys, chains; no message is read. */
import {
  type DeviceId,
  type InviteId,
  type KeyId,
  type MessageId,
  type OperationId,
  type ServerId,
  XcordError
} from '../../base/index.ts'
import { readAvatar } from '../../attachment/index.ts'
import { authorityDeps, type AuthorityLog, createAuthorityLog } from '../../authority/index.ts'
import {
  createKeyRing,
  decodeStoredSeed,
  readChannelName,
  type RingPins,
  type StoredKeyRecord,
  type StoredSeed
} from '../../e2ee/index.ts'
import { decodeAuthorChain, decodeOperation, type Operation } from '../../graph/index.ts'
import { readProfile } from '../../identity/index.ts'
import type { Database } from '../../store/index.ts'
import { DeliveryTracker } from '../../sync/index.ts'
import { loadRequests } from '../joining/join-requests.ts'
import { loadPromises } from '../joining/promised-roles.ts'
import { type OpenedLog, openFromSnapshot } from '../snapshots/open-snapshot.ts'
import { loadOwnJoin } from '../snapshots/enter.ts'
import { loadOutbox } from './outbox.ts'
import type { OwnSnapshot } from '../snapshots/own-snapshot.ts'
import { loadPublished } from '../snapshots/published-snapshot.ts'
import { type ReplicaDeps, ReplicaState } from './replica-state.ts'
import type { Settled } from './settled.ts'
import {
  chainTable,
  channelNameTable,
  inviteTable,
  operationTable,
  pendingTable,
  profileTable,
  recordTable,
  seedTable,
  type ServerRow
} from './tables.ts'
import { heldInvites } from '../keys/held-invites.ts'
import { noteOperation } from '../intake/take-operations.ts'

/**
 * Loads one server of the profile: from its snapshot where there is one that fits, unless `all` operations are called
 * for. XCORD_STORE_CORRUPT where what is stored no longer holds together.
 */
export async function loadReplica(
  deps: ReplicaDeps,
  row: ServerRow,
  options: { readonly all?: boolean } = {}
): Promise<ReplicaState> {
  const server = row.server as ServerId
  const opened =
    (options.all === true ? undefined : await openFromSnapshot(deps, server)) ?? (await replay(deps, server))
  const { snapshot, settled, pins } = opened
  const state = createReplicaState(deps, {
    server,
    genesis: opened.genesis,
    records: await readRecords(deps.database, server),
    seeds: await readSeeds(deps.database, server),
    inviteSecret: row.inviteSecret,
    status: row.status,
    log: opened.log,
    ...(settled === undefined ? {} : { settled }),
    ...(pins === undefined ? {} : { pins })
  })
  state.addresses = row.addresses
  await loadPublished(state)
  await loadOwnJoin(state)
  if (snapshot !== undefined) noteSnapshot(state, snapshot)
  for (const each of opened.operations) noteOperation(state, each)
  state.nextOperation = opened.rows
  state.snapshotAt = snapshot?.rows ?? 0
  await readChains(state)
  await readProfiles(state)
  await readTitles(state)
  await loadRequests(state)
  await loadPromises(state)
  await readRest(state)
  await loadOutbox(state)
  return state
}

/** Notes who acted in the snapshot, and how far. */
function noteSnapshot(state: ReplicaState, { devices, automodSeen }: OwnSnapshot): void {
  for (const { device, seq, id } of devices) {
    state.devices.add(device)
    state.lastOperations.set(device, { seq, id })
  }
  state.automodSeen = automodSeen
}

/** All operations, one after the other: between two reads of the store others have their turn. */
async function replay(deps: ReplicaDeps, server: ServerId): Promise<OpenedLog> {
  const operations: Operation[] = []
  let log: AuthorityLog | undefined
  for await (const { value } of deps.database.table(operationTable).scan({ prefix: [server] })) {
    const read = decodeOperation(deps.suite, value.bytes, { trusted: true })
    if (!read.ok) throw corrupt('operations', read.reason)
    operations.push(read.value)
    // All that is stored was accepted once: no clock is asked again (AU6).
    if (log === undefined) log = createAuthorityLog(authorityDeps(deps.suite), read.value, { trusted: true })
    else log.add(read.value, Number.MAX_SAFE_INTEGER, { trusted: true })
  }
  const [genesis] = operations
  if (genesis === undefined || log === undefined) throw corrupt('operations', 'the genesis is missing')
  return { genesis, log, operations, rows: operations.length }
}

/** What a replica starts from: the genesis alone (made or joined here), or everything that was stored. */
export interface ReplicaStart {
  readonly server: ServerId
  readonly genesis: Operation
  readonly status: ServerRow['status']
  readonly inviteSecret: Uint8Array | null
  readonly records?: readonly StoredKeyRecord[]
  readonly seeds?: readonly StoredSeed[]
  /** With everything that was stored. */
  readonly log?: AuthorityLog
  readonly settled?: Settled
  readonly pins?: RingPins
}

/** Puts the machines of a replica together. */
export function createReplicaState(deps: ReplicaDeps, start: ReplicaStart): ReplicaState {
  const { suite, account } = deps
  const log = start.log ?? createAuthorityLog(authorityDeps(suite), start.genesis)
  const records = start.records ?? []
  const ring = createKeyRing({
    suite,
    server: start.server,
    log,
    user: account.user,
    device: account.device.device,
    signingKey: account.device.signingKey,
    userKeys: account.userKeys,
    invites: heldInvites(deps, log, start.inviteSecret),
    records,
    seeds: start.seeds ?? [],
    ...(start.pins === undefined ? {} : { pins: start.pins })
  })
  const state = new ReplicaState(deps, {
    server: start.server,
    status: start.status,
    log,
    ring,
    tracker: new DeliveryTracker(),
    settled: start.settled
  })
  state.inviteSecret = start.inviteSecret
  for (const record of ring.records()) state.recordIds.add(record.id)
  state.nextRecord = records.length
  return state
}

async function readRecords(database: Database, server: ServerId): Promise<readonly StoredKeyRecord[]> {
  const records: StoredKeyRecord[] = []
  for await (const { value } of database.table(recordTable).scan({ prefix: [server] }))
    records.push({ bytes: value.bytes, receivedAt: value.receivedAt })
  return records
}

async function readSeeds(database: Database, server: ServerId): Promise<readonly StoredSeed[]> {
  const seeds: StoredSeed[] = []
  for await (const { value } of database.table(seedTable).scan({ prefix: [server] })) {
    const read = decodeStoredSeed(value.bytes)
    if (!read.ok) throw corrupt('key-seeds', read.reason)
    seeds.push(read.value)
  }
  return seeds
}

async function readChains(state: ReplicaState): Promise<void> {
  for await (const { value } of state.deps.database.table(chainTable).scan({ prefix: [state.server] })) {
    const device = value.device as DeviceId
    const chain = decodeAuthorChain(value.chain)
    if (!chain.ok || !state.chains.restore(device, value.index))
      throw corrupt('chains', chain.ok ? 'an index does not read' : chain.reason)
    state.authors.set(device, { chain: chain.value, at: value.at })
  }
}

async function readProfiles(state: ReplicaState): Promise<void> {
  for await (const { value } of state.deps.database.table(profileTable).scan({ prefix: [state.server] })) {
    const read = readProfile(state.deps.suite, value.bytes)
    if (!read.ok) throw corrupt('profiles', read.reason)
    const { user, name, revision, device } = read.value
    const avatar = readAvatar(read.value.avatar)
    state.profiles.set(user, { name, revision, device, avatar: avatar.ok ? avatar.value : null })
  }
}

async function readTitles(state: ReplicaState): Promise<void> {
  for await (const { value } of state.deps.database
    .table(channelNameTable)
    .scan({ prefix: [state.server] })) {
    const read = readChannelName(state.deps.suite, value.bytes)
    if (!read.ok) throw corrupt('channel-names', read.reason)
    state.channelNames.set(read.value.channel, read.value)
  }
}

async function readRest(state: ReplicaState): Promise<void> {
  const { database } = state.deps
  for await (const { value } of database.table(inviteTable).scan({ prefix: [state.server] }))
    state.links.set(value.invite as InviteId, value.link)
  for await (const { value } of database.table(pendingTable).scan({ prefix: [state.server] })) {
    state.pending.set(value.id as MessageId, {
      id: value.id as MessageId,
      device: value.device as DeviceId,
      seq: value.seq,
      keyId: value.keyId as KeyId | null,
      operations: value.operations as readonly OperationId[],
      // It waits for nothing but its time: looked at in the first turn.
      ...(value.keyId === null && value.operations.length === 0 ? { until: 0 } : {})
    })
    if (state.pending.get(value.id as MessageId)?.until !== undefined) state.nextDue = 0
  }
}

function corrupt(table: string, reason: string): XcordError<'XCORD_STORE_CORRUPT'> {
  return new XcordError(
    'XCORD_STORE_CORRUPT',
    `The profile's table "${table}" is damaged: ${reason}. Restore a backup, or join again by a link.`,
    { table, reason }
  )
}

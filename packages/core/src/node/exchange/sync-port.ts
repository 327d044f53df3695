/** A replica as sync sees it: what it holds, and bytes on demand. */
import {
  type ChannelId,
  type DeviceId,
  type MessageId,
  type OperationId,
  parseId,
  type RecordId
} from '../../base/index.ts'
import { PERMISSION_BITS } from '../../authority/index.ts'
import { equalBytes } from '../../encoding/index.ts'
import { encodeStub, readEnvelope, verifyEnvelope } from '../../graph/index.ts'
import type {
  ChainId,
  ChainRange,
  ranges,
  ServerView,
  Standing,
  SyncFound,
  SyncQuery
} from '../../sync/index.ts'
import { readOutbox } from '../replica/outbox.ts'
import { farewellOf, removalsOf } from '../replica/removals.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { operationSource } from '../replica/settled.ts'
import { channelsByInterest, readLogs } from './sync-logs.ts'
import { type EnvelopeRow, envelopeTable } from '../replica/tables.ts'

/** SY3: what a device is to us, from present state. */
export function standingOf(state: ReplicaState, device: DeviceId): Standing {
  if (state.status === 'joining' && !state.isMember()) return 'unjudged'
  const known = state.log.state().device(device)
  if (known === undefined) return 'applicant'
  const member = state.log.state().member(known.user)
  if (member?.status === 'in') return known.on ? 'member' : 'none'
  // Someone who left or was kicked may come back by an invite, as anybody may; others learn that they are out.
  const invites = member?.status === 'out' ? state.log.state().invites() : []
  return invites.some(each => each.open) ? 'applicant' : member === undefined ? 'none' : 'removed'
}

/** SY3: by which operations a device's account is no member. */
function removalsFor(state: ReplicaState, device: DeviceId): readonly OperationId[] {
  const user = state.log.state().device(device)?.user
  return user === undefined ? [] : removalsOf(state, user)
}

/**
 * SY2: secrets we show tokens of, the current one first. Retired ones among them, however old: after a partition
 * in which both sides renewed the topic, an older one is all that they have in common (docs/adr/0100).
 */
const OFFERED_MAX = 8

/** Topic secrets; while joining, the one that the invite's package brought (IV2). */
function secretsOf(state: ReplicaState): {
  readonly current: readonly Uint8Array[]
  readonly known: readonly Uint8Array[]
} {
  const secrets = state.ring.topicSecrets()
  const { packageSecret } = state
  const known = secrets.current.length > 0 || packageSecret === null ? secrets.known : []
  if (secrets.current.length === 0 && packageSecret === null) return secrets
  // Who came back with no key but made some (SX11) shares with the others only what the link brought.
  const brought =
    packageSecret === null || known.some(each => equalBytes(each, packageSecret)) ? [] : [packageSecret]
  const offered = known.slice(0, OFFERED_MAX - brought.length)
  return { current: [...offered, ...brought], known: [...known, ...brought] }
}

/** Presents a replica to the sync machine. `current` gives the state of this moment: a reload replaces it. */
export function createServerView(current: () => ReplicaState): ServerView {
  return {
    server: current().server,
    get operations() {
      return operationSource(current())
    },
    offered: () => secretsOf(current()).current,
    kept: () => secretsOf(current()).known,
    standing: device => standingOf(current(), device),
    removals: device => removalsFor(current(), device),
    farewell: () => (current().status === 'leaving' ? (farewellOf(current()) ?? null) : undefined),
    holds: () => current().holdsSync,
    get operationIds() {
      return current().operationIds
    },
    get recordIds() {
      return current().recordIds
    },
    get chains() {
      return current().chains
    },
    recordTime: (id: RecordId) => {
      const record = current().ring.get(id)
      return record === undefined ? 0 : current().log.lamportOf(record.frontier)
    },
    channels: () => channelsByInterest(current()),
    onScreen: () => current().onScreen.toReversed(),
    knowsChain: (chain: ChainId) => chain.startsWith('d') && current().devices.has(chain as DeviceId)
  }
}

/** Whether operations are asked for that lie in the snapshot which the server was opened from, and are to be read first. */
export function lacks({ settled }: ReplicaState, query: SyncQuery): boolean {
  if (settled === undefined || query.kind !== 'operations') return false
  // One of them that is at hand by itself would come without those before it.
  return query.ids.some(id => settled.marks.has(id as OperationId))
}

/** Said once all operations were read: what the other side lacks is to be told anew. */
export const AGAIN: SyncFound = { kind: 'operations', items: [], rest: 0, again: true }

/** Reads what sync asks for. */
export async function lookUp(state: ReplicaState, query: SyncQuery): Promise<SyncFound> {
  if (query.kind === 'outbox') return await readOutbox(state, query.from, query.itemsMax)
  if (query.kind === 'envelopes') return await envelopes(state, query)
  if (query.kind === 'logs')
    return await readLogs(state, query, (device, channel) => mayRead(state, device, channel))
  const items: Uint8Array[] = []
  let bytes = 0
  for (const [index, id] of query.ids.entries()) {
    const found =
      query.kind === 'operations' ? state.log.get(id as OperationId) : state.ring.get(id as RecordId)
    if (found === undefined) continue
    if (items.length > 0 && bytes + found.bytes.length > query.bytesMax)
      return { kind: query.kind, items, rest: query.ids.length - index }
    items.push(found.bytes)
    bytes += found.bytes.length
  }
  return { kind: query.kind, items, rest: 0 }
}

async function envelopes(
  state: ReplicaState,
  query: Extract<SyncQuery, { kind: 'envelopes' }>
): Promise<SyncFound> {
  const items: Uint8Array[] = []
  const stubs: Uint8Array[] = []
  let bytesLeft = query.bytesMax
  for (const [index, range] of query.ranges.entries()) {
    const read = await readRange(
      state,
      range,
      query.itemsMax - items.length - stubs.length,
      bytesLeft,
      items.length + stubs.length === 0
    )
    for (const row of read.rows) bytesLeft -= row.bytes.length
    const whole = read.rows.map(row => !row.stub && mayRead(state, query.device, row.channel))
    for (const [at, row] of read.rows.entries()) {
      if (row.stub) stubs.push(row.bytes)
      else if (whole[at] !== true) stubs.push(stubOf(state, row))
      // A run is verified by its last signature alone (EN5), so that one has to hold; inside, `prev` vouches.
      else if (whole[at + 1] === true || isSigned(state, range.chain, row)) items.push(row.bytes)
    }
    if (read.below > range.from) {
      return {
        kind: 'envelopes',
        items,
        stubs,
        rest: [{ ...range, to: read.below - 1 }, ...query.ranges.slice(index + 1)]
      }
    }
  }
  return { kind: 'envelopes', items, stubs, rest: [] }
}

/** The newest part of a range, ascending. `below`: everything from here up was read. */
async function readRange(
  state: ReplicaState,
  range: ChainRange,
  itemsMax: number,
  bytesMax: number,
  takeOne: boolean
): Promise<{ readonly rows: readonly EnvelopeRow[]; readonly below: number }> {
  const device = parseId('d', range.chain)
  if (device === undefined) return { rows: [], below: range.from }
  const rows: EnvelopeRow[] = []
  let bytes = 0
  let below = range.to + 1
  const scan = state.deps.database
    .table(envelopeTable)
    .scan({ prefix: [state.server, device], from: range.from, to: range.to + 1, reverse: true })
  for await (const { value, sort } of scan) {
    const full = rows.length >= itemsMax || bytes + value.bytes.length > bytesMax
    // A number with two envelopes (a fork) is never split.
    if (full && (rows.length > 0 || !takeOne) && sort[0] !== below) return { rows: rows.reverse(), below }
    rows.push(value)
    bytes += value.bytes.length
    below = sort[0] as number
  }
  return { rows: rows.reverse(), below: range.from }
}

/** What a member may not view, it gets as a link of the chain without a body (EN3). */
function mayRead(state: ReplicaState, device: DeviceId, channel: string | null): boolean {
  if (channel === null) return true
  const authority = state.log.state()
  const user = authority.device(device)?.user
  const id = channel as ChannelId
  if (user === undefined || authority.channel(id) === undefined) return true
  const view = 1n << BigInt(PERMISSION_BITS.ViewChannel)
  return (authority.permissions(user, id, state.deps.clock.now()) & view) !== 0n
}

/**
 * Whether the signature of an envelope holds by itself. Those inside a run were vouched for by its last, and a
 * forwarder may have garbled them: such a one is not passed on as the end of a run.
 */
function isSigned(state: ReplicaState, chain: string, row: EnvelopeRow): boolean {
  const device = parseId('d', chain)
  const read = readEnvelope(state.deps.suite, row.bytes)
  return device !== undefined && read.ok && verifyEnvelope(state.deps.suite, read.value, device).ok
}

function stubOf(state: ReplicaState, row: EnvelopeRow): Uint8Array {
  const read = readEnvelope(state.deps.suite, row.bytes)
  return read.ok ? encodeStub(read.value) : row.bytes
}

/** SY18: which of an author's envelopes are stored here, bodies and all. */
export async function heldOf(
  state: ReplicaState,
  author: DeviceId,
  numbers: ranges.Ranges
): Promise<readonly MessageId[]> {
  const held: MessageId[] = []
  for (const [from, to] of numbers) {
    const scan = state.deps.database
      .table(envelopeTable)
      .scan({ prefix: [state.server, author], from, to: to + 1 })
    for await (const { value } of scan) {
      const read = value.stub ? undefined : readEnvelope(state.deps.suite, value.bytes)
      if (read?.ok === true) held.push(read.value.id)
    }
  }
  return held
}

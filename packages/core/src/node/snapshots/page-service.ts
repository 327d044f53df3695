/**
 * Serves the newest page of a channel to who has just entered (ND27): what sync would bring after all operations, and the
 * few key records that open it. To members alone, of channels that they may view.
 */
import {
  type ChannelId,
  type DeviceId,
  idFromBytes,
  idToBytes,
  type MessageId,
  type UserId
} from '../../base/index.ts'
import { PERMISSION_BITS } from '../../authority/index.ts'
import type { Suite } from '../../crypto/index.ts'
import type { KeyRecord } from '../../e2ee/index.ts'
import { equalBytes, toHex } from '../../encoding/index.ts'
import { type Envelope, readEnvelope, verifyEnvelope } from '../../graph/index.ts'
import type { FrameStream, Transport } from '../../net/index.ts'
import type { MessageRecord } from '../../timeline/index.ts'
import { takeItems } from '../intake/take-items.ts'
import type { LiveReplica } from '../replica/replica.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { actTable, envelopeTable, profileTable } from '../replica/tables.ts'
import {
  inParts,
  PAGE_FRAME_BYTES_MAX,
  PAGE_PROTOCOL,
  PAGE_RECORDS_BYTES_MAX,
  PAGE_RECORDS_MAX,
  PAGE_ROWS_MAX,
  PAGE_TOTAL_BYTES_MAX,
  pageAskFrame,
  pageProfilesFrame,
  pageRecordsFrame,
  pageRowsFrame
} from './page-frames.ts'
import { snapshotProof } from './snapshot-frames.ts'
import type { SnapshotServiceInit } from './snapshot-service.ts'

/** Messages of a page. */
export const PAGE_MESSAGES = 50
const VIEW_CHANNEL = 1n << BigInt(PERMISSION_BITS.ViewChannel)

interface Row {
  readonly device: DeviceId
  readonly envelope: Envelope
}

/** Answers who entered. Whoever has no business here is answered by the end of the stream. */
export function servePages(init: SnapshotServiceInit): void {
  init.transport.handle(
    PAGE_PROTOCOL,
    { frameBytesMax: PAGE_FRAME_BYTES_MAX, inboundStreamsMax: 2, onLimited: true, idleMsMax: 30_000 },
    async stream => {
      const frames = stream.frames()[Symbol.asyncIterator]()
      const first = await frames.next()
      const served = first.done === true || (await answer(init, stream, first.value))
      if (!served) stream.abort('ND27')
    }
  )
}

/** False where nothing is served. */
async function answer(init: SnapshotServiceInit, stream: FrameStream, frame: Uint8Array): Promise<boolean> {
  const read = pageAskFrame.decode(frame)
  const replica = read.ok ? init.replica(idFromBytes('s', read.value.server)) : undefined
  if (!read.ok || replica?.current.isMember() !== true) return false
  const { device } = stream.connection
  const { proof, readers, join } = read.value
  if (!knowsSecret(init.suite, init.transport, replica, device, proof)) return false
  const standing = replica.view.standing(device)
  // As sync takes it from an applicant (SY12): through the door of all operations.
  if (join !== null && standing === 'applicant')
    await replica.do(async work => await takeItems(work, 'operations', [join], device))
  const channel = idFromBytes('c', read.value.channel)
  if (!mayRead(replica.current, device, channel)) return false
  const rows = await readRows(replica.current, channel)
  await tell(stream, replica.current, rows, readers)
  return true
}

function knowsSecret(
  suite: Suite,
  transport: Transport,
  { server, current }: LiveReplica,
  asking: DeviceId,
  proof: Uint8Array
): boolean {
  const who = { server, asking, answering: transport.device }
  return current.ring.topicSecrets().known.some(each => equalBytes(snapshotProof(suite, each, who), proof))
}

/** A member by this device, who may view the channel now. */
function mayRead(state: ReplicaState, device: DeviceId, channel: ChannelId): boolean {
  const authority = state.log.state()
  const known = authority.device(device)
  if (known?.on !== true || authority.member(known.user)?.status !== 'in') return false
  if (authority.channel(channel) === undefined) return false
  return (authority.permissions(known.user, channel, state.deps.clock.now()) & VIEW_CHANNEL) !== 0n
}

/** The newest messages with what was said of them, oldest first. */
async function readRows(state: ReplicaState, channel: ChannelId): Promise<readonly Row[]> {
  const { timeline } = state.deps
  const page = await timeline.page(channel, { limit: PAGE_MESSAGES, skipDeleted: true })
  const records = await timeline.findMany(
    channel,
    page.messages.map(each => each.id)
  )
  const out: Row[] = []
  let size = 0
  for (const record of records.toReversed()) {
    const rows = record === undefined ? [] : await rowsOf(state, record)
    size += rows.reduce((sum, { envelope }) => sum + envelope.bytes.length, 0)
    if (size > PAGE_TOTAL_BYTES_MAX || out.length + rows.length > PAGE_ROWS_MAX) break
    out.unshift(...rows)
  }
  return out
}

/** A message's envelope and those of its edits, reactions and pins. */
async function rowsOf(state: ReplicaState, record: MessageRecord): Promise<readonly Row[]> {
  const { original } = record
  if (original === null) return []
  const said = [...record.edits, ...record.reactions, ...record.pins].filter(
    each => each.standing === 'visible'
  )
  const { database, suite } = state.deps
  const acts = await database
    .table(actTable)
    .getMany(said.map(({ at, id }) => [state.server, at, id] as const))
  const places = [
    { device: original.device, seq: original.seq, id: record.id },
    ...acts.flatMap(act =>
      act === undefined ? [] : [{ device: act.device as DeviceId, seq: act.seq, id: act.id as MessageId }]
    )
  ]
  const stored = await database
    .table(envelopeTable)
    .getMany(places.map(({ device, seq, id }) => [state.server, device, seq, id] as const))
  return places.flatMap(({ device }, at) => {
    const row = stored[at]
    const read = row === undefined || row.stub ? undefined : readEnvelope(suite, row.bytes)
    // One from inside a run was vouched for by what follows it (EN5), and may not hold by itself.
    return read?.ok === true && verifyEnvelope(suite, read.value, device).ok
      ? [{ device, envelope: read.value }]
      : []
  })
}

async function tell(
  stream: FrameStream,
  state: ReplicaState,
  rows: readonly Row[],
  readers: readonly Uint8Array[]
): Promise<void> {
  for (const records of inParts(recordsFor(state, rows, readers), each => each.length))
    await stream.send(pageRecordsFrame.encode({ version: 1, kind: 2, records: [...records] }))
  const items = rows.map(({ device, envelope }) => ({ device: idToBytes(device), envelope: envelope.bytes }))
  for (const part of inParts(items, each => each.envelope.length + 64))
    await stream.send(pageRowsFrame.encode({ version: 1, kind: 3, rows: [...part] }))
  for (const profiles of inParts(await profilesOf(state, rows), each => each.length))
    await stream.send(pageProfilesFrame.encode({ version: 1, kind: 4, profiles: [...profiles] }))
}

/** Records that lead from the reader's boxes to the topics and keys of the rows. */
function recordsFor(
  { ring }: ReplicaState,
  rows: readonly Row[],
  readers: readonly Uint8Array[]
): readonly Uint8Array[] {
  const tags = new Map(rows.map(({ envelope }) => [toHex(envelope.tag), envelope.tag]))
  const topics = [...tags.values()].flatMap(tag => ring.topicOf(tag)?.keyId ?? [])
  const keys = rows.flatMap(({ envelope }) => {
    const key = ring.resolveKey(envelope)
    return key.kind === 'epoch' ? [key.keyId] : []
  })
  const out: Uint8Array[] = []
  let size = 0
  const found: readonly KeyRecord[] = ring.recordsTo([...new Set([...topics, ...keys])], readers)
  for (const { bytes } of found) {
    size += bytes.length
    if (out.length >= PAGE_RECORDS_MAX || size > PAGE_RECORDS_BYTES_MAX) break
    out.push(bytes)
  }
  return out
}

async function profilesOf(state: ReplicaState, rows: readonly Row[]): Promise<readonly Uint8Array[]> {
  const authority = state.log.state()
  const users = new Set<UserId>(rows.flatMap(({ device }) => authority.device(device)?.user ?? []))
  const found = await state.deps.database
    .table(profileTable)
    .getMany([...users].map(user => [state.server, user] as const))
  return found.flatMap(each => each?.bytes ?? [])
}

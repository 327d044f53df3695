/**
 * Content that is judged or offered again: where authority moved (AU36, AU37), and where the timeline lost count of
 * what waited for a message (TL8). What was to be found by time is found by index, not along chains: a hostile
 * author's times may go back along its chain (AU34 forbids it, nothing prevents it).
 */
import {
  type ChannelId,
  type DeviceId,
  idAs,
  type MessageId,
  type OperationId,
  XcordError
} from '../../base/index.ts'
import { KINDS, type Rejudge } from '../../authority/index.ts'
import { type Envelope, readEnvelope } from '../../graph/index.ts'
import { actTable, envelopeTable } from '../replica/tables.ts'
import { keep, openAndApply } from './take-envelopes.ts'
import type { Work } from '../replica/work.ts'

/** A stored envelope, or one of this very turn; undefined for a stub, or what is not held. */
export async function loadEnvelope(
  work: Work,
  device: DeviceId,
  seq: number,
  id: MessageId
): Promise<Envelope | undefined> {
  const kept = work.turn.kept.get(id)
  if (kept !== undefined) return kept.envelope
  const { database, suite } = work.state.deps
  const row = await database.table(envelopeTable).get([work.state.server, device, seq, id])
  if (row === undefined || row.stub) return undefined
  const read = readEnvelope(suite, row.bytes)
  if (!read.ok)
    throw new XcordError('XCORD_STORE_CORRUPT', `A stored envelope does not read: ${read.reason}.`, {
      table: 'envelopes',
      reason: read.reason
    })
  return read.value
}

/** AU36, AU37: content whose standing may have moved. */
export async function judgeAgain(work: Work, rejudge: Rejudge): Promise<void> {
  for (const { device, aboveSeq } of rejudge.devices) await judgeChain(work, device, aboveSeq + 1)
  if (rejudge.since !== undefined) await judgeSince(work, rejudge.since)
}

async function judgeChain(work: Work, device: DeviceId, fromSeq: number): Promise<void> {
  const { state, turn } = work
  const { database, suite } = state.deps
  for await (const row of database
    .table(envelopeTable)
    .scan({ prefix: [state.server, device], from: fromSeq, reverse: true })) {
    const { stub, bytes } = row.value
    const envelope = stub ? undefined : readEnvelope(suite, bytes)
    if (envelope?.ok === true) judge(work, device, envelope.value)
  }
  // What came in this turn is in no table yet.
  for (const { device: author, envelope } of [...turn.kept.values()])
    if (author === device && envelope.seq >= fromSeq) judge(work, author, envelope)
}

async function judgeSince(work: Work, since: number): Promise<void> {
  const { state, turn } = work
  const { database, timeline } = state.deps
  for (const channel of channelsEver(work)) {
    for await (const { id } of timeline.since(channel, since)) {
      const original = (await timeline.record(channel, id))?.original
      if (original !== null && original !== undefined) await judgeOne(work, original.device, original.seq, id)
    }
  }
  for await (const { value } of database.table(actTable).scan({ prefix: [state.server], from: since + 1 })) {
    await judgeOne(work, value.device as DeviceId, value.seq, value.id as MessageId)
  }
  for (const { device, envelope } of [...turn.kept.values()]) judge(work, device, envelope)
}

async function judgeOne(work: Work, device: DeviceId, seq: number, id: MessageId): Promise<void> {
  const envelope = await loadEnvelope(work, device, seq, id)
  if (envelope !== undefined) judge(work, device, envelope)
}

function judge(work: Work, device: DeviceId, envelope: Envelope): void {
  const result = work.state.ring.open(envelope)
  if (result.kind !== 'opened') return
  const { kind } = result.opened.payload.body
  if (kind === 'operation' || kind === 'keyRecord' || kind === 'profile') return
  keep(work, device, envelope, openAndApply(work, device, envelope, undefined))
}

const MAKES_CHANNEL: ReadonlySet<number> = new Set([KINDS.channelCreate[0], KINDS.threadCreate[0]])

/** Every channel and thread there ever was, deleted ones too. */
function channelsEver(work: Work): readonly ChannelId[] {
  const made: OperationId[] = [...(work.state.settled?.kept.keys() ?? [])]
  for (const operation of work.state.log.operations())
    if (MAKES_CHANNEL.has(operation.kind)) made.push(operation.id)
  return made.map(id => idAs('c', id))
}

/**
 * TL8: everything ever said about these messages is offered to the timeline again. Rare and dear: only somebody who
 * crowds a message that has not arrived yet brings it about.
 */
export async function offerAgain(work: Work, targets: readonly MessageId[]): Promise<void> {
  const { state, turn } = work
  const wanted = new Set<string>(targets)
  for await (const { value } of state.deps.database.table(actTable).scan({ prefix: [state.server] })) {
    if (wanted.has(value.target))
      await judgeOne(work, value.device as DeviceId, value.seq, value.id as MessageId)
  }
  for (const { device, envelope } of [...turn.kept.values()]) judge(work, device, envelope)
}

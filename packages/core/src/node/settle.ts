/**
 * What follows from a turn's news before it commits: envelopes that waited are opened again, content is judged
 * again where authority moved, and the timeline is reduced. Repeats until nothing new follows.
 */
import { type DeviceId, type KeyId, type MessageId, XcordError } from '../base/index.ts'
import type { Rejudge } from '../authority/index.ts'
import { type Envelope, readEnvelope } from '../graph/index.ts'
import type { TimelineChange } from '../timeline/index.ts'
import type { EventRecord } from './event-log.ts'
import type { Pending, ReplicaState } from './replica-state.ts'
import { chainTable, envelopeTable } from './tables.ts'
import { keep, openAndApply } from './take-envelopes.ts'
import type { Work } from './work.ts'

/** Settles a turn; the caller commits. */
export async function settle(work: Work): Promise<void> {
  let accepted = -1
  let opened = -1
  while (work.news.accepted.length > Math.max(0, accepted) || work.opened.size > Math.max(0, opened)) {
    accepted = work.news.accepted.length
    opened = work.opened.size
    await retryPending(work)
  }
  for (const rejudge of work.news.rejudge) await judgeAgain(work, rejudge)
  await reduce(work)
}

async function retryPending(work: Work): Promise<void> {
  const { state } = work
  const due = [...state.pending.values()].filter(each => isDue(state, each, work.opened))
  due.sort((a, b) => (a.device < b.device ? -1 : a.device > b.device ? 1 : a.seq - b.seq))
  for (const each of due) {
    const envelope = await load(work, each.device, each.seq, each.id)
    if (envelope !== undefined) keep(work, each.device, envelope, openAndApply(work, each.device, envelope, undefined))
  }
}

function isDue(state: ReplicaState, pending: Pending, opened: ReadonlySet<KeyId>): boolean {
  return pending.keyId === null ? pending.operations.every(id => state.log.has(id)) : opened.has(pending.keyId)
}

async function load(work: Work, device: DeviceId, seq: number, id: MessageId): Promise<Envelope | undefined> {
  const { database, suite } = work.state.deps
  const row = await database.table(envelopeTable).get([work.state.server, device, seq, id])
  if (row === undefined || row.stub) return undefined
  const read = readEnvelope(suite, row.bytes)
  if (!read.ok) throw new XcordError('XCORD_STORE_CORRUPT', `A stored envelope does not read: ${read.reason}.`, { table: 'envelopes', reason: read.reason })
  return read.value
}

/** AU36, AU37: content whose standing may have moved, newest first, as far as it reaches. */
async function judgeAgain(work: Work, rejudge: Rejudge): Promise<void> {
  const { state } = work
  for (const { device, aboveSeq } of rejudge.devices) await judgeChain(work, device, aboveSeq + 1, 0)
  if (rejudge.since === undefined) return
  for (const [device, author] of state.authors) if (author.at > rejudge.since) await judgeChain(work, device, 0, rejudge.since)
}

async function judgeChain(work: Work, device: DeviceId, fromSeq: number, since: number): Promise<void> {
  const { state } = work
  const { database, suite } = state.deps
  for await (const row of database.table(envelopeTable).scan({ prefix: [state.server, device], from: fromSeq, reverse: true })) {
    const { stub, bytes } = row.value
    if (stub) continue
    const envelope = readEnvelope(suite, bytes)
    if (!envelope.ok) continue
    const result = state.ring.open(envelope.value)
    if (result.kind !== 'opened') continue
    // A chain's times never go back, so everything older than this lies before the denial.
    if (result.opened.payload.at <= since) return
    const { kind } = result.opened.payload.body
    if (kind === 'operation' || kind === 'keyRecord' || kind === 'profile') continue
    keep(work, device, envelope.value, openAndApply(work, device, envelope.value, undefined))
  }
}

/** Reduces the turn's items and notes what people see of it. */
async function reduce(work: Work): Promise<void> {
  const { state, turn, items } = work
  if (items.length === 0) return
  const staged = await state.deps.timeline.stage(turn.batch, items, { isNew: id => turn.placed.has(id) })
  for (const change of staged.changes) turn.events.push(...eventsOf(state, change))
  turn.viewChanged = true
}

function eventsOf(state: ReplicaState, change: TimelineChange): readonly EventRecord[] {
  const { message } = change
  const base = { server: state.server, refs: [message.channel, message.id], note: null }
  switch (change.type) {
    case 'message:create':
    case 'message:update':
    case 'message:delete':
      return [{ ...base, type: change.type }]
    case 'message:hide':
    case 'message:show':
    case 'pin:add':
    case 'pin:remove':
      return [{ ...base, type: 'message:update' }]
    case 'reaction:add':
    case 'reaction:remove':
      return [{ ...base, type: change.type, refs: [...base.refs, change.user], note: change.emoji }]
  }
}

/** Writes where the authors' chains stand now: last in a turn, when nothing is placed any more. */
export function keepChains(work: Work): void {
  const { state, turn } = work
  for (const device of turn.chains) {
    const author = state.author(device)
    turn.batch.put(chainTable, [state.server, device], {
      version: 1, device, chain: author.chain.encode(), index: state.chains.row(device), at: author.at
    })
  }
}


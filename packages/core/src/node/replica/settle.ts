/**
 * What follows from a turn's news before it commits: envelopes that waited are opened again, content is judged
 * again where authority moved, and the timeline is reduced. Repeats until nothing new follows.
 */
import type { KeyId, MessageId } from '../../base/index.ts'
import type { TimelineChange } from '../../timeline/index.ts'
import type { EventRecord } from '../event-log.ts'
import { judgeAgain, loadEnvelope, offerAgain } from '../intake/rejudge.ts'
import type { Pending, ReplicaState } from './replica-state.ts'
import { chainTable } from './tables.ts'
import { ANY_KEY, keep, openAndApply } from '../intake/take-envelopes.ts'
import type { Work } from './work.ts'

/** Settles a turn; the caller commits. */
export async function settle(work: Work): Promise<void> {
  if (work.state.nextDue <= work.turn.at) await retryHeld(work)
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

/** Content whose claimed time has come near enough (docs/adr/0102). */
async function retryHeld(work: Work): Promise<void> {
  const { state, turn } = work
  const held = [...state.pending.values()].filter(each => each.until !== undefined)
  state.nextDue = Infinity
  for (const each of held) {
    const until = each.until as number
    const envelope = until > turn.at ? undefined : await loadEnvelope(work, each.device, each.seq, each.id)
    if (envelope === undefined) state.nextDue = Math.min(state.nextDue, until > turn.at ? until : Infinity)
    else keep(work, each.device, envelope, openAndApply(work, each.device, envelope, undefined))
  }
}

async function retryPending(work: Work): Promise<void> {
  const { state } = work
  const due = [...state.pending.values()].filter(each => isDue(state, each, work.opened))
  due.sort((a, b) => (a.device < b.device ? -1 : a.device > b.device ? 1 : a.seq - b.seq))
  for (const each of due) {
    const envelope = await loadEnvelope(work, each.device, each.seq, each.id)
    if (envelope !== undefined)
      keep(work, each.device, envelope, openAndApply(work, each.device, envelope, undefined))
  }
}

function isDue(state: ReplicaState, pending: Pending, opened: ReadonlySet<KeyId>): boolean {
  if (pending.until !== undefined) return pending.until === ANY_KEY && opened.size > 0
  return pending.keyId === null
    ? pending.operations.every(id => state.log.has(id))
    : opened.has(pending.keyId)
}

/** Reduces the turn's items and notes what people see of it. */
async function reduce(work: Work): Promise<void> {
  const { state, turn, items } = work
  if (items.length === 0) return
  const staged = await state.deps.timeline.stage(turn.batch, items, { isNew: id => turn.placed.has(id) })
  for (const change of staged.changes) show(work, change)
  turn.viewChanged = true
  if (staged.rebuild.length > 0)
    await rebuild(
      work,
      staged.rebuild.map(each => each.message)
    )
}

/** TL8: once is enough, since the messages are there now. */
async function rebuild(work: Work, messages: readonly MessageId[]): Promise<void> {
  const { state, turn, items } = work
  items.length = 0
  await offerAgain(work, messages)
  const staged = await state.deps.timeline.stage(turn.batch, items)
  for (const change of staged.changes) show(work, change)
}

/** Notes what people see of a change. */
function show({ state, turn }: Work, change: TimelineChange): void {
  if (change.message.device === state.self) turn.shown.set(change.message.id, change.message)
  turn.events.push(eventOf(state, change))
}

function eventOf({ server }: ReplicaState, change: TimelineChange): EventRecord {
  const { channel, id } = change.message
  switch (change.type) {
    case 'message:create':
    case 'message:update':
    case 'message:delete':
      return { type: change.type, server, refs: [channel, id], note: null }
    case 'message:hide':
    case 'message:show':
    case 'pin:add':
    case 'pin:remove':
      return { type: 'message:update', server, refs: [channel, id], note: null }
    case 'reaction:add':
    case 'reaction:remove':
      return { type: change.type, server, refs: [channel, id, change.user], note: change.emoji }
  }
}

/** Writes where the authors' chains stand now: last in a turn, when nothing is placed any more. */
export function keepChains(work: Work): void {
  const { state, turn } = work
  for (const device of turn.chains) {
    const author = state.author(device)
    turn.batch.put(chainTable, [state.server, device], {
      version: 1,
      device,
      chain: author.chain.encode(),
      index: state.chains.row(device),
      at: author.at
    })
  }
}

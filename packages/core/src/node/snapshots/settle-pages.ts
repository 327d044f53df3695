/** What becomes of provisional pages (ND27): they go with a snapshot that was false, and are judged like all else where it was true. */
import type { ChannelId, RuleId, UserId } from '../../base/index.ts'
import type { Envelope } from '../../graph/index.ts'
import { permissionsFor } from '../intake/content-permissions.ts'
import { takeEnvelopes } from '../intake/take-envelopes.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import type { Work } from '../replica/work.ts'
import type { ProvisionalPage } from './provisional.ts'

/** The snapshot did not tell the truth: nothing that was shown by it stays. */
export function withdrawPages({ state, turn }: Work, by: UserId | null): void {
  const { provisional } = state
  if (provisional === undefined) return
  for (const [channel, { records }] of provisional.pages)
    for (const message of records.keys()) turn.withdrawn.push({ channel, message, rule: 'AU60', by })
  state.provisional = undefined
  turn.viewChanged = true
}

/** All operations are here: what was shown goes through the one door, as if a peer had sent it just now. */
export async function offerPages(work: Work): Promise<void> {
  const { provisional } = work.state
  if (provisional === undefined || provisional.offered) return
  provisional.offered = true
  // What breaks a rule here broke it when the page came, and is not in it.
  for (const { envelopes, from } of provisional.pages.values())
    await takeEnvelopes(work, envelopes, from, false)
}

/**
 * Takes out what is known by now: judged messages are the store's. `last`: what still waits for a key or an operation is
 * not waited for any more.
 */
export async function settlePages(work: Work, last = false): Promise<void> {
  const { state } = work
  const { provisional } = state
  if (provisional?.offered !== true) return
  for (const [channel, page] of provisional.pages) {
    await settlePage(work, channel, page, last)
    if (page.records.size === 0) provisional.pages.delete(channel)
  }
  if (provisional.pages.size === 0) state.provisional = undefined
}

async function settlePage(
  work: Work,
  channel: ChannelId,
  { records, envelopes }: ProvisionalPage,
  last: boolean
): Promise<void> {
  const { state, turn } = work
  const stored = await state.deps.timeline.findMany(channel, [...records.keys()])
  for (const [at, [message, record]] of [...records].entries()) {
    const held = stored[at]?.original ?? undefined
    const { original } = record
    const isHere = original !== null && state.chains.has(original.device, original.seq)
    if (held === undefined && !last && (!isHere || state.pending.has(message))) continue
    records.delete(message)
    turn.viewChanged = true
    if (held?.standing === 'visible') continue
    const envelope = envelopes.find(each => each.id === message)
    const rule = held !== undefined || envelope === undefined ? 'AU36' : ruleAgainst(state, channel, envelope)
    turn.withdrawn.push({ channel, message, rule, by: null })
  }
}

/** What a message that is not in the timeline broke, or what it still waits for. */
function ruleAgainst(state: ReplicaState, channel: ChannelId, envelope: Envelope): RuleId {
  const device = state.deviceOf(envelope.tag, envelope.authorId)
  const result = state.ring.open(envelope)
  if (device === undefined || result.kind !== 'opened') return 'ND25'
  const { auth, at, body } = result.opened.payload
  const { id, seq } = envelope
  const verdict = state.log.judge({ device, seq, id, channel, auth, at, needs: permissionsFor(body) })
  if (verdict.kind === 'waiting') return 'ND25'
  // What permissions do not forbid, a rule of automod did.
  return verdict.kind === 'visible' ? 'ND13' : verdict.rule
}

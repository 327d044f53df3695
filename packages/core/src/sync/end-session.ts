/** How a shared server, or a whole stream, ends: what was claimed, read and promised for it is free again. */
import type { RuleId } from '../base/index.ts'
import {
  type Ask,
  claimKeys,
  plannerOf,
  send,
  type Session,
  type Share,
  type Turn,
  wireRule
} from './session.ts'

function forgetAsks(turn: Turn, session: Session, which: (ask: Ask) => boolean): void {
  for (const ask of [...session.asks.values()].filter(which)) {
    session.asks.delete(ask.request)
    plannerOf(turn, ask.share.server).release(claimKeys(ask), session.id, ask.request)
  }
}

/** Forgets one shared server. The peer is told where `rule` is given (null: politely), and not where undefined. */
export function endShare(
  turn: Turn,
  share: Share,
  rule: RuleId | null | undefined,
  told: RuleId | null = rule ?? null
): void {
  const { session } = share
  if (session.shares.get(share.handle) !== share) return
  if (rule !== undefined) send(turn, session, { kind: 'end', handle: share.handle, rule: wireRule(rule) })
  if (rule === 'SY3') session.refused.add(share.server)
  session.shares.delete(share.handle)
  session.ended.add(share.handle)
  session.jobs = session.jobs.filter(job => job.share !== share)
  forgetAsks(turn, session, ask => ask.share === share)
  turn.effects.push({
    type: 'ended',
    session: session.id,
    device: session.peer,
    server: share.server,
    rule: told
  })
  if (session.shares.size === 0)
    turn.effects.push({ type: 'unmatched', session: session.id, device: session.peer })
}

/** Forgets a stream. */
export function dropSession(turn: Turn, session: Session): void {
  turn.world.sessions.delete(session.id)
  turn.world.inbox -= session.inbox
  forgetAsks(turn, session, () => true)
  for (const [lookup, owner] of turn.world.lookups) {
    if (owner.session !== session) continue
    turn.world.lookups.delete(lookup)
    if (owner.for === 'job' && owner.job.kind === 'envelopes')
      turn.world.init.budget?.release(owner.job.reserved)
  }
  for (const [delivery, owner] of turn.world.deliveries) {
    if (owner.session !== session) continue
    turn.world.deliveries.delete(delivery)
    turn.world.inboxEnvelopes -= owner.envelopes
  }
}

/** Ends a stream by a rule the peer broke, or politely. */
export function closeSession(turn: Turn, session: Session, rule: RuleId | null, reason: string): void {
  if (!turn.world.sessions.has(session.id)) return
  send(turn, session, { kind: 'close', rule: wireRule(rule) })
  turn.effects.push({ type: 'close', session: session.id, device: session.peer, rule, reason })
  dropSession(turn, session)
}

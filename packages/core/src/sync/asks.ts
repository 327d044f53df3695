/** Requests of ours: paced, noted, and claimed so that no other peer is asked for the same (SY8, SY13). */
import type { ChainId } from './chain-index.ts'
import { type Ask, claimKeys, plannerOf, type Session, type Share, type Turn } from './session.ts'

/** Whether our own pace allows a request now. */
export function mayAsk(turn: Turn, session: Session): boolean {
  if (session.ourRequests.take(turn.at)) return true
  session.paced = true
  return false
}

/** How many requests of a kind are out. */
export function asking(share: Share, kind: Ask['kind']): number {
  let count = 0
  for (const ask of share.session.asks.values()) if (ask.share === share && ask.kind === kind) count++
  return count
}

/** Notes a request; gives its number. */
export function note(
  turn: Turn,
  share: Share,
  kind: Ask['kind'],
  about: Partial<Pick<Ask, 'ranges' | 'heads' | 'promised' | 'itemsMax' | 'walk' | 'waits'>>
): number {
  const { session } = share
  const request = session.nextRequest++
  const ask: Ask = {
    request,
    share,
    kind,
    walk: null,
    ranges: new Map(),
    itemsMax: Infinity,
    promised: 0,
    waits: false,
    heads: [],
    items: 0,
    fresh: 0,
    waiting: 0,
    lost: false,
    status: null,
    progressAt: turn.at,
    ...about
  }
  session.asks.set(request, ask)
  if (kind === 'envelopes') share.askedAt = turn.at
  if (kind !== 'compare') {
    const planner = plannerOf(turn, share.server)
    for (const key of claimKeys(ask))
      planner.claim(key, ask.ranges.get(key as ChainId) ?? [], session.id, request, turn.at)
  }
  share.caughtUp = false
  return request
}

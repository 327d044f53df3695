/** EK20: what a ring keeps beside a snapshot of authority, and takes up again when the log begins with that. */
import { idAs, type OperationId } from '../base/index.ts'
import type { Loss } from '../authority/index.ts'
import { authorFacts, frontierKey, lossesOutside } from './author-facts.ts'
import type { RingPins } from './contract.ts'
import { LOSSES_PINNED_MAX } from './limits.ts'
import type { Pinned, RingState } from './ring-state.ts'
import { standingOf } from './standing.ts'

/** What a ring over a snapshot with these heads needs. */
export function takePins(ring: RingState, heads: readonly OperationId[]): RingPins {
  const inside = (id: OperationId): boolean => heads.includes(id) || ring.log.covers(heads, id)
  const records: RingPins['records'][number][] = []
  const losses = new Map<string, RingPins['losses'][number]>()
  const pin = (frontier: readonly OperationId[]): void => {
    const key = frontierKey(frontier)
    if (losses.has(key)) return
    const found = lossesOutside(ring, frontier)
    if (found === undefined) return
    const later = found.later.filter(loss => inside(loss.operation))
    const first = firstOfEach(ring, [...found.kept, ...later])
    // A frontier with more is not kept: the ring asks the operations themselves then.
    if (first.length <= LOSSES_PINNED_MAX) losses.set(key, { frontier, losses: first })
  }
  for (const held of ring.records.values()) {
    const { id, frontier, body } = held.record
    if (!frontier.every(each => ring.log.has(each) && inside(each))) continue
    const standing = standingOf(ring, held)
    const facts = authorFacts(ring, held)
    records.push({
      id,
      ...(standing.kind === 'waiting' ? {} : { standing }),
      ...(facts === undefined ? {} : { facts })
    })
    if (body.kind !== 'grant' && body.kind !== 'cannotOpen' && body.kind !== 'topics') pin(frontier)
  }
  for (const invite of ring.log.state().invites())
    if (invite.open && inside(idAs('o', invite.id))) pin([idAs('o', invite.id)])
  return { heads, records, losses: [...losses.values()] }
}

/** What a key may ask of a loss is what it took: of those that took the same the first stands for all. */
function firstOfEach(ring: RingState, losses: readonly Loss[]): readonly Loss[] {
  const first = new Map<string, Loss>()
  for (const loss of losses) {
    const { role, channel, invite, users, operation } = loss
    const kind = ring.log.mark(operation)?.kind ?? -1
    const key = [kind, role, channel, invite, users.length > 0].join()
    if (!first.has(key)) first.set(key, loss)
  }
  return [...first.values()]
}

/** Puts back what was kept; records and keys are in their places already. */
export function usePins(ring: RingState, pins: RingPins): void {
  for (const { id, standing, facts } of pins.records) {
    const held = ring.records.get(id)
    if (held === undefined) continue
    if (standing !== undefined) held.standing = standing
    held.facts = facts
  }
}

/** Losses of a ring's pins, to be looked up. */
export function pinned(pins: RingPins | undefined): Pinned | undefined {
  return (
    pins && {
      heads: pins.heads,
      losses: new Map(pins.losses.map(each => [frontierKey(each.frontier), each.losses]))
    }
  )
}

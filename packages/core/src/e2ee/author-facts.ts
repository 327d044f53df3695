/**
 * What a record's author had seen, as far as keys ask for it (EK9). It follows from the record's own frontier and
 * never changes, so a ring remembers it: later the state of that frontier need not be there any more.
 */
import { type KeyId, LOCKBOXES_MAX, type OperationId } from '../base/index.ts'
import type { AuthorityState, Loss } from '../authority/index.ts'
import { readBoxes, RID_BYTES } from '../crypto/index.ts'
import { viewOf } from './cut.ts'
import type { AuthorFacts, KeyRecordBody } from './contract.ts'
import { channelFacts, NO_CHANNEL } from './losses.ts'
import { holdsRole, mayRead } from './readers.ts'
import { ridAsKey } from './rid.ts'
import { type Held, type RingState, scopeOf } from './ring-state.ts'

/** Undefined while operations of the frontier are not here to tell. */
export function authorFacts(ring: RingState, held: Held): AuthorFacts | undefined {
  if (held.facts !== undefined) return held.facts
  const { frontier, body } = held.record
  const state = ring.log.stateAt(frontier)
  if (state === undefined) return undefined
  const outdated: KeyId[] = []
  let unknown = false
  for (const rid of recipientsOf(body)) {
    const key = ridAsKey(rid)
    if (ring.keys.has(key)) continue
    const owner = ring.rids.find(state, rid, key) ?? ring.rids.find(ring.log.state(), rid, key)
    if (owner === undefined) unknown = true
    if (owner?.kind !== 'user') continue
    const then = state.member(owner.user)?.userKey
    if (then !== undefined && owner.generation < then.generation) outdated.push(key)
  }
  const facts = {
    lamport: ring.log.lamportOf(frontier),
    channel: body.kind === 'epoch' ? channelFacts(state, scopeOf(body)) : NO_CHANNEL,
    mine: isMine(ring, body, state),
    views: body.kind === 'role' || body.kind === 'bucket' ? [...viewOf(state, body.role)] : [],
    outdated
  }
  // Whoever is not known yet may turn out to be somebody whose newer key the author knew.
  if (!unknown) held.facts = facts
  return facts
}

/** Whether our account was among those a key is meant for. */
function isMine(ring: RingState, body: KeyRecordBody, state: AuthorityState): boolean {
  if (body.kind === 'epoch') return mayRead(state, body.channel, ring.user)
  return (body.kind === 'role' || body.kind === 'bucket') && holdsRole(state, body.role, ring.user)
}

function recipientsOf(body: KeyRecordBody): readonly Uint8Array[] {
  if (body.kind === 'cannotOpen' || body.kind === 'topics') return []
  if (body.kind === 'grant') return [body.box.subarray(0, RID_BYTES)]
  return readBoxes(body.boxes, LOCKBOXES_MAX)?.rids() ?? []
}

/** A frontier as a map key. */
export const frontierKey = (frontier: readonly OperationId[]): string => [...frontier].sort().join()

/**
 * Losses known here outside a frontier (EK8), oldest first; of a frontier inside the snapshot that the log began with,
 * those that were kept for it and all later ones. Undefined where only the operations themselves could tell.
 */
export function lossesOutside(
  ring: RingState,
  frontier: readonly OperationId[]
): { readonly kept: readonly Loss[]; readonly later: readonly Loss[] } | undefined {
  const { pins, log } = ring
  const kept = pins?.losses.get(frontierKey(frontier))
  if (pins !== undefined && kept !== undefined) return { kept, later: log.lossesOutside(pins.heads) }
  if (pins !== undefined && frontier.every(id => log.has(id)) && log.stateAt(frontier) === undefined)
    return undefined
  return { kept: [], later: log.lossesOutside(frontier) }
}

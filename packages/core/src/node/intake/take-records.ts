/** Takes key records (EK1): the ring verifies and opens; what it wants kept is kept with the record. */
import type { DeviceId, KeyId, Refusal } from '../../base/index.ts'
import { encodeStoredSeed, type KeyAddResult, type KeyPlan, type StoredSeed } from '../../e2ee/index.ts'
import type { ReplicaState } from '../replica/replica-state.ts'
import { recordTable, seedTable } from '../replica/tables.ts'
import type { Turn } from '../replica/turn.ts'

/** What became of a record's bytes. */
export type TakenRecord =
  | { readonly kind: 'fresh'; readonly opened: readonly KeyId[]; readonly topicChanged: boolean }
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** Takes a peer's bytes. */
export function takeRecord(
  state: ReplicaState,
  turn: Turn,
  bytes: Uint8Array,
  from: DeviceId | undefined
): TakenRecord {
  return absorb(state, turn, state.ring.add(bytes, turn.at), from)
}

/** Takes in keys that we made; they are published by the caller. */
export function takePlan(state: ReplicaState, turn: Turn, plan: KeyPlan): readonly KeyId[] {
  const opened: KeyId[] = []
  keepSeeds(state, turn, plan.seeds)
  for (const result of state.ring.apply(plan, turn.at)) {
    const taken = absorb(state, turn, result, undefined)
    if (taken.kind === 'fresh') opened.push(...taken.opened)
  }
  return opened
}

function absorb(
  state: ReplicaState,
  turn: Turn,
  result: KeyAddResult,
  from: DeviceId | undefined
): TakenRecord {
  if (result.kind === 'rejected') return { kind: 'refused', refusal: result.refusal }
  if (result.kind === 'known') return { kind: 'known' }
  const { record, seeds } = result
  turn.batch.put(recordTable, [state.server, state.nextRecord++], {
    version: 1,
    receivedAt: turn.at,
    bytes: record.bytes
  })
  turn.storedFrom(from).records.push(record.bytes)
  state.recordIds.add(record.id)
  keepSeeds(state, turn, seeds)
  return { kind: 'fresh', opened: seeds.map(each => each.keyId), topicChanged: result.topicChanged }
}

/** Seeds are stored before the records that need them leave (KS6). */
export function keepSeeds(state: ReplicaState, turn: Turn, seeds: readonly StoredSeed[]): void {
  for (const seed of seeds)
    turn.batch.put(seedTable, [state.server, seed.keyId], { version: 1, bytes: encodeStoredSeed(seed) })
}

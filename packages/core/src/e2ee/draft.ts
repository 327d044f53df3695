/** A plan for new keys while it is being made (EK4). */
import type { KeyId, Random, RoleId } from '../base/index.ts'
import type { AuthorityState } from '../authority/index.ts'
import type { KeyPlan, KeyPlanResult, KeyRecord, KeyRecordBody, StoredSeed } from './contract.ts'
import { HEAD_KEYS_MAX, signKeyRecord } from './key-record.ts'
import type { KeyEntry, RingState } from './ring-state.ts'

/** A plan while it is being made. */
export interface Draft {
  readonly ring: RingState
  readonly random: Random
  readonly frontier: KeyRecord['frontier']
  readonly state: AuthorityState
  readonly records: KeyRecord[]
  readonly seeds: StoredSeed[]
  /** Role keys made in this plan; `cut`: older ones were left unlinked (EK16). */
  readonly made: Map<
    RoleId,
    { readonly keyId: KeyId; readonly boxPublicKey: Uint8Array; readonly cut: boolean }
  >
  newTopic: boolean
}

/** Opens a draft at everything known here; undefined while a `gather` must come first (EK4). */
export function openDraft(ring: RingState, random: Random): Draft | undefined {
  const frontier = ring.log.frontier()
  if (frontier === undefined) return undefined
  return {
    ring,
    random,
    frontier,
    state: ring.log.state(),
    records: [],
    seeds: [],
    made: new Map(),
    newTopic: false
  }
}

/** What a draft has come to. */
export function closeDraft(draft: Draft): KeyPlanResult & { readonly kind: 'plan' } {
  const plan: KeyPlan = {
    records: draft.records,
    seeds: draft.seeds,
    newTopic: draft.newTopic,
    rotates: [...draft.made.keys()]
  }
  return { kind: 'plan', plan }
}

/** Signs a record into the draft. */
export function addToDraft(draft: Draft, body: KeyRecordBody): void {
  draft.records.push(
    signKeyRecord(draft.ring.suite, draft.ring.signingKey, {
      server: draft.ring.server,
      frontier: draft.frontier,
      body
    })
  )
}

/** Whether some valid record announces the key. */
export const isValidKey = (ring: RingState, entry: KeyEntry): boolean =>
  entry.records.some(held => ring.judge(held).kind === 'valid')

/** Head keys of a scope: valid, and named as earlier by no other valid record (EK4). */
export function headKeys(ring: RingState, entries: readonly KeyEntry[]): readonly KeyId[] {
  const older = new Set<KeyId>()
  const valid = entries.filter(entry => isValidKey(ring, entry))
  for (const entry of valid) {
    for (const held of entry.records) {
      if (ring.judge(held).kind !== 'valid') continue
      for (const keyId of held.record.body.after) if (keyId !== entry.keyId) older.add(keyId)
    }
  }
  const heads = valid
    .map(entry => entry.keyId)
    .filter(keyId => !older.has(keyId))
    .sort()
  return heads.slice(0, HEAD_KEYS_MAX)
}

/** New role keys (EK3–EK7, EK11, EK15, EK17). */
import { type KeyId, idToBytes, type Random, refuse, type Refusal, type RoleId } from '../base/index.ts'
import { BoxKind, type Recipient, sealBoxes, type SecretKey } from '../crypto/index.ts'
import { everyoneRole, type AuthorityState, KINDS, type MemberState } from '../authority/index.ts'
import type { KeyPlan, KeyPlanResult, KeyRecord, KeyRecordBody, StoredSeed } from './contract.ts'
import { memberRid, isReachable } from './choose.ts'
import { boxSecretOf, gateKeyOf, keyIdOf, sealBack, sealTopicSecret, shortRid, storedSeed } from './derive.ts'
import { channelFacts, touches } from './losses.ts'
import { HEAD_KEYS_MAX, signKeyRecord } from './key-record.ts'
import { ROLE_BOXES_MAX } from './limits.ts'
import { unlinkedKeys } from './opening.ts'
import { holdersOf } from './readers.ts'
import { type KeyEntry, keysOf, type RingState, roleScope } from './ring-state.ts'
import { inviteReads, wholeView } from './safety.ts'
import { everyoneKeys, topicTable } from './topics.ts'

/** A plan while it is being made. */
export interface Draft {
  readonly ring: RingState
  readonly random: Random
  readonly frontier: KeyRecord['frontier']
  readonly state: AuthorityState
  readonly records: KeyRecord[]
  readonly seeds: StoredSeed[]
  /** Role keys made in this plan. */
  readonly made: Map<RoleId, { readonly keyId: KeyId; readonly boxPublicKey: Uint8Array }>
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

/** Members' user keys as recipients; a rid stands once. */
export function userBoxes(members: Iterable<MemberState>): Recipient[] {
  return [...members]
    .filter(isReachable)
    .map(member => ({ rid: memberRid(member), publicKey: member.userKey.boxPublicKey }))
}

/** Open invites that @everyone is sealed to (IV3). */
function inviteBoxes(ring: RingState): Recipient[] {
  const view = wholeView(ring)
  const boxes: Recipient[] = []
  for (const invite of view.state.invites()) {
    if (invite.boxPublicKey !== null && inviteReads(view, invite.id))
      boxes.push({ rid: shortRid(idToBytes(invite.id)), publicKey: invite.boxPublicKey })
  }
  return boxes
}

/** Removals that leave nobody put out: kinds leave and device.revoke. */
const GENTLE_KINDS: readonly number[] = [KINDS.leave[0], KINDS.deviceRevoke[0]]

/**
 * The topic secret for a new @everyone key: kept where everybody removed since left by themselves or lost a
 * device only, else drawn anew (EK17), so that whoever was put out no longer finds the server.
 */
function nextTopicSecret(draft: Draft, cause: 'loss' | 'age'): SecretKey {
  const { ring } = draft
  const current = topicTable(ring).current
  const newest = everyoneKeys(ring)[0]
  if (current !== undefined && newest !== undefined && cause === 'loss') {
    const view = wholeView(ring)
    const facts = [channelFacts(draft.state, newest.scope)]
    const gentle = newest.records.every(held =>
      view
        .losses(held.record.frontier)
        ?.filter(loss => touches(ring.server, newest.scope, loss, facts))
        .every(loss => GENTLE_KINDS.includes(view.kindOf(loss.operation)))
    )
    if (gentle) return current.topicSecret
  }
  draft.newTopic = true
  return draft.random.bytes(32)
}

/** A plan for a new key of @everyone with a topic of its own. */
export function planEveryone(ring: RingState, random: Random): KeyPlanResult {
  const draft = openDraft(ring, random)
  if (draft === undefined) return { kind: 'gather' }
  const refusal = draftRoleKey(draft, everyoneRole(ring.server), 'age')
  return refusal === undefined ? closeDraft(draft) : { kind: 'refused', refusal }
}

/** Adds a new key of a role to the draft; a refusal where the role is too large for single boxes (EK5). */
export function draftRoleKey(draft: Draft, role: RoleId, cause: 'loss' | 'age'): Refusal | undefined {
  const { ring, random, state } = draft
  const { suite, server } = ring
  const scope = roleScope(role)
  const everyone = role === everyoneRole(server)
  const recipients = [...userBoxes(holdersOf(state, role)), ...(everyone ? inviteBoxes(ring) : [])]
  if (recipients.length > ROLE_BOXES_MAX)
    return refuse(
      'EK5',
      `a role of ${recipients.length} accounts needs buckets, which this version does not make`
    )
  const seed = random.bytes(32)
  const keyId = keyIdOf(suite, server, scope, seed)
  const boxPublicKey = suite.x25519PublicKey(boxSecretOf(suite, 'role', seed))
  const entries = keysOf(ring, scope)
  const back = unlinkedKeys(
    ring,
    scope,
    old =>
      entries.some(entry => entry.keyId === old && isValidKey(ring, entry)) ||
      entries.every(entry => entry.keyId !== old)
  )
  addToDraft(draft, {
    kind: 'role',
    role,
    k: 0,
    keyId,
    boxPublicKey,
    after: headKeys(ring, entries),
    boxes: sealBoxes(
      suite,
      random.bytes(32),
      recipients,
      { kind: BoxKind.role, keyId: idToBytes(keyId) },
      seed
    ),
    back: back
      .slice(0, HEAD_KEYS_MAX)
      .map(old =>
        sealBack(suite, seed, { keyId: old, seed: (ring.seeds.get(old) as { seed: SecretKey }).seed })
      ),
    gatePublicKey: everyone ? gateKeyOf(suite, seed).publicKey : null,
    topicBox: everyone ? sealTopicSecret(suite, seed, nextTopicSecret(draft, cause)) : null
  })
  draft.seeds.push(storedSeed(keyId, scope, seed))
  draft.made.set(role, { keyId, boxPublicKey })
  return undefined
}

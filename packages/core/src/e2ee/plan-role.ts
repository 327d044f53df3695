/** New role keys (EK3–EK7, EK11, EK15, EK17). */
import { type KeyId, idToBytes, type Random, refuse, type Refusal, type RoleId } from '../base/index.ts'
import { BoxKind, type Recipient, sealBoxes, type SecretKey } from '../crypto/index.ts'
import { everyoneRole, KINDS, type MemberState } from '../authority/index.ts'
import { memberRid } from './choose.ts'
import type { KeyPlanResult } from './contract.ts'
import { isBeforeCut } from './cut.ts'
import {
  boxSecretOf,
  gateKeyOf,
  keyIdOf,
  sealBack,
  sealTopicLink,
  sealTopicSecret,
  shortRid,
  storedSeed
} from './derive.ts'
import { addToDraft, closeDraft, type Draft, headKeys, isValidKey, openDraft } from './draft.ts'
import { HEAD_KEYS_MAX } from './key-record.ts'
import { isReachable } from './lacking.ts'
import { ROLE_BOXES_MAX, TOPIC_LINKS_MAX } from './limits.ts'
import { channelFacts, touches } from './losses.ts'
import { unlinkedKeys } from './opening.ts'
import { bitsInUse, bucketBits, bucketRecipients } from './plan-buckets.ts'
import { holdersOf } from './readers.ts'
import { type KeyEntry, keysOf, type RingState, roleScope } from './ring-state.ts'
import { inviteReads, wholeView } from './safety.ts'
import { everyoneKeys, topicTable } from './topics.ts'

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

/** Whom a new key of a role is sealed to: its holders, or their buckets where they are many (EK5). */
function roleRecipients(
  draft: Draft,
  role: RoleId
): { readonly k: number; readonly holders: readonly Recipient[] } | Refusal {
  const holders = holdersOf(draft.state, role)
  const k = bucketBits(holders.length, bitsInUse(draft.ring, role))
  if (k === 0) return { k, holders: userBoxes(holders) }
  const buckets = bucketRecipients(draft, role, k, holders)
  return 'ok' in buckets ? buckets : { k, holders: buckets }
}

/** Older keys of a role that a new one links: held, and not of before a cut (EK15, EK16). */
function roleLinks(draft: Draft, role: RoleId): { readonly links: readonly KeyId[]; readonly cut: boolean } {
  const { ring, state } = draft
  const held = unlinkedKeys(ring, roleScope(role), old => {
    const entry = ring.keys.get(old)
    return entry !== undefined && isValidKey(ring, entry)
  })
  const before = new Set(
    held.filter(old => isBeforeCut(ring, ring.keys.get(old) as KeyEntry, state) !== false)
  )
  // A cut that a later key stands behind already was seen to when that one was made.
  const cut = headKeys(ring, keysOf(ring, roleScope(role))).some(head => before.has(head))
  return { links: held.filter(old => !before.has(old)).slice(0, HEAD_KEYS_MAX), cut }
}

/** Adds a new key of a role to the draft, with the buckets it needs. */
export function draftRoleKey(draft: Draft, role: RoleId, cause: 'loss' | 'age'): Refusal | undefined {
  const { ring, random } = draft
  const { suite, server } = ring
  const scope = roleScope(role)
  const everyone = role === everyoneRole(server)
  const sealedTo = roleRecipients(draft, role)
  if ('ok' in sealedTo) return sealedTo
  const recipients = [...sealedTo.holders, ...(everyone ? inviteBoxes(ring) : [])]
  if (recipients.length > ROLE_BOXES_MAX)
    return refuse('EK3', `${recipients.length} boxes; at most ${ROLE_BOXES_MAX}`)
  const seed = random.bytes(32)
  const keyId = keyIdOf(suite, server, scope, seed)
  const boxPublicKey = suite.x25519PublicKey(boxSecretOf(suite, 'role', seed))
  const { links, cut } = roleLinks(draft, role)
  addToDraft(draft, {
    kind: 'role',
    role,
    k: sealedTo.k,
    keyId,
    boxPublicKey,
    after: headKeys(ring, keysOf(ring, scope)),
    boxes: sealBoxes(
      suite,
      random.bytes(32),
      recipients,
      { kind: BoxKind.role, keyId: idToBytes(keyId) },
      seed
    ),
    back: links.map(old =>
      sealBack(suite, seed, { keyId: old, seed: (ring.seeds.get(old) as { seed: SecretKey }).seed })
    ),
    gatePublicKey: everyone ? gateKeyOf(suite, seed).publicKey : null,
    topicBox: everyone ? sealTopicSecret(suite, seed, nextTopicSecret(draft, cause)) : null
  })
  draft.seeds.push(storedSeed(keyId, scope, seed))
  draft.made.set(role, { keyId, boxPublicKey, cut })
  if (everyone && cut) handTopicsOn(draft, keyId, seed)
  return undefined
}

/** EK16: what older topics carried stays readable to who comes after a cut, as far as its keys let them. */
function handTopicsOn(draft: Draft, keyId: KeyId, seed: SecretKey): void {
  const topics = topicTable(draft.ring)
    .all.slice(0, TOPIC_LINKS_MAX)
    .map(topic => sealTopicLink(draft.ring.suite, seed, topic.topicSecret))
  if (topics.length > 0) addToDraft(draft, { kind: 'topics', keyId, topics })
}

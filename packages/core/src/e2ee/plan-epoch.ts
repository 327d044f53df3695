/** New channel epochs (EK7, EK10, EK15). */
import {
  type ChannelId,
  idToBytes,
  type KeyId,
  type Random,
  refuse,
  type Refusal,
  type RoleId
} from '../base/index.ts'
import { BoxKind, type Recipient, sealBoxes, type SecretKey } from '../crypto/index.ts'
import type { MemberState } from '../authority/index.ts'
import { chooseEpoch, safeRoleKeys } from './choose.ts'
import type { EpochChoice, HistoryMode } from './contract.ts'
import { channelsLeft } from './cut.ts'
import { commitOf, keyIdOf, sealBack, storedSeed } from './derive.ts'
import { addToDraft, closeDraft, type Draft, headKeys, isValidKey, openDraft } from './draft.ts'
import { historyIn } from './history.ts'
import { HEAD_KEYS_MAX } from './key-record.ts'
import { RELINKED_MAX, USER_BOXES_MAX } from './limits.ts'
import { unlinkedKeys } from './opening.ts'
import { draftRoleKey, userBoxes } from './plan-role.ts'
import { couldAssign, holdersOf, holdsRole, maySend, readersOf } from './readers.ts'
import { epochScope, keysOf, type RingState } from './ring-state.ts'

/** Whether this device may make a key of a role now (EK12). */
export function mayRotate(ring: RingState, role: RoleId): boolean {
  const state = ring.log.state()
  if (couldAssign(state, role, ring.user)) return true
  return holdsRole(state, role, ring.user) && safeRoleKeys(ring, role).length === 0
}

/** The role key an epoch is sealed to: a safe one, one made in this draft, or none. */
function roleRecipient(draft: Draft, role: RoleId): Recipient | undefined | Refusal {
  const { ring } = draft
  const made = draft.made.get(role)
  if (made !== undefined) return { rid: idToBytes(made.keyId), publicKey: made.boxPublicKey }
  const known = safeRoleKeys(ring, role)[0]?.records[0]?.record.body
  if (known?.kind === 'role') return { rid: idToBytes(known.keyId), publicKey: known.boxPublicKey }
  if (!mayRotate(ring, role)) return undefined
  const refusal = draftRoleKey(draft, role, 'loss')
  return refusal ?? roleRecipient(draft, role)
}

/** Whom a new epoch is sealed to: safe keys of the reader roles, user keys of everybody else who reads (EK7). */
function recipientsOf(draft: Draft, channel: ChannelId, mode: HistoryMode): readonly Recipient[] | Refusal {
  const readers = readersOf(draft.state, channel)
  const single = new Map<string, MemberState>(readers.others.map(member => [member.user, member]))
  const boxes: Recipient[] = []
  const covered: RoleId[] = []
  for (const role of readers.roles) {
    const recipient = mode.mode === 'all' ? roleRecipient(draft, role) : undefined
    if (recipient !== undefined && 'ok' in recipient) return recipient
    if (recipient === undefined)
      for (const member of holdersOf(draft.state, role)) single.set(member.user, member)
    else {
      boxes.push(recipient)
      covered.push(role)
    }
  }
  for (const [user, member] of single)
    if (covered.some(role => holdsRole(draft.state, role, member.user))) single.delete(user)
  if (single.size > USER_BOXES_MAX)
    return refuse('EK7', `${single.size} readers need a box of their own; at most ${USER_BOXES_MAX}`)
  return [...boxes, ...userBoxes(single.values())]
}

/** Keys that a new epoch may link: held, valid, and made for everybody to read back (EK15). */
function linkable(ring: RingState, channel: ChannelId): readonly KeyId[] {
  const scope = epochScope(channel)
  const open = new Set<KeyId>()
  for (const entry of keysOf(ring, scope)) {
    const all = entry.records.every(
      held => held.record.body.kind === 'epoch' && held.record.body.mode.mode === 'all'
    )
    if (all && isValidKey(ring, entry)) open.add(entry.keyId)
  }
  return unlinkedKeys(ring, scope, keyId => open.has(keyId)).slice(0, HEAD_KEYS_MAX)
}

/** Adds a new epoch of a channel, and the role keys it needs. */
function draftEpoch(draft: Draft, channel: ChannelId, mode: HistoryMode): KeyId | Refusal {
  const { ring, random } = draft
  const { suite, server } = ring
  const scope = epochScope(channel)
  const recipients = recipientsOf(draft, channel, mode)
  if ('ok' in recipients) return recipients
  const seed = random.bytes(32)
  const keyId = keyIdOf(suite, server, scope, seed)
  const links = mode.mode === 'all' ? linkable(ring, channel) : []
  addToDraft(draft, {
    kind: 'epoch',
    channel,
    keyId,
    commit: commitOf(suite, seed),
    mode,
    after: headKeys(ring, keysOf(ring, scope)),
    boxes: sealBoxes(
      suite,
      random.bytes(32),
      recipients,
      { kind: BoxKind.epoch, keyId: idToBytes(keyId) },
      seed
    ),
    back: links.map(old =>
      sealBack(suite, seed, { keyId: old, seed: (ring.seeds.get(old) as { seed: SecretKey }).seed })
    )
  })
  draft.seeds.push(storedSeed(keyId, scope, seed))
  return keyId
}

/**
 * EK16: whoever comes to a role after a cut finds the past of what it still reads: new epochs, linked to all before
 * them, of the channels of mode all that were sealed to the role's keys. What one plan leaves the next senders make.
 */
export function relinkAfterCuts(draft: Draft, at: number): void {
  const { ring, state } = draft
  const channels = new Set(
    [...draft.made].flatMap(([role, { cut }]) => (cut ? channelsLeft(state, role) : []))
  )
  let made = 0
  for (const channel of channels) {
    const mode = historyIn(state, channel)
    const used = keysOf(ring, epochScope(channel)).some(entry => ring.seeds.has(entry.keyId))
    if (mode?.mode !== 'all' || !used || made === RELINKED_MAX || !maySend(state, channel, ring.user, at))
      continue
    if (typeof draftEpoch(draft, channel, mode) === 'string') made++
  }
}

/** EK10: the key to send under, or the plan that makes one. */
export function epochFor(ring: RingState, random: Random, channel: ChannelId, at: number): EpochChoice {
  const known = chooseEpoch(ring, channel, at)
  if (known !== undefined) return { kind: 'key', keyId: known }
  const state = ring.log.state()
  if (state.device(ring.device)?.on !== true || !maySend(state, channel, ring.user, at)) {
    return { kind: 'refused', refusal: refuse('EK12', 'this device may not read and send there') }
  }
  const mode = historyIn(state, channel)
  if (mode === undefined)
    return {
      kind: 'refused',
      refusal: refuse('EK15', 'no such channel, or a history mode of a newer version')
    }
  const draft = openDraft(ring, random)
  if (draft === undefined) return { kind: 'gather' }
  const made = draftEpoch(draft, channel, mode)
  return typeof made === 'string' ? { ...closeDraft(draft), keyId: made } : { kind: 'refused', refusal: made }
}

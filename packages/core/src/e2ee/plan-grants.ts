/** Renewals owed (EK11) and grants owed (EK14). */
import { idToBytes, type KeyId, type Random, refuse, type RoleId, type UserId } from '../base/index.ts'
import { BoxKind, sealBox } from '../crypto/index.ts'
import { everyoneRole, type MemberState } from '../authority/index.ts'
import { memberRid, safeRoleKeys } from './choose.ts'
import type { GrantDue, KeyLack, KeyPlan, KeyPlanResult, RotationDue } from './contract.ts'
import { shortRid, userRid } from './derive.ts'
import { addToDraft, closeDraft, isValidKey, openDraft } from './draft.ts'
import { couldReadThen, gives, isClosedHistory, isWithinWindow, mayShare } from './history.ts'
import { holdersLacking, isReachable, readersLacking } from './lacking.ts'
import { ROLE_AGE_MS_MAX } from './limits.ts'
import { mayRotate, relinkAfterCuts } from './plan-epoch.ts'
import { draftRoleKey } from './plan-role.ts'
import { openInvites } from './open-invites.ts'
import { reachOf } from './reach.ts'
import { bucketIndex, couldAssign, isEntitled } from './readers.ts'
import { ridAsKey } from './rid.ts'
import { epochScope, firstSeen, type KeyEntry, keysOf, type RingState } from './ring-state.ts'
import { holdersNow } from './roster.ts'
import { bucketsOf } from './safety.ts'

/** Roles that have a key and somebody to hold one. */
function rolesInUse(ring: RingState): readonly RoleId[] {
  const state = ring.log.state()
  const roles = new Set<RoleId>()
  for (const entries of ring.scopes.values()) {
    const scope = entries[0]?.scope
    if (scope?.kind === 'role' && entries.some(entry => isValidKey(ring, entry))) roles.add(scope.role)
  }
  const everyone = everyoneRole(ring.server)
  return [...roles]
    .filter(role => role === everyone || state.role(role) !== undefined)
    .filter(role => holdersNow(ring, role).size > 0)
    .sort()
}

/** EK11: role keys that are no longer safe, or too old. */
export function rotationsDue(ring: RingState, at: number): readonly RotationDue[] {
  const due: RotationDue[] = []
  for (const role of rolesInUse(ring)) {
    const best = safeRoleKeys(ring, role)[0]
    if (best === undefined) due.push({ role, cause: 'loss', mayRotate: mayRotate(ring, role) })
    else if (at - firstSeen(best) >= ROLE_AGE_MS_MAX)
      due.push({ role, cause: 'age', mayRotate: couldAssign(ring.log.state(), role, ring.user) })
  }
  return due
}

/** EK11(1): new keys for every rotation due that this device may make. */
export function planRotations(ring: RingState, random: Random, at: number): KeyPlanResult {
  const due = rotationsDue(ring, at).filter(each => each.mayRotate)
  const draft = openDraft(ring, random)
  if (draft === undefined)
    return due.length === 0
      ? { kind: 'plan', plan: { records: [], seeds: [], newTopic: false, rotates: [] } }
      : { kind: 'gather' }
  for (const { role, cause } of due) {
    const refusal = draftRoleKey(draft, role, cause)
    if (refusal !== undefined) return { kind: 'refused', refusal }
  }
  relinkAfterCuts(draft, at)
  return closeDraft(draft)
}

const userDue = (keyId: KeyId, member: MemberState, asked: boolean): GrantDue => ({
  keyId,
  recipient: { user: member.user, generation: member.userKey.generation },
  publicKey: member.userKey.boxPublicKey,
  asked
})

/** What a member of a large role is granted: its bucket's key where it is held here, so that the next role key finds it. */
function grantedFor(ring: RingState, entry: KeyEntry, member: MemberState): KeyId {
  const body = entry.records[0]?.record.body
  if (body?.kind !== 'role' || body.k === 0) return entry.keyId
  const index = bucketIndex(ring.suite, body.role, member.user, body.k)
  for (const keyId of reachOf(ring, entry).keys) {
    const inner = ring.keys.get(keyId)
    if (inner?.scope.kind === 'bucket' && inner.scope.index === index && ring.seeds.has(inner.keyId))
      return inner.keyId
  }
  return entry.keyId
}

/** Members and open invites that lack a role's safe keys. */
function roleGrantsDue(ring: RingState, role: RoleId, entry: KeyEntry, at: number): readonly GrantDue[] {
  const due = membersOf(ring, holdersLacking(ring, role, entry)).map(member =>
    userDue(grantedFor(ring, entry, member), member, false)
  )
  if (role !== everyoneRole(ring.server)) return due
  const { invites } = reachOf(ring, entry)
  for (const { id, boxPublicKey, notAfter } of openInvites(ring)) {
    if ((notAfter !== null && notAfter <= at) || invites.has(id)) continue
    due.push({ keyId: entry.keyId, recipient: { invite: id }, publicKey: boxPublicKey, asked: false })
  }
  return due
}

const membersOf = (ring: RingState, users: Iterable<UserId>): readonly MemberState[] => {
  const state = ring.log.state()
  return [...users].flatMap(user => state.member(user) ?? [])
}

/** EK14: what is owed, as far as this device can give it. */
export function grantsDue(ring: RingState, at: number): readonly GrantDue[] {
  const due = new Map<string, GrantDue>()
  const nameOf = (each: GrantDue): string =>
    `${each.keyId}/${'user' in each.recipient ? each.recipient.user : each.recipient.invite}`
  for (const role of rolesInUse(ring)) {
    for (const entry of safeRoleKeys(ring, role)) {
      if (!ring.seeds.has(entry.keyId)) continue
      for (const each of roleGrantsDue(ring, role, entry, at)) due.set(nameOf(each), each)
    }
  }
  for (const each of windowDue(ring, at)) due.set(nameOf(each), each)
  for (const each of askedDue(ring, at)) due.set(nameOf(each), each)
  return [...due.values()]
}

/** Newcomers to channels of mode window get its days from whoever may share them (EK15). */
function windowDue(ring: RingState, at: number): readonly GrantDue[] {
  const state = ring.log.state()
  const due: GrantDue[] = []
  for (const channel of state.channels()) {
    if (channel.history[0] !== 2 || !mayShare(state, channel.id, ring.user)) continue
    const recent = keysOf(ring, epochScope(channel.id)).filter(
      entry =>
        isClosedHistory(entry) &&
        ring.seeds.has(entry.keyId) &&
        isValidKey(ring, entry) &&
        isWithinWindow(ring, entry, at)
    )
    for (const entry of recent)
      for (const member of membersOf(ring, readersLacking(ring, channel.id, entry)))
        if (gives(ring, entry, member.user, at)) due.push(userDue(entry.keyId, member, false))
  }
  return due
}

/** What accounts asked for with cannotOpen, once a key and account, where they are entitled. */
function askedDue(ring: RingState, at: number): readonly GrantDue[] {
  const state = ring.log.state()
  const due: GrantDue[] = []
  for (const [keyId, devices] of ring.asked) {
    const entry = ring.keys.get(keyId)
    if (entry === undefined || !ring.seeds.has(keyId) || !isValidKey(ring, entry)) continue
    const { tried } = reachOf(ring, entry)
    for (const device of devices) {
      const user = state.device(device)?.user
      const member = user === undefined ? undefined : state.member(user)
      if (
        member === undefined ||
        !isReachable(member) ||
        !isEntitled(ring.suite, state, entry.scope, member.user, bucketsOf(entry.records[0])) ||
        !gives(ring, entry, member.user, at)
      )
        continue
      // A grant to this very user key was tried already: asking again shows a fault, not a need.
      if (!tried.has(ridAsKey(memberRid(member)))) due.push(userDue(keyId, member, true))
    }
  }
  return due
}

/** Signs grants: one record each. */
export function planGrants(ring: RingState, random: Random, due: readonly GrantDue[]): KeyPlanResult {
  const draft = openDraft(ring, random)
  if (draft === undefined)
    return due.length === 0
      ? { kind: 'plan', plan: { records: [], seeds: [], newTopic: false, rotates: [] } }
      : { kind: 'gather' }
  for (const { keyId, recipient, publicKey } of due) {
    const seed = ring.seeds.get(keyId)?.seed
    if (seed === undefined)
      return { kind: 'refused', refusal: refuse('EK14', 'a key that is not held cannot be granted') }
    const rid =
      'user' in recipient
        ? userRid(recipient.user, recipient.generation)
        : shortRid(idToBytes(recipient.invite))
    const secret = random.bytes(32)
    const ephemeral = { secret, publicKey: ring.suite.x25519PublicKey(secret) }
    const box = sealBox(
      ring.suite,
      ephemeral,
      { rid, publicKey },
      { kind: BoxKind.grant, keyId: idToBytes(keyId) },
      seed
    )
    // CR4: a recipient whose key is unusable chose it so.
    if (box !== undefined) addToDraft(draft, { kind: 'grant', keyId, ephemeral: ephemeral.publicKey, box })
  }
  return closeDraft(draft)
}

/** What is missing of a key here; undefined where it is held. */
export function lackOf(ring: RingState, keyId: KeyId): KeyLack | undefined {
  if (ring.seeds.has(keyId)) return undefined
  const entry = ring.keys.get(keyId)
  if (entry === undefined) return 'unknown'
  // Nobody may give what EK15 keeps from us; a window's days come unasked.
  if (isClosedHistory(entry) && !couldReadThen(ring, entry, ring.user)) return 'closed'
  return ring.asked.get(keyId)?.has(ring.device) === true ? 'asked' : 'sealed'
}

/** EK14: asks for a key that is sealed to us in vain. */
export function planCannotOpen(ring: RingState, keyId: KeyId): KeyPlan | undefined {
  if (lackOf(ring, keyId) !== 'sealed') return undefined
  const random: Random = { bytes: length => new Uint8Array(length) } // nothing is drawn for a question
  const draft = openDraft(ring, random)
  if (draft === undefined || draft.state.device(ring.device)?.on !== true) return undefined
  addToDraft(draft, { kind: 'cannotOpen', keyId })
  return closeDraft(draft).plan
}

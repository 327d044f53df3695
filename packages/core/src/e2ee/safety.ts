/**
 * Coverage (EK9): whether a key may be sent under, in a view.
 *
 * Safe means: everybody who can open it is entitled, and its author had seen every loss that the view holds.
 */
import {
  type ChannelId,
  idAs,
  type InviteId,
  type KeyId,
  LOCKBOXES_MAX,
  type OperationId,
  type RoleId,
  type UserId
} from '../base/index.ts'
import { type AuthorityState, everyoneRole, KINDS, type Loss } from '../authority/index.ts'
import { readBoxes } from '../crypto/index.ts'
import { authorFacts, lossesOutside } from './author-facts.ts'
import type { AuthorFacts, KeySafety, KeyScope } from './contract.ts'
import { channelFacts, touches } from './losses.ts'
import { bucketIndex, isEntitled, type RidOwner, roleReads } from './readers.ts'
import { grantRid, ridAsKey } from './rid.ts'
import type { GrantBody, Held, KeyBody, KeyEntry, RingState } from './ring-state.ts'

/** What is known where the question is asked. */
export interface View {
  readonly state: AuthorityState
  /** Losses the view holds and a frontier does not; undefined where that cannot be told here. */
  losses(frontier: readonly OperationId[]): readonly Loss[] | undefined
  /** Kind of an operation in the log; -1 where unknown. */
  kindOf(operation: OperationId): number
  /** Whether grants count: not in EK12, whose answer must not depend on what arrived. */
  readonly grants: boolean
  /** EK9 of a key that another is sealed to. */
  safety(inner: KeyEntry): KeySafety
  /** Whether a role is a reader role of a channel (EK7). */
  roleReads(channel: ChannelId, role: RoleId): boolean
}

const SAFE: KeySafety = { safe: true }
const unsafe = (reason: string, operation?: OperationId): KeySafety => ({
  safe: false,
  rule: 'EK9',
  reason,
  ...(operation !== undefined && { operation })
})

/** Everything known here. */
export function wholeView(ring: RingState): View {
  const state = ring.log.state()
  const view: View = {
    state,
    grants: true,
    safety: inner => entrySafety(ring, inner, view),
    roleReads: (channel, role) => roleReads(state, channel, role),
    losses: frontier => {
      const found = lossesOutside(ring, frontier)
      return found && [...found.kept, ...found.later]
    },
    kindOf: operation => ring.log.mark(operation)?.kind ?? -1
  }
  return view
}

/** What a frontier holds; undefined where it is not known here. */
export function viewAt(ring: RingState, frontier: readonly OperationId[]): View | undefined {
  const state = ring.log.stateAt(frontier)
  if (state === undefined) return undefined
  const view: View = {
    state,
    grants: false,
    safety: inner => entrySafety(ring, inner, view),
    roleReads: (channel, role) => roleReads(state, channel, role),
    losses: of => {
      const found = lossesOutside(ring, of)
      // A state that a log tells of holds all of the snapshot that the log began with.
      return (
        found && [...found.kept, ...found.later.filter(loss => ring.log.covers(frontier, loss.operation))]
      )
    },
    kindOf: operation => ring.log.mark(operation)?.kind ?? -1
  }
  return view
}

/** Whom the boxes of one record are for. */
export function boxOwners(
  ring: RingState,
  held: Held<KeyBody>,
  state: AuthorityState
): readonly (RidOwner | { readonly kind: 'key'; readonly keyId: KeyId } | undefined)[] {
  return ridsOf(held).map(rid => ownerOf(ring, rid, state))
}

/** A rid, and how it is written as a key's id. */
export interface Rid {
  readonly bytes: Uint8Array
  readonly key: KeyId
}

const ridsByRecord = new WeakMap<Held<KeyBody>, readonly Rid[]>()

/** Read once for each record: a removal from a large role asks about thousands of boxes that it leaves as they are. */
export function ridsOf(held: Held<KeyBody>): readonly Rid[] {
  let rids = ridsByRecord.get(held)
  if (rids === undefined) {
    const read = readBoxes(held.record.body.boxes, LOCKBOXES_MAX)?.rids() ?? []
    ridsByRecord.set(held, (rids = read.map(bytes => ({ bytes, key: ridAsKey(bytes) }))))
  }
  return rids
}

/** Whom one rid means: a key known here, a user, an invite, or nobody known. */
export function ownerOf(
  ring: RingState,
  { bytes, key }: Rid,
  state: AuthorityState
): RidOwner | { readonly kind: 'key'; readonly keyId: KeyId } | undefined {
  return ring.keys.has(key) ? { kind: 'key', keyId: key } : ring.rids.find(state, bytes, key)
}

/** Kinds by which somebody is put out by others. */
const PUTTING_OUT: ReadonlySet<number> = new Set([KINDS.kick[0], KINDS.ban[0], KINDS.seal[0]])

/**
 * Whether the holder of an open invite's link may read by it (IV3): it is open, and nobody was put out since it
 * was made. Whoever was put out may hold the link: it still admits them or others to join, for all to see, but
 * what is sealed from then on waits for a member's grant.
 */
export function inviteReads(view: View, invite: InviteId): boolean {
  if (view.state.invite(invite)?.open !== true) return false
  const losses = view.losses([idAs('o', invite)])
  return (
    losses !== undefined &&
    !losses.some(loss => loss.role === undefined && PUTTING_OUT.has(view.kindOf(loss.operation)))
  )
}

/** EK9(a) for one recipient. */
export function recipientFault(
  ring: RingState,
  scope: KeyScope,
  k: number,
  owner: RidOwner | undefined,
  view: View,
  wasOutdated: boolean
): string | undefined {
  if (owner === undefined) return 'somebody not known here can open it'
  if (owner.kind === 'invite') {
    const fits =
      scope.kind === 'role' && scope.role === everyoneRole(ring.server) && inviteReads(view, owner.invite)
    return fits ? undefined : 'an invite that does not read can open it'
  }
  if (!isEntitled(ring.suite, view.state, scope, owner.user, k))
    return 'somebody who may not read can open it'
  const now = view.state.member(owner.user)?.userKey
  if (now === undefined || owner.generation > now.generation)
    return 'it is sealed to a user key not known here'
  if (now.stale === true) return 'it is sealed to a user key of a revoked device'
  return wasOutdated ? 'it is sealed to an outdated user key' : undefined
}

/** Who may be in a bucket; everybody of any other key. */
export function holderTest(ring: RingState, body: KeyBody): ((user: UserId) => boolean) | undefined {
  return body.kind === 'bucket'
    ? user => bucketIndex(ring.suite, body.role, user, body.k) === body.index
    : undefined
}

/** EK9 for one record. */
function recordSafety(ring: RingState, entry: KeyEntry, held: Held<KeyBody>, view: View): KeySafety {
  const facts = authorFacts(ring, held)
  if (facts === undefined) return unsafe('its author had seen operations not known here')
  const loss = touchedBy(ring, entry, held, facts, view)
  if (loss === null) return unsafe('what was lost since it was made is not known here')
  if (loss !== undefined) return unsafe('its author had not seen a loss', loss.operation)
  const k = bucketsOf(held)
  for (const rid of ridsOf(held)) {
    const owner = ownerOf(ring, rid, view.state)
    if (owner?.kind === 'key') {
      const inner = keyRecipient(ring, entry.scope, owner.keyId, view)
      if (!inner.safe) return inner
      continue
    }
    const fault = recipientFault(ring, entry.scope, k, owner, view, facts.outdated.includes(rid.key))
    if (fault !== undefined) return unsafe(fault)
  }
  return SAFE
}

/** The first loss in a view that touches a record's key; null where that cannot be told here. */
export function touchedBy(
  ring: RingState,
  entry: KeyEntry,
  held: Held<KeyBody>,
  facts: AuthorFacts,
  view: View
): Loss | null | undefined {
  const losses = view.losses(held.record.frontier)
  if (losses === undefined) return null
  if (losses.length === 0) return undefined
  const both = [facts.channel, channelFacts(view.state, entry.scope)]
  const mayHold = holderTest(ring, held.record.body)
  return losses.find(each => touches(ring.server, entry.scope, each, both, mayHold))
}

/**
 * A key among the recipients: it must be safe itself, and all its holders readers of the outer key. Keys nest no deeper
 * than an epoch, a role, its buckets.
 */
export function keyRecipient(ring: RingState, outer: KeyScope, keyId: KeyId, view: View): KeySafety {
  const inner = ring.keys.get(keyId)
  if (inner === undefined) return unsafe('it is sealed to a key not known here')
  if (inner.scope.kind === 'epoch') return unsafe('it is sealed to an epoch')
  if (outer.kind === 'bucket') return unsafe('a bucket is sealed to a key')
  if (outer.kind === 'role' && (inner.scope.kind !== 'bucket' || inner.scope.role !== outer.role))
    return unsafe('it is sealed to another role')
  const safety = view.safety(inner)
  if (!safety.safe || outer.kind !== 'epoch') return safety
  return view.roleReads(outer.channel, inner.scope.role)
    ? SAFE
    : unsafe('it is sealed to a role of which not all may read')
}

/** Which bucket's test a key's holders must pass: k of a bucket, else 0. */
export const bucketsOf = (held: Held<KeyBody> | undefined): number =>
  held?.record.body.kind === 'bucket' ? held.record.body.k : 0

/** EK9(a) for whom a grant is for. */
export function grantFault(
  ring: RingState,
  entry: KeyEntry,
  grant: Held<GrantBody>,
  view: View,
  buckets: number
): string | undefined {
  const facts = authorFacts(ring, grant)
  if (facts === undefined) return 'a grant is ahead of us'
  const owner = ring.rids.find(view.state, grantRid(grant.record.body.box))
  return recipientFault(ring, entry.scope, buckets, owner, view, facts.outdated.length > 0)
}

/** EK9 for one key: every valid record of it must be safe, and every valid grant. */
function entrySafety(ring: RingState, entry: KeyEntry, view: View): KeySafety {
  const valid = entry.records.filter(each => ring.judge(each).kind === 'valid')
  if (valid.length === 0) return { safe: false, rule: 'EK13', reason: 'no valid record of it is known' }
  for (const held of valid) {
    const safety = recordSafety(ring, entry, held, view)
    if (!safety.safe) return safety
  }
  if (!view.grants) return SAFE
  const buckets = bucketsOf(valid[0])
  for (const grant of ring.grants.get(entry.keyId) ?? []) {
    if (ring.judge(grant).kind !== 'valid') continue
    const fault = grantFault(ring, entry, grant, view, buckets)
    if (fault !== undefined) return unsafe(fault)
  }
  return SAFE
}

/** EK9 in any view, never from what was kept but for what the view gives. */
export function safetyIn(ring: RingState, keyId: KeyId, view: View): KeySafety {
  const entry = ring.keys.get(keyId)
  return entry === undefined
    ? { safe: false, rule: 'EK13', reason: 'not known here' }
    : entrySafety(ring, entry, view)
}

/**
 * Whether something in `view` had made the key unsafe by EK9(b): its own coverage and that of the keys it is
 * sealed to. For messages already written (EK10): who could open the key is not asked, as their author could
 * not know of every box.
 */
export function isCovered(ring: RingState, keyId: KeyId, view: View, path: readonly KeyId[] = []): boolean {
  const entry = ring.keys.get(keyId)
  if (entry === undefined || path.includes(keyId)) return true
  return entry.records
    .filter(each => ring.judge(each).kind === 'valid')
    .every(held => {
      const facts = authorFacts(ring, held)
      if (facts === undefined || touchedBy(ring, entry, held, facts, view) !== undefined) return false
      return boxOwners(ring, held, view.state).every(
        owner => owner?.kind !== 'key' || isCovered(ring, owner.keyId, view, [...path, keyId])
      )
    })
}

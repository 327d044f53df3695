/**
 * EK9 against everything known here, kept while more becomes known. A key that was safe is looked at again only where
 * something happened that it rests on; one that was not seen to miss a loss misses it for good.
 */
import type { KeyId } from '../base/index.ts'
import type { Loss, Moved } from '../authority/index.ts'
import type { KeySafety } from './contract.ts'
import { type ChannelFacts, channelFacts, touches } from './losses.ts'
import { type Change, keep, type Keeper } from './present.ts'
import { type Reach, reachOf } from './reach.ts'
import { roleReadsNow } from './roster.ts'
import { type KeyEntry, type RingState, stamp } from './ring-state.ts'
import {
  bucketsOf,
  grantFault,
  holderTest,
  keyRecipient,
  recipientFault,
  safetyIn,
  touchedBy,
  type View,
  wholeView
} from './safety.ts'

/** One answer. */
interface Kept {
  readonly entry: KeyEntry
  readonly safety: KeySafety
  /** When it was given: where it is neither `firm` nor `lost`, it is of that moment alone. */
  readonly stamp: string
  /** Of a safe key of which all is known: whom it reaches. */
  readonly firm?: Reach | undefined
  /** Its first record that counts misses a loss: nothing makes up for that, as long as its channel is what it was. */
  readonly lost: boolean
  /** Records and grants that were looked at. */
  readonly records: number
  grants: number
  /** Something it rests on got a record or a grant. */
  dirty: boolean
}

class Verdicts implements Keeper {
  readonly #ring: RingState
  readonly #kept = new Map<KeyId, Kept>()

  constructor(ring: RingState) {
    this.#ring = ring
  }

  follow({ moved, keys }: Change): void {
    if (moved.roles) this.#kept.clear()
    const view = wholeView(this.#ring)
    if (isAnything(moved))
      for (const [keyId, kept] of this.#kept) if (!this.#outlasts(kept, moved, view)) this.#drop(keyId)
    for (const keyId of keys) this.#soil(keyId)
  }

  /** Whether an answer holds after what moved. */
  #outlasts(kept: Kept, moved: Moved, view: View): boolean {
    const { entry, firm } = kept
    const { users, losses } = moved
    if (moved.channels && entry.scope.kind === 'epoch') return false
    if (kept.lost) return true
    if (firm === undefined) return false
    if (firm.invites.size > 0 && (moved.invites || losses.length > 0)) return false
    if (losses.length > 0 && this.#touched(entry, losses, view)) return false
    if (users.size > 0 && entry.scope.kind === 'epoch' && firm.keys.size > 0) kept.dirty = true
    const k = bucketsOf(entry.records[0])
    for (const user of users) {
      const generation = firm.users.get(user)
      if (generation === undefined) continue
      const owner = { kind: 'user', user, generation } as const
      if (recipientFault(this.#ring, entry.scope, k, owner, view, false) !== undefined) return false
    }
    return true
  }

  /** Says yes in doubt: then it is looked at anew. */
  #touched(entry: KeyEntry, losses: readonly Loss[], view: View): boolean {
    const { server } = this.#ring
    const facts: ChannelFacts[] = [channelFacts(view.state, entry.scope)]
    for (const { facts: then } of entry.records) if (then !== undefined) facts.push(then.channel)
    return entry.records.some(({ record }) => {
      const mayHold = holderTest(this.#ring, record.body)
      return losses.some(loss => touches(server, entry.scope, loss, facts, mayHold))
    })
  }

  /** Forgets a key's answer, and has those looked at again that rest on it. */
  #drop(keyId: KeyId): void {
    this.#kept.delete(keyId)
    this.#soil(keyId)
  }

  #soil(keyId: KeyId): void {
    const kept = this.#kept.get(keyId)
    if (kept !== undefined) kept.dirty = true
    for (const { record } of this.#ring.sealedTo.get(keyId) ?? []) {
      const outer = this.#kept.get(record.body.keyId)
      if (outer === undefined || outer.dirty) continue
      outer.dirty = true
      this.#soil(record.body.keyId)
    }
  }

  of(keyId: KeyId): KeySafety {
    const kept = this.#kept.get(keyId)
    if (kept !== undefined && this.#holds(kept)) return kept.safety
    this.#kept.delete(keyId)
    return this.#judge(keyId)
  }

  #holds(kept: Kept): boolean {
    if (kept.lost) return true
    const { entry, firm } = kept
    const ring = this.#ring
    if (firm === undefined) return kept.stamp === stamp(ring)
    if (!kept.dirty) return true
    const view = presentView(ring)
    if (!this.#isFirm(entry, reachOf(ring, entry)) || entry.records.length !== kept.records) return false
    for (const keyId of firm.keys) if (!keyRecipient(ring, entry.scope, keyId, view).safe) return false
    const buckets = bucketsOf(entry.records[0])
    for (; kept.grants < firm.grants.length; kept.grants++) {
      const grant = firm.grants[kept.grants] as Reach['grants'][number]
      if (grantFault(ring, entry, grant, view, buckets) !== undefined) return false
    }
    kept.dirty = !this.#areFirm(firm)
    return true
  }

  #judge(keyId: KeyId): KeySafety {
    const ring = this.#ring
    const entry = ring.keys.get(keyId)
    const view = presentView(ring)
    const safety = safetyIn(ring, keyId, view)
    if (entry === undefined) return safety
    const reach = safety.safe ? reachOf(ring, entry) : undefined
    const firm = reach !== undefined && this.#isFirm(entry, reach) && this.#areFirm(reach) ? reach : undefined
    this.#kept.set(keyId, {
      entry,
      safety,
      stamp: stamp(ring),
      firm,
      lost: !safety.safe && isLost(ring, entry, view),
      records: entry.records.length,
      grants: firm?.grants.length ?? 0,
      dirty: false
    })
    return safety
  }

  /** Whether all that a safe key rests on itself is known, and is heard of when it changes. */
  #isFirm(entry: KeyEntry, reach: Reach): boolean {
    if (!reach.settled || (entry.scope.kind === 'bucket' && entry.records.length > 1)) return false
    return entry.records.every(({ record: { body }, standing, facts }) => {
      if (standing?.kind === 'invalid') return true
      // Of a small role `sealedTo` does not tell what it is sealed to.
      const found = reach.keys.size === 0 || body.kind === 'epoch' || (body.kind === 'role' && body.k > 0)
      return standing?.kind === 'valid' && facts !== undefined && found
    })
  }

  /** Whether the same goes for the keys it is sealed to. */
  #areFirm(reach: Reach): boolean {
    return [...reach.keys].every(keyId => this.#kept.get(keyId)?.firm !== undefined)
  }
}

/** Whether the first record that may ever count misses a loss of its own. */
function isLost(ring: RingState, entry: KeyEntry, view: View): boolean {
  const held = entry.records.find(each => each.standing?.kind !== 'invalid')
  if (held?.standing?.kind !== 'valid' || held.facts === undefined) return false
  return (touchedBy(ring, entry, held, held.facts, view) ?? undefined) !== undefined
}

const isAnything = ({ users, roles, channels, invites, losses }: Moved): boolean =>
  users.size > 0 || roles || channels || invites || losses.length > 0

const createVerdicts = (ring: RingState): Verdicts => new Verdicts(ring)

/** Everything known here, with what is kept of it. */
function presentView(ring: RingState): View {
  return {
    ...wholeView(ring),
    safety: inner => safetyOf(ring, inner.keyId),
    roleReads: (channel, role) => roleReadsNow(ring, channel, role)
  }
}

/** EK9 against everything known here. */
export const safetyOf = (ring: RingState, keyId: KeyId): KeySafety => keep(ring, createVerdicts).of(keyId)

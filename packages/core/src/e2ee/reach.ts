/** Whom a key reaches: by its boxes and grants, as far as those count (EK12). Kept, since neither ever shrinks. */
import type { InviteId, KeyId, RoleId, UserId } from '../base/index.ts'
import { type Keeper, keep } from './present.ts'
import { grantRid, ridAsKey } from './rid.ts'
import {
  type GrantBody,
  type Held,
  type KeyBody,
  type KeyEntry,
  type RingState,
  stamp
} from './ring-state.ts'
import { ownerOf, type Rid, ridsOf } from './safety.ts'

/** Whom the boxes and grants of one key reach by themselves. */
export interface Reach {
  /** Generation of the newest user key among their boxes, by account. */
  readonly users: ReadonlyMap<UserId, number>
  readonly invites: ReadonlySet<InviteId>
  /** Keys it is sealed to. */
  readonly keys: ReadonlySet<KeyId>
  /** Grants that count. */
  readonly grants: readonly Held<GrantBody>[]
  /** Rids that were granted it, in vain or not. */
  readonly tried: ReadonlySet<KeyId>
  /** All that is held was taken in: no record or grant waits, and everybody is known. */
  readonly settled: boolean
}

class Growing implements Reach {
  readonly users = new Map<UserId, number>()
  readonly invites = new Set<InviteId>()
  readonly keys = new Set<KeyId>()
  readonly grants: Held<GrantBody>[] = []
  readonly tried = new Set<KeyId>()
  readonly #ring: RingState
  readonly #entry: KeyEntry
  #records = 0
  #granted = 0
  #waiting: (Held<KeyBody> | Held<GrantBody>)[] = []
  #unknown: Rid[] = []
  #stamp = ''

  constructor(ring: RingState, entry: KeyEntry) {
    this.#ring = ring
    this.#entry = entry
  }

  get settled(): boolean {
    return this.#waiting.length === 0 && this.#unknown.length === 0
  }

  /** Takes in what came since. */
  grow(): this {
    const { records, keyId } = this.#entry
    const grants = this.#ring.grants.get(keyId) ?? []
    const now = this.settled ? this.#stamp : stamp(this.#ring)
    if (now !== this.#stamp) {
      this.#stamp = now
      const waiting = this.#waiting.splice(0)
      const unknown = this.#unknown.splice(0)
      for (const held of waiting) this.#take(held)
      for (const rid of unknown) this.#reach(rid)
    }
    for (; this.#records < records.length; this.#records++)
      this.#take(records[this.#records] as Held<KeyBody>)
    for (; this.#granted < grants.length; this.#granted++) {
      const held = grants[this.#granted] as Held<GrantBody>
      this.tried.add(ridAsKey(grantRid(held.record.body.box)))
      this.#take(held)
    }
    return this
  }

  #take(held: Held<KeyBody> | Held<GrantBody>): void {
    const { kind } = this.#ring.judge(held)
    if (kind === 'waiting') this.#waiting.push(held)
    if (kind !== 'valid') return
    if (isGrant(held)) {
      const bytes = grantRid(held.record.body.box)
      this.grants.push(held)
      this.#reach({ bytes, key: ridAsKey(bytes) }, true)
    } else for (const rid of ridsOf(held)) this.#reach(rid)
  }

  /** A grant is never for a key. */
  #reach(rid: Rid, granted = false): void {
    const state = this.#ring.log.state()
    const owner = granted ? this.#ring.rids.find(state, rid.bytes, rid.key) : ownerOf(this.#ring, rid, state)
    if (owner === undefined) this.#unknown.push(rid)
    else if (owner.kind === 'key') this.keys.add(owner.keyId)
    else if (owner.kind === 'invite') this.invites.add(owner.invite)
    else this.users.set(owner.user, Math.max(owner.generation, this.users.get(owner.user) ?? 0))
  }
}

const isGrant = (held: Held<KeyBody> | Held<GrantBody>): held is Held<GrantBody> =>
  held.record.body.kind === 'grant'

/** What only grows needs no telling: what shrinks is an upheaval, after which all of this is gone. */
class Reaches implements Keeper {
  readonly #ring: RingState
  readonly #known = new Map<KeyEntry, Growing>()

  constructor(ring: RingState) {
    this.#ring = ring
  }

  follow(): void {}

  of(entry: KeyEntry): Reach {
    let reach = this.#known.get(entry)
    if (reach === undefined) this.#known.set(entry, (reach = new Growing(this.#ring, entry)))
    return reach.grow()
  }
}

const createReaches = (ring: RingState): Reaches => new Reaches(ring)

/** Whom a key reaches by itself. */
export const reachOf = (ring: RingState, entry: KeyEntry): Reach => keep(ring, createReaches).of(entry)

/** Reaches of a role's key and of the buckets it is sealed to; of any other key its own. */
export function reachesOf(ring: RingState, entry: KeyEntry): readonly Reach[] {
  const own = reachOf(ring, entry)
  if (entry.scope.kind !== 'role') return [own]
  const buckets = [...own.keys].flatMap(keyId => {
    const inner = ring.keys.get(keyId)
    return inner?.scope.kind === 'bucket' ? [reachOf(ring, inner)] : []
  })
  return [own, ...buckets]
}

/** Roles whose keys a key is sealed to. */
export function rolesReached(ring: RingState, { keys }: Reach): ReadonlySet<RoleId> {
  const roles = new Set<RoleId>()
  for (const keyId of keys) {
    const scope = ring.keys.get(keyId)?.scope
    if (scope?.kind === 'role') roles.add(scope.role)
  }
  return roles
}

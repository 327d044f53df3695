/**
 * Answers about everything known here, kept while more becomes known. Whoever keeps some is told what moved and looks
 * again at that alone; where nobody can tell what moved, all of it is forgotten and asked anew.
 */
import { idToBytes, type KeyId } from '../base/index.ts'
import type { AuthorityState, Moved } from '../authority/index.ts'
import type { RingState } from './ring-state.ts'

/** What happened since keepers were last told. */
export interface Change {
  readonly moved: Moved
  /** Keys that got a record or a grant. */
  readonly keys: ReadonlySet<KeyId>
}

/** Keeps answers about the present of one ring. */
export interface Keeper {
  /** Drops what may no longer hold. May ask the log, but no keeper: others may not have been told yet. */
  follow(change: Change): void
}

type Make<K extends Keeper> = (ring: RingState) => K

interface Present {
  count: number
  state: AuthorityState
  readonly upheavals: number
  readonly keepers: Map<Make<Keeper>, Keeper>
}

const presents = new WeakMap<RingState, Present>()

/** Whether a key that was just announced is called what a user's or an invite's rid was taken for. */
function isMistaken(ring: RingState): boolean {
  const state = ring.log.state()
  return [...ring.announced].some(keyId => ring.rids.taken(state, idToBytes(keyId), keyId) !== undefined)
}

function refreshed(ring: RingState): Present {
  const count = ring.log.count()
  const before = presents.get(ring)
  const { fresh, upheavals } = ring
  if (before?.count === count && before.upheavals === upheavals && fresh.size === 0) return before
  const state = ring.log.state()
  const moved = before?.upheavals === upheavals ? ring.log.movedSince(before.count) : undefined
  if (before !== undefined && moved?.roles === false) ring.rids.follow(before.state, state, moved.users)
  const stays = moved !== undefined && !isMistaken(ring)
  const keys = new Set(fresh)
  fresh.clear()
  ring.announced.clear()
  if (before !== undefined && stays) {
    Object.assign(before, { count, state })
    for (const keeper of before.keepers.values()) keeper.follow({ moved, keys })
    return before
  }
  const present: Present = { count, state, upheavals, keepers: new Map() }
  presents.set(ring, present)
  return present
}

/** The keeper that `make` makes: the one there is, brought up to date, or a new one. */
export function keep<K extends Keeper>(ring: RingState, make: Make<K>): K {
  const { keepers } = refreshed(ring)
  let keeper = keepers.get(make) as K | undefined
  if (keeper === undefined) keepers.set(make, (keeper = make(ring)))
  return keeper
}

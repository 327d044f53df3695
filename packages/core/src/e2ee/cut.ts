/**
 * Cuts (EK16): a role key opens, by its links, what its role could view when the older keys were made. Where the
 * role lost a channel since, those links end, or whoever gets the role later walked back into that channel.
 */
import { type ChannelId, idAs, type RoleId, type UserId } from '../base/index.ts'
import type { AuthorityState } from '../authority/index.ts'
import { grantsView, holdsRole } from './readers.ts'
import type { KeyEntry, RingState } from './ring-state.ts'

const viewsByState = new WeakMap<AuthorityState, Map<RoleId, ReadonlySet<ChannelId>>>()

/** Channels that a role, held alone, lets one view in a state; remembered with the state, which never changes. */
function viewOf(state: AuthorityState, role: RoleId): ReadonlySet<ChannelId> {
  let known = viewsByState.get(state)
  if (known === undefined) viewsByState.set(state, (known = new Map()))
  let view = known.get(role)
  if (view === undefined) {
    const channels = state.channels().filter(each => each.thread === undefined)
    view = new Set(channels.filter(each => grantsView(state, each.id, role)).map(each => each.id))
    known.set(role, view)
  }
  return view
}

/**
 * States in which a key was announced; undefined where one is not known here yet. Whether those records are valid is
 * not asked: that may hang on the answer.
 */
function statesOf(ring: RingState, entry: KeyEntry): readonly AuthorityState[] | undefined {
  const states: AuthorityState[] = []
  for (const { record } of entry.records) {
    const state = ring.log.stateAt(record.frontier)
    if (state === undefined) return undefined
    states.push(state)
  }
  return states
}

/**
 * Whether a role or bucket key is of before a cut, seen from a state: its role could view a channel then that it
 * cannot view in that state. undefined where that is not known here yet.
 */
export function isBeforeCut(ring: RingState, entry: KeyEntry, state: AuthorityState): boolean | undefined {
  if (entry.scope.kind === 'epoch') return false
  const { role } = entry.scope
  const now = viewOf(state, role)
  return statesOf(ring, entry)?.some(then => [...viewOf(then, role)].some(channel => !now.has(channel)))
}

/** Whether a user held the role of a key in every state that somebody announced it in. */
export function heldRoleThen(ring: RingState, entry: KeyEntry, user: UserId): boolean {
  if (entry.scope.kind === 'epoch') return false
  const { role } = entry.scope
  const states = statesOf(ring, entry)
  return states !== undefined && states.length > 0 && states.every(then => holdsRole(then, role, user))
}

/** Channels a role reads, meta among them for @everyone: what a cut leaves it. */
export function channelsLeft(state: AuthorityState, role: RoleId): readonly ChannelId[] {
  const meta = role.slice(1) === state.server.slice(1) ? [idAs('c', state.server)] : []
  return [...meta, ...viewOf(state, role)]
}

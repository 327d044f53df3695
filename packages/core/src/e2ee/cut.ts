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
export function viewOf(state: AuthorityState, role: RoleId): ReadonlySet<ChannelId> {
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
 * What a role could view, by each record that announced its key; undefined where one's frontier is not known here
 * yet. Whether those records are valid is not asked: that may hang on the answer.
 */
function viewsThen(
  ring: RingState,
  entry: KeyEntry,
  role: RoleId
): readonly Iterable<ChannelId>[] | undefined {
  const views: Iterable<ChannelId>[] = []
  for (const { record, facts } of entry.records) {
    if (facts !== undefined) {
      views.push(facts.views)
      continue
    }
    const state = ring.log.stateAt(record.frontier)
    if (state === undefined) return undefined
    views.push(viewOf(state, role))
  }
  return views
}

/**
 * Whether a role or bucket key is of before a cut, seen from a state: its role could view a channel then that it
 * cannot view in that state. undefined where that is not known here yet.
 */
export function isBeforeCut(ring: RingState, entry: KeyEntry, state: AuthorityState): boolean | undefined {
  if (entry.scope.kind === 'epoch') return false
  const { role } = entry.scope
  const now = viewOf(state, role)
  return viewsThen(ring, entry, role)?.some(then => [...then].some(channel => !now.has(channel)))
}

/** Whether a user held the role of a key in every state that somebody announced it in; undefined as above. */
export function heldRoleThen(ring: RingState, entry: KeyEntry, user: UserId): boolean | undefined {
  if (entry.scope.kind === 'epoch') return false
  const { role } = entry.scope
  const held = entry.records.map(({ record, facts }) => {
    if (facts !== undefined && user === ring.user) return facts.mine
    const then = ring.log.stateAt(record.frontier)
    return then && holdsRole(then, role, user)
  })
  if (held.includes(false)) return false
  return held.includes(undefined) ? undefined : held.length > 0
}

/** Channels a role reads, meta among them for @everyone: what a cut leaves it. */
export function channelsLeft(state: AuthorityState, role: RoleId): readonly ChannelId[] {
  const meta = role.slice(1) === state.server.slice(1) ? [idAs('c', state.server)] : []
  return [...meta, ...viewOf(state, role)]
}

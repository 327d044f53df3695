/** Places among roles and channels (AU11): people count, the wire has byte strings between neighbours. */
import { type ChannelId, type RoleId, XcordError } from '../../base/index.ts'
import {
  type ChannelState,
  comparePositions,
  positionBetween,
  type RoleState
} from '../../authority/index.ts'
import type { ReplicaState } from '../replica/replica-state.ts'

const BOTTOM = new Uint8Array(0)

/** @param now - Where it stands: a move back to there is written too, so it never draws the same bytes again. */
function between(
  state: ReplicaState,
  below: Uint8Array,
  above: Uint8Array | null,
  now: Uint8Array = BOTTOM
): Uint8Array {
  const salt = Math.max(1, state.deps.random.bytes(1)[0] as number)
  const drawn = positionBetween(below, above, salt)
  const again = drawn !== undefined && comparePositions(drawn, now) === 0
  const position = again ? positionBetween(below, above, (salt % 255) + 1) : drawn
  if (position === undefined)
    throw new XcordError('XCORD_LIMIT', 'There is no room left between positions; move something first.', {
      what: 'positions',
      limit: 16,
      actual: 17
    })
  return position
}

/** Behind the last channel. */
export function lastChannelPosition(state: ReplicaState): Uint8Array {
  const last = state.log
    .state()
    .channels()
    .reduce<Uint8Array>(
      (found, each) => (comparePositions(each.position, found) > 0 ? each.position : found),
      BOTTOM
    )
  return between(state, last, null)
}

/** AU11: a new role goes lowest unless told. */
export function lowestRolePosition(state: ReplicaState): Uint8Array {
  const lowest = state.log
    .state()
    .roles()
    .map(each => each.position)
    .filter(each => each.length > 0)
    .reduce<Uint8Array | null>(
      (found, each) => (found === null || comparePositions(each, found) < 0 ? each : found),
      null
    )
  return between(state, BOTTOM, lowest)
}

/**
 * Where a role goes to stand at a place counted from below: 1 is just above `@everyone`.
 *
 * @throws RangeError for a place that is none.
 */
export function rolePosition(state: ReplicaState, role: RoleId, place: number): Uint8Array {
  const roles = state.log.state().roles()
  const others = roles.filter((each: RoleState) => each.id !== role && each.position.length > 0).reverse()
  if (!Number.isSafeInteger(place) || place < 1)
    throw new RangeError("a role's position is 1 or more; @everyone is at 0")
  const index = Math.min(place, others.length + 1)
  return between(
    state,
    others[index - 2]?.position ?? BOTTOM,
    others[index - 1]?.position ?? null,
    roles.find(each => each.id === role)?.position
  )
}

/**
 * Where a channel goes to stand at a place among those of its parent, the first being 0; behind them without one.
 *
 * @throws RangeError for a place that is none.
 */
export function channelPosition(
  state: ReplicaState,
  channel: ChannelId,
  parent: ChannelId | null,
  place: number | undefined
): Uint8Array {
  const siblings = siblingsOf(state, parent).filter(each => each.id !== channel)
  if (place !== undefined && (!Number.isSafeInteger(place) || place < 0))
    throw new RangeError("a channel's position is 0 or more")
  const index = Math.min(place ?? siblings.length, siblings.length)
  return between(state, siblings[index - 1]?.position ?? BOTTOM, siblings[index]?.position ?? null)
}

/** Channels of one parent, first to last. */
function siblingsOf(state: ReplicaState, parent: ChannelId | null): readonly ChannelState[] {
  return state.log
    .state()
    .channels()
    .filter(each => each.parent === parent && each.kind !== 'thread')
}

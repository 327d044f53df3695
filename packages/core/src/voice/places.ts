/** Who has a place in a call that is full (VX6). Everybody counts alike, without anybody who grants places. */
import type { DeviceId } from '../base/index.ts'
import { CALL_MEMBERS_MAX, CLAIM_MS_MAX } from './limits.ts'

/** Somebody in a call, as one peer knows it. */
export interface Claimant {
  readonly device: DeviceId
  /** By their clock, ms. */
  readonly since: number
  /** By ours. */
  readonly firstSeen: number
}

/** Members at once: what the channel says, within what a mesh carries. */
export function placesOf(userLimit: number): number {
  return userLimit === 0 ? CALL_MEMBERS_MAX : Math.min(userLimit, CALL_MEMBERS_MAX)
}

/** Those who are beyond the places: the last to come by their own claim, which reaches back ten seconds at most. */
export function beyond(claimants: readonly Claimant[], places: number): ReadonlySet<DeviceId> {
  const order = claimants.map(each => ({
    device: each.device,
    came: Math.max(each.since, each.firstSeen - CLAIM_MS_MAX)
  }))
  order.sort((a, b) => a.came - b.came || (a.device < b.device ? -1 : 1))
  return new Set(order.slice(places).map(each => each.device))
}

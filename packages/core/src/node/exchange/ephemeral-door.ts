/** What gossip brings and nobody stores (EN9): verified, bounded and opened once, then handed to whom it concerns. */
import type { Clock, DeviceId } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import type { OpenedEnvelope } from '../../e2ee/index.ts'
import { type Envelope, verifyBundle } from '../../graph/index.ts'
import type { GossipVerdict } from '../../net/index.ts'
import type { LiveReplica } from '../replica/replica.ts'

/** VX5: ephemeral envelopes of one device that are forwarded in the window. */
const FORWARDED_MAX = 30
const WINDOW_MS = 10_000
/** Devices whose pace is remembered. */
const WINDOWS_MAX = 4_096

/** Takes what it knows. False where it is not to go on. */
export type EphemeralTaker = (replica: LiveReplica, device: DeviceId, opened: OpenedEnvelope) => boolean

/** The judge of ephemeral bundles. `take`: whoever is concerned by the body. */
export function createEphemeralDoor(
  suite: Suite,
  clock: Clock,
  take: EphemeralTaker
): (replica: LiveReplica, bundle: readonly Envelope[]) => GossipVerdict {
  const windows = new Map<DeviceId, { count: number; since: number }>()
  const tooMuch = (device: DeviceId, count: number): boolean => {
    const at = clock.now()
    let window = windows.get(device)
    // A clock that was set back begins anew.
    if (window === undefined || Math.abs(at - window.since) >= WINDOW_MS) {
      if (windows.size >= WINDOWS_MAX) windows.clear()
      windows.set(device, (window = { count: 0, since: at }))
    }
    window.count += count
    return window.count > FORWARDED_MAX
  }
  const goesOn = (replica: LiveReplica, device: DeviceId, envelope: Envelope): boolean => {
    const result = replica.current.ring.open(envelope)
    // What we cannot read others may.
    if (result.kind !== 'opened') return result.kind !== 'refused'
    return take(replica, device, result.opened)
  }
  return (replica, bundle) => {
    const first = bundle[0] as Envelope
    const device = replica.current.deviceOf(first.tag, first.authorId)
    if (device === undefined) return 'ignore'
    if (!verifyBundle(suite, bundle, device).ok) return 'reject'
    if (tooMuch(device, bundle.length)) return 'ignore'
    let verdict: GossipVerdict = 'accept'
    for (const envelope of bundle) if (!goesOn(replica, device, envelope)) verdict = 'ignore'
    return verdict
  }
}

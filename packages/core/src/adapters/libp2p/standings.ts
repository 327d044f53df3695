/** Application scores of neighbours (NT27): what they are to us, less what they passed on and should not have (NT26). */
import type { DeviceId } from '../../base/index.ts'
import { peerIdText } from '../../net/index.ts'

/** What a device is to us. */
export type Standing = 'member' | 'unknown' | 'banned'

const STANDING_SCORE: Readonly<Record<Standing, number>> = { member: 10, unknown: 0, banned: -1_000 }
/** One point of blame is forgiven in this time, ms: who lags behind a new rule is not muted for it. */
const FORGIVEN_MS = 10_000
/** Blame that counts: enough to end gossip with a member, not to hear nothing of it (NT27's thresholds). */
const BLAME_MAX = 40
/** Neighbours whose blame is remembered. */
const BLAMED_MAX = 1_024

/** Standings of devices, asked by PeerId text. */
export interface Standings {
  set(device: DeviceId, standing: Standing): void
  /** It forwarded what slow mode or automod forbids. */
  blame(peer: string): void
  /** Its application score. */
  scoreOf(peer: string): number
}

/** Makes the standings of one transport, for `gossipService`. */
export function createStandings(now: () => number = Date.now): Standings {
  const standings = new Map<string, Standing>()
  const blames = new Map<string, { readonly points: number; readonly at: number }>()
  const blameOf = (peer: string): number => {
    const known = blames.get(peer)
    if (known === undefined) return 0
    return Math.max(0, known.points - Math.max(0, now() - known.at) / FORGIVEN_MS)
  }
  return {
    set: (device, standing) => {
      if (standing === 'unknown') standings.delete(peerIdText(device))
      else standings.set(peerIdText(device), standing)
    },
    blame: peer => {
      const points = Math.min(BLAME_MAX, blameOf(peer) + 1)
      blames.delete(peer)
      blames.set(peer, { points, at: now() })
      const oldest = blames.size > BLAMED_MAX ? blames.keys().next().value : undefined
      if (oldest !== undefined) blames.delete(oldest)
    },
    scoreOf: peer => STANDING_SCORE[standings.get(peer) ?? 'unknown'] - blameOf(peer)
  }
}

/** Sets how much we send by what the other side says of its arrival (VX70). */
import { firstRate, nextRate } from '../../audio/index.ts'
import type { StatsReport } from './platform.ts'

/** Between two looks, in ticks: a second. Reports themselves come every few. */
const LOOK_TICKS = 100
/** Of fewer packets a share says nothing: whoever is silent sends two or three a second. */
const PACKETS_MIN = 50

/** What the other side said last: when, what share was lost since its report before, and what we had sent by now. */
function readReport(reports: readonly StatsReport[]): { at: number; lost: number; sent: number } | undefined {
  const number = (type: string, key: string): number | undefined => {
    const value = reports.find(each => each.type === type && each['kind'] !== 'video')?.[key]
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined
  }
  const at = number('remote-inbound-rtp', 'timestamp')
  const lost = number('remote-inbound-rtp', 'fractionLost')
  const sent = number('outbound-rtp', 'packetsSent')
  return at === undefined || lost === undefined || sent === undefined ? undefined : { at, lost, sent }
}

/** To be called every 10 ms. Where the platform cannot change the rate, it is tried once and left alone. */
export function createRateKeeper(
  allowedKbps: number,
  reports: () => Promise<readonly StatsReport[]>,
  set: (kbps: number) => Promise<void>
): () => void {
  let rate = firstRate(allowedKbps)
  let last: { at: number; sent: number } | undefined
  let ticks = 0
  let busy = false
  let fixed = false
  const look = async (): Promise<void> => {
    const report = readReport(await reports())
    if (report === undefined || report.at === last?.at) return
    const enough = report.sent - (last?.sent ?? 0) >= PACKETS_MIN
    last = report
    if (!enough) return
    const next = nextRate(rate, report.lost, allowedKbps)
    const changed = next.kbps !== rate.kbps
    rate = next
    if (changed) await set(next.kbps)
  }
  return () => {
    ticks += 1
    if (busy || fixed || ticks % LOOK_TICKS !== 0) return
    busy = true
    look().then(
      () => (busy = false),
      () => (fixed = true)
    )
  }
}

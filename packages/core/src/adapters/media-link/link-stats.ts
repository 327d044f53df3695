/** WebRTC's counters as what a call wants to know: figures since the link began, and since the last question. */
import type { LinkStats } from '../../voice/index.ts'
import type { StatsReport } from './platform.ts'

/** Counters at the last question. */
export interface StatsMark {
  readonly atMs: number
  readonly lost: number
  readonly received: number
  readonly receivedBytes: number
  readonly sentBytes: number
  readonly samples: number
  readonly concealed: number
}

const ZERO: StatsMark = {
  atMs: 0,
  lost: 0,
  received: 0,
  receivedBytes: 0,
  sentBytes: 0,
  samples: 0,
  concealed: 0
}

const numberOf = (report: StatsReport | undefined, key: string): number | undefined => {
  const value = report?.[key]
  const known = typeof value === 'string' ? Number(value) : value
  return typeof known === 'number' && Number.isFinite(known) ? known : undefined
}
const countOf = (report: StatsReport | undefined, key: string): number => numberOf(report, key) ?? 0
const share = (part: number, whole: number): number | null =>
  whole <= 0 ? null : Math.min(100, Math.max(0, (part / whole) * 100))

function findReports(reports: readonly StatsReport[]) {
  const ofKind = (type: string) => reports.find(each => each.type === type && each['kind'] !== 'video')
  const transport = ofKind('transport')
  const pairs = reports.filter(each => each.type === 'candidate-pair')
  const pair =
    pairs.find(each => each.id === transport?.['selectedCandidatePairId']) ??
    pairs.find(each => each['nominated'] === true)
  const candidates = ['localCandidateId', 'remoteCandidateId'].map(key =>
    reports.find(each => each.id === pair?.[key])
  )
  return { inbound: ofKind('inbound-rtp'), outbound: ofKind('outbound-rtp'), pair, candidates }
}

/** Packets that came in so far: above 0, media arrives. */
export function packetsArrived(reports: readonly StatsReport[]): number {
  return countOf(findReports(reports).inbound, 'packetsReceived')
}

/** The figures, and the mark for the next question. */
export function readStats(
  reports: readonly StatsReport[],
  atMs: number,
  last: StatsMark = ZERO
): readonly [LinkStats, StatsMark] {
  const { inbound, outbound, pair, candidates } = findReports(reports)
  const mark: StatsMark = {
    atMs,
    lost: countOf(inbound, 'packetsLost'),
    received: countOf(inbound, 'packetsReceived'),
    receivedBytes: countOf(inbound, 'bytesReceived'),
    sentBytes: countOf(outbound, 'bytesSent'),
    samples: countOf(inbound, 'totalSamplesReceived'),
    // Comfort noise in a pause is made up too, but nobody misses anything.
    concealed: countOf(inbound, 'concealedSamples') - countOf(inbound, 'silentConcealedSamples')
  }
  const lost = mark.lost - last.lost
  const rttSeconds = numberOf(pair, 'currentRoundTripTime')
  const jitterSeconds = mark.received === 0 ? undefined : numberOf(inbound, 'jitter')
  const rate = (now: number, then: number): number | null =>
    last.atMs === 0 || atMs <= last.atMs ? null : Math.max(0, ((now - then) * 8) / (atMs - last.atMs))
  const relayed = candidates.some(each => each?.['candidateType'] === 'relay')
  const figures: LinkStats = {
    rttMs: rttSeconds === undefined ? null : rttSeconds * 1_000,
    jitterMs: jitterSeconds === undefined ? null : jitterSeconds * 1_000,
    lossPct: share(lost, lost + mark.received - last.received),
    receivedKbps: rate(mark.receivedBytes, last.receivedBytes),
    sentKbps: rate(mark.sentBytes, last.sentBytes),
    concealedPct: share(mark.concealed - last.concealed, mark.samples - last.samples),
    path: pair === undefined ? null : relayed ? 'relay' : 'direct',
    packetsReceived: mark.received,
    packetsSent: countOf(outbound, 'packetsSent')
  }
  return [figures, mark]
}

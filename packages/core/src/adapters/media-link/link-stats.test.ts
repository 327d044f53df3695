import { describe, expect, it } from 'vitest'
import { packetsArrived, readStats } from './link-stats.ts'
import type { StatsReport } from './platform.ts'

const reports = (inbound: object, local = 'host'): StatsReport[] => [
  { id: 'T', type: 'transport', selectedCandidatePairId: 'P2' },
  { id: 'P1', type: 'candidate-pair', nominated: true, currentRoundTripTime: 9 },
  {
    id: 'P2',
    type: 'candidate-pair',
    currentRoundTripTime: 0.02,
    localCandidateId: 'L',
    remoteCandidateId: 'R'
  },
  { id: 'L', type: 'local-candidate', candidateType: local },
  { id: 'R', type: 'remote-candidate', candidateType: 'host' },
  { id: 'V', type: 'inbound-rtp', kind: 'video', packetsReceived: 7 },
  { id: 'I', type: 'inbound-rtp', kind: 'audio', ...inbound },
  { id: 'O', type: 'outbound-rtp', kind: 'audio', packetsSent: 40, bytesSent: 4_000 }
]
const counted = (received: number, lost: number, samples: number, concealed: number): object => ({
  packetsReceived: received,
  packetsLost: lost,
  bytesReceived: received * 100,
  jitter: 0.003,
  totalSamplesReceived: samples,
  concealedSamples: concealed,
  silentConcealedSamples: 10
})

describe('figures of a link', () => {
  it('are of the time since the last question', () => {
    const [first, mark] = readStats(reports(counted(100, 0, 1_000, 10)), 1_000)
    expect(first).toEqual({
      rttMs: 20,
      jitterMs: 3,
      lossPct: 0,
      receivedKbps: null,
      sentKbps: null,
      concealedPct: 0,
      path: 'direct',
      packetsReceived: 100,
      packetsSent: 40
    })
    const [second] = readStats(reports(counted(180, 20, 2_000, 260)), 2_000, mark)
    expect(second).toMatchObject({ lossPct: 20, receivedKbps: 64, sentKbps: 0, concealedPct: 25 })
  })

  it('name a path through a relay', () => {
    expect(readStats(reports(counted(1, 0, 1, 0), 'relay'), 1)[0].path).toBe('relay')
  })

  it('are unknown before anything is measured', () => {
    const [figures] = readStats([], 5)
    expect(figures).toMatchObject({
      rttMs: null,
      jitterMs: null,
      lossPct: null,
      concealedPct: null,
      path: null
    })
    expect(packetsArrived([])).toBe(0)
    expect(packetsArrived(reports(counted(3, 0, 0, 0)))).toBe(3)
  })

  it('bear counters that run backwards or are none', () => {
    const [, mark] = readStats(reports(counted(100, 5, 1_000, 10)), 1_000)
    const [figures] = readStats(
      reports({ packetsReceived: 'x', packetsLost: -3, bytesReceived: Number.NaN }),
      2_000,
      mark
    )
    expect(figures.lossPct).toBeNull()
    expect(figures.receivedKbps).toBe(0)
  })
})

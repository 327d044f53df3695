import { describe, expect, it } from 'vitest'
import { type HeardFigures, judgeQuality } from './index.ts'

const FINE: HeardFigures = { rttMs: 40, jitterMs: 4, lossShare: 0, concealedShare: 0 }

describe('quality', () => {
  it('[VX66] is the worst of its figures', () => {
    expect(judgeQuality(FINE)).toBe('good')
    expect(judgeQuality({ ...FINE, rttMs: 300 })).toBe('fair')
    expect(judgeQuality({ ...FINE, jitterMs: 50 })).toBe('fair')
    expect(judgeQuality({ ...FINE, lossShare: 0.05 })).toBe('fair')
    expect(judgeQuality({ ...FINE, rttMs: 300, lossShare: 0.2 })).toBe('poor')
    expect(judgeQuality({ ...FINE, concealedShare: 0.3 })).toBe('poor')
  })

  it('[VX66] says good on the bound, and without a round trip yet', () => {
    expect(judgeQuality({ ...FINE, rttMs: undefined, lossShare: 0.02 })).toBe('good')
    expect(judgeQuality({ ...FINE, jitterMs: 80 })).toBe('fair')
  })
})

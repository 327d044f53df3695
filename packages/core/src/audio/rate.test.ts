import { describe, expect, it } from 'vitest'
import { firstRate, nextRate, type Rate } from './index.ts'

const after = (rate: Rate, lost: readonly number[], allowed = 0): number =>
  lost.reduce((last, each) => nextRate(last, each, allowed), rate).kbps

describe('the rate of a voice', () => {
  it('[VX70] begins where the channel says, or at 32 kbit/s', () => {
    expect([firstRate(0).kbps, firstRate(64).kbps, firstRate(8).kbps]).toEqual([32, 64, 8])
  })

  it('[VX70] falls by three tenths with each bad report, and not below 12 kbit/s', () => {
    const lost = [0.3, 0.3, 0.3, 0.3, 0.3]
    expect(lost.map((_, index) => after(firstRate(0), lost.slice(0, index + 1)))).toEqual([
      22, 15, 12, 12, 12
    ])
    // Where the channel allows less than that, it stays with what the channel allows.
    expect(after(firstRate(8), lost, 8)).toBe(8)
  })

  it('[VX70] rises by a quarter after three good reports in a row, and not above what is allowed', () => {
    const low = { kbps: 12, well: 0 }
    expect(after(low, [0, 0])).toBe(12)
    expect(after(low, [0, 0, 0])).toBe(15)
    expect(after(low, [0, 0, 0.05, 0, 0])).toBe(12)
    expect(
      after(
        low,
        Array.from({ length: 60 }, () => 0.01)
      )
    ).toBe(32)
    expect(
      after(
        firstRate(64),
        Array.from({ length: 60 }, () => 0),
        64
      )
    ).toBe(64)
  })

  it('[VX70] stays where it is while little is lost', () => {
    expect(after({ kbps: 20, well: 0 }, [0.05, 0.03, 0.08])).toBe(20)
  })
})

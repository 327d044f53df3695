import { describe, expect, it } from 'vitest'
import { FRAME_SAMPLES, mixVoices, type PcmFrame, toneFrames, tonesHeard, toneShare } from './index.ts'

/** Four frames in one piece. */
const joined = (frameAt: (index: number) => PcmFrame, from = 0): Int16Array =>
  Int16Array.from([0, 1, 2, 3].flatMap(index => [...frameAt(from + index)]))

describe('tones', () => {
  it('[VX60] are frames of 480 samples without a seam', () => {
    const tone = toneFrames(440)
    expect(tone(0)).toHaveLength(FRAME_SAMPLES)
    const both = [...tone(7), ...tone(8)]
    const steps = both.slice(1).map((sample, index) => Math.abs(sample - (both[index] ?? 0)))
    // The steepest step of a 440 Hz sine of that peak; a seam would be steeper.
    expect(Math.max(...steps)).toBeLessThanOrEqual(Math.ceil((2 * Math.PI * 440 * 4_000) / 48_000) + 1)
  })

  it('are found at their frequency and nowhere else', () => {
    for (const hz of [220, 440, 880, 3_000]) {
      const sound = joined(toneFrames(hz), 1_000_000)
      expect(toneShare(sound, hz)).toBeGreaterThan(0.97)
      expect(toneShare(sound, hz * 1.5)).toBeLessThan(0.02)
    }
  })

  it('are told apart in a mix of six', () => {
    const all = [300, 425, 550, 675, 800, 925]
    const without = all.filter(hz => hz !== 550)
    const mix = joined(index => mixVoices(without.map(hz => ({ frame: toneFrames(hz)(index) }))))
    expect(tonesHeard(mix, all)).toEqual(without)
  })

  it('are not heard in silence, however little noise there is', () => {
    const hiss = Int16Array.from({ length: 1_920 }, (_, index) => Math.round(4 * Math.sin(index / 17)))
    expect(tonesHeard(new Int16Array(1_920), [440])).toEqual([])
    expect(tonesHeard(hiss, [48_000 / (2 * Math.PI * 17)])).toEqual([])
    expect(toneShare(new Int16Array(0), 440)).toBe(0)
  })

  it('have a frequency people hear', () => {
    for (const hz of [0, -440, 24_000, Number.NaN]) expect(() => toneFrames(hz)).toThrow(RangeError)
  })
})

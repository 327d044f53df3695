import { describe, expect, it } from 'vitest'
import { createFramer, createResampler, downmix, mixVoices, toneShare } from './index.ts'

const frame = (value: number): Int16Array => new Int16Array(480).fill(value)

describe('mixing', () => {
  it('adds voices by their volume, and cuts what does not fit', () => {
    expect(mixVoices([{ frame: frame(100) }, { frame: frame(40), volume: 0.5 }])[479]).toBe(120)
    expect(mixVoices([{ frame: frame(30_000) }, { frame: frame(30_000) }])[0]).toBe(32_767)
    expect(mixVoices([{ frame: frame(-30_000), volume: 2 }])[0]).toBe(-32_768)
    expect(mixVoices([])).toEqual(frame(0))
  })

  it('takes the mean of channels side by side', () => {
    expect(downmix(Int16Array.of(10, 20, -10, 10, 7), 2)).toEqual(Int16Array.of(15, 0))
  })
})

describe('frames', () => {
  it('[VX60] are cut from pieces of any length, nothing lost', () => {
    const framer = createFramer()
    const all = Int16Array.from({ length: 2_000 }, (_, index) => index)
    const out = [1, 700, 2, 1_297].reduce(
      ({ at, frames }, size) => ({
        at: at + size,
        frames: [...frames, ...framer(all.slice(at, at + size))]
      }),
      { at: 0, frames: [] as Int16Array[] }
    ).frames
    expect(out.map(each => each.length)).toEqual([480, 480, 480, 480])
    expect(out.flatMap(each => [...each])).toEqual([...all.slice(0, 1_920)])
  })
})

describe('another rate', () => {
  it.each([8_000, 16_000, 22_050, 44_100, 96_000])('keeps a tone from %i Hz, cut anywhere', rate => {
    const sine = Int16Array.from({ length: rate / 2 }, (_, index) =>
      Math.round(8_000 * Math.sin((2 * Math.PI * 1_000 * index) / rate))
    )
    const whole = createResampler(rate, 48_000)(sine)
    const run = createResampler(rate, 48_000)
    const pieces = [0, 123, 124, 2_000].map((from, index, all) =>
      run(sine.slice(from, all[index + 1] ?? rate))
    )
    expect(pieces.flatMap(each => [...each])).toEqual([...whole])
    expect(Math.abs(whole.length - 24_000)).toBeLessThan(200)
    expect(toneShare(whole.slice(4_800, 9_600), 1_000)).toBeGreaterThan(0.99)
    expect(Math.max(...whole.slice(4_800, 9_600))).toBeGreaterThan(7_900)
  })

  it('lets nothing alias that the lower rate cannot hold', () => {
    const high = Int16Array.from({ length: 9_600 }, (_, index) =>
      Math.round(8_000 * Math.sin((2 * Math.PI * 7_000 * index) / 48_000))
    )
    const out = createResampler(48_000, 8_000)(high).slice(100)
    expect(Math.max(...out.map(Math.abs))).toBeLessThan(400)
  })

  it('refuses rates that are none', () => {
    for (const hz of [0, -1, 1.5, Number.NaN]) expect(() => createResampler(hz, 48_000)).toThrow(RangeError)
  })
})

import { describe, expect, it } from 'vitest'
import { LEVEL_DB_MIN, levelDb, SILENT, type SpeakingState, stepSpeaking, toneFrames } from './index.ts'

const after = (state: SpeakingState, levels: readonly number[]): SpeakingState =>
  levels.reduce(stepSpeaking, state)
const times = (count: number, level: number): number[] => Array.from({ length: count }, () => level)

describe('level', () => {
  it('is dB below full scale', () => {
    expect(levelDb(Int16Array.of(-32_768, -32_768))).toBe(0)
    expect(levelDb(new Int16Array(480))).toBe(LEVEL_DB_MIN)
    // A sine of half the scale: -6 dB for the half, -3 for the sine.
    expect(levelDb(toneFrames(1_000, 16_384)(0))).toBeCloseTo(-9.03, 1)
  })
})

describe('speaking', () => {
  it('[VX65] begins with three loud frames in a row, not with a click', () => {
    expect(after(SILENT, [-20, -20, -90, -20, -20, -90]).speaking).toBe(false)
    expect(after(SILENT, [-20, -20, -20]).speaking).toBe(true)
  })

  it('[VX65] outlasts a pause between words and ends after 400 ms of quiet', () => {
    const talking = after(SILENT, times(3, -20))
    const paused = after(talking, times(39, -90))
    expect(paused.speaking).toBe(true)
    expect(after(paused, [-45, ...times(39, -90)]).speaking).toBe(true)
    expect(after(paused, [-90]).speaking).toBe(false)
  })

  it('[VX65] does not begin at a level at which it would go on', () => {
    expect(after(SILENT, times(100, -45)).speaking).toBe(false)
    expect(after(after(SILENT, times(3, -20)), times(100, -45)).speaking).toBe(true)
  })
})

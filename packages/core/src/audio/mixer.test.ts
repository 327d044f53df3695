import { describe, expect, it } from 'vitest'
import { createMixer } from './index.ts'

const frame = (value: number): Int16Array => new Int16Array(480).fill(value)

describe('mixer', () => {
  it('adds who speaks now, each at their volume', () => {
    const mixer = createMixer()
    mixer.setVolume('b', 0.5)
    for (const index of [1, 2]) {
      mixer.push('a', frame(100 * index))
      mixer.push('b', frame(10 * index))
    }
    expect([mixer.next()[0], mixer.next()[0], mixer.next()[0]]).toEqual([105, 210, 0])
  })

  it('forgets who left, and keeps nobody waiting for who is late', () => {
    const mixer = createMixer()
    mixer.push('a', frame(1))
    mixer.push('a', frame(1))
    mixer.push('b', frame(5))
    mixer.push('b', frame(5))
    mixer.remove('a')
    expect(mixer.next()[0]).toBe(5)
    expect(mixer.next()).toHaveLength(480)
    expect(mixer.next()[0]).toBe(0)
  })

  it('has volumes from 0 to 2', () => {
    for (const volume of [-1, 2.1, Number.NaN])
      expect(() => createMixer().setVolume('a', volume)).toThrow(RangeError)
  })
})

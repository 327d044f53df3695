import { describe, expect, it } from 'vitest'
import { createPacer, type Pacer } from './index.ts'

const frame = (value: number): Int16Array => new Int16Array(480).fill(value)
const taken = (pacer: Pacer, count: number): (number | undefined)[] =>
  Array.from({ length: count }, () => pacer.next()?.[0])

describe('pacer', () => {
  it('[VX62] begins with two frames, and plays a lone one a moment later', () => {
    const pacer = createPacer()
    expect(taken(pacer, 1)).toEqual([undefined])
    pacer.push(frame(1))
    expect(taken(pacer, 1)).toEqual([undefined])
    pacer.push(frame(2))
    expect(taken(pacer, 3)).toEqual([1, 2, undefined])
    pacer.push(frame(3))
    expect(taken(pacer, 3)).toEqual([undefined, 3, undefined])
  })

  it('[VX62] keeps at most 200 ms, the newest', () => {
    const pacer = createPacer()
    for (let index = 1; index <= 1_000; index += 1) pacer.push(frame(index))
    expect(taken(pacer, 21)).toEqual([...Array.from({ length: 20 }, (_, index) => 981 + index), undefined])
  })

  it('[VX62] gets rid of a standing delay', () => {
    const pacer = createPacer()
    for (let index = 0; index < 12; index += 1) pacer.push(frame(0))
    for (let index = 1; index <= 60; index += 1) {
      pacer.next()
      pacer.push(frame(index))
    }
    // 60 frames later the newest is two frames away, not twelve.
    expect(taken(pacer, 2)).toEqual([59, 60])
  })

  it('forgets what was queued before a mute', () => {
    const pacer = createPacer()
    pacer.push(frame(1))
    pacer.push(frame(2))
    pacer.clear()
    expect(taken(pacer, 1)).toEqual([undefined])
  })
})

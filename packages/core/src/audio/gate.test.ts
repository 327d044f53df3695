import { expect, it } from 'vitest'
import { createVoiceGate, toneFrames } from './index.ts'

it('[VX65] a gate lets speech pass with the moment before it, and closes after a pause', () => {
  const gate = createVoiceGate()
  const quiet = new Int16Array(480).fill(3)
  const loud = toneFrames(300)
  for (let index = 0; index < 20; index += 1) expect(gate(quiet)).toEqual([])
  expect([gate(loud(0)), gate(loud(1))]).toEqual([[], []])
  const first = gate(loud(2))
  expect(first.map(each => each === quiet)).toEqual([true, true, true, false, false, false])
  expect(gate(loud(3))).toHaveLength(1)
  const pause = Array.from({ length: 60 }, () => gate(quiet).length)
  expect(pause.slice(0, 39)).toEqual(Array(39).fill(1))
  expect(pause.slice(39)).toEqual(Array(21).fill(0))
})

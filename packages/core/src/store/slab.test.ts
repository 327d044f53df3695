import { expect, it } from 'vitest'
import { Slab } from './slab.ts'

it('[DB9] rows of one batch share memory and no byte of it', () => {
  const slab = new Slab()
  const lengths = Array.from({ length: 600 }, (_, i) => [
    61,
    40 + ((i * 37) % 900),
    i % 97 === 0 ? 70_000 : 16
  ]).flat()
  const taken = lengths.map((length, i) => slab.take(length).fill((i % 250) + 1))
  expect(taken.map(each => each.length)).toEqual(lengths)
  for (const [i, bytes] of taken.entries()) expect(bytes.every(byte => byte === (i % 250) + 1)).toBe(true)
  // Large ones have their own; the others share some.
  expect(new Set(taken.map(each => each.buffer)).size).toBeLessThan(taken.length / 20)
})

it('[DB9] a batch of a few rows takes no more than a small piece', () => {
  const slab = new Slab()
  expect(slab.take(61).buffer.byteLength).toBe(4_096)
  expect(slab.take(5_000).buffer.byteLength).toBe(5_000)
  expect(slab.take(61).byteOffset).toBe(61)
})

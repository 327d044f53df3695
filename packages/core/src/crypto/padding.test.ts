import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pad, paddedLength, padmeLength, unpad } from './index.ts'

test('[EN7] size classes', () => {
  // T1's envelopes: 108 header, 16 tag, 64 signature.
  for (const [payload, envelope] of [
    [30, 316],
    [200, 444],
    [5000, 5308]
  ] as const)
    expect(paddedLength(payload) + 108 + 16 + 64).toBe(envelope)
  for (const [length, padded] of [
    [0, 128],
    [127, 128],
    [128, 256],
    [255, 256],
    [256, 512],
    [4095, 4096],
    [4096, 4352]
  ] as const)
    expect(paddedLength(length)).toBe(padded)
  // Padmé, algorithm 1: at least its own length, less than 12 per cent more.
  for (const [length, padded] of [
    [9, 10],
    [100, 104],
    [4097, 4352],
    [1_000_000, 1_015_808]
  ] as const)
    expect(padmeLength(length)).toBe(padded)
})

test('[EN7] padding comes off as it went on', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6000 }), bytes => {
      const padded = pad(bytes)
      expect(padded.length).toBe(paddedLength(bytes.length))
      expect(padded.length).toBeLessThanOrEqual(
        Math.max(128, bytes.length * 2, Math.ceil(bytes.length * 1.12))
      )
      expect(unpad(padded)).toEqual(bytes)
    }),
    { numRuns: 200 }
  )
})

test('[EN7] T31: without mark, all zero, of another class, or with trailing bytes: refused', () => {
  expect(unpad(new Uint8Array(128))).toBeUndefined()
  expect(unpad(new Uint8Array())).toBeUndefined()
  expect(unpad(new Uint8Array(128).fill(1))).toBeUndefined()
  const padded = pad(Uint8Array.of(1, 2, 3))
  expect(unpad(padded.subarray(0, 127))).toBeUndefined()
  expect(unpad(Uint8Array.from([...padded, 0]))).toBeUndefined()
  expect(unpad(Uint8Array.from([...padded, ...new Uint8Array(128)]))).toBeUndefined()
  expect(unpad(padded.map((byte, at) => (at === 127 ? 1 : byte)))).toBeUndefined()
  expect(unpad(padded.map((byte, at) => (at === 3 ? 0x40 : byte)))).toBeUndefined()
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DeviceId, idFromBytes, type Random } from '../base/index.ts'
import {
  decodeRendezvousAnswer,
  decodeRendezvousRequest,
  encodeRendezvousAnswer,
  encodeRendezvousRequest
} from './rendezvous-protocol.ts'
import { createRendezvousRegistry, REGISTRY_BOUNDS } from './rendezvous-registry.ts'

const device = (n: number): DeviceId => {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, n)
  return idFromBytes('d', bytes)
}
const key = (n: number): Uint8Array => new Uint8Array(16).fill(n)
const record = (n: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, n)
  return bytes
}
let state = 1
const random: Random = {
  bytes: length =>
    Uint8Array.from({ length }, () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) & 255)
}
const numbers = (records: readonly Uint8Array[]): number[] =>
  records.map(each => new DataView(each.buffer, each.byteOffset).getUint32(0)).sort((a, b) => a - b)

describe('rendezvous registry', () => {
  it('[NT10] shows others under the same key, for ten minutes', () => {
    const registry = createRendezvousRegistry()
    registry.register(device(1), [key(1), key(2)], record(1), 0)
    registry.register(device(2), [key(1)], record(2), 1_000)
    expect(numbers(registry.query(device(3), key(1), 2_000, random))).toEqual([1, 2])
    expect(numbers(registry.query(device(1), key(1), 2_000, random))).toEqual([2])
    expect(registry.query(device(3), key(3), 2_000, random)).toEqual([])
    expect(numbers(registry.query(device(3), key(1), 600_000, random))).toEqual([2])
    registry.expire(600_000)
    expect(registry.size()).toBe(1)
    expect(registry.query(device(3), key(1), 601_000, random)).toEqual([])
  })

  it('[NT10] answers at most 32, at random', () => {
    const registry = createRendezvousRegistry()
    for (let i = 0; i < 100; i++) registry.register(device(i), [key(1)], record(i), 0)
    const answers = [1, 2, 3].map(() => numbers(registry.query(device(999), key(1), 1, random)))
    for (const answer of answers) {
      expect(answer).toHaveLength(32)
      expect(new Set(answer).size).toBe(32)
    }
    expect(new Set(answers.map(each => each.join())).size).toBe(3)
    expect(
      new Set(
        Array.from({ length: 60 }, () => numbers(registry.query(device(999), key(1), 1, random))).flat()
      ).size
    ).toBe(100)
  })

  it('[NT10] keeps 256 a key, the latest', () => {
    const registry = createRendezvousRegistry()
    for (let i = 0; i < 300; i++) registry.register(device(i), [key(1)], record(i), i)
    expect(registry.size()).toBe(256)
    registry.register(device(44), [key(1)], record(44), 301)
    registry.register(device(1_000), [key(1)], record(1_000), 302)
    const seen = new Set(
      Array.from({ length: 300 }, () => numbers(registry.query(device(9_999), key(1), 303, random))).flat()
    )
    expect(seen.has(44)).toBe(true)
    expect(seen.has(45)).toBe(false)
    expect(seen.has(43)).toBe(false)
  })

  it('[NT10] bounds keys of a device and all, and keeps nothing of what it refuses', () => {
    const registry = createRendezvousRegistry({ ...REGISTRY_BOUNDS, keysPerDeviceMax: 3, totalMax: 5 })
    expect(registry.register(device(1), [key(1), key(2), key(3), key(3)], record(1), 0)).toBe(true)
    expect(registry.register(device(1), [key(4)], record(1), 0)).toBe(false)
    expect(registry.register(device(1), [key(1)], record(9), 0)).toBe(true)
    expect(registry.register(device(2), [key(1), key(2), key(3)], record(2), 0)).toBe(false)
    expect(registry.size()).toBe(3)
    expect(registry.register(device(2), [key(1), key(2)], record(2), 0)).toBe(true)
    registry.unregister(device(1), [key(1), key(9)])
    expect(registry.size()).toBe(4)
    expect(registry.register(device(1), [key(4)], record(1), 0)).toBe(true)
  })
})

describe('rendezvous frames', () => {
  const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
    fc.uint8Array({ minLength: length, maxLength: length })
  const keys = fc.array(bytesOf(16), { minLength: 1, maxLength: 256 })
  const recordBytes = fc.uint8Array({ minLength: 1, maxLength: 1_024 })

  it('[NT42] come out as they went in', () => {
    const requests = fc.oneof(
      fc.record({
        version: fc.constant(1 as const),
        kind: fc.constant(0 as const),
        keys,
        record: recordBytes
      }),
      fc.record({ version: fc.constant(1 as const), kind: fc.constant(1 as const), keys }),
      fc.record({ version: fc.constant(1 as const), kind: fc.constant(2 as const), key: bytesOf(16) })
    )
    fc.assert(
      fc.property(requests, request => {
        expect(decodeRendezvousRequest(encodeRendezvousRequest(request))).toEqual({
          ok: true,
          value: request
        })
      })
    )
    const answers = fc.oneof(
      fc.record({
        version: fc.constant(1 as const),
        kind: fc.constant(16 as const),
        ttlMs: fc.integer({ min: 0, max: 600_000 })
      }),
      fc.record({ version: fc.constant(1 as const), kind: fc.constant(17 as const) }),
      fc.record({
        version: fc.constant(1 as const),
        kind: fc.constant(18 as const),
        records: fc.array(recordBytes, { maxLength: 32 })
      }),
      fc.record({
        version: fc.constant(1 as const),
        kind: fc.constant(31 as const),
        reason: fc.integer({ min: 0, max: 255 })
      })
    )
    fc.assert(
      fc.property(answers, answer => {
        expect(decodeRendezvousAnswer(encodeRendezvousAnswer(answer))).toEqual({ ok: true, value: answer })
      })
    )
  })

  it('[NT42] of arbitrary bytes give a verdict, never a throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        for (const verdict of [decodeRendezvousRequest(bytes), decodeRendezvousAnswer(bytes)]) {
          if (!verdict.ok) expect(verdict.rule).toBe('NT42')
        }
      }),
      { numRuns: Number(process.env['XCORD_RUNS'] ?? 500) }
    )
  })
})

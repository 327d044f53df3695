import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFrameReader, encodeFrame } from './frames.ts'

const numRuns = Number(process.env['XCORD_RUNS'] ?? 300)
const MAX = 2_000

/** Cuts bytes at the places given. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(places.map(each => each % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...sorted].map((from, index) => bytes.subarray(from, sorted[index] ?? bytes.length))
}

describe('frames', () => {
  it('[NT39] come out as they went in, however the stream was cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: MAX }), { maxLength: 12 }),
        fc.array(fc.nat()),
        (frames, places) => {
          const wire = Uint8Array.from(frames.flatMap(each => [...encodeFrame(each, MAX)]))
          const reader = createFrameReader(MAX)
          const out: Uint8Array[] = []
          for (const chunk of cut(wire, places)) {
            const verdict = reader.push(chunk)
            if (!verdict.ok) throw new Error(verdict.reason)
            out.push(...verdict.value)
          }
          expect(out).toEqual(frames)
          expect(reader.pending()).toBe(0)
        }
      ),
      { numRuns }
    )
  })

  it('[NT39] of arbitrary bytes give frames within the bound or a refusal, never a throw', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 })),
        fc.integer({ min: 1, max: 300 }),
        (chunks, max) => {
          const reader = createFrameReader(max)
          for (const chunk of chunks) {
            const verdict = reader.push(chunk)
            if (!verdict.ok) {
              expect(verdict.rule).toBe('NT39')
              return
            }
            expect(verdict.value.every(each => each.length >= 1 && each.length <= max)).toBe(true)
            expect(reader.pending()).toBeLessThan(max + 4)
          }
        }
      ),
      { numRuns }
    )
  })

  it('[NT39] are refused by their length alone, before a byte of them came', () => {
    expect(createFrameReader(10).push(Uint8Array.of(0, 0, 0, 11))).toMatchObject({ ok: false, rule: 'NT39' })
    expect(createFrameReader(10).push(Uint8Array.of(0, 0, 0, 0))).toMatchObject({ ok: false, rule: 'NT39' })
    expect(createFrameReader(10).push(Uint8Array.of(0, 0, 0, 10))).toMatchObject({ ok: true, value: [] })
  })

  it('[NT39] do not share memory with what they came in', () => {
    const reader = createFrameReader(10)
    const wire = Buffer.from([0, 0, 0, 2, 1, 2])
    const verdict = reader.push(wire)
    wire.fill(9)
    expect(verdict).toEqual({ ok: true, value: [Uint8Array.of(1, 2)] })
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addFingerprint } from './fingerprint.ts'
import { boundBetween, compareBounds, HIGHEST, LOWEST, type RangeBound, RangeTree } from './range-tree.ts'

const runs = Number(process.env['XCORD_RUNS'] ?? 200)
/** Few times and few shares, so that neighbours and repeats are common; and shares that differ in their last byte. */
const bound: fc.Arbitrary<RangeBound> = fc.record({
  time: fc.nat(20),
  share: fc.oneof(fc.bigInt({ min: 0n, max: 5n }), fc.bigInt({ min: 0n, max: (1n << 128n) - 2n }))
})

function plain(entries: readonly RangeBound[], from: RangeBound, to: RangeBound): RangeBound[] {
  return entries.filter(each => compareBounds(each, from) >= 0 && compareBounds(each, to) < 0)
}

describe('[SY6] a tree with sums of ranges', () => {
  it('[SY6] measures every range as adding up its entries does, whether built or grown', () => {
    fc.assert(
      fc.property(
        fc.array(bound, { maxLength: 600 }),
        fc.array(bound, { maxLength: 600 }),
        bound,
        bound,
        (first, then, a, b) => {
          const tree = RangeTree.of(first)
          for (const each of then) tree.add(each)
          const all = new Map([...first, ...then].map(each => [`${each.time} ${each.share}`, each]))
          const sorted = [...all.values()].sort(compareBounds)
          expect(tree.size).toBe(sorted.length)
          const [from, to] = compareBounds(a, b) <= 0 ? [a, b] : [b, a]
          for (const [low, high] of [
            [from, to],
            [LOWEST, to],
            [from, HIGHEST],
            [to, from]
          ] as const) {
            const inside = plain(sorted, low, high)
            expect(tree.measure(low, high)).toEqual({
              count: inside.length,
              sum: inside.reduce((sum, each) => addFingerprint(sum, each.share), 0n)
            })
          }
          expect(tree.slice(0, tree.size)).toEqual(sorted)
          for (const each of sorted.slice(0, 20)) expect(tree.has(each)).toBe(true)
        }
      ),
      { numRuns: runs }
    )
  })

  it('[SY6] finds a bound between neighbours that is short and tells them apart', () => {
    fc.assert(
      fc.property(bound, bound, (a, b) => {
        const [low, high] = compareBounds(a, b) <= 0 ? [a, b] : [b, a]
        if (compareBounds(low, high) === 0) return
        const between = boundBetween(low, high)
        expect(compareBounds(low, between)).toBeLessThan(0)
        expect(compareBounds(between, high)).toBeLessThanOrEqual(0)
      }),
      { numRuns: runs }
    )
  })
})

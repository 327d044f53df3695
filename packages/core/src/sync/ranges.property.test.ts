import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addRange,
  contains,
  countOf,
  intersect,
  newest,
  type Ranges,
  sameRanges,
  subtract,
  unite
} from './ranges.ts'

const set = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 40 }).map(list => new Set(list))
const rangesOf = (numbers: ReadonlySet<number>): Ranges =>
  [...numbers].reduce<Ranges>((out, n) => addRange(out, n, n), [])
const numbersOf = (ranges: Ranges): number[] =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i))
const sorted = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b)

describe('[SY8] ranges', () => {
  it('behave as sets of numbers do, and stay sorted, disjoint and apart', () => {
    fc.assert(
      fc.property(set, set, fc.nat(70), (a, b, n) => {
        const [left, right] = [rangesOf(a), rangesOf(b)]
        expect(numbersOf(left)).toEqual(sorted(a))
        expect(numbersOf(unite(left, right))).toEqual(sorted(new Set([...a, ...b])))
        expect(numbersOf(subtract(left, right))).toEqual(sorted([...a].filter(each => !b.has(each))))
        expect(numbersOf(intersect(left, right))).toEqual(sorted([...a].filter(each => b.has(each))))
        expect(countOf(left)).toBe(a.size)
        expect(contains(left, n)).toBe(a.has(n))
        expect(numbersOf(newest(left, n))).toEqual(n === 0 ? [] : sorted(a).slice(-n))
        expect(sameRanges(left, rangesOf(new Set(sorted(a).reverse())))).toBe(true)
        for (const out of [left, unite(left, right)])
          for (let i = 1; i < out.length; i++) expect(out[i]?.[0]).toBeGreaterThan((out[i - 1]?.[1] ?? 0) + 1)
      })
    )
  })
})

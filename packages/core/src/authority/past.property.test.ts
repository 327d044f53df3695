import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMPTY_PAST, pastHas, unionPasts } from './past.ts'

const RUNS = Number(process.env['XCORD_RUNS'] ?? 500)

describe('[AU48] pasts as bit sets', () => {
  it('[AU48] agree with plain sets over any history of unions', () => {
    const step = fc.record({ picks: fc.array(fc.nat(), { maxLength: 4 }), width: fc.nat(3) })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 150 }), steps => {
        const pasts = [EMPTY_PAST]
        const sets = [new Set<number>()]
        for (const [index, each] of steps.entries()) {
          const cited =
            index === 0
              ? []
              : [
                  ...new Set([
                    ...each.picks.map(pick => pick % index),
                    ...(each.width === 0 ? [] : [index - 1])
                  ])
                ]
          pasts.push(
            unionPasts(
              cited.map(i => pasts[i + 1] as typeof EMPTY_PAST),
              cited
            )
          )
          sets.push(new Set([...cited, ...cited.flatMap(i => [...(sets[i + 1] as Set<number>)])]))
        }
        for (const [index, set] of sets.entries()) {
          for (let i = 0; i < steps.length + 40; i++)
            expect(pastHas(pasts[index] as typeof EMPTY_PAST, i)).toBe(set.has(i))
        }
      }),
      { numRuns: Math.min(RUNS, 5_000) }
    )
  })
})

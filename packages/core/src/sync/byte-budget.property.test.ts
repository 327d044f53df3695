import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Budget } from './byte-budget.ts'

const runs = Number(process.env['XCORD_RUNS'] ?? 300)
const PERIOD = 60_000
const START = 1_700_000_000_123

interface Spending {
  readonly at: number
  readonly bytes: number
}

/** The most that was spent in any period: those that end with a spending are enough. */
function mostInAPeriod(spendings: readonly Spending[], periodMs: number): number {
  let most = 0
  for (const { at: end } of spendings) {
    let sum = 0
    for (const { at, bytes } of spendings) if (at > end - periodMs && at <= end) sum += bytes
    most = Math.max(most, sum)
  }
  return most
}

describe('[SY19] a budget', () => {
  it('[SY19] is never passed by more than one batch in any period, however often the peer starts again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50_000 }),
        fc.array(
          fc.record({
            wait: fc.oneof(fc.nat(2_000), fc.nat(90_000)),
            batch: fc.integer({ min: 1, max: 5_000 }),
            restart: fc.boolean()
          }),
          { maxLength: 80 }
        ),
        (bytes, steps) => {
          let budget = new Budget({ bytes, periodMs: PERIOD }, null, START)
          let at = START
          const spent: Spending[] = []
          for (const { wait, batch, restart } of steps) {
            at += wait
            if (restart) budget = new Budget({ bytes, periodMs: PERIOD }, budget.save(), at)
            if (budget.isSpent(at)) continue
            budget.spend(batch, at)
            spent.push({ at, bytes: batch })
          }
          expect(mostInAPeriod(spent, PERIOD)).toBeLessThanOrEqual(bytes + 5_000)
        }
      ),
      { numRuns: runs }
    )
  })

  it('[SY19] goes on when it says so, and not a moment before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.array(fc.record({ wait: fc.nat(20_000), batch: fc.integer({ min: 1, max: 4_000 }) }), {
          minLength: 1,
          maxLength: 40
        }),
        (bytes, steps) => {
          const budget = new Budget({ bytes, periodMs: PERIOD }, null, START)
          let at = START
          for (const { wait, batch } of steps) {
            at += wait
            budget.spend(batch, at)
          }
          const resumes = budget.resumesAt(at)
          expect(resumes !== null).toBe(budget.isSpent(at))
          if (resumes === null) return
          expect(resumes).toBeGreaterThan(at)
          expect(resumes).toBeLessThanOrEqual(at + PERIOD + PERIOD / 60)
          const copy = new Budget(budget.limit, budget.save(), at)
          expect(copy.isSpent(resumes - 1)).toBe(true)
          expect(copy.isSpent(resumes)).toBe(false)
        }
      ),
      { numRuns: runs }
    )
  })

  it('[SY19] promises reads together no more than is left', () => {
    const budget = new Budget({ bytes: 1_000, periodMs: PERIOD }, null, START)
    expect([budget.reserve(600, START), budget.reserve(600, START), budget.reserve(600, START)]).toEqual([
      600, 400, 0
    ])
    expect(budget.isSpent(START)).toBe(false)
    budget.release(600)
    expect(budget.left(START)).toBe(600)
  })

  it('[SY19] is not refilled by a clock that ran ahead and was set right, nor by another period', () => {
    const ahead = new Budget({ bytes: 1_000, periodMs: PERIOD }, null, START + 10 * 365 * 86_400_000)
    ahead.spend(1_000, START)
    const right = new Budget({ bytes: 1_000, periodMs: PERIOD }, ahead.save(), START)
    expect(right.isSpent(START)).toBe(true)
    expect(right.resumesAt(START)).toBeLessThanOrEqual(START + PERIOD + PERIOD / 60)
    right.set({ bytes: 1_000, periodMs: 60 * PERIOD }, START)
    expect(right.isSpent(START + 10 * PERIOD)).toBe(true)
    right.set({ bytes: 2_000, periodMs: 60 * PERIOD }, START + 10 * PERIOD)
    expect(right.report(START + 10 * PERIOD)).toMatchObject({
      spentBytes: 1_000,
      leftBytes: 1_000,
      resumesAt: null
    })
    right.set(null, START + 10 * PERIOD)
    expect(right.left(START + 10 * PERIOD)).toBe(Infinity)
  })

  it.each([
    { bytes: -1, periodMs: PERIOD },
    { bytes: 0.5, periodMs: PERIOD },
    { bytes: 1, periodMs: 59_999 },
    { bytes: 1, periodMs: 32 * 86_400_000 }
  ])('[SY19] is a RangeError of %o', limit => {
    expect(() => new Budget(limit)).toThrow(RangeError)
    expect(() => new Budget().set(limit, 0)).toThrow(RangeError)
  })
})

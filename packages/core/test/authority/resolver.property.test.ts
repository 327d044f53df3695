/**
 * AU-P: hostile random histories over the whole kind table. Here a few, and all that ever failed; ten thousand in
 * ../histories. XCORD_RUNS sets how many, XCORD_SEED the first seed; a failure prints the history shrunk, which then
 * goes into histories/kept.json and stays.
 */
import { describe, expect, it } from 'vitest'
import { checkHistory } from './histories/check.ts'
import { historyOf, keep, readKept, shrink } from './histories/keep.ts'
import { makeHistory } from './histories/maker.ts'
import { initOf, runSeeds, seedsFrom } from './histories/run.ts'
import { Tally } from './histories/tally.ts'

const RUNS = Number(process.env['XCORD_RUNS'] ?? 90)
const SEED = Number(process.env['XCORD_SEED'] ?? 1)

describe('[AU-P] histories that once failed', () => {
  it.each(readKept().map(each => [each.why, each] as const))('[AU-P1] [AU-P10] %s', (_why, kept) => {
    for (const seed of [1, 2, 3]) checkHistory(historyOf(kept), seed, new Tally())
  })
})

describe('[AU-P] random histories', () => {
  it(
    '[AU-P1] [AU-P2] [AU-P3] [AU-P4] [AU-P5] [AU-P6] [AU-P7] [AU-P8] [AU-P9] [AU-P10] [AU-P12] hold for any authors and any order',
    { timeout: 0 },
    () => {
      const tally = runSeeds(seedsFrom(SEED, RUNS))
      console.info(
        ['runs', 'accepted', 'hostile', 'bans', 'backdated'].map(key => `${key} ${tally.of(key)}`).join(', ')
      )
      expect(tally.of('hostile')).toBeGreaterThan(tally.of('accepted') / 6)
      expect(tally.of('backdated')).toBeGreaterThan(0)
    }
  )

  it('[AU-P] a broken history is shrunk, and what is kept is the same history', () => {
    const history = makeHistory(initOf(7))
    const kicks = (part: typeof history): number => part.accepted.filter(op => op.kind === 36).length
    const small = shrink(history, part => {
      if (part.accepted.some(op => op.kind === 36)) throw new Error('an assignment')
    })
    expect(kicks(history)).toBeGreaterThan(1)
    expect(small.accepted.filter(op => op.kind === 36)).toHaveLength(1)
    expect(small.accepted.length).toBeLessThan(history.accepted.length)
    expect(historyOf(keep('x', small))).toEqual({
      accepted: small.accepted,
      refused: small.refused,
      coalition: small.coalition,
      transfers: small.transfers
    })
  })
})

/** Many histories one after the other; the first that fails is shrunk and told. */
import { checkHistory, checkSeed } from './check.ts'
import { keep, shrink } from './keep.ts'
import { type HistoryInit, makeHistory } from './maker.ts'
import { Tally } from './tally.ts'

/** Kinds of premise: anything goes; no transfers, for AU-P8; a coalition below a ceiling, for AU-P6. */
const MODES = [{}, { transfers: false }, { coalition: true }] as const
/** Most histories are short: more of what happens in them collides. */
const STEPS = [14, 14, 14, 24, 14, 24, 14, 14, 24, 42] as const

/** The history of a seed. */
export function initOf(seed: number): HistoryInit {
  return {
    seed,
    steps: STEPS[Math.floor(seed / MODES.length) % STEPS.length] as number,
    ...MODES[seed % MODES.length]
  }
}

/** @throws with the seed, and the shrunk history as an entry for kept.json. */
export function runSeeds(seeds: Iterable<number>): Tally {
  const tally = new Tally()
  for (const seed of seeds) {
    const init = initOf(seed)
    try {
      checkSeed(init, tally)
    } catch (error) {
      const why = (error as Error).message
      const small = shrink(makeHistory(init), (history, scratch) => {
        checkHistory(history, seed, scratch)
      })
      const entry = JSON.stringify(keep(`seed ${seed}: ${why}`, small))
      throw new Error(`${JSON.stringify(init)}: ${why}\nkept.json: ${entry}`, { cause: error })
    }
  }
  return tally
}

/** `count` seeds from `first` on. */
export const seedsFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index)

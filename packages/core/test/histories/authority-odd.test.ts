/** AU-P over ten thousand histories: this half has the odd seeds. XCORD_HISTORIES sets how many, XCORD_SEED where from. */
import { expect, it } from 'vitest'
import { COVERED } from '../authority/histories/covered.ts'
import { runSeeds, seedsFrom } from '../authority/histories/run.ts'

const RUNS = Number(process.env['XCORD_HISTORIES'] ?? 10_000)
const FIRST = Number(process.env['XCORD_SEED'] ?? 1_000_000)

it(
  '[AU-P1] [AU-P2] [AU-P3] [AU-P4] [AU-P5] [AU-P6] [AU-P7] [AU-P8] [AU-P9] [AU-P10] [AU-P12] hold in thousands of hostile histories',
  { timeout: 0 },
  () => {
    const tally = runSeeds(seedsFrom(FIRST, RUNS).filter(seed => seed % 2 === 1))
    console.info(tally.lines().join('\n'))
    // Few runs are for looking into one seed.
    if (RUNS >= 5_000) expect(tally.missing(COVERED)).toEqual([])
  }
)

/** EK9 over ten thousand histories: this is one half of them. XCORD_HISTORIES sets how many, XCORD_SEED where from. */
import { it } from 'vitest'
import { holdCoverage } from '../../src/e2ee/coverage.fixture.ts'

const RUNS = Number(process.env['XCORD_HISTORIES'] ?? 10_000)
const FIRST = Number(process.env['XCORD_SEED'] ?? 1_000_000)

it(
  '[EK9] [EK14] nothing goes under a key that the removed can open, and every reader reads, in thousands of histories',
  { timeout: 0 },
  () => {
    holdCoverage(Math.ceil(RUNS / 2), FIRST + 1)
  }
)

/**
 * AU-P1 for snapshots, over hostile random histories. XCORD_RUNS sets the histories, XCORD_SEED the first seed; a
 * failure prints the seed that replays it.
 */
import { describe, expect, it } from 'vitest'
import { checkBehind, checkSnapshot, newSnapshotTally } from './check-snapshot.ts'

const RUNS = Number(process.env['XCORD_RUNS'] ?? 12)
const SEED = Number(process.env['XCORD_SEED'] ?? 1)

function run(offset: number, check: (seed: number) => void): void {
  for (let seed = SEED + offset; seed < SEED + offset + RUNS; seed++) {
    try {
      check(seed)
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error })
    }
  }
}

describe('[AU-P1] snapshots', () => {
  it(
    '[AU59] a log that begins with a snapshot says of all that follows what a log of everything says, or that it waits',
    { timeout: 0 },
    () => {
      const tally = newSnapshotTally()
      run(400_000, seed => checkSnapshot(seed, { before: 24, after: 22 }, tally))
      console.info(`AU59: ${JSON.stringify(tally)}`)
      expect(tally.accepted).toBeGreaterThan(RUNS * 10)
      expect(tally.voided).toBeGreaterThan(0)
      expect(tally.held).toBeGreaterThan(0)
      expect(tally.judged).toBeGreaterThan(0)
    }
  )

  it('[AU59] a snapshot from behind leaves outside only what builds on it', { timeout: 0 }, () => {
    const tally = newSnapshotTally()
    run(500_000, seed => checkBehind(seed, 40, tally))
    console.info(`AU59 behind: ${JSON.stringify(tally)}`)
    expect(tally.accepted).toBeGreaterThan(0)
    // Acts on what only an operation before the snapshot tells of: whoever keeps a snapshot tries it first.
    expect(tally.held).toBeLessThanOrEqual(RUNS / 5)
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { replayCommand, simulate, type SimulateInit } from './simulate.ts'

interface Kept {
  readonly why: string
  readonly init: SimulateInit
}

/** Seeds that failed once, and one of each sort of world: a defect that comes back is told by the one that found it. */
const KEPT = JSON.parse(readFileSync(new URL('seeds.json', import.meta.url), 'utf8')) as readonly Kept[]
/** For machines that are busy with other things. */
const LIMIT_MS = 600_000

describe('kept seeds', () => {
  it.each(KEPT)(
    '$why',
    async ({ init }) => {
      const { failures, command, stored } = await simulate(init)
      expect(failures, `again: ${command}`).toEqual([])
      expect(stored).toBeGreaterThan(0)
      expect(command).toBe(replayCommand(init))
    },
    LIMIT_MS
  )
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { replayCommand, simulate, type SimulateInit } from './simulate.ts'

interface Kept {
  readonly why: string
  readonly init: SimulateInit
}

/** What every run of the tests goes through: a world of each sort. A seed that finds a defect is added to them. */
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

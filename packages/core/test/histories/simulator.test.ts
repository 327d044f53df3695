/**
 * Worlds of real peers under everything that goes wrong. XCORD_SIMULATIONS sets how many, XCORD_SEED where from. Seeds
 * that once failed are kept in kept-seeds.json.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { simulate, type SimulateInit } from '../../src/testing/index.ts'

const RUNS = Number(process.env['XCORD_SIMULATIONS'] ?? 20)
const FIRST = Number(process.env['XCORD_SEED'] ?? 1)

interface Kept {
  readonly why: string
  readonly init: SimulateInit
}
const KEPT = JSON.parse(readFileSync(join(import.meta.dirname, 'kept-seeds.json'), 'utf8')) as readonly Kept[]

async function holds(init: SimulateInit): Promise<void> {
  const { failures, command } = await simulate(init)
  expect(failures, `again: ${command}`).toEqual([])
}

/** One in eight with real signatures. */
const worldOf = (seed: number): SimulateInit => ({
  seed,
  peers: 4 + (seed % 5),
  minutes: 1,
  ...(seed % 8 === 0 ? { signatures: 'real' } : {})
})

describe('after faults stop, everybody agrees, no promise is broken and nobody who is out can read', () => {
  for (let seed = FIRST; seed < FIRST + RUNS; seed++)
    it(`seed ${seed}`, { timeout: 0 }, async () => await holds(worldOf(seed)))
})

describe('seeds that once failed', () => {
  for (const { why, init } of KEPT)
    it(`seed ${init.seed}: ${why}`, { timeout: 0 }, async () => await holds(init))
})

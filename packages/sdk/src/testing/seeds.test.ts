import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { runSeeds } from './index.ts'

let folder = ''
let kept = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xcord-seeds-'))
  kept = join(folder, 'seeds.json')
})

afterEach(() => {
  rmSync(folder, { recursive: true })
  vi.unstubAllEnvs()
})

const failsAt = (bad: number) => async (seed: number) => {
  if (seed === bad) throw new Error(`lost a vote\nand more of it`)
}

it('a seed that fails is told with its command, kept, and runs first from then on', async () => {
  await expect(runSeeds({ scenario: failsAt(7), kept, seeds: 5, from: 5 })).rejects.toThrow(
    'seed 7: lost a vote\nagain: XCORD_SEED=7 npm test'
  )
  const once = [{ seed: 7, why: 'lost a vote' }]
  expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual(once)
  await expect(runSeeds({ scenario: failsAt(7), kept, seeds: 5, from: 100 })).rejects.toThrow('seed 7')
  expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual(once)
  expect(await runSeeds({ scenario: failsAt(8), kept, seeds: 2, from: 100 })).toEqual([7, 100, 101])
})

it('the environment names one seed in place of all', async () => {
  vi.stubEnv('XCORD_SEED', '12')
  expect(await runSeeds({ scenario: failsAt(7), kept })).toEqual([12])
  for (const odd of ['twelve', '', '-1', '4294967296', '1.5']) {
    vi.stubEnv('XCORD_SEED', odd)
    await expect(runSeeds({ scenario: failsAt(7), kept })).rejects.toBeInstanceOf(RangeError)
  }
})

it('draws other seeds each time, makes no file while nothing fails, and refuses one that is something else', async () => {
  const drawn = await runSeeds({ scenario: failsAt(-1), kept, seeds: 3 })
  expect(new Set([...drawn, ...(await runSeeds({ scenario: failsAt(-1), kept, seeds: 3 }))]).size).toBe(6)
  expect(existsSync(kept)).toBe(false)
  writeFileSync(kept, '{"seed":7}')
  await expect(runSeeds({ scenario: failsAt(7), kept })).rejects.toBeInstanceOf(SyntaxError)
})

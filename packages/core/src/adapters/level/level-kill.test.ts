import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { left, openFixture, right } from './kill.fixture.ts'

const KILLS = Number(process.env.XCORD_KILLS ?? 4)

/** Runs the writer until it has reported so many commits, kills it, and gives what it reported. */
async function writeAndKill(path: string, first: number, reports: number): Promise<number[]> {
  const child = spawn(
    process.execPath,
    ['--conditions=xcord-source', join(import.meta.dirname, 'kill.fixture.ts'), path, String(first)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '' }
    }
  )
  let told = ''
  let trouble = ''
  child.stderr.on('data', chunk => {
    trouble += String(chunk)
  })
  child.stdout.on('data', chunk => {
    told += String(chunk)
    if (told.split('\n').length > reports) child.kill('SIGKILL')
  })
  const signal = await new Promise(resolve => child.on('close', (_code, by) => resolve(by)))
  expect(signal, trouble).toBe('SIGKILL')
  // The last line may have been cut by the kill.
  return told.split('\n').slice(0, -1).map(Number)
}

it('[DB2] [DB9] SIGKILL at any moment loses no commit that had resolved, and leaves no half batch', async () => {
  const path = await mkdtemp(join(tmpdir(), 'xcord-kill-'))
  try {
    let first = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const reported = await writeAndKill(path, first, 40 + kill * 97)
      const database = await openFixture(path)
      const kept = await database.table(left).getMany(reported.map(n => [n] as const))
      expect(kept).toEqual(reported)
      const pairs: [number, number | undefined][] = []
      for await (const row of database.table(left).scan())
        pairs.push([row.value, await database.table(right).get([row.value])])
      expect(pairs.every(([n, double]) => double === n * 2)).toBe(true)
      expect(await database.table(right).count()).toBe(pairs.length)
      expect((await database.verify()).problemCount).toBe(0)
      first = (pairs.at(-1)?.[0] ?? 0) + 1
      await database.close()
    }
  } finally {
    await rm(path, { recursive: true, force: true })
  }
})

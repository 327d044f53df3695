import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openLevelStore } from './level-store.ts'

/** Runs the fixture with files of at most 1 MiB until it asks for more; gives all it said. */
async function writeThroughFailure(path: string): Promise<string[]> {
  const fixture = join(import.meta.dirname, 'full.fixture.ts')
  const command = `trap '' XFSZ; ulimit -S -f 1024; exec "$0" --conditions=xcord-source "$1" "$2"`
  const child = spawn('bash', ['-c', command, process.execPath, fixture, path], {
    env: { ...process.env, NODE_OPTIONS: '' }
  })
  let said = ''
  let trouble = ''
  child.stderr.on('data', chunk => {
    trouble += String(chunk)
  })
  child.stdout.on('data', chunk => {
    const asked = said.includes('lift\n')
    said += String(chunk)
    if (asked || !said.includes('lift\n')) return
    execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=unlimited'])
    child.stdin.write('\n')
  })
  const code = await new Promise(resolve => child.on('close', resolve))
  expect(code, trouble).toBe(0)
  return said.trim().split('\n')
}

// A limit on file sizes tears LevelDB's log just as a full disk does, and needs no privileges. Linux only.
it.runIf(process.platform === 'linux')(
  '[DB2] writing on after a failed write loses nothing that was acknowledged, and reading never stops',
  async () => {
    const path = await mkdtemp(join(tmpdir(), 'xcord-full-'))
    try {
      const said = await writeThroughFailure(path)
      expect(said.slice(0, 3)).toEqual(['XCORD_STORE_FAILED', 'readable true', 'lift'])
      const acknowledged = (said[3] ?? '').split(' ').slice(1).map(Number)
      expect(acknowledged.filter(n => n >= 1_000)).toHaveLength(30)
      const store = await openLevelStore(path)
      const values = await store.getMany(acknowledged.map(n => Uint8Array.of(n >> 8, n & 255)))
      expect(values.map(value => value?.[0])).toEqual(acknowledged.map(n => n & 255))
      await store.close()
    } finally {
      await rm(path, { recursive: true, force: true })
    }
  }
)

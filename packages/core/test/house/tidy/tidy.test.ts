import { describe, expect, it } from 'vitest'
import { listFiles, readText } from '../repository.ts'
import { TIDY_CHECKS } from './checks.ts'

const files = listFiles()

/** For each check a file that it must dislike, so that no check can quietly stop working; and one it must not. */
const PLANTED: readonly {
  readonly check: string
  readonly path: string
  readonly bad: string
  readonly good: string
}[] = [
  {
    check: 'files of at most 400 lines',
    path: 'packages/core/src/graph/long.ts',
    bad: 'export {}\n'.repeat(401),
    good: 'export {}\n'.repeat(400)
  },
  {
    check: 'no TODO without its issue',
    path: 'packages/core/src/graph/later.ts',
    bad: '// TODO soon',
    good: '// TODO(#12) soon'
  },
  {
    check: 'a community is a server',
    path: 'packages/sdk/src/server.ts',
    bad: 'export const guildName = 1',
    good: 'export const serverName = 1'
  },
  {
    check: 'no path of one machine, no registry host',
    path: 'docs/guides/01-first-server.md',
    bad: 'Open /home/ada/xcord.',
    good: 'Open https://example.org/home/ and ./home/ada.'
  },
  {
    check: 'no default export',
    path: 'packages/sdk/src/thing.ts',
    bad: 'export default function thing() {}',
    good: 'export function thing() {}\n// export default'
  },
  {
    check: 'time and chance are arguments',
    path: 'packages/core/src/graph/clock.ts',
    bad: 'export const at = () => Date.now()',
    good: '// never Date.now()\nexport const at = (clock) => clock.now()'
  },
  {
    check: 'time and chance are arguments',
    path: 'packages/core/src/node/clock.ts',
    bad: 'export const wait = run => globalThis.setTimeout(run, 5)',
    good: 'export const wait = (timers, run) => timers.after(5, run)'
  },
  {
    check: 'time and chance are arguments',
    path: 'packages/core/src/node/today.ts',
    bad: 'export const today = () => new Date()',
    good: 'export const day = at => new Date(at)'
  },
  {
    check: 'time and chance are arguments',
    path: 'packages/core/src/node/dice.ts',
    bad: 'export const dice = () => Math.random() * 6',
    good: 'export const dice = random => random.bytes(1)'
  }
]

describe('tidy', () => {
  it('sees the repository', () => {
    expect(files).toContain('packages/core/src/base/ids.ts')
    expect(files).toContain('package.json')
  })

  for (const { name, applies, find } of TIDY_CHECKS) {
    it(name, () => {
      expect(files.filter(applies).flatMap(path => find(path, readText(path)))).toEqual([])
    })
  }
})

describe('tidy can fail', () => {
  for (const { check, path, bad, good } of PLANTED) {
    it(`${check}: ${path}`, () => {
      const found = TIDY_CHECKS.find(({ name }) => name === check)
      expect(found?.applies(path)).toBe(true)
      expect(found?.find(path, bad)).toHaveLength(1)
      expect(found?.find(path, good)).toEqual([])
    })
  }

  it('files named in kebab-case, by what they are about', () => {
    const find = TIDY_CHECKS[1]?.find
    expect(find?.('packages/core/src/graph/bestHeads.ts', '')).toHaveLength(1)
    expect(find?.('packages/core/src/graph/graph-utils.ts', '')).toHaveLength(1)
    expect(find?.('packages/core/src/graph/best-heads.ts', '')).toEqual([])
  })
})

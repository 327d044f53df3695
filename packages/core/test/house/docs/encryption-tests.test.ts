/** docs/spec/encryption-tests.md names tests that exist, and every test that carries its numbers. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { listFiles, readText, ROOT } from '../repository.ts'

const PAGE = 'docs/spec/encryption-tests.md'
const COUNT = 39

interface Named {
  readonly path: string
  readonly title: string
}

/** Sections by number; what stands behind the last of them is under `bad`. */
function sectionsOf(page: string): ReadonlyMap<string, readonly Named[]> {
  const sections = new Map<string, Named[]>()
  let current: Named[] = []
  for (const line of page.split('\n')) {
    const heading = /^### (T\d+) /.exec(line)?.[1] ?? (line.startsWith('## Bad input') ? 'bad' : undefined)
    if (heading !== undefined) sections.set(heading, (current = []))
    const named = /^- `([^`]+)`: (.+)$/.exec(line)
    if (named !== null) current.push({ path: named[1] as string, title: named[2] as string })
  }
  return sections
}

/** Named tests that are not there. */
function missing(
  sections: ReadonlyMap<string, readonly Named[]>,
  read: (path: string) => string | undefined
) {
  return [...sections].flatMap(([heading, all]) =>
    all
      .filter(({ path, title }) => read(path)?.includes(title) !== true)
      .map(each => `${heading}: ${each.path}: ${each.title}`)
  )
}

const read = (path: string): string | undefined => (existsSync(join(ROOT, path)) ? readText(path) : undefined)

describe('the page of promises', () => {
  const sections = sectionsOf(readText(PAGE))

  it('has each of its numbers once, with a test', () => {
    const wanted = Array.from({ length: COUNT }, (_, at) => `T${at + 1}`)
    expect([...sections.keys()]).toEqual([...wanted, 'bad'])
    expect([...sections].filter(([, all]) => all.length === 0)).toEqual([])
  })

  it('names tests that are there', () => {
    expect(missing(sections, read)).toEqual([])
  })

  it('names every file whose tests carry one of its numbers', () => {
    const unnamed = listFiles('packages')
      .filter(path => path.endsWith('.test.ts') && !path.includes('/house/'))
      .flatMap(path =>
        [...readText(path).matchAll(/^\s*(?:it|test)\(\s*['"`](?:\[[^\]]*\] )*(T\d+)\b/gmu)].map(found => ({
          path,
          heading: found[1] as string
        }))
      )
      .filter(({ path, heading }) => sections.get(heading)?.some(each => each.path === path) !== true)
    expect(unnamed).toEqual([])
  })

  it('would miss one', () => {
    const page = '### T1 x\n\n- `a.test.ts`: says so\n- `b.test.ts`: too\n'
    const files: Readonly<Record<string, string>> = { 'a.test.ts': "it('says so', ...)" }
    expect(missing(sectionsOf(page), path => files[path])).toEqual(['T1: b.test.ts: too'])
  })
})

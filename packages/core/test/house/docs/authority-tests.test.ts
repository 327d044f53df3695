/** docs/testing/authority.md says where each scenario and invariant is tested; titles of tests say the same. */
import { describe, expect, it } from 'vitest'
import { listFiles, readText } from '../repository.ts'

const page = readText('docs/testing/authority.md')
const tests = listFiles('packages').filter(path => /\.test\.tsx?$/.test(path))
const sources = new Map(tests.map(path => [path, readText(path)]))

interface Row {
  readonly rule: string
  readonly paths: readonly string[]
}

/** Rows of the tables of invariants and scenarios. */
const rows: readonly Row[] = [...page.matchAll(/^\| (AU-[PS]\d+) +\|[^|]*\|(.*)\|$/gm)].map(
  ([, rule, cells]) => ({
    rule: rule as string,
    paths: [...(cells as string).matchAll(/`([^`]+)`/g)].map(([, path]) => `packages/${path as string}`)
  })
)

/** Whether a title in a file names a rule. */
const names = (path: string, rule: string): boolean =>
  new RegExp(`['"\`]\\[[^\\n]*(?<=[[ ])${rule}(?=[\\],])`).test(sources.get(path) ?? '')

describe('where authority is tested', () => {
  it('says of every scenario and invariant where, once', () => {
    const wanted = [
      ...Array.from({ length: 13 }, (_, at) => `AU-P${at + 1}`),
      ...Array.from({ length: 52 }, (_, at) => `AU-S${at + 1}`)
    ]
    expect(rows.map(each => each.rule)).toEqual(wanted)
    expect(rows.filter(each => each.paths.length === 0)).toEqual([])
  })

  it('names the files whose titles name it, and no other', () => {
    const found = rows.map(({ rule }) => ({ rule, paths: tests.filter(path => names(path, rule)).sort() }))
    expect(rows.map(({ rule, paths }) => ({ rule, paths: [...paths].sort() }))).toEqual(found)
  })

  it('points at tests of bad input that are there, and name the rule', () => {
    const [, bad = ''] = page.split('## Bad input')
    const listed = [...bad.matchAll(/^\|[^|]*\| (AU[^|]*|SY[^|]*)\|(.*)\|$/gm)]
    expect(listed.length).toBeGreaterThan(10)
    for (const [line, rules, cells] of listed) {
      const paths = [...(cells as string).matchAll(/`([^`]+)`/g)].map(
        ([, path]) => `packages/${path as string}`
      )
      for (const rule of (rules as string).split(',').map(each => each.trim()))
        expect(
          paths.some(path => names(path, rule)),
          `${rule} in ${line}`
        ).toBe(true)
    }
  })
})

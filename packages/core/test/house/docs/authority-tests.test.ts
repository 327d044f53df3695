/** docs/testing/authority.md says where each scenario and invariant is tested; titles of tests say the same. */
import { describe, expect, it } from 'vitest'
import { readText } from '../repository.ts'
import { namesRule, pathsIn, tests } from './test-titles.ts'

const page = readText('docs/testing/authority.md')

interface Row {
  readonly rule: string
  readonly paths: readonly string[]
}

/** Rows of the tables of invariants and scenarios. */
const rows: readonly Row[] = [...page.matchAll(/^\| (AU-[PS]\d+) +\|[^|]*\|(.*)\|$/gm)].map(
  ([, rule, cells]) => ({
    rule: rule as string,
    paths: pathsIn(cells as string)
  })
)

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
    const found = rows.map(({ rule }) => ({
      rule,
      paths: tests.filter(path => namesRule(path, rule)).sort()
    }))
    expect(rows.map(({ rule, paths }) => ({ rule, paths: [...paths].sort() }))).toEqual(found)
  })
})

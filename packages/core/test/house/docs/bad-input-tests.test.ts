/** The tables of bad input in docs/testing say where each is tried; titles of tests say the same. */
import { describe, expect, it } from 'vitest'
import { listFiles, readText } from '../repository.ts'
import { namesRule, pathsIn, tests } from './test-titles.ts'

const pages = listFiles('docs/testing').filter(path => readText(path).includes('\n## Bad input\n'))

describe('where bad input is tried', () => {
  it('is said for authority and for sync', () => {
    expect(pages).toEqual(expect.arrayContaining(['docs/testing/authority.md', 'docs/testing/sync.md']))
  })

  it.each(pages)('%s points at tests that are there, and name the rule', page => {
    const [, bad = ''] = readText(page).split('\n## Bad input\n')
    const rows = [...bad.matchAll(/^\|[^|]*\| ([A-Z]{2}-?[S\d][^|]*)\|(.*)\|$/gm)]
    expect(rows.length).toBeGreaterThan(10)
    for (const [line, rules, cells] of rows) {
      const paths = pathsIn(cells as string)
      expect(
        paths.filter(path => !tests.includes(path)),
        line
      ).toEqual([])
      for (const rule of (rules as string).split(',').map(each => each.trim()))
        expect(
          paths.some(path => namesRule(path, rule)),
          `${rule} in ${line}`
        ).toBe(true)
    }
  })
})

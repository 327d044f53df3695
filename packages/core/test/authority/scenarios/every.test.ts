/** AU-S: that none of the numbered scenarios went missing. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const NUMBERS = 52

it('[AU-S] every scenario has a test titled with its number', () => {
  const folder = join(import.meta.dirname, '..')
  const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.test.ts')
  )
  const titled = new Set(
    tests
      .flatMap(name => [...readFileSync(join(folder, name), 'utf8').matchAll(/\[AU-S(\d+)\]/g)])
      .map(([, n]) => Number(n))
  )
  expect(
    Array.from({ length: NUMBERS }, (_, index) => index + 1).filter(number => !titled.has(number))
  ).toEqual([])
})

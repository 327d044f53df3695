import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { safeJson, safeLine, safeText } from './sanitize.ts'
import { table } from './table.ts'
import { parseDuration, relativeTime } from './time.ts'
import { fit, letters, textWidth, truncate, wrap } from './width.ts'

const RUNS = Number(process.env['XCORD_RUNS'] ?? 200)

const DANGEROUS =
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/u

describe('text of peers', () => {
  test('moves no cursor, rings no bell, turns no line around', () => {
    const evil = 'a\u001b[2Jb\u001b]0;title\u0007c\u202egnp.exe\u009b31m\u200bd\u2066e\rf'
    expect(safeText(evil)).not.toMatch(DANGEROUS)
    expect(safeText(evil)).toContain('␛[2Jb')
  })
  test('is safe whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), text => {
        expect(safeText(text)).not.toMatch(DANGEROUS)
        expect(safeLine(text)).not.toContain('\n')
        expect(safeText(text).isWellFormed()).toBe(true)
      }),
      { numRuns: RUNS }
    )
  })
  test('keeps what people write: emoji of several parts, other scripts, line breaks', () => {
    for (const text of ['👩‍👩‍👧', '❤️', '🇩🇪', 'שלום', 'नमस्ते', 'é', 'two\nlines'])
      expect(safeText(text)).toBe(text)
  })
  test('does not stack marks without end', () => {
    expect(safeText(`a${'\u0301'.repeat(100)}b`)).toBe(`a${'\u0301'.repeat(4)}b`)
  })
  test('as JSON says the same to a parser and nothing to a terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), text => {
        const json = safeJson({ text })
        expect(json).not.toMatch(DANGEROUS)
        expect(JSON.parse(json)).toEqual({ text })
      }),
      { numRuns: RUNS }
    )
  })
})

describe('width', () => {
  test.each([
    ['hello', 5],
    ['你好', 4],
    ['日本語', 6],
    ['👍', 2],
    ['👩‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['e\u0301', 1],
    ['한국', 4],
    ['ﾊﾝｶｸ', 4],
    ['', 0]
  ])('of %s is %i cells', (text, cells) => expect(textWidth(text)).toBe(cells))

  test('fitted text has exactly its cells, wrapped rows never more, and nothing but spaces is lost', () => {
    const text = fc
      .array(fc.constantFrom('a', 'word', ' ', '你', '👍', '👩‍👩‍👧', 'e\u0301', '-'), { maxLength: 40 })
      .map(parts => parts.join(''))
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 20 }), (value, cells) => {
        expect(textWidth(fit(value, cells))).toBe(cells)
        expect(textWidth(truncate(value, cells))).toBeLessThanOrEqual(cells)
        const rows = wrap(value, cells)
        for (const row of rows) expect(textWidth(row)).toBeLessThanOrEqual(cells)
        expect(rows.join('').replaceAll(' ', '')).toBe(value.replaceAll(' ', ''))
      }),
      { numRuns: RUNS }
    )
  })
  test('letters are what people see as such', () => expect(letters('a👩‍👩‍👧é')).toHaveLength(3))
})

test('a table is aligned in cells and safe', () => {
  const rows = [
    { name: '日本', count: 5 },
    { name: 'evil\u001b[2J', count: 120 }
  ]
  expect(
    table(rows, [
      { title: 'name', of: row => row.name },
      { title: 'count', of: row => String(row.count), align: 'right' }
    ])
  ).toBe(['NAME      COUNT', '日本          5', 'evil␛[2J    120'].join('\n'))
})

test('times are said relatively, durations read with their unit', () => {
  const now = Date.parse('2026-11-23T10:00:00Z')
  expect(relativeTime('2026-11-23T09:59:30Z', now)).toBe('just now')
  expect(relativeTime('2026-11-23T09:50:00Z', now)).toBe('10 min ago')
  expect(relativeTime('2026-11-25T10:00:00Z', now)).toBe('in 2 d')
  expect(relativeTime('2026-01-25T10:00:00Z', now)).toBe('2026-01-25')
  expect([parseDuration('30'), parseDuration('1500ms'), parseDuration('2h'), parseDuration('soon')]).toEqual([
    30_000,
    1_500,
    7_200_000,
    undefined
  ])
})

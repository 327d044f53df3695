import { describe, expect, it } from 'vitest'
import { errorsPage, readErrors } from '../../../../../scripts/generate-errors.mjs'
import { readText } from '../repository.ts'
import { anchors } from './markdown.ts'

const source = readText('packages/core/src/base/errors.ts')

describe('docs/errors.md', () => {
  it('is what the comments in base/errors.ts say: npm run errors', () => {
    expect(readText('docs/errors.md')).toBe(errorsPage(source))
  })

  it('has the anchor that an error of each code points at', () => {
    const offered = anchors(readText('docs/errors.md'))
    expect(
      readErrors(source)
        .map(({ code }) => code.toLowerCase())
        .filter(code => !offered.has(code))
    ).toEqual([])
  })

  it('refuses a code without meaning or without remedy', () => {
    expect(() => errorsPage('export interface ErrorDetails { XCORD_X: {} }')).toThrow(
      'XCORD_X: say what it means'
    )
    expect(() => errorsPage('export interface ErrorDetails {\n /** Bad. */\n XCORD_X: {} }')).toThrow(
      'what to do'
    )
  })
})

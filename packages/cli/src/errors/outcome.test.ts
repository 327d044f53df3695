import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { XcordError } from '@xcord/core'
import { errorFromJson, errorJson, EXIT, OUTCOMES, outcomeOf } from './outcome.ts'

test('every documented code has an outcome, and every outcome a documented code', () => {
  const page = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8')
  const documented = [...page.matchAll(/^## (XCORD_[A-Z_]+)$/gm)].map(match => match[1])
  expect(documented.length).toBeGreaterThan(30)
  expect(
    Object.keys(OUTCOMES)
      .filter(code => code !== 'XCORD_INTERNAL')
      .sort()
  ).toEqual([...documented].sort())
})

test('exit codes are those of the documentation', () => {
  const exit = (code: string) => outcomeOf(code).exit
  expect(exit('XCORD_INTERNAL')).toBe(1)
  expect(exit('XCORD_USAGE')).toBe(2)
  expect(exit('XCORD_CHANNEL_NOT_FOUND')).toBe(3)
  expect(exit('XCORD_PERMISSION_DENIED')).toBe(4)
  expect(exit('XCORD_KEYSTORE_REFUSED')).toBe(5)
  expect(exit('XCORD_NO_PEER')).toBe(6)
  expect(exit('XCORD_DEADLINE')).toBe(7)
  expect(exit('XCORD_PROFILE_IN_USE')).toBe(8)
  expect(exit('XCORD_KEYSTORE_INVALID')).toBe(9)
  expect(exit('XCORD_MESSAGE_TOO_LONG')).toBe(10)
  expect(exit('XCORD_ABORTED')).toBe(130)
  expect(exit('XCORD_FROM_THE_FUTURE')).toBe(EXIT.fault)
})

test('an error survives its way as JSON', () => {
  const error = new XcordError('XCORD_MESSAGE_TOO_LONG', 'the message has 9,120 bytes; at most 8,000', {
    bytes: 9120,
    limit: 8000
  })
  const again = errorFromJson(JSON.parse(JSON.stringify(errorJson(error))) as ReturnType<typeof errorJson>)
  expect(again).toMatchObject({ code: error.code, message: error.message, details: error.details })
})

test("a caller's mistake is usage, a defect of ours is not", () => {
  expect(errorJson(new RangeError('a name has 1 to 100 bytes')).code).toBe('XCORD_USAGE')
  const defect: { code: string } = (() => {
    try {
      return (undefined as unknown as { a: { code: string } }).a
    } catch (error) {
      return errorJson(error)
    }
  })()
  expect(defect.code).toBe('XCORD_INTERNAL')
})

import { expect, it } from 'vitest'
import { dateOf } from './date-of.ts'

it('[EN6] prints whatever time a peer claims', () => {
  expect(dateOf(0).toISOString()).toBe('1970-01-01T00:00:00.000Z')
  expect(dateOf(Number.MAX_SAFE_INTEGER).toISOString()).toBe('+275760-09-13T00:00:00.000Z')
})

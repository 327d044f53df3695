import { expect, it } from 'vitest'
import type { AuthoritySnapshot, SnapshotOptions } from '../../authority/index.ts'
import { chooseSnapshot } from './choose-snapshot.ts'

/** A log of so many operations that has beginnings of these lengths. */
const logOf = (count: number, lengths: readonly number[]): Parameters<typeof chooseSnapshot>[0] => ({
  count: () => count,
  snapshot: ({ lag = 0 }: SnapshotOptions = {}) => {
    const length = Math.max(...lengths.filter(each => each <= count - lag))
    return length > 0 ? ({ count: length } as AuthoritySnapshot) : undefined
  }
})

it('[ND24] an own snapshot stays behind the newest, but for a log that has no other beginning for long', () => {
  const chosen = (count: number, lengths: readonly number[]): number | undefined =>
    chooseSnapshot(logOf(count, lengths), 100)?.count
  expect(chosen(5_000, [4, 4_800, 5_000])).toBe(4_800)
  expect(chosen(5_000, [4, 4_100, 5_000])).toBe(4_100)
  expect(chosen(5_000, [4, 3_900, 5_000])).toBe(5_000)
  expect(chosen(5_000, [4, 4_990])).toBe(4_990)
  expect(chosen(5_000, [4])).toBe(4)
  expect(chosen(500, [4, 500])).toBe(4)
  expect(chosen(5_000, [])).toBeUndefined()
})

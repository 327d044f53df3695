import { expect, it } from 'vitest'
import { IdleWatch } from './idle.ts'

it('[VX14] idle is who did nothing for the whole time, counted from the last thing done', () => {
  const watch = new IdleWatch(1_000)
  expect(watch.isIdle(60_999, 60)).toBe(false)
  expect(watch.isIdle(61_000, 60)).toBe(true)
  watch.active(61_000)
  watch.active(2_000)
  expect(watch.isIdle(120_999, 60)).toBe(false)
  expect(watch.isIdle(121_000, 60)).toBe(true)
})

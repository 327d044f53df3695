import { afterEach, expect, test, vi } from 'vitest'
import { awakeDeadline } from './awake-deadline.ts'

afterEach(() => vi.useRealTimers())

test('[NT14] a deadline comes when its time has passed, and not when it is cancelled', () => {
  vi.useFakeTimers()
  const late = vi.fn()
  awakeDeadline(1_100, late)
  const cancel = awakeDeadline(1_100, () => expect.unreachable())
  vi.advanceTimersByTime(1_099)
  expect(late).not.toHaveBeenCalled()
  cancel()
  vi.advanceTimersByTime(1)
  expect(late).toHaveBeenCalledTimes(1)
})

test('[NT14] time in which this process was held up counts as one step', async () => {
  const order: string[] = []
  const over = new Promise<void>(resolve => {
    awakeDeadline(300, () => {
      order.push('late')
      resolve()
    })
  })
  // The answer that arrives while nothing runs is read in the round after the timers.
  const until = performance.now() + 400
  while (performance.now() < until);
  setTimeout(() => order.push('answer'), 0)
  await over
  expect(order).toEqual(['answer', 'late'])
})

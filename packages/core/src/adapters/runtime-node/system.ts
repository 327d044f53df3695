/** base/ports by the operating system. */
import { randomFillSync } from 'node:crypto'
import type { Clock, Random, Timers } from '../../base/index.ts'

/** Wall clock: ms since the Unix epoch. */
export const systemClock: Clock = { now: () => Date.now() }

/** The operating system's strong randomness. */
export const systemRandom: Random = { bytes: length => randomFillSync(new Uint8Array(length)) }

/** setTimeout's largest delay; beyond it Node fires at once. */
const DELAY_MS_MAX = 2_147_483_647

/** Event-loop timers, in steps where a delay is longer than setTimeout can hold. */
export const systemTimers: Timers = {
  after: (ms, run) => {
    let timer: NodeJS.Timeout
    const arm = (left: number): void => {
      const step = Math.min(left, DELAY_MS_MAX)
      timer = setTimeout(() => (left > step ? arm(left - step) : run()), step)
    }
    arm(Math.max(0, ms))
    return () => clearTimeout(timer)
  }
}

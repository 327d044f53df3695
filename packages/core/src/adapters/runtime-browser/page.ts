/** base/ports by the page. */
import type { Clock, Random, Timers } from '../../base/index.ts'

/** Wall clock: ms since the Unix epoch. */
export const pageClock: Clock = { now: () => Date.now() }

/** What `getRandomValues` fills at once. */
const DRAW_BYTES_MAX = 65_536

/** The browser's strong randomness. */
export const pageRandom: Random = {
  bytes: length => {
    const out = new Uint8Array(length)
    for (let at = 0; at < length; at += DRAW_BYTES_MAX)
      crypto.getRandomValues(out.subarray(at, at + DRAW_BYTES_MAX))
    return out
  }
}

/** setTimeout's largest delay; beyond it browsers fire at once. */
const DELAY_MS_MAX = 2_147_483_647

/** The page's timers, in steps where a delay is longer than setTimeout can hold. */
export const pageTimers: Timers = {
  after: (ms, run) => {
    let timer: ReturnType<typeof setTimeout>
    const arm = (left: number): void => {
      const step = Math.min(left, DELAY_MS_MAX)
      timer = globalThis.setTimeout(() => (left > step ? arm(left - step) : run()), step)
    }
    arm(Math.max(0, ms))
    return () => globalThis.clearTimeout(timer)
  }
}

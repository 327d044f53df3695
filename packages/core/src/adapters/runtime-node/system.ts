/** base/ports by the operating system. */
import { randomFillSync } from 'node:crypto'
import type { Clock, Random, Timers } from '../../base/index.ts'

/** Wall clock: ms since the Unix epoch. */
export const systemClock: Clock = { now: () => Date.now() }

/** Bytes drawn at a time: a call costs the same for a nonce as for hundreds of them. */
const POOL_BYTES = 4_096

/** Strong randomness in small pieces from one draw. What was handed out is wiped here. */
function createRandom(): Random {
  const pool = new Uint8Array(POOL_BYTES)
  let at = POOL_BYTES
  return {
    bytes: length => {
      if (length > POOL_BYTES / 8) return randomFillSync(new Uint8Array(length))
      if (at + length > POOL_BYTES) {
        randomFillSync(pool)
        at = 0
      }
      const out = pool.slice(at, at + length)
      pool.fill(0, at, at + length)
      at += length
      return out
    }
  }
}

/** The operating system's strong randomness. */
export const systemRandom: Random = createRandom()

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

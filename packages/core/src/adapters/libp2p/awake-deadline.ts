/**
 * Deadlines for a peer's answer that do not count the time in which this process could not have heard it: while a
 * program compiles its routes, runs a long turn or its machine sleeps, the answer lies in the socket unread, and an
 * ordinary timer would give up on a peer who answered at once.
 */
import { quietly } from './quiet-timer.ts'

/** A deadline is waited for in steps of this, ms; each counts at most as much, however long it took. */
const STEP_MS = 250

/** Calls `late` once `ms` have passed in which this process ran. Gives what cancels it. */
export function awakeDeadline(ms: number, late: () => void): () => void {
  let left = ms
  let timer: ReturnType<typeof setTimeout>
  const wait = (): void => {
    const step = Math.min(left, STEP_MS)
    left -= step
    timer = quietly(setTimeout(left > 0 ? wait : late, step))
  }
  wait()
  return () => clearTimeout(timer)
}

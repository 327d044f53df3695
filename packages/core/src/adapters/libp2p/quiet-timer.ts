/** Timers that keep no process alive. In browsers there is none to keep, and a timer is a number. */
export function quietly<T>(timer: T): T {
  ;(timer as { unref?: () => void }).unref?.()
  return timer
}

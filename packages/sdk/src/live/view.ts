/** External stores for UI frameworks: the same reference until something changed, both functions bound. */
import type { View } from '../types.ts'

/** A view whose owner sets its value. */
export interface SettableView<T> extends View<T> {
  set(value: T): void
}

/** Creates a view. `started` runs once, when somebody first looks. */
export function createView<T>(initial: T, started?: () => void): SettableView<T> {
  const listeners = new Set<() => void>()
  let value = initial
  let pending = started
  const begin = (): void => {
    const run = pending
    pending = undefined
    run?.()
  }
  return {
    subscribe: listener => {
      begin()
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    getSnapshot: () => {
      begin()
      return value
    },
    set: next => {
      if (Object.is(next, value)) return
      value = next
      for (const listener of [...listeners]) listener()
    }
  }
}

/** State for React's `useSyncExternalStore`: the same reference until something changed. */
import { type Action, reduce } from './state/reduce.ts'
import { INITIAL_STATE, type State } from './state/state.ts'

export interface Store {
  readonly subscribe: (listener: () => void) => () => void
  readonly get: () => State
  readonly dispatch: (action: Action) => void
}

export function createStore(initial: State = INITIAL_STATE): Store {
  const listeners = new Set<() => void>()
  let state = initial
  return {
    subscribe: listener => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    get: () => state,
    dispatch: action => {
      const next = reduce(state, action)
      if (next === state) return
      state = next
      for (const listener of listeners) listener()
    }
  }
}

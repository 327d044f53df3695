/** Listeners of one transport: typed, removable, and unable to hurt each other. */
import type { TransportEvents } from '../../net/index.ts'

/** Adds, removes and calls listeners. */
export interface EventHub {
  on<E extends keyof TransportEvents>(event: E, listener: (data: TransportEvents[E]) => void): () => void
  emit<E extends keyof TransportEvents>(event: E, data: TransportEvents[E]): void
  clear(): void
}

/** Makes a hub. A listener that throws is reported to the process as an uncaught error, after the others ran. */
export function createEventHub(): EventHub {
  const listeners = new Map<string, Set<(data: never) => void>>()
  return {
    on: (event, listener) => {
      const set = listeners.get(event) ?? new Set()
      listeners.set(event, set)
      set.add(listener)
      return () => set.delete(listener)
    },
    emit: (event, data) => {
      for (const listener of [...(listeners.get(event) ?? [])]) {
        try {
          listener(data as never)
        } catch (error) {
          queueMicrotask(() => {
            throw error
          })
        }
      }
    },
    clear: () => listeners.clear()
  }
}

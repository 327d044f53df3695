import type { ServerId } from '../base/index.ts'

/** Who waits for a server to change: joining looks again after each turn. */
export interface Waiters {
  wake(server: ServerId): void
  /** Resolves at the next change; rejects with the signal's reason. */
  changed(server: ServerId, signal: AbortSignal): Promise<void>
}

/** Creates an empty waiting room. */
export function createWaiters(): Waiters {
  const waiting = new Map<ServerId, Set<() => void>>()
  return {
    wake: server => {
      for (const wake of [...(waiting.get(server) ?? [])]) wake()
    },
    changed: async (server, signal) => {
      signal.throwIfAborted()
      await new Promise<void>((resolve, reject) => {
        const room = waiting.get(server) ?? new Set<() => void>()
        waiting.set(server, room)
        const done = (): void => {
          room.delete(wake)
          signal.removeEventListener('abort', abort)
        }
        const wake = (): void => {
          done()
          resolve()
        }
        const abort = (): void => {
          done()
          reject(signal.reason as Error)
        }
        room.add(wake)
        signal.addEventListener('abort', abort)
      })
    }
  }
}

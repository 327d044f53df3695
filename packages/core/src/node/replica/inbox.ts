/**
 * Serialises one replica's work and batches what arrives while a commit is running (architecture: "one
 * commit a batch, then one emit"). No timer: an idle replica handles a single item at once, a busy one takes
 * whatever accumulated.
 */
import { XcordError } from '../../base/index.ts'

export interface Inbox<T> {
  push(item: T): void
  /** Resolves when everything pushed before the call was handled. */
  idle(): Promise<void>
  /** Handles what is queued; what comes later fails with XCORD_CLOSED. */
  close(): Promise<void>
  readonly size: number
}

export interface InboxInit<T> {
  /** Items per batch at most. */
  readonly batchMax: number
  /** Handles one batch. A rejection goes to `failed`; the inbox goes on. */
  readonly handle: (batch: readonly T[]) => Promise<void>
  readonly failed: (error: unknown, batch: readonly T[]) => void
}

/** Creates an inbox. */
export function createInbox<T>(init: InboxInit<T>): Inbox<T> {
  let queue: T[] = []
  let running: Promise<void> | undefined
  let closed = false

  const run = async (): Promise<void> => {
    // Yield once, so that everything pushed in this turn of the event loop shares the first batch.
    await Promise.resolve()
    while (queue.length > 0) {
      const batch = queue.slice(0, init.batchMax)
      queue = queue.slice(batch.length)
      try {
        await init.handle(batch)
      } catch (error) {
        init.failed(error, batch)
      }
    }
    running = undefined
  }

  return {
    push: item => {
      if (closed) {
        init.failed(new XcordError('XCORD_CLOSED', 'This peer was closed.', { what: 'peer' }), [item])
        return
      }
      queue.push(item)
      running ??= run()
    },
    idle: async () => {
      while (running !== undefined) await running
    },
    close: async () => {
      closed = true
      while (running !== undefined) await running
    },
    get size() {
      return queue.length
    }
  }
}

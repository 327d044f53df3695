/**
 * Group commit (DB9): whoever commits while an fsync is running joins the next one. A message stored alone
 * costs some fifteen times what it costs in a batch of 64, and nearly all of that is waiting for the disk.
 */
import type { Store, StoreWrite } from './contract.ts'

/** Changes in one merged write: bounds memory and the time others wait behind it. */
export const GROUP_WRITES_MAX = 8_192
/** Bytes in one merged write. A single larger batch goes alone. */
export const GROUP_BYTES_MAX = 8_388_608

interface Waiting {
  readonly writes: readonly StoreWrite[]
  readonly bytes: number
  readonly sync: boolean
  readonly decided: (committed: boolean) => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Merges concurrent commits into single writes, in the order they came. */
export interface Committer {
  /**
   * Resolves when these writes are on disk (or, unsynced, with the store). Rejects with what the store threw,
   * and so does everything that waits behind a failed write: it may build on it. `decided` is called first, at
   * once for all that share a fate.
   */
  commit(writes: readonly StoreWrite[], sync: boolean, decided: (committed: boolean) => void): Promise<void>
  /** Failed writes so far. What was begun under a lower count must not be committed. */
  readonly failures: number
  /** Counts as a failure: something others may build on will never be written. */
  abandon(): void
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
  /** Writes handed to the store, and commits they served: their ratio is the gain. */
  readonly counts: { readonly writes: number; readonly commits: number }
}

function bytesOf(writes: readonly StoreWrite[]): number {
  let bytes = 0
  for (const { key, value } of writes) bytes += key.length + (value?.length ?? 0)
  return bytes
}

/** Takes the longest run from the front of the queue that fits one group: at least one. */
function takeGroup(queue: Waiting[]): Waiting[] {
  let changes = 0
  let bytes = 0
  let end = 0
  for (const waiting of queue) {
    changes += waiting.writes.length
    bytes += waiting.bytes
    if (end > 0 && (changes > GROUP_WRITES_MAX || bytes > GROUP_BYTES_MAX)) break
    end++
  }
  return queue.splice(0, end)
}

/** Starts a group committer over a store. `failed` is called after each failure, once all that it served is decided. */
export function createCommitter(store: Store, failed: () => void): Committer {
  const queue: Waiting[] = []
  const counts = { writes: 0, commits: 0 }
  let failures = 0
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    while (queue.length > 0) {
      const group = takeGroup(queue)
      counts.writes++
      counts.commits += group.length
      const first = group[0] as Waiting
      try {
        await store.write(group.length === 1 ? first.writes : group.flatMap(waiting => waiting.writes), {
          sync: group.some(waiting => waiting.sync)
        })
        for (const waiting of group) waiting.decided(true)
        for (const waiting of group) waiting.resolve()
      } catch (error) {
        failures++
        const lost = [...group, ...queue.splice(0)]
        for (const waiting of lost) waiting.decided(false)
        failed()
        for (const waiting of lost) waiting.reject(error)
      }
    }
    running = undefined
  }

  return {
    counts,
    get failures() {
      return failures
    },
    abandon: () => {
      failures++
      failed()
    },
    commit: (writes, sync, decided) =>
      new Promise((resolve, reject) => {
        queue.push({ writes, bytes: bytesOf(writes), sync, decided, resolve, reject })
        // One microtask later, so that what is committed in one turn shares the first write already.
        running ??= Promise.resolve().then(run)
      }),
    idle: async () => {
      while (running !== undefined) await running
    }
  }
}

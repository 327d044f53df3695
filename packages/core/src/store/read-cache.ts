/**
 * Opened values of one table, least recently used dropped first (DB10). Kept honest without locks: a read that
 * overlaps any write of the table is not remembered.
 */

/** A bounded cache in front of a table. */
export interface ReadCache<V> {
  get(key: string): { readonly value: V | undefined } | undefined
  /** Marks the start of a read; pass it to `remember`. */
  begin(): number
  /** Keeps what a read found, unless a write came between. */
  remember(key: string, value: V | undefined, begun: number): void
  /** A write of this key was handed over: forget it until `wrote`. */
  writing(key: string): void
  /** The write ended; where it succeeded, `value` is what the disk has. */
  wrote(key: string, outcome: { readonly value: V | undefined } | undefined): void
  clear(): void
}

/** Makes a cache of at most `rows` values. */
export function createReadCache<V>(rows: number): ReadCache<V> {
  const known = new Map<string, { readonly value: V | undefined }>()
  /** Keys being written, and by how many commits. */
  const pending = new Map<string, number>()
  let epoch = 0

  function keep(key: string, value: V | undefined): void {
    known.delete(key)
    known.set(key, { value })
    if (known.size > rows) known.delete(known.keys().next().value as string)
  }

  return {
    get: key => {
      const found = known.get(key)
      if (found !== undefined) {
        known.delete(key)
        known.set(key, found)
      }
      return found
    },
    begin: () => epoch,
    remember: (key, value, begun) => {
      if (begun === epoch && !pending.has(key)) keep(key, value)
    },
    writing: key => {
      epoch++
      known.delete(key)
      pending.set(key, (pending.get(key) ?? 0) + 1)
    },
    wrote: (key, outcome) => {
      epoch++
      known.delete(key)
      const left = (pending.get(key) ?? 1) - 1
      if (left > 0) {
        pending.set(key, left)
        return
      }
      pending.delete(key)
      if (outcome !== undefined) keep(key, outcome.value)
    },
    clear: () => {
      known.clear()
      pending.clear()
      epoch++
    }
  }
}

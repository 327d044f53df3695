/** A store as verification sees it: nothing is written, and records that do not open are not there. */
import { XcordError } from '../../base/index.ts'
import { toHex } from '../../encoding/index.ts'
import type { Store } from '../../store/index.ts'

/** Hides records by their keys in hex, so that what is whole can be compared with what is missing. */
export function wholeStore(store: Store, hidden: ReadonlySet<string>): Store {
  const isHidden = (key: Uint8Array): boolean => hidden.size > 0 && hidden.has(toHex(key))
  return {
    get: async key => (isHidden(key) ? undefined : await store.get(key)),
    getMany: async keys => {
      const found = await store.getMany(keys)
      return found.map((value, index) => (isHidden(keys[index] as Uint8Array) ? undefined : value))
    },
    scan: async function* ({ limit = Infinity, ...range }) {
      let left = limit
      if (left <= 0) return
      // Where some are hidden, the store's own limit would count them.
      const bounds = hidden.size === 0 && limit !== Infinity ? { ...range, limit } : range
      for await (const row of store.scan(bounds)) {
        if (isHidden(row[0])) continue
        yield row
        if (--left <= 0) return
      }
    },
    write: () =>
      Promise.reject(
        new XcordError('XCORD_STORE_FAILED', 'Verification changes nothing.', { operation: 'write' })
      ),
    close: () => Promise.resolve()
  }
}

/** A queue in AU23's order: whatever a fate depends on is taken out before it. */
import { compareFate } from './attack.ts'
import type { Entry } from './entry.ts'

/** Binary heap; an entry waits in it once. */
export class FateQueue {
  readonly #heap: Entry[] = []
  readonly #waiting = new Set<Entry>()

  get size(): number {
    return this.#heap.length
  }

  push(entry: Entry): void {
    if (this.#waiting.has(entry)) return
    this.#waiting.add(entry)
    const heap = this.#heap
    let at = heap.push(entry) - 1
    while (at > 0) {
      const up = (at - 1) >> 1
      if (compareFate(heap[up] as Entry, entry) <= 0) break
      heap[at] = heap[up] as Entry
      at = up
    }
    heap[at] = entry
  }

  pop(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    if (first === undefined) return undefined
    this.#waiting.delete(first)
    const last = heap.pop() as Entry
    if (heap.length > 0) this.#sink(last)
    return first
  }

  #sink(entry: Entry): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let down = 2 * at + 1
      if (down >= heap.length) break
      if (down + 1 < heap.length && compareFate(heap[down + 1] as Entry, heap[down] as Entry) < 0) down++
      if (compareFate(entry, heap[down] as Entry) <= 0) break
      heap[at] = heap[down] as Entry
      at = down
    }
    heap[at] = entry
  }
}

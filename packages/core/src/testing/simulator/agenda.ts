/** What is due when: a heap by (time, a seeded draw, order of arrival), so that ties fall as the seed decides. */

/** One thing that is due. */
export interface Due {
  readonly at: number
  readonly tie: number
  readonly order: number
  /** undefined once it was called off. */
  run: (() => void) | undefined
}

/** Dead entries that are carried along before the heap is built anew. */
const DEAD_MAX = 1_024

function isBefore(a: Due, b: Due): boolean {
  if (a.at !== b.at) return a.at < b.at
  return a.tie !== b.tie ? a.tie < b.tie : a.order < b.order
}

export class Agenda {
  #heap: Due[] = []
  #dead = 0

  /** Things still due. */
  get size(): number {
    return this.#heap.length - this.#dead
  }

  add(due: Due): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(due)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above] as Due
      if (!isBefore(due, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = due
  }

  /** Calls one off; it leaves the heap when its time comes, or with many others. */
  cancel(due: Due): void {
    if (due.run === undefined) return
    due.run = undefined
    this.#dead++
    if (this.#dead < DEAD_MAX || this.#dead * 2 < this.#heap.length) return
    this.#heap = this.#heap.filter(each => each.run !== undefined)
    this.#dead = 0
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) this.#sink(at)
  }

  /** The next one due, still there. */
  peek(): Due | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.run !== undefined) return first
      this.#remove()
      this.#dead--
    }
  }

  /** Takes the next one. */
  take(): Due | undefined {
    const first = this.peek()
    if (first !== undefined) this.#remove()
    return first
  }

  #remove(): void {
    const last = this.#heap.pop() as Due
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #sink(from: number): void {
    const heap = this.#heap
    const due = heap[from] as Due
    let at = from
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Due, heap[below] as Due)) below++
      const child = heap[below] as Due
      if (!isBefore(child, due)) break
      heap[at] = child
      at = below
    }
    heap[at] = due
  }
}

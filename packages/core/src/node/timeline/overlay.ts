/** Values of rows between the moment they are staged and the moment the disk has them, and a little beyond. */
import type { Batch } from '../../store/index.ts'

interface Staged<V> {
  readonly name: string
  value: V | null
  /** Batches with this value or an earlier one that are undecided. */
  batches: number
}

/**
 * What is staged and not yet on disk, over what is on disk; null where it is being deleted. Of what reached the disk
 * the newest is kept for a while: each message is looked up once more when it is told.
 */
export class Overlay<V> {
  readonly #staged = new Map<string, Staged<V>>()
  readonly #kept = new Map<string, V>()
  readonly #keptMax: number

  constructor(keptMax: number) {
    this.#keptMax = keptMax
  }

  /** undefined where nothing is known: the disk has to be asked. */
  get(name: string): V | null | undefined {
    const staged = this.#staged.get(name)
    return staged === undefined ? this.#kept.get(name) : staged.value
  }

  values(): readonly (V | null)[] {
    return [...this.#staged.values()].map(({ value }) => value)
  }

  names(): readonly string[] {
    return [...this.#staged.keys()]
  }

  /** Shows values until this batch and every later one that changes them is on disk. */
  set(values: ReadonlyMap<string, V | null>, batch: Batch): void {
    if (values.size === 0) return
    const all: Staged<V>[] = []
    let isLost = false
    batch.onSettled(committed => {
      isLost = !committed
      for (const staged of all) this.#settle(staged, committed)
    })
    // Decided before it could be staged (DB9): others may have staged since what stays.
    if (isLost) return
    for (const [name, value] of values) {
      let staged = this.#staged.get(name)
      if (staged === undefined) this.#staged.set(name, (staged = { name, value, batches: 0 }))
      staged.value = value
      staged.batches++
      all.push(staged)
    }
  }

  /** Where a batch is lost, so are at once all others that were staged over it (DB9): what is on disk is the truth. */
  #settle(staged: Staged<V>, committed: boolean): void {
    const { name, value } = staged
    if (--staged.batches > 0 && committed) return
    this.#kept.delete(name)
    // Another was staged since, after a failure.
    if (this.#staged.get(name) !== staged) return
    this.#staged.delete(name)
    if (!committed || this.#keptMax === 0 || value === null) return
    this.#kept.set(name, value)
    if (this.#kept.size > this.#keptMax) this.#kept.delete(this.#kept.keys().next().value as string)
  }
}

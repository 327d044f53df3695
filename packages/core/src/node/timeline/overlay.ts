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
    for (const [name, value] of values) {
      let staged = this.#staged.get(name)
      if (staged === undefined) this.#staged.set(name, (staged = { name, value, batches: 0 }))
      staged.value = value
      staged.batches++
      all.push(staged)
    }
    batch.onSettled(committed => {
      // Where one batch fails, all others that are undecided fail too (DB9): what is on disk is the truth.
      if (committed) for (const staged of all) this.#settle(staged)
      else {
        this.#staged.clear()
        this.#kept.clear()
      }
    })
  }

  #settle(staged: Staged<V>): void {
    const { name, value } = staged
    if (--staged.batches > 0) return
    this.#kept.delete(name)
    // Another was staged since, after a failure.
    if (this.#staged.get(name) !== staged) return
    this.#staged.delete(name)
    if (this.#keptMax === 0 || value === null) return
    this.#kept.set(name, value)
    if (this.#kept.size > this.#keptMax) this.#kept.delete(this.#kept.keys().next().value as string)
  }
}

/** Tables of numbers, column by column: tens of thousands of rows without an object each. */

/** Columns that grow together. */
export class Columns {
  readonly #widths: readonly (Int32ArrayConstructor | Float64ArrayConstructor)[]
  readonly #columns: (Int32Array | Float64Array)[]
  length = 0

  constructor(...widths: (Int32ArrayConstructor | Float64ArrayConstructor)[]) {
    this.#widths = widths
    this.#columns = widths.map(Width => new Width(1_024))
  }

  push(...values: number[]): number {
    if (this.length === (this.#columns[0] as Int32Array).length) {
      for (const [at, Width] of this.#widths.entries()) {
        const wider = new Width(this.length * 2)
        wider.set(this.#columns[at] as Int32Array)
        this.#columns[at] = wider
      }
    }
    for (let at = 0; at < values.length; at++)
      (this.#columns[at] as Int32Array)[this.length] = values[at] as number
    return this.length++
  }

  get(row: number, column: number): number {
    return (this.#columns[column] as Int32Array)[row] as number
  }
}

/** What a run of histories came across: so that a check that nothing exercised is noticed. */

export class Tally {
  readonly #counts = new Map<string, number>()

  add(key: string, by = 1): void {
    this.#counts.set(key, this.of(key) + by)
  }

  of(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  /** Of the keys given, those that never came up. */
  missing(keys: readonly string[]): string[] {
    return keys.filter(key => this.of(key) === 0)
  }

  /** Everything, by name. */
  lines(): string[] {
    return [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, count]) => `${key}: ${count}`)
  }
}

/** A token bucket over given time: how often something may happen (SY13). */
export class TokenBucket {
  readonly #perSecond: number
  readonly #burst: number
  #level: number
  #at: number

  constructor(perSecond: number, burst: number, at: number) {
    this.#perSecond = perSecond
    this.#burst = burst
    this.#level = burst
    this.#at = at
  }

  /** Takes tokens, if there is one: what is taken beyond those there is owed, and must come in first. */
  take(at: number, count = 1): boolean {
    if (!this.has(at)) return false
    this.#level -= count
    return true
  }

  /** Whether there is a token. */
  has(at: number): boolean {
    this.#refill(at)
    return this.#level >= 1
  }

  /** When the next token will be there; `at` where one is. */
  nextAt(at: number): number {
    this.#refill(at)
    return this.#level >= 1 ? at : at + Math.ceil(((1 - this.#level) * 1_000) / this.#perSecond)
  }

  #refill(at: number): void {
    this.#level = Math.min(this.#burst, this.#level + (Math.max(0, at - this.#at) * this.#perSecond) / 1_000)
    this.#at = Math.max(this.#at, at)
  }
}

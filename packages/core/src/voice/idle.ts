/** VX14: whether somebody in a call has done nothing for so long that the server sends them aside. */

export class IdleWatch {
  #activeAt: number

  constructor(at: number) {
    this.#activeAt = at
  }

  /** They spoke, or did something to their part in the call. */
  active(at: number): void {
    this.#activeAt = Math.max(this.#activeAt, at)
  }

  /** Idle for that long. */
  isIdle(at: number, seconds: number): boolean {
    return at - this.#activeAt >= seconds * 1_000
  }
}

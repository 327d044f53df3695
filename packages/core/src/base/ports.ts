/** The world as arguments: time and chance come in through these, so that a seed replays anything. */

/** Milliseconds since the Unix epoch, as this device's clock claims. */
export interface Clock {
  now(): number
}

/** Cryptographically strong randomness; in simulations a seeded stream. */
export interface Random {
  /** `length` fresh bytes, owned by the caller. */
  bytes(length: number): Uint8Array
}

/** Runs something later. `after` returns its own cancel. */
export interface Timers {
  after(ms: number, run: () => void): () => void
}

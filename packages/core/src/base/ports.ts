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

/**
 * The operating system's keychain: keys of 32 bytes, each under an account's name, for whoever is logged in (KS11).
 * Each call fails with XCORD_KEYCHAIN_UNAVAILABLE where there is none, or it does not answer.
 */
export interface Keychain {
  /** Undefined where nothing of 32 bytes is kept under this name. */
  read(account: string): Promise<Uint8Array | undefined>
  /** In place of what was there; resolves once it can be read again. */
  write(account: string, key: Uint8Array): Promise<void>
  /** Nothing there is no error. */
  remove(account: string): Promise<void>
}

/** Runs something later. `after` returns its own cancel. */
export interface Timers {
  after(ms: number, run: () => void): () => void
}

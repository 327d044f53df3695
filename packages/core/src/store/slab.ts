/**
 * Memory for the keys and values of a batch: cut from a few large pieces, since to make one for each costs more than to
 * seal what goes in, and the collector looks at every one. A piece lives as long as anything that was cut from it.
 */

/** A batch of a few rows should not clear memory for hundreds. */
const PIECE_BYTES_MIN = 4_096
const PIECE_BYTES_MAX = 65_536

export class Slab {
  #piece = new Uint8Array(0)
  #at = 0

  /** So many zero bytes that nobody else has. */
  take(length: number): Uint8Array {
    if (this.#at + length > this.#piece.length) {
      const next = Math.min(PIECE_BYTES_MAX, Math.max(PIECE_BYTES_MIN, this.#piece.length * 2))
      // What fills most of a piece gets its own, and the one begun is used on.
      if (length > next / 2) return new Uint8Array(length)
      this.#piece = new Uint8Array(next)
      this.#at = 0
    }
    this.#at += length
    return this.#piece.subarray(this.#at - length, this.#at)
  }
}

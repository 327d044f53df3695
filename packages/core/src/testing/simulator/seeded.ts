/** Chance that a seed decides (mulberry32): the only chance there is in a simulation. */
import type { Random } from '../../base/index.ts'

/** A stream of chance; the same seed gives the same stream on every machine. */
export class Seeded implements Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A stream of its own for one part of a simulation: what another part draws does not move it. */
  split(name: string): Seeded {
    let mixed = this.#state ^ 0x9e3779b9
    for (let at = 0; at < name.length; at++) mixed = Math.imul(mixed ^ name.charCodeAt(at), 0x01000193)
    const own = new Seeded(mixed)
    return new Seeded(own.#draw())
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    return this.#draw() / 2 ** 32
  }

  /** A whole number from 0 to `bound` − 1. */
  below(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length)
    for (let at = 0; at < length; at += 4) {
      const drawn = this.#draw()
      for (let byte = 0; byte < 4 && at + byte < length; byte++) out[at + byte] = drawn >>> (8 * byte)
    }
    return out
  }

  #draw(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

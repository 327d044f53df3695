/** From a number to places in a table: several may have one number. Flat, since a snapshot has tens of thousands. */

/** Further than this from where it belongs nothing lies by chance: whoever made it wanted us to search. */
const STEPS_MAX = 2_048

export class HashIndex {
  readonly #mask: number
  readonly #hashes: Int32Array
  /** Place + 1; 0 for none. */
  readonly #places: Int32Array

  /** @param count - How many will be added. */
  constructor(count: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(8, count * 2)))
    this.#mask = size - 1
    this.#hashes = new Int32Array(size)
    this.#places = new Int32Array(size)
  }

  /** @returns false where too many crowd around one number. */
  add(hash: number, place: number): boolean {
    let at = spread(hash) & this.#mask
    for (let steps = 0; steps < STEPS_MAX; steps++) {
      if (this.#places[at] === 0) {
        this.#hashes[at] = hash
        this.#places[at] = place + 1
        return true
      }
      at = (at + 1) & this.#mask
    }
    return false
  }

  /** Places that were added under a number, in the order of adding. */
  find(hash: number): number[] {
    const found: number[] = []
    let at = spread(hash) & this.#mask
    for (let place = this.#places[at]; place !== undefined && place !== 0; place = this.#places[at]) {
      if (this.#hashes[at] === (hash | 0)) found.push(place - 1)
      at = (at + 1) & this.#mask
    }
    return found
  }
}

/** Numbers that differ in few bits end up apart. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (mixed ^ (mixed >>> 12)) >>> 0
}

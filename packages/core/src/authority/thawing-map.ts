/** A map of which a part lies frozen in a snapshot: entries are made when somebody first asks for them. */

/** Makes the value of a key out of what is frozen; undefined where there is none. */
export type Thaw<K, V> = (key: K) => V | undefined

/** Iterating shows only what is thawed. */
class ThawingMap<K, V> extends Map<K, V> {
  readonly #thaw: Thaw<K, V>

  constructor(thaw: Thaw<K, V>) {
    super()
    this.#thaw = thaw
  }

  override get(key: K): V | undefined {
    const found = super.get(key)
    if (found !== undefined) return found
    const thawed = this.#thaw(key)
    if (thawed !== undefined) super.set(key, thawed)
    return thawed
  }

  override has(key: K): boolean {
    return super.has(key) || this.get(key) !== undefined
  }
}

/** A map that thaws, or a plain one where nothing is frozen: most logs have everything, and ask it all the time. */
export function thawingMap<K, V>(thaw: Thaw<K, V> | undefined): Map<K, V> {
  return thaw === undefined ? new Map<K, V>() : new ThawingMap(thaw)
}

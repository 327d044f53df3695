/**
 * An ordered map from bytes to bytes in memory. Keys become strings of one code unit a byte, because JavaScript
 * compares those in bytewise order and hashes them fast; they lie sorted in chunks, so that an insertion moves
 * hundreds of keys and never all.
 */

const CHUNK_KEYS_MAX = 512
/** Longer keys than there are; far below what a call may be given. */
const CALL_ARGUMENTS_MAX = 1_024

/** Bytes as a string of one code unit each. */
export function keyOfBytes(bytes: Uint8Array): string {
  if (bytes.length <= CALL_ARGUMENTS_MAX) return String.fromCharCode.apply(null, bytes as unknown as number[])
  let out = ''
  for (let at = 0; at < bytes.length; at++) out += String.fromCharCode(bytes[at] as number)
  return out
}

/** The bytes of such a string. */
export function bytesOfKey(key: string): Uint8Array {
  const out = new Uint8Array(key.length)
  for (let i = 0; i < key.length; i++) out[i] = key.charCodeAt(i)
  return out
}

/** Index of the first key ≥ `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}

/** The map. */
export class OrderedBytes {
  readonly #values = new Map<string, Uint8Array>()
  readonly #chunks: string[][] = [[]]

  get size(): number {
    return this.#values.size
  }

  get(key: string): Uint8Array | undefined {
    return this.#values.get(key)
  }

  /** Last chunk whose first key is ≤ `key`, or the first chunk. */
  #chunkOf(key: string): number {
    let low = 0
    let high = this.#chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (((this.#chunks[middle] as string[])[0] as string) <= key) low = middle
      else high = middle - 1
    }
    return low
  }

  set(key: string, value: Uint8Array): void {
    if (!this.#values.has(key)) {
      const at = this.#chunkOf(key)
      const chunk = this.#chunks[at] as string[]
      chunk.splice(lowerBound(chunk, key), 0, key)
      if (chunk.length > CHUNK_KEYS_MAX) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK_KEYS_MAX >> 1))
    }
    this.#values.set(key, value)
  }

  delete(key: string): void {
    if (!this.#values.delete(key)) return
    const at = this.#chunkOf(key)
    const chunk = this.#chunks[at] as string[]
    chunk.splice(lowerBound(chunk, key), 1)
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1)
  }

  /** Entries with `from` ≤ key < `to`, at most `limit`, as they are now. */
  entries(range: {
    from?: string | undefined
    to?: string | undefined
    reverse: boolean
    limit: number
  }): [string, Uint8Array][] {
    const out: [string, Uint8Array][] = []
    for (const key of range.reverse ? this.#descending(range.to) : this.#ascending(range.from)) {
      if (out.length >= range.limit) break
      if (
        range.reverse
          ? range.from !== undefined && key < range.from
          : range.to !== undefined && key >= range.to
      )
        break
      out.push([key, this.#values.get(key) as Uint8Array])
    }
    return out
  }

  *#ascending(from: string | undefined): Generator<string> {
    const first = from === undefined ? 0 : this.#chunkOf(from)
    for (let c = first; c < this.#chunks.length; c++) {
      const chunk = this.#chunks[c] as string[]
      for (let i = c === first && from !== undefined ? lowerBound(chunk, from) : 0; i < chunk.length; i++)
        yield chunk[i] as string
    }
  }

  *#descending(to: string | undefined): Generator<string> {
    const first = to === undefined ? this.#chunks.length - 1 : this.#chunkOf(to)
    for (let c = first; c >= 0; c--) {
      const chunk = this.#chunks[c] as string[]
      for (let i = (c === first && to !== undefined ? lowerBound(chunk, to) : chunk.length) - 1; i >= 0; i--)
        yield chunk[i] as string
    }
  }
}

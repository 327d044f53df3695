/**
 * Positions of roles and channels (AU11): byte strings that sort lexicographically, so that inserting one
 * touches no other. Empty is the bottom, where `@everyone` is; no position ends in a zero byte.
 */

/** Longest position. */
export const POSITION_BYTES_MAX = 16

/** Bytewise order; a prefix sorts first. */
export function comparePositions(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Whether bytes may be a position. */
export function isPosition(bytes: Uint8Array): boolean {
  return bytes.length <= POSITION_BYTES_MAX && (bytes.length === 0 || bytes[bytes.length - 1] !== 0)
}

/**
 * A position strictly between two others, ended by a random byte so that two made at once seldom tie.
 *
 * @param below - Lower neighbour; empty for the bottom.
 * @param above - Upper neighbour; null for none.
 * @param salt - One random byte; 0 counts as 1, since no position ends in zero.
 * @returns undefined where 16 bytes leave no room: then a neighbour has to move.
 */
export function positionBetween(
  below: Uint8Array,
  above: Uint8Array | null,
  salt: number
): Uint8Array | undefined {
  const out: number[] = []
  for (let i = 0; i < POSITION_BYTES_MAX - 1; i++) {
    const low = below[i] ?? 0
    const high = above === null ? 256 : (above[i] ?? 0)
    if (high - low > 1) {
      out.push(low + stepOf(high - low, below, above), Math.max(1, salt & 255))
      return Uint8Array.from(out)
    }
    out.push(low)
    if (high > low) return tailAbove(out, below.subarray(i + 1), salt)
  }
  return undefined
}

/**
 * How far above the lower neighbour. At an open end things are added one after the other: one step leaves room for
 * thousands, where halving would use it up after a hundred.
 */
function stepOf(gap: number, below: Uint8Array, above: Uint8Array | null): number {
  if (above === null && below.length > 0) return 1
  if (above !== null && below.length === 0) return gap - 1
  return Math.floor(gap / 2)
}

/** Below the upper neighbour already: anything above the rest of the lower one will do. */
function tailAbove(prefix: readonly number[], rest: Uint8Array, salt: number): Uint8Array | undefined {
  const out = [...prefix]
  for (let i = 0; out.length < POSITION_BYTES_MAX; i++) {
    const low = rest[i] ?? 0
    if (low < 255) {
      out.push(rest.length === 0 ? 255 : low + 1)
      if (out.length < POSITION_BYTES_MAX) out.push(Math.max(1, salt & 255))
      else if (out[out.length - 1] === 0) return undefined
      return Uint8Array.from(out)
    }
    out.push(low)
  }
  return undefined
}

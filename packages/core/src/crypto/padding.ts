/**
 * Padding (EN7): length alone tells a relay a "yes" from an essay, so sealed things come in few sizes.
 *
 * 80, then zeros, up to 128·2^i bytes while that is at most 4 KiB, above it to a Padmé length.
 * Source: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs",
 * PoPETs 2019, algorithm 1.
 */

const SMALLEST_BYTES = 128
const DOUBLING_BYTES_MAX = 4_096
const MARK = 0x80

/** The Padmé length of a length: at most 12 per cent more, hiding all but O(log log) bits of it. */
export function padmeLength(length: number): number {
  if (length < 2) return length
  const exponent = Math.floor(Math.log2(length))
  const significant = Math.floor(Math.log2(exponent)) + 1
  const step = 2 ** Math.max(0, exponent - significant)
  return Math.ceil(length / step) * step
}

/** Bytes that `length` bytes take once padded; at least one more, for the mark. */
export function paddedLength(length: number): number {
  const needed = length + 1
  for (let size = SMALLEST_BYTES; size <= DOUBLING_BYTES_MAX; size *= 2) if (needed <= size) return size
  return padmeLength(needed)
}

/** Pads (EN7). */
export function pad(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(paddedLength(bytes.length))
  out.set(bytes)
  out[bytes.length] = MARK
  return out
}

/**
 * Removes padding; undefined unless it is exactly what `pad` adds, so that one payload has one padded form.
 * Callers report it as they report a bad tag (EN7).
 */
export function unpad(bytes: Uint8Array): Uint8Array | undefined {
  let end = bytes.length - 1
  while (end >= 0 && bytes[end] === 0) end--
  if (end < 0 || bytes[end] !== MARK || paddedLength(end) !== bytes.length) return undefined
  return bytes.subarray(0, end)
}

/**
 * The address of a sealed file (AT2): a Merkle tree over its sealed chunks, so that each chunk is checked as it comes,
 * from anybody, by who has no key.
 */
import type { Suite } from '../crypto/index.ts'
import { concatBytes } from '../encoding/index.ts'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

/** AT2: leaf of a sealed chunk. */
export function leafOf(suite: Suite, chunk: Uint8Array): Uint8Array {
  return suite.sha256(concatBytes([LEAF, chunk]))
}

function nodeOf(suite: Suite, left: Uint8Array, right: Uint8Array): Uint8Array {
  return suite.sha256(concatBytes([NODE, left, right]))
}

/** The largest power of two below a number of at least two. */
function leftSize(count: number): number {
  let size = 1
  while (size * 2 < count) size *= 2
  return size
}

/**
 * Root over the leaves in order.
 *
 * @throws RangeError for no leaves.
 */
export function rootOf(suite: Suite, leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves
  if (only === undefined) throw new RangeError('a file has at least one chunk')
  if (leaves.length === 1) return only
  const left = leftSize(leaves.length)
  return nodeOf(suite, rootOf(suite, leaves.slice(0, left)), rootOf(suite, leaves.slice(left)))
}

/** Hashes beside the way from a leaf up to the root, lowest first. */
export function proofOf(suite: Suite, leaves: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  if (index < 0 || index >= leaves.length) throw new RangeError(`no chunk ${index} of ${leaves.length}`)
  if (leaves.length === 1) return []
  const left = leftSize(leaves.length)
  const [ours, beside, at] =
    index < left
      ? [leaves.slice(0, left), leaves.slice(left), index]
      : [leaves.slice(left), leaves.slice(0, left), index - left]
  return [...proofOf(suite, ours, at), rootOf(suite, beside)]
}

/** The root that a leaf at this place and its proof lead to; undefined where the proof has not the place's length. */
export function provenRoot(
  suite: Suite,
  leaf: Uint8Array,
  index: number,
  count: number,
  proof: readonly Uint8Array[]
): Uint8Array | undefined {
  if (index < 0 || index >= count) return undefined
  if (count === 1) return proof.length === 0 ? leaf : undefined
  const beside = proof.at(-1)
  if (beside === undefined) return undefined
  const left = leftSize(count)
  const below = proof.slice(0, -1)
  if (index < left) {
    const root = provenRoot(suite, leaf, index, left, below)
    return root && nodeOf(suite, root, beside)
  }
  const root = provenRoot(suite, leaf, index - left, count - left, below)
  return root && nodeOf(suite, beside, root)
}

/**
 * A sorted set with sums of ranges (SY6): a tree whose nodes know how many entries lie below them and what those
 * add up to, so that the fingerprint of any range costs a walk to two leaves, whatever lies between.
 */
import { addFingerprint, type Fingerprint, NO_FINGERPRINT, subtractFingerprint } from './fingerprint.ts'

/** A place in a log's order, and the end of a range: by time, then by the last 16 bytes of an id. */
export interface RangeBound {
  /** What the log sorts by: ms for messages, Lamport time for operations and key records. */
  readonly time: number
  /** Also what an entry adds to sums. */
  readonly share: Fingerprint
}

/** How many entries a range has, and their sum. */
export interface Measure {
  readonly count: number
  readonly sum: Fingerprint
}

/** Before everything. */
export const LOWEST: RangeBound = { time: 0, share: 0n }
/** Behind everything: ranges do not hold their upper end. */
export const HIGHEST: RangeBound = { time: Number.MAX_SAFE_INTEGER, share: (1n << 128n) - 1n }
/** Nothing. */
export const NO_MEASURE: Measure = { count: 0, sum: NO_FINGERPRINT }

/** Entries of a leaf, and children of a node: what fits a few cache lines, and keeps 10^6 entries at depth 4. */
const FANOUT = 64

interface Node<E extends RangeBound> {
  /** Exactly one of both. */
  readonly entries: E[] | null
  readonly children: Node<E>[] | null
  low: RangeBound
  count: number
  sum: Fingerprint
}

/** Order of places. */
export function compareBounds(a: RangeBound, b: RangeBound): number {
  return a.time - b.time || (a.share < b.share ? -1 : a.share > b.share ? 1 : 0)
}

/**
 * The shortest place that lies above `a` and not above `b`: what tells two neighbours apart in few bytes.
 */
export function boundBetween(a: RangeBound, b: RangeBound): RangeBound {
  if (a.time !== b.time) return { time: b.time, share: 0n }
  for (let bits = 120n; bits > 0n; bits -= 8n) {
    const share = (b.share >> bits) << bits
    if (share > a.share) return { time: b.time, share }
  }
  return { time: b.time, share: b.share }
}

function nodeOf<E extends RangeBound>(entries: E[] | null, children: Node<E>[] | null): Node<E> {
  const node: Node<E> = {
    entries,
    children,
    low: entries?.[0] ?? children?.[0]?.low ?? LOWEST,
    count: 0,
    sum: 0n
  }
  recount(node)
  return node
}

function recount<E extends RangeBound>(node: Node<E>): void {
  let sum = NO_FINGERPRINT
  let count = 0
  for (const each of node.entries ?? []) sum = addFingerprint(sum, each.share)
  for (const each of node.children ?? []) {
    sum = addFingerprint(sum, each.sum)
    count += each.count
  }
  node.sum = sum
  node.count = node.entries?.length ?? count
}

/** How many of a sorted list lie below a place. */
function placeIn(list: readonly RangeBound[], bound: RangeBound): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareBounds(list[middle] as RangeBound, bound) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The child in which a place lies. */
function childAt<E extends RangeBound>(children: readonly Node<E>[], bound: RangeBound): number {
  let low = 1
  let high = children.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareBounds((children[middle] as Node<E>).low, bound) <= 0) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Sorted, each place once. Grows only; a set that shrinks is built again. */
export class RangeTree<E extends RangeBound> {
  #root: Node<E> = nodeOf<E>([], null)

  /** Builds from any order in O(n log n); of entries at one place the first stays. */
  static of<E extends RangeBound>(entries: Iterable<E>): RangeTree<E> {
    const tree = new RangeTree<E>()
    const sorted = [...entries]
      .sort(compareBounds)
      .filter((each, i, all) => i === 0 || compareBounds(all[i - 1] as E, each) !== 0)
    if (sorted.length === 0) return tree
    // Filled to three quarters: what follows finds room.
    const size = (FANOUT * 3) / 4
    let level: Node<E>[] = []
    for (let i = 0; i < sorted.length; i += size) level.push(nodeOf(sorted.slice(i, i + size), null))
    while (level.length > 1) {
      const above: Node<E>[] = []
      for (let i = 0; i < level.length; i += size) above.push(nodeOf<E>(null, level.slice(i, i + size)))
      level = above
    }
    tree.#root = level[0] as Node<E>
    return tree
  }

  /** @returns false where there is one at this place already. */
  add(entry: E): boolean {
    if (this.has(entry)) return false
    const beside = insert(this.#root, entry)
    if (beside !== undefined) this.#root = nodeOf<E>(null, [this.#root, beside])
    return true
  }

  get size(): number {
    return this.#root.count
  }

  get sum(): Fingerprint {
    return this.#root.sum
  }

  has(bound: RangeBound): boolean {
    const found = this.at(this.below(bound).count)
    return found !== undefined && compareBounds(found, bound) === 0
  }

  /** What lies below a place. */
  below(bound: RangeBound): Measure {
    let [count, sum] = [0, NO_FINGERPRINT]
    let node = this.#root
    while (node.children !== null) {
      const index = childAt(node.children, bound)
      for (let i = 0; i < index; i++) {
        const child = node.children[i] as Node<E>
        count += child.count
        sum += child.sum
      }
      node = node.children[index] as Node<E>
    }
    const entries = node.entries as E[]
    const index = placeIn(entries, bound)
    for (let i = 0; i < index; i++) sum += (entries[i] as E).share
    return { count: count + index, sum: addFingerprint(sum, NO_FINGERPRINT) }
  }

  /** What lies from one place up to another, that one not included. */
  measure(from: RangeBound, to: RangeBound): Measure {
    const [low, high] = [this.below(from), this.below(to)]
    return high.count <= low.count
      ? NO_MEASURE
      : { count: high.count - low.count, sum: subtractFingerprint(high.sum, low.sum) }
  }

  /** The entry with so many below it; undefined where there are not as many. */
  at(rank: number): E | undefined {
    if (rank < 0 || rank >= this.size) return undefined
    let node = this.#root
    let left = rank
    while (node.children !== null) {
      let index = 0
      while (left >= (node.children[index] as Node<E>).count)
        left -= (node.children[index++] as Node<E>).count
      node = node.children[index] as Node<E>
    }
    return (node.entries as E[])[left]
  }

  /** Entries from one rank up to another, that one not included. */
  slice(from: number, to: number): readonly E[] {
    const out: E[] = []
    for (let rank = Math.max(0, from); rank < Math.min(to, this.size); rank++) out.push(this.at(rank) as E)
    return out
  }
}

/** Inserts; gives a node that has to stand right beside this one where it was full. */
function insert<E extends RangeBound>(node: Node<E>, entry: E): Node<E> | undefined {
  if (node.count === 0 || compareBounds(entry, node.low) < 0) node.low = entry
  node.count++
  node.sum = addFingerprint(node.sum, entry.share)
  const list: (E | Node<E>)[] = (node.entries ?? node.children) as (E | Node<E>)[]
  if (node.entries !== null) node.entries.splice(placeIn(node.entries, entry), 0, entry)
  else {
    const children = node.children as Node<E>[]
    const index = childAt(children, entry)
    const beside = insert(children[index] as Node<E>, entry)
    if (beside !== undefined) children.splice(index + 1, 0, beside)
  }
  if (list.length <= FANOUT) return undefined
  const upper = list.splice(list.length >> 1)
  recount(node)
  return node.entries === null ? nodeOf<E>(null, upper as Node<E>[]) : nodeOf<E>(upper as E[], null)
}

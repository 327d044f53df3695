/** Walks over the operation graph: what to say one has, and what the other side lacks (SY5). */
import { compareIds, type OperationId } from '../base/index.ts'
import type { OperationPlace, OperationSource } from './contract.ts'
import { type Fingerprint, addFingerprint, fingerprintOf, NO_FINGERPRINT } from './fingerprint.ts'
import { idToBytes } from '../base/index.ts'

/** How far back ancestors are sampled. */
const SAMPLE_STEPS_MAX = 65_536

function pastOf(place: OperationPlace): readonly OperationId[] {
  return [...(place.prev === null ? [] : [place.prev]), ...place.parents, ...place.refs]
}

/**
 * Ids that tell what is held, most telling first: heads, ancestors at doubling distance down to the genesis,
 * leaves. Whoever knows one of them knows its whole past is held.
 */
export function haveList(source: OperationSource, max: number): readonly OperationId[] {
  const heads = source.heads()
  const out = new Set<OperationId>(heads.slice(0, max))
  let place = heads[0] === undefined ? undefined : source.get(heads[0])
  let next = 1
  for (let step = 1; step <= SAMPLE_STEPS_MAX && place !== undefined; step++) {
    const below: OperationId | undefined = place.parents[0] ?? place.prev ?? place.refs[0]
    if (below === undefined || step === next) {
      out.add(place.id)
      next *= 2
    }
    place = below === undefined ? undefined : source.get(below)
  }
  for (const id of source.settled?.samples ?? []) out.add(id)
  for (const leaf of source.leaves()) out.add(leaf)
  return [...out].slice(0, max)
}

/** Sums of lists that never change: a log gives the same one until its leaves are others. */
const sums = new WeakMap<readonly OperationId[], Fingerprint>()

/** Sum of the uncovered leaves (SY4). */
export function leavesSum(source: OperationSource): Fingerprint {
  const leaves = source.leaves()
  const known = sums.get(leaves)
  if (known !== undefined) return known
  let sum = NO_FINGERPRINT
  for (const leaf of leaves) sum = addFingerprint(sum, fingerprintOf(idToBytes(leaf)))
  sums.set(leaves, sum)
  return sum
}

/** The highest heads, by Lamport time, then id. */
export function highestHeads(source: OperationSource, max: number): readonly OperationId[] {
  const heads = source.heads()
  if (heads.length <= max) return heads
  const height = (id: OperationId): number => source.get(id)?.lamport ?? 0
  return [...heads].sort((a, b) => height(b) - height(a) || compareIds(a, b)).slice(0, max)
}

/** A binary heap, highest Lamport time first: an operation comes out after all that build on it. */
class Heap {
  readonly #items: OperationPlace[] = []

  push(place: OperationPlace): void {
    const items = this.#items
    let i = items.push(place) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if ((items[parent] as OperationPlace).lamport >= place.lamport) break
      items[i] = items[parent] as OperationPlace
      i = parent
    }
    items[i] = place
  }

  pop(): OperationPlace | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (last === undefined || items.length === 0) return top
    let i = 0
    for (;;) {
      const left = 2 * i + 1
      if (left >= items.length) break
      const right = left + 1
      const child =
        right < items.length &&
        (items[right] as OperationPlace).lamport > (items[left] as OperationPlace).lamport
          ? right
          : left
      if ((items[child] as OperationPlace).lamport <= last.lamport) break
      items[i] = items[child] as OperationPlace
      i = child
    }
    items[i] = last
    return top
  }
}

/**
 * All operations that are in no past of what the other side has, parents first.
 *
 * Walks down by Lamport time, which falls along every edge, and stops as soon as everything still open is
 * known to the other side: the cost is the difference, not the log.
 */
export function selectMissing(source: OperationSource, have: readonly OperationId[]): readonly OperationId[] {
  const heap = new Heap()
  /** true: the other side has it. */
  const seen = new Map<OperationId, boolean>()
  let open = 0
  const { settled } = source
  const hasSettled =
    settled !== undefined &&
    (settled.heads.every(id => have.includes(id)) ||
      have.some(id => !settled.has(id) && source.get(id) !== undefined))
  const visit = (id: OperationId, covered: boolean): void => {
    if (hasSettled && settled.has(id)) return
    const before = seen.get(id)
    if (before === true || before === covered) return
    const place = source.get(id)
    if (place === undefined) return
    seen.set(id, covered)
    if (before === undefined) heap.push(place)
    if (!covered) open++
    else if (before === false) open--
  }
  for (const id of have) visit(id, true)
  for (const id of source.heads()) visit(id, false)
  for (const id of source.leaves()) visit(id, false)
  const missing: OperationPlace[] = []
  while (open > 0) {
    const place = heap.pop()
    if (place === undefined) break
    const covered = seen.get(place.id) === true
    if (!covered) {
      open--
      missing.push(place)
    }
    for (const id of pastOf(place)) visit(id, covered)
  }
  return missing.sort((a, b) => a.lamport - b.lamport || compareIds(a.id, b.id)).map(place => place.id)
}

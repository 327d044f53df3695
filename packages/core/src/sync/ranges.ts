/** Sets of sequence numbers as sorted, disjoint, non-touching ranges, both ends inclusive. Values, never changed. */

/** From, to; both inclusive. */
export type Range = readonly [from: number, to: number]
/** Ascending, with at least one number between neighbours. */
export type Ranges = readonly Range[]

/** The set with one range added. */
export function addRange(ranges: Ranges, from: number, to: number): Ranges {
  const last = ranges.at(-1)
  if (last === undefined || from > last[1] + 1) return [...ranges, [from, to]]
  if (from === last[1] + 1) return [...ranges.slice(0, -1), [last[0], to]]
  const out: Range[] = []
  let low = from
  let high = to
  let placed = false
  for (const range of ranges) {
    if (range[1] + 1 < low) out.push(range)
    else if (range[0] > high + 1) {
      if (!placed) out.push([low, high])
      placed = true
      out.push(range)
    } else {
      low = Math.min(low, range[0])
      high = Math.max(high, range[1])
    }
  }
  if (!placed) out.push([low, high])
  return out
}

/** Union. */
export function unite(a: Ranges, b: Ranges): Ranges {
  let out = a
  for (const [from, to] of b) out = addRange(out, from, to)
  return out
}

/** What is in `a` and not in `b`. */
export function subtract(a: Ranges, b: Ranges): Ranges {
  const out: Range[] = []
  let next = 0
  for (const [from, to] of a) {
    let low = from
    while (next < b.length && (b[next] as Range)[1] < low) next++
    for (let i = next; i < b.length && (b[i] as Range)[0] <= to; i++) {
      const [start, end] = b[i] as Range
      if (start > low) out.push([low, start - 1])
      low = Math.max(low, end + 1)
    }
    if (low <= to) out.push([low, to])
  }
  return out
}

/** What is in both. */
export function intersect(a: Ranges, b: Ranges): Ranges {
  return subtract(a, subtract(a, b))
}

/** How many numbers. */
export function countOf(ranges: Ranges): number {
  let count = 0
  for (const [from, to] of ranges) count += to - from + 1
  return count
}

/** Whether a number is in the set. */
export function contains(ranges: Ranges, value: number): boolean {
  let low = 0
  let high = ranges.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const [from, to] = ranges[middle] as Range
    if (value < from) high = middle - 1
    else if (value > to) low = middle + 1
    else return true
  }
  return false
}

/** The highest numbers of the set, at most `count` of them. */
export function newest(ranges: Ranges, count: number): Ranges {
  const out: Range[] = []
  let left = count
  for (let i = ranges.length - 1; i >= 0 && left > 0; i--) {
    const [from, to] = ranges[i] as Range
    const low = Math.max(from, to - left + 1)
    out.unshift([low, to])
    left -= to - low + 1
  }
  return out
}

/** Whether two sets are the same. */
export function sameRanges(a: Ranges, b: Ranges): boolean {
  return a.length === b.length && a.every(([from, to], i) => from === b[i]?.[0] && to === b[i]?.[1])
}

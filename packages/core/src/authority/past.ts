/**
 * Causal pasts as bit sets over indices (AU48): every index below `full`, and the bits of `words` from there on.
 *
 * Indices are given in an order that respects pasts, to spine operations as they arrive and to leaves when they are
 * first cited. Where people are in touch, `full` covers nearly everything and `words` is empty or short.
 */

/** An immutable set of indices. `words` begins with the word that holds bit `full`. */
export interface Past {
  readonly full: number
  readonly words: Uint32Array
}

const NO_WORDS = new Uint32Array(0)

/** Nothing. */
export const EMPTY_PAST: Past = { full: 0, words: NO_WORDS }

/** Whether an index is in the set. */
export function pastHas(past: Past, index: number): boolean {
  if (index < past.full) return true
  const word = past.words[(index >>> 5) - (past.full >>> 5)]
  return word !== undefined && ((word >>> (index & 31)) & 1) === 1
}

/** Union of several pasts and further indices. */
export function unionPasts(pasts: readonly Past[], indices: readonly number[]): Past {
  let full = 0
  let end = 0
  for (const past of pasts) {
    if (past.full > full) full = past.full
    end = Math.max(end, (past.full >>> 5) + past.words.length)
  }
  for (const index of indices) end = Math.max(end, (index >>> 5) + 1)
  const base = full >>> 5
  if (end <= base) return settle(full, base, new Uint32Array(1))
  const words = new Uint32Array(end - base + 1)
  for (const past of pasts) {
    const from = past.full >>> 5
    for (let i = Math.max(0, base - from); i < past.words.length; i++)
      words[from + i - base] = (words[from + i - base] as number) | (past.words[i] as number)
  }
  for (const index of indices) {
    if (index >= full)
      words[(index >>> 5) - base] = (words[(index >>> 5) - base] as number) | (1 << (index & 31))
  }
  return settle(full, base, words)
}

/** Moves `full` over the ones that follow it, and drops words that say nothing more. */
function settle(full: number, base: number, words: Uint32Array): Past {
  let at = full
  let word = 0
  words[0] = (words[0] as number) | ((1 << (full & 31)) - 1)
  while (word < words.length && words[word] === 0xffff_ffff) {
    word++
    at = (base + word) << 5
  }
  if (word >= words.length) return { full: at, words: NO_WORDS }
  const rest = words[word] as number
  let bit = at & 31
  while (((rest >>> bit) & 1) === 1) bit++
  at = ((base + word) << 5) + bit
  let end = words.length
  while (end > word && (words[end - 1] as number) === 0) end--
  const tailIsBare = end - 1 <= word && rest >>> bit === 0
  return { full: at, words: tailIsBare ? NO_WORDS : words.slice(word, end) }
}

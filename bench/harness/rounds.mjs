/** Rounds in which floor and subject take turns (A B A B): drift of the machine meets both alike. */

/**
 * @param {number} count
 * @param {Record<string, () => Promise<object>>} sides Run in order, in each round.
 * @returns {Promise<Record<string, object[]>>} What each side gave, by round.
 */
export async function interleave(count, sides, onRound) {
  const found = Object.fromEntries(Object.keys(sides).map(name => [name, []]))
  for (let round = 0; round < count; round++) {
    for (const [name, run] of Object.entries(sides)) {
      const result = await run(round)
      found[name].push(result)
      onRound?.(round, name, result)
    }
  }
  return found
}

/** One field of many results. */
export const column = (results, pick) => results.map(pick)

/** Waits for a condition, asked again and again; never for a time. */
export async function until(what, met, msMax = 30_000, everyMs = 25) {
  const end = performance.now() + msMax
  for (;;) {
    const value = await met()
    if (value !== undefined && value !== false) return value
    if (performance.now() > end) throw new Error(`not within ${msMax / 1_000} s: ${what}`)
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
}

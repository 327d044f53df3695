/** Claims: each is checked before it is told, within a deadline; one that does not hold ends the demo. */
import { narrator } from './narrator.mjs'

const DEADLINE_MS = 30_000
const PAUSE_MS = 40

/** A claim that does not hold, with what was seen instead. */
export class ClaimFailed extends Error {
  constructor(claim, found) {
    super(`${claim}\n        found: ${found}`)
    this.name = 'ClaimFailed'
  }
}

/**
 * Checks and tells. `check` throws, or gives what the sentence needs.
 *
 * @param {string | ((found: any) => string)} claim
 */
export async function claim(claim, check, { showTime = true } = {}) {
  const began = performance.now()
  const found = await check()
  const ms = performance.now() - began
  narrator.holds(typeof claim === 'string' ? claim : claim(found), showTime ? ms : undefined)
  return found
}

/** Asks again and again until `look` gives something; what it saw last is told when the time is over. */
export async function eventually(what, look, msMax = DEADLINE_MS) {
  const end = performance.now() + msMax
  for (;;) {
    const { met, value, seen } = await look()
    if (met) return value
    if (performance.now() > end) throw new ClaimFailed(what, `${seen} (after ${msMax / 1_000} s)`)
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
  }
}

export function assert(met, what, found) {
  if (!met) throw new ClaimFailed(what, typeof found === 'string' ? found : JSON.stringify(found))
}

/** Equal as JSON. */
export function assertEqual(actual, expected, what) {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (left !== right) throw new ClaimFailed(what, `${left}\n     expected: ${right}`)
}

/** A failing seed with as few steps as still fail. */
import { simulate, type SimulateInit, type SimulateReport } from './simulate.ts'

/** What a failure is about: ids and texts may change where a step is left out, its kind does not. */
function kindOf(report: SimulateReport): string | undefined {
  return report.failures[0]?.replaceAll(/"[^"]*"|\b[a-z]?[0-9a-v]{8,}\b|\d+/g, '…').slice(0, 60)
}

/**
 * Leaves out steps, in ever smaller groups, as long as it fails in the same way. Takes many runs.
 *
 * @returns What to simulate, and its report; as it was where it does not fail.
 */
export async function shrink(
  init: SimulateInit,
  told: (stepsLeft: number) => void = () => undefined
): Promise<{ readonly init: SimulateInit; readonly report: SimulateReport }> {
  let report = await simulate(init)
  let best = init
  const kind = kindOf(report)
  if (kind === undefined) return { init, report }
  let size = Math.ceil(report.taken.length / 2)
  while (size >= 1) {
    let smaller = false
    for (let from = 0; from < report.taken.length;) {
      const tried = { ...best, only: [...report.taken.slice(0, from), ...report.taken.slice(from + size)] }
      const found = await simulate(tried)
      if (kindOf(found) === kind) {
        best = tried
        report = found
        smaller = true
        told(report.taken.length)
      } else {
        from += size
      }
    }
    if (size === 1 && !smaller) break
    size = size === 1 ? 1 : Math.ceil(size / 2)
  }
  return { init: best, report }
}

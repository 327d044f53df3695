/**
 * Verdicts that are owed (NT26). Nearly all come at once, so one clock looks after those that do not: a timer for
 * each message would cost as much as reading its bundle.
 */
import { GOSSIP_VERDICT_MS_MAX } from '../../base/index.ts'
import type { GossipVerdict } from '../../net/index.ts'
import { quietly } from './quiet-timer.ts'

/** How often late verdicts are looked for, ms; they are given up one such step before their time. */
const LOOK_MS = 250

/** Messages whose verdict has not come. */
export interface Verdicts {
  /** Reports the verdict once: `ignore` where judging fails, which is no message's fault, or takes too long. */
  expect(judged: Promise<GossipVerdict>, report: (verdict: GossipVerdict) => void): void
  readonly waiting: number
}

/** Makes the list of one transport. */
export function createVerdicts(): Verdicts {
  const late = new Map<(verdict: GossipVerdict) => void, number>()
  let clock: ReturnType<typeof setInterval> | undefined

  function settle(report: (verdict: GossipVerdict) => void, verdict: GossipVerdict): void {
    if (late.delete(report)) report(verdict)
  }

  function look(): void {
    const now = performance.now()
    for (const [report, until] of [...late]) if (until <= now) settle(report, 'ignore')
    if (late.size > 0) return
    clearInterval(clock)
    clock = undefined
  }

  return {
    get waiting() {
      return late.size
    },
    expect: (judged, report) => {
      late.set(report, performance.now() + GOSSIP_VERDICT_MS_MAX - LOOK_MS)
      clock ??= quietly(setInterval(look, LOOK_MS))
      judged.then(
        verdict => settle(report, verdict),
        () => settle(report, 'ignore')
      )
    }
  }
}

/** A plain word for how a pair hears each other. */

/** What the verdict looks at, over the last seconds. */
export interface HeardFigures {
  /** Round trip, ms; undefined until one was measured. */
  readonly rttMs?: number | undefined
  /** Variation of arrival, ms. */
  readonly jitterMs: number
  /** Share of packets lost, 0 to 1. */
  readonly lossShare: number
  /** Share of what was played that had to be made up, 0 to 1. */
  readonly concealedShare: number
}

/** `good`: nothing to hear. `fair`: now and then. `poor`: hard to follow. */
export type Quality = 'good' | 'fair' | 'poor'

/** Up to where each figure is good, and up to where fair (VX66). */
const BOUNDS = {
  rttMs: [250, 500],
  jitterMs: [30, 80],
  lossShare: [0.02, 0.08],
  concealedShare: [0.03, 0.1]
} as const

/** The worst of the figures decides (VX66): audio is as bad as its weakest part. */
export function judgeQuality(figures: HeardFigures): Quality {
  let worst: Quality = 'good'
  for (const key of Object.keys(BOUNDS) as (keyof typeof BOUNDS)[]) {
    const [good, fair] = BOUNDS[key]
    const value = figures[key] ?? 0
    if (value > fair) return 'poor'
    if (value > good) worst = 'fair'
  }
  return worst
}

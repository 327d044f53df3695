/** How much of a line one voice takes (VX70): less where it arrives badly, more again where it arrives well. */

/** Without a word of the channel: speech at its best. */
export const RATE_KBPS = 32
/** Below it speech is not understood any better for what is saved. */
export const RATE_KBPS_MIN = 12
/** More than this lost: the line carries less than it is given. */
const LOST_BADLY = 0.08
/** Less than this is no reason for anything. */
const LOST_WELL = 0.02
/** Reports in a row that are well before more is tried. */
const WELL_REPORTS = 3
const DOWN = 0.7
const UP = 1.25

/** What is sent now, and for how many reports in a row it arrived well. */
export interface Rate {
  readonly kbps: number
  readonly well: number
}

/** Where a link begins: what the channel allows, kbit/s; 0 for no word. */
export function firstRate(allowedKbps: number): Rate {
  return { kbps: allowedKbps > 0 ? allowedKbps : RATE_KBPS, well: 0 }
}

/** The next rate, after one report of the other side. `lostShare`: of what was sent since the last, 0 to 1. */
export function nextRate({ kbps, well }: Rate, lostShare: number, allowedKbps: number): Rate {
  const most = firstRate(allowedKbps).kbps
  if (lostShare > LOST_BADLY)
    return { kbps: Math.min(most, Math.max(RATE_KBPS_MIN, Math.round(kbps * DOWN))), well: 0 }
  if (lostShare > LOST_WELL) return { kbps, well: 0 }
  if (well + 1 < WELL_REPORTS) return { kbps, well: well + 1 }
  return { kbps: Math.min(most, Math.round(kbps * UP)), well: 0 }
}

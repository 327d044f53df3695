/** Figures: medians over rounds, beside their floor and their target. */

export function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The value that a share of the samples does not exceed. */
export function percentile(samples, share) {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]
}

const round = value => Number(value.toPrecision(4))

/** Targets: of the figure itself, or of its ratio to the floor. `stretch` is where it would shine. */
export const atLeast = (value, stretch) => ({ sense: 'at least', of: 'value', value, stretch })
export const atMost = (value, stretch) => ({ sense: 'at most', of: 'value', value, stretch })
export const ratioAtLeast = (value, stretch) => ({ sense: 'at least', of: 'ratio', value, stretch })
export const ratioAtMost = (value, stretch) => ({ sense: 'at most', of: 'ratio', value, stretch })

/**
 * One row of the table.
 *
 * @param {{ name: string, unit: string, samples: number[], floor?: number[], target?: object, note?: string }} init
 *   `floor` are the samples of the floor from the same rounds: the ratio is taken round by round, since the
 *   machine drifts between rounds more than within one.
 */
export function figure({ name, unit, samples, floor, target, note }) {
  const value = median(samples)
  const ratios = floor?.map((each, index) => samples[index] / each)
  const ratio = ratios === undefined ? undefined : median(ratios)
  return {
    name,
    unit,
    value: round(value),
    least: round(Math.min(...samples)),
    most: round(Math.max(...samples)),
    rounds: samples.length,
    ...(floor === undefined ? {} : { floor: round(median(floor)), ratio: round(ratio) }),
    ...(target === undefined
      ? {}
      : { target: { ...target, ...judge(target, target.of === 'ratio' ? ratio : value) } }),
    ...(note === undefined ? {} : { note })
  }
}

function judge({ sense, value, stretch }, found) {
  const meets = bound => (sense === 'at least' ? found >= bound : found <= bound)
  return { met: meets(value), ...(stretch === undefined ? {} : { stretchMet: meets(stretch) }) }
}

/** "≥ 0.5 × floor". */
export function targetText({ sense, of, value, stretch }, unit) {
  const one = bound => `${number(bound)}${of === 'ratio' ? ' × floor' : ` ${unit}`}`
  const sign = sense === 'at least' ? '≥' : '≤'
  return `${sign} ${one(value)}${stretch === undefined ? '' : ` (stretch ${sign} ${number(stretch)})`}`
}

export function verdictText({ met, stretchMet }) {
  return stretchMet === true ? 'met, stretch too' : met ? 'met' : 'MISSED'
}

/** Three digits that count, thousands apart: "12,300", "0.456", "1.53". */
export function number(value) {
  if (value === 0) return '0'
  const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.abs(value)))))
  const shown = digits === 0 ? Number(value.toPrecision(4)).toFixed(0) : value.toFixed(digits)
  const [whole, part] = shown.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return part === undefined || /^0*$/.test(part) ? grouped : `${grouped}.${part}`
}

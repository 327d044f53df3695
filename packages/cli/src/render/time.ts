/** Times as people say them. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** "5 min ago", "in 3 h"; beyond a month the date. */
export function relativeTime(iso: string, now: number): string {
  const at = Date.parse(iso)
  if (Number.isNaN(at)) return iso
  const past = now - at
  const span = Math.abs(past)
  if (span < MINUTE) return past >= 0 ? 'just now' : 'in a moment'
  if (span >= 30 * DAY) return iso.slice(0, 10)
  const [count, unit] =
    span < HOUR ? [span / MINUTE, 'min'] : span < DAY ? [span / HOUR, 'h'] : [span / DAY, 'd']
  const text = `${Math.floor(count)} ${unit}`
  return past >= 0 ? `${text} ago` : `in ${text}`
}

const two = (number: number) => String(number).padStart(2, '0')

/** Hour and minute where the user is. */
export function clockTime(iso: string): string {
  const at = new Date(iso)
  return Number.isNaN(at.getTime()) ? '--:--' : `${two(at.getHours())}:${two(at.getMinutes())}`
}

/** The day where the user is, as `2026-11-23`. */
export function dayOf(iso: string): string {
  const at = new Date(iso)
  return Number.isNaN(at.getTime())
    ? ''
    : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

/** "90", "90s", "1500ms", "5m", "2h", "7d" in milliseconds; a bare number is seconds. Undefined for other text. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim())
  if (match === null) return undefined
  const unit = { ms: 1, s: 1_000, m: MINUTE, h: HOUR, d: DAY }[match[2] ?? 's'] ?? 1_000
  return Math.round(Number(match[1]) * unit)
}

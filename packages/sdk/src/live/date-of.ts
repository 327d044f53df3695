/** The largest time a Date holds, ms; peers may claim any. */
const DATE_MS_MAX = 8_640_000_000_000_000

/** A claimed time as a Date that can always be printed. */
export function dateOf(ms: number): Date {
  return new Date(Math.min(ms, DATE_MS_MAX))
}

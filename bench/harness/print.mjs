/** The table as people read it in a terminal. */
import { number, targetText, verdictText } from './figure.mjs'

export const HEAD = ['figure', 'median', 'range', 'floor', '× floor', 'target', 'verdict']

/** Cells of a figure, in the order of the head. */
export function cells({ name, unit, value, least, most, floor, ratio, target }) {
  return [
    name,
    `${number(value)} ${unit}`,
    least === most ? '' : `${number(least)}–${number(most)}`,
    floor === undefined ? '' : number(floor),
    ratio === undefined ? '' : number(ratio),
    target === undefined ? '' : targetText(target, unit),
    target === undefined ? '' : verdictText(target)
  ]
}

export function printCase({ seconds, figures }) {
  const rows = [HEAD, ...figures.map(cells)]
  const widths = HEAD.map((_, at) => Math.max(...rows.map(row => row[at].length)))
  for (const row of rows)
    console.log(
      `  ${row
        .map((cell, at) => cell.padEnd(widths[at]))
        .join('  ')
        .trimEnd()}`
    )
  for (const { name, note } of figures) if (note !== undefined) console.log(`  ${name}: ${note}`)
  console.log(`  (${seconds} s)`)
}

import { safeLine } from './sanitize.ts'
import { textWidth } from './width.ts'

export interface Column<T> {
  readonly title: string
  readonly of: (row: T) => string
  readonly align?: 'left' | 'right'
}

/** Rows under their titles, in columns two cells apart. Every cell is made safe. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const cells = [
    columns.map(column => column.title.toUpperCase()),
    ...rows.map(row => columns.map(column => safeLine(column.of(row))))
  ]
  const widths = columns.map((_, at) => Math.max(...cells.map(line => textWidth(line[at] ?? ''))))
  return cells
    .map(line =>
      line
        .map((cell, at) => {
          const space = ' '.repeat((widths[at] ?? 0) - textWidth(cell))
          return columns[at]?.align === 'right' ? space + cell : cell + space
        })
        .join('  ')
        .trimEnd()
    )
    .join('\n')
}

/** The first characters of an id: enough to type. */
export function shortId(id: string): string {
  return id.slice(0, 10)
}

/** Name and value on lines, values aligned. */
export function fields(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => textWidth(name)))
  return pairs
    .map(([name, value]) => `${name}${' '.repeat(width - textWidth(name))}  ${safeLine(value)}`)
    .join('\n')
}

/** The composed text as rows, and where the cursor is in them. */
import { letters, letterWidth } from '../../render/width.ts'

export interface ComposerRows {
  readonly rows: readonly (readonly string[])[]
  /** Row and letter of the cursor. */
  readonly row: number
  readonly at: number
}

/** Breaks where the width ends: what is typed must not jump about. */
export function composerRows(text: string, cursor: number, width: number): ComposerRows {
  const rows: string[][] = [[]]
  let used = 0
  let place = { row: 0, at: 0 }
  const all = letters(text)
  all.forEach((letter, index) => {
    const cells = letter === '\n' ? 0 : Math.max(1, letterWidth(letter))
    if (used + cells > width) {
      rows.push([])
      used = 0
    }
    const row = rows[rows.length - 1] as string[]
    if (index === cursor) place = { row: rows.length - 1, at: row.length }
    if (letter === '\n') {
      rows.push([])
      used = 0
    } else {
      row.push(letter)
      used += cells
    }
  })
  if (cursor >= all.length) {
    if (used >= width) rows.push([])
    place = { row: rows.length - 1, at: (rows[rows.length - 1] as string[]).length }
  }
  return { rows, ...place }
}

/** The rows that are shown: a window that holds the cursor. */
export function composerWindow(
  { rows, row }: ComposerRows,
  height: number
): { readonly start: number; readonly end: number } {
  const start = Math.max(0, Math.min(row - height + 1, rows.length - height))
  return { start, end: Math.min(rows.length, start + height) }
}

/** Where things go in a terminal of a given size. */

export interface Geometry {
  readonly columns: number
  readonly rows: number
  /** 0: not shown, the terminal is too narrow. */
  readonly sidebar: number
  readonly members: number
  /** Inside of the message pane. */
  readonly paneWidth: number
  readonly paneHeight: number
  readonly composerRows: number
}

/** Smallest terminal we draw in. */
export const COLUMNS_MIN = 30
export const ROWS_MIN = 8

const COMPOSER_ROWS_MAX = 6
/** Header, the line above the composer, and a last row left free: a full screen would scroll. */
const FIXED_ROWS = 3

/**
 * @param lines - Rows the composed text wants.
 * @param noticeRows - Rows below it.
 */
export function geometry(columns: number, rows: number, lines: number, noticeRows: number): Geometry {
  const sidebar = columns >= 60 ? Math.min(28, Math.floor(columns / 4)) : 0
  const members = columns >= 100 ? 22 : 0
  const composerRows = Math.max(1, Math.min(COMPOSER_ROWS_MAX, lines, rows - FIXED_ROWS - noticeRows - 1))
  return {
    columns,
    rows,
    sidebar,
    members,
    paneWidth: Math.max(10, columns - sidebar - members - (sidebar > 0 ? 1 : 0) - (members > 0 ? 1 : 0)),
    paneHeight: Math.max(1, rows - FIXED_ROWS - noticeRows - composerRows),
    composerRows
  }
}

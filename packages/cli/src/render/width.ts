/** How many cells text takes in a terminal, and text fitted into cells. Works on what people see as letters. */

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Unicode's East Asian Wide and Fullwidth blocks; emoji are found by their property. */
const WIDE =
  /^[\u1100-\u115F\u2329\u232A\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE10-\uFE19\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{1B000}-\u{1B2FF}\u{1F200}-\u{1F2FF}\u{20000}-\u{3FFFD}]/u
const EMOJI =
  /^\p{Emoji_Presentation}|^\p{Extended_Pictographic}\uFE0F|^[0-9#*]\uFE0F?\u20E3|^\p{Regional_Indicator}{2}/u
const NOTHING = /^[\p{M}\p{Cf}\p{Cc}]+$/u

/** What people see as letters. */
export function letters(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment)
}

/** Cells of one letter: 0, 1 or 2. */
export function letterWidth(letter: string): number {
  if (letter.length === 1 && letter >= ' ' && letter <= '~') return 1
  if (NOTHING.test(letter)) return 0
  return EMOJI.test(letter) || WIDE.test(letter) ? 2 : 1
}

/** Cells of a line. */
export function textWidth(text: string): number {
  let cells = 0
  for (const letter of letters(text)) cells += letterWidth(letter)
  return cells
}

/** At most so many cells; what is cut shows as `…`. */
export function truncate(text: string, cells: number): string {
  if (cells <= 0) return ''
  if (textWidth(text) <= cells) return text
  let out = ''
  let used = 0
  for (const letter of letters(text)) {
    const width = letterWidth(letter)
    if (used + width > cells - 1) break
    out += letter
    used += width
  }
  return `${out}…`
}

/** Exactly so many cells, by cutting or by spaces behind. */
export function fit(text: string, cells: number): string {
  const cut = truncate(text, cells)
  return cut + ' '.repeat(Math.max(0, cells - textWidth(cut)))
}

function wrapLine(line: string, cells: number): string[] {
  const rows: string[] = []
  let row = ''
  let used = 0
  let breakAt = -1
  for (const letter of letters(line)) {
    const width = letterWidth(letter)
    if (used + width > cells && row !== '') {
      if (letter === ' ') {
        rows.push(row)
        row = ''
        used = 0
        breakAt = -1
        continue
      }
      const head = breakAt > 0 ? row.slice(0, breakAt) : row
      const tail = breakAt > 0 ? row.slice(breakAt).trimStart() : ''
      rows.push(head.trimEnd())
      row = tail
      used = textWidth(tail)
      breakAt = -1
    }
    if (letter === ' ') breakAt = row.length
    row += letter
    used += width
  }
  rows.push(row)
  return rows
}

/** Rows of at most so many cells, broken at spaces where there are some. Never empty. */
export function wrap(text: string, cells: number): string[] {
  const room = Math.max(2, cells)
  return text.split('\n').flatMap(line => wrapLine(line, room))
}

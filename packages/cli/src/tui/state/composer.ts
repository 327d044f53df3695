/** The text being written: pure editing over what people see as letters. */
import { letters } from '../../render/width.ts'

export interface Composer {
  readonly text: string
  /** In letters, not code units: an emoji is one step. */
  readonly cursor: number
  /** Sent texts, newest last. */
  readonly history: readonly string[]
  /** Which of the history is shown; null: the draft. */
  readonly at: number | null
  /** The draft while history is shown. */
  readonly draft: string
}

/** Sent texts remembered. */
const HISTORY_MAX = 100

export const EMPTY_COMPOSER: Composer = { text: '', cursor: 0, history: [], at: null, draft: '' }

const split = ({ text, cursor }: Composer): readonly [readonly string[], readonly string[]] => {
  const all = letters(text)
  return [all.slice(0, cursor), all.slice(cursor)]
}

const put = (composer: Composer, before: readonly string[], after: readonly string[]): Composer => {
  const head = before.join('')
  const text = head + after.join('')
  return { ...composer, text, cursor: letters(head).length, at: null }
}

export function insert(composer: Composer, text: string): Composer {
  const [before, after] = split(composer)
  return put(composer, [...before, text.replaceAll('\r\n', '\n').replaceAll('\r', '\n')], after)
}

export function backspace(composer: Composer): Composer {
  const [before, after] = split(composer)
  return put(composer, before.slice(0, -1), after)
}

export function deleteForward(composer: Composer): Composer {
  const [before, after] = split(composer)
  return put(composer, before, after.slice(1))
}

/** Back to the beginning of the word before the cursor. */
export function deleteWord(composer: Composer): Composer {
  const [before, after] = split(composer)
  let end = before.length
  while (end > 0 && before[end - 1]?.trim() === '') end -= 1
  while (end > 0 && before[end - 1]?.trim() !== '') end -= 1
  return put(composer, before.slice(0, end), after)
}

/** Everything before the cursor, in this line. */
export function deleteToStart(composer: Composer): Composer {
  const [before, after] = split(composer)
  return put(composer, before.slice(0, before.lastIndexOf('\n') + 1), after)
}

export function move(composer: Composer, by: number): Composer {
  const cursor = Math.max(0, Math.min(letters(composer.text).length, composer.cursor + by))
  return { ...composer, cursor }
}

/** To the beginning (-1) or end (1) of the line. */
export function moveToEdge(composer: Composer, edge: -1 | 1): Composer {
  const [before, after] = split(composer)
  if (edge < 0) return { ...composer, cursor: before.lastIndexOf('\n') + 1 }
  const end = after.indexOf('\n')
  return { ...composer, cursor: before.length + (end < 0 ? after.length : end) }
}

/** A line up or down; undefined at the edge of the text, where the key means history. */
export function moveLine(composer: Composer, by: -1 | 1): Composer | undefined {
  const [before, after] = split(composer)
  const lineStart = before.lastIndexOf('\n') + 1
  const column = before.length - lineStart
  if (by < 0) {
    if (lineStart === 0) return undefined
    const previousStart = before.slice(0, lineStart - 1).lastIndexOf('\n') + 1
    return { ...composer, cursor: Math.min(previousStart + column, lineStart - 1) }
  }
  const end = after.indexOf('\n')
  if (end < 0) return undefined
  const nextStart = before.length + end + 1
  const nextEnd = after.indexOf('\n', end + 1)
  const nextLength = (nextEnd < 0 ? after.length : nextEnd) - end - 1
  return { ...composer, cursor: nextStart + Math.min(column, nextLength) }
}

/** Older (-1) or newer (1) among what was sent; the draft waits at the newer end. */
export function recall(composer: Composer, by: -1 | 1): Composer {
  const { history, at } = composer
  const next = at === null ? (by < 0 ? history.length - 1 : null) : at + by
  if (next === null || next < 0) return composer
  const draft = at === null ? composer.text : composer.draft
  const text = next >= history.length ? draft : (history[next] ?? '')
  return { ...composer, text, cursor: letters(text).length, at: next >= history.length ? null : next, draft }
}

/** Empties it, keeping what was written for `recall`. */
export function sent(composer: Composer): Composer {
  const { history, text } = composer
  const kept =
    text.trim() === '' || history[history.length - 1] === text
      ? history
      : [...history, text].slice(-HISTORY_MAX)
  return { ...EMPTY_COMPOSER, history: kept }
}

/** Puts a text in its place, the cursor behind it. */
export function replace(composer: Composer, text: string): Composer {
  return { ...composer, text, cursor: letters(text).length, at: null }
}

/**
 * Peers' text made safe for a terminal: it may move no cursor, set no title, turn no line around, and hide
 * nothing. What is taken out stays visible as a mark, so that nobody mistakes the text for what it was not.
 */

const MARK = '\uFFFD'

/** Bidirectional controls, and characters that are there without being seen; joiners emoji need are kept. */
const HIDDEN =
  /[\u061C\u180E\u200B\u200C\u200E\u200F\u2028\u2029\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu

const CONTROL = /[\u0000-\u001F\u007F-\u009F]/g
const LONE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g
/** No script stacks more marks on one letter; text made to overflow its line does. */
const STACKED = /(\p{M}{4})\p{M}+/gu

function visible(control: string): string {
  const code = control.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : MARK
}

/** Text of several lines: line breaks and tabs stay (tabs as spaces). */
export function safeText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll('\t', '    ')
    .replace(LONE, MARK)
    .replace(CONTROL, control => (control === '\n' ? control : visible(control)))
    .replace(HIDDEN, MARK)
    .replace(STACKED, '$1')
}

/** Text for one line, such as a name: line breaks become a mark. */
export function safeLine(text: string): string {
  return safeText(text).replaceAll('\n', '\u23CE')
}

/** JSON for a terminal: what JSON leaves raw but terminals or readers obey is escaped. The value is the same. */
export function safeJson(value: unknown): string {
  const escape = (match: string) =>
    [...Array(match.length).keys()]
      .map(at => `\\u${match.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join('')
  return JSON.stringify(value)
    .replace(/[\u007F-\u009F]/g, escape)
    .replace(HIDDEN, escape)
}

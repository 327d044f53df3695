/** How the demo tells its story: commands as typed, what came of them, and how long it took. */

const COLUMNS = 110
const MARGIN = 4
const PROMPT_COLUMNS = 8
const WORD_SHOWN_MAX = 40

const colour = code => text => {
  const on = process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === ''
  return on ? `\u001b[${code}m${text}\u001b[0m` : text
}
const bold = colour('1')
const dim = colour('2')
const green = colour('32')
const red = colour('1;31')

/** As a person would type it; what nobody types by hand (links, addresses) is cut short. */
export function typed(words) {
  const quoted = words.map(word => {
    const shown = word.length > WORD_SHOWN_MAX && !word.includes(' ') ? `${word.slice(0, 24)}…` : word
    return /^[\w@%+=:,./…-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`
  })
  return quoted.join(' ')
}

const timed = ms => (ms === undefined ? '' : `${Math.round(ms).toLocaleString('en')} ms`)

/** Text with its time at the right edge. */
function line(indent, text, paint, ms) {
  const time = timed(ms)
  const gap = Math.max(2, COLUMNS - indent - text.length - time.length)
  console.log(`${' '.repeat(indent)}${paint(text)}${time === '' ? '' : dim(`${' '.repeat(gap)}${time}`)}`)
}

/** Breaks at spaces, so that long sentences stay readable. */
function wrapped(text, columns) {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.length - 1
    if (lines[last].length + word.length + 1 > columns && lines[last] !== '') lines.push(word)
    else lines[last] = lines[last] === '' ? word : `${lines[last]} ${word}`
  }
  return lines
}

let acts = 0
let claims = 0

export const narrator = {
  title: text => console.log(bold(text)),
  act: text => console.log(`\n${bold(`${++acts}. ${text}`)}`),
  /** A command, once it has ended. */
  command: (who, words, ms) => {
    const prompt = `${who}$`.padEnd(PROMPT_COLUMNS)
    line(
      MARGIN,
      `${prompt}${typed(words)}`,
      text => `${dim(text.slice(0, PROMPT_COLUMNS))}${text.slice(PROMPT_COLUMNS)}`,
      ms
    )
  },
  /** What the command said, as it said it. */
  said: text => {
    for (const each of text.trimEnd().split('\n')) line(MARGIN + PROMPT_COLUMNS, each, dim)
  },
  /** A claim that was checked and holds. */
  holds: (text, ms) => {
    claims++
    const rows = wrapped(text, COLUMNS - MARGIN - PROMPT_COLUMNS - 14)
    rows.forEach((row, index) => {
      const first = index === 0
      line(
        MARGIN + PROMPT_COLUMNS,
        `${first ? 'ok' : '  '}  ${row}`,
        all => green(all.slice(0, 2)) + all.slice(2),
        first ? ms : undefined
      )
    })
  },
  failed: text => console.log(`\n${red('FAILED')}  ${text}`),
  plain: (text = '') => console.log(text),
  counted: () => claims
}

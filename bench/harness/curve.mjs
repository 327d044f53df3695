/** Curves as SVG, in plain code: both axes logarithmic, one line a measure. */
import { writeFileSync } from 'node:fs'

const WIDTH = 760
const HEIGHT = 420
const EDGE = { left: 70, right: 200, top: 40, bottom: 50 }
const COLOURS = ['#2563eb', '#dc2626', '#059669', '#d97706', '#7c3aed']

const escape = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const short = value =>
  value >= 1 ? value.toLocaleString('en', { maximumFractionDigits: 0 }) : `${Number(value.toPrecision(1))}`

/** Powers of ten that hold all values between them. */
function powers(values) {
  const logs = values.map(Math.log10)
  const from = Math.floor(Math.min(...logs))
  const to = Math.max(from + 1, Math.ceil(Math.max(...logs)))
  return Array.from({ length: to - from + 1 }, (_, at) => from + at)
}

/**
 * @param {{ title: string, xName: string, yName: string, lines: { name: string, points: [number, number][] }[] }} curve
 * @returns {string} The picture.
 */
export function drawCurve({ title, xName, yName, lines }) {
  const points = lines.flatMap(each => each.points)
  const [xs, ys] = [powers(points.map(([x]) => x)), powers(points.map(([, y]) => y))]
  const place = (value, list, from, to) =>
    from + ((Math.log10(value) - list[0]) / (list.at(-1) - list[0])) * (to - from)
  const x = value => place(value, xs, EDGE.left, WIDTH - EDGE.right).toFixed(1)
  const y = value => place(value, ys, HEIGHT - EDGE.bottom, EDGE.top).toFixed(1)
  const text = (left, top, words, more = '') => `<text x="${left}" y="${top}"${more}>${escape(words)}</text>`
  const grid = [
    ...xs.flatMap(power => [
      `<line x1="${x(10 ** power)}" x2="${x(10 ** power)}" y1="${EDGE.top}" y2="${HEIGHT - EDGE.bottom}" stroke="#ddd"/>`,
      text(x(10 ** power), HEIGHT - EDGE.bottom + 18, short(10 ** power), ' text-anchor="middle"')
    ]),
    ...ys.flatMap(power => [
      `<line x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${y(10 ** power)}" y2="${y(10 ** power)}" stroke="#ddd"/>`,
      text(EDGE.left - 8, Number(y(10 ** power)) + 4, short(10 ** power), ' text-anchor="end"')
    ])
  ]
  const drawn = lines.flatMap(({ name, points: own }, at) => {
    const colour = COLOURS[at % COLOURS.length]
    const path = own.map(([a, b]) => `${x(a)},${y(b)}`).join(' ')
    return [
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...own.map(([a, b]) => `<circle cx="${x(a)}" cy="${y(b)}" r="3" fill="${colour}"/>`),
      text(Number(x(own.at(-1)[0])) + 10, Number(y(own.at(-1)[1])) + 4, name, ` fill="${colour}"`)
    ]
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text(EDGE.left, 22, title, ' font-size="15"'),
    ...grid,
    ...drawn,
    text((EDGE.left + WIDTH - EDGE.right) / 2, HEIGHT - 12, xName, ' text-anchor="middle"'),
    text(16, HEIGHT / 2, yName, ` text-anchor="middle" transform="rotate(-90 16 ${HEIGHT / 2})"`),
    '</svg>',
    ''
  ].join('\n')
}

/** Writes a benchmark's curve into docs. @returns {string} The file's name. */
export function writeCurve(name, curve) {
  const file = `benchmark-${name}.svg`
  writeFileSync(new URL(`../../docs/${file}`, import.meta.url), drawCurve(curve))
  return file
}

/**
 * The numbered rules: docs/spec states them (`**AU7**` opens the rule), code cites them, tests name them in their
 * titles (`[AU7] ...`). docs/spec/untested.json lists what is still owed, and only shrinks.
 *
 * `npm run rules` prints what is owed; `npm run rules -- --write` takes what was paid off the list;
 * `npm run rules -- --write --grow` adds to it, which a review must agree to.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LIST = join(ROOT, 'docs/spec/untested.json')
const CHAPTERS = 'AT|AU|BN|CR|DB|DM|DO|EK|EN|GR|ID|IV|KS|ND|NT|PF|ST|SX|SY|TL|VX'
const RULE = new RegExp(`\\b(?:${CHAPTERS})[1-9]\\d{0,2}\\b`, 'g')
const DEFINITION = new RegExp(
  `^\\s*(?:[-*>] +|\\| *|#+ +)?\\*\\*((?:${CHAPTERS})[1-9]\\d{0,2})(?=[*.: ])`,
  'gm'
)
const IN_TITLE = /\[([^\]\n]{2,80})\]/g

/** @typedef {{ path: string, text: string }} Page */

/**
 * Rules in order of chapter, then number.
 *
 * @param {Iterable<string>} rules
 * @returns {string[]}
 */
export function sortRules(rules) {
  return [...new Set(rules)].sort(
    (a, b) => a.slice(0, 2).localeCompare(b.slice(0, 2)) || Number(a.slice(2)) - Number(b.slice(2))
  )
}

/**
 * Where each rule is stated; more than once is a mistake, as numbers are never reused.
 *
 * @param {readonly Page[]} pages Markdown of docs/spec.
 * @returns {Map<string, string[]>}
 */
export function statedRules(pages) {
  return collect(pages, text => [...text.matchAll(DEFINITION)].map(found => found[1] ?? ''))
}

/**
 * Where each rule is cited in code.
 *
 * @param {readonly Page[]} pages
 * @returns {Map<string, string[]>}
 */
export function citedRules(pages) {
  return collect(pages, text => new Set(text.match(RULE) ?? []))
}

/**
 * Which rules tests have in square brackets.
 *
 * @param {readonly Page[]} pages
 * @returns {Map<string, string[]>}
 */
export function testedRules(pages) {
  return collect(
    pages,
    text => new Set([...text.matchAll(IN_TITLE)].flatMap(found => expandRanges(found[1] ?? '')))
  )
}

/** The rules named in a title's brackets: `AU7`, `AU7, AU9`, `EK1–EK4`. Anything else there names none. */
function expandRanges(inside) {
  if (!new RegExp(`^(?:${CHAPTERS})\\d`).test(inside)) return []
  const range = /^([A-Z]{2})(\d+)(?:–|-)(?:\1)?(\d+)$/.exec(inside)
  if (range === null) return inside.match(RULE) ?? []
  const [, chapter, first, last] = range
  const length = Math.max(0, Number(last) - Number(first) + 1)
  return Array.from({ length }, (_, index) => `${chapter}${Number(first) + index}`)
}

function collect(pages, find) {
  const places = new Map()
  for (const { path, text } of pages) {
    for (const rule of find(text)) places.set(rule, [...(places.get(rule) ?? []), path])
  }
  return places
}

/**
 * What is owed: rules without a test, and rules cited by code or tests that no page states.
 *
 * @param {{ spec: readonly Page[], sources: readonly Page[], tests: readonly Page[] }} repository
 * @returns {{ withoutTest: string[], withoutText: string[], statedTwice: string[] }}
 */
export function owedRules({ spec, sources, tests }) {
  const stated = statedRules(spec)
  const tested = testedRules(tests)
  const cited = citedRules(sources)
  return {
    // PF are traps of other people's software: noted, not all of them testable here.
    withoutTest: sortRules([...stated.keys()].filter(rule => !tested.has(rule) && !rule.startsWith('PF'))),
    withoutText: sortRules([...cited.keys(), ...tested.keys()].filter(rule => !stated.has(rule))),
    statedTwice: sortRules([...stated].filter(([, places]) => places.length > 1).map(([rule]) => rule))
  }
}

/**
 * Reads what `owedRules` compares.
 *
 * @returns {{ spec: Page[], sources: Page[], tests: Page[] }}
 */
export function readRepository() {
  const read = path => ({ path, text: readFileSync(join(ROOT, path), 'utf8') })
  const isTest = path => /\.(test|contract|fixture)\.tsx?$/.test(path)
  const code = [...list('packages'), ...list('examples')].filter(path => /\.tsx?$/.test(path))
  return {
    spec: list('docs/spec')
      .filter(path => path.endsWith('.md'))
      .map(read),
    sources: code.filter(path => path.includes('/src/') && !isTest(path)).map(read),
    tests: code.filter(path => isTest(path) && !path.startsWith('packages/core/test/house/')).map(read)
  }
}

function list(folder) {
  const skipped = new Set(['node_modules', 'dist', 'vectors'])
  if (!existsSync(join(ROOT, folder))) return []
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap(entry => {
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : list(`${folder}/${entry.name}`)
    return entry.isFile() ? [`${folder}/${entry.name}`] : []
  })
}

/**
 * The list of what may be owed.
 *
 * @returns {{ withoutTest: string[], withoutText: string[] }}
 */
export function readAllowed() {
  try {
    return JSON.parse(readFileSync(LIST, 'utf8'))
  } catch (error) {
    if (error?.code === 'ENOENT') return { withoutTest: [], withoutText: [] }
    throw error
  }
}

function write(owed, grow) {
  const allowed = readAllowed()
  const next = {}
  for (const key of ['withoutTest', 'withoutText']) {
    next[key] = grow ? owed[key] : owed[key].filter(rule => allowed[key].includes(rule))
  }
  const row = rules =>
    rules.length === 0 ? '[]' : `[\n    ${rules.map(rule => JSON.stringify(rule)).join(',\n    ')}\n  ]`
  writeFileSync(
    LIST,
    `{\n  "withoutTest": ${row(next.withoutTest)},\n  "withoutText": ${row(next.withoutText)}\n}\n`
  )
}

function main() {
  const owed = owedRules(readRepository())
  if (process.argv.includes('--write')) write(owed, process.argv.includes('--grow'))
  for (const [what, rules] of Object.entries(owed))
    console.log(`${what} (${rules.length}): ${rules.join(' ')}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()

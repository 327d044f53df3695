/** Results as files: one for each run, and the latest figures of every benchmark together. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

const FOLDER = new URL('../results/', import.meta.url)
const LATEST = new URL('latest.json', FOLDER)

export function readLatest() {
  try {
    return JSON.parse(readFileSync(LATEST, 'utf8'))
  } catch {
    return { cases: [] }
  }
}

/**
 * Keeps a run, and puts its figures over those of earlier runs: a run of one benchmark renews that one alone, and
 * every benchmark says by which machine and commit it was measured.
 */
export function keepResults(result) {
  mkdirSync(FOLDER, { recursive: true })
  const { at, machine, cases } = result
  const text = value => `${JSON.stringify(value, undefined, 1)}\n`
  writeFileSync(new URL(`${at.slice(0, 10)}-${machine.commit}.json`, FOLDER), text(mergeRun(result)))
  const fresh = cases.filter(each => each.failure === undefined).map(each => ({ ...each, at, machine }))
  const kept = readLatest().cases.filter(each => !fresh.some(({ name }) => name === each.name))
  const latest = { cases: [...kept, ...fresh] }
  writeFileSync(LATEST, text(latest))
  return latest
}

/** Several runs of one day and commit share a file. */
function mergeRun(result) {
  const file = new URL(`${result.at.slice(0, 10)}-${result.machine.commit}.json`, FOLDER)
  try {
    const before = JSON.parse(readFileSync(file, 'utf8'))
    const kept = before.cases.filter(each => !result.cases.some(({ name }) => name === each.name))
    return { ...result, cases: [...kept, ...result.cases] }
  } catch {
    return result
  }
}

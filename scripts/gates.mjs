/**
 * The gates of the repository, and how one is run: a child process of this very Node, nothing from the system.
 * A gate without `counts` is one test; a vitest gate is as many as it ran.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** A gate that hangs has failed; generous, since machines differ. */
const GATE_MS_MAX = Number(process.env.XCORD_GATE_MS ?? 30 * 60_000)

const tool = path => join('node_modules', path)
const VITEST = tool('vitest/vitest.mjs')
const vitest = (...args) => [
  VITEST,
  'run',
  '--reporter=default',
  '--reporter=./scripts/count-reporter.mjs',
  ...args
]

const HOUSE = 'packages/core/test/house'

export const build = { name: 'build', args: [tool('typescript/bin/tsc'), '-b'] }
export const types = {
  name: 'types of tests',
  args: [tool('typescript/bin/tsc'), '-p', 'tsconfig.check.json']
}
export const imports = {
  name: 'imports',
  args: [
    tool('dependency-cruiser/bin/dependency-cruiser.mjs'),
    '--config',
    '.dependency-cruiser.mjs',
    ...['packages', 'examples'].filter(folder => existsSync(join(ROOT, folder)))
  ]
}
export const lint = { name: 'lint', args: [tool('eslint/bin/eslint.js'), '--max-warnings=0', '.'] }
export const format = {
  name: 'format',
  args: [tool('prettier/bin/prettier.cjs'), '--check', '--log-level=warn', '.']
}
export const deadCode = { name: 'dead code', args: [tool('knip/bin/knip.js')] }
export const tidy = { name: 'tidy', counts: true, args: vitest('--project=unit', `${HOUSE}/tidy`) }
export const surface = {
  name: 'api surface',
  counts: true,
  args: vitest('--project=unit', `${HOUSE}/surface`)
}
export const docs = { name: 'docs', counts: true, args: vitest('--project=unit', `${HOUSE}/docs`) }
export const unit = { name: 'unit tests', counts: true, args: vitest('--project=unit') }
export const histories = {
  name: 'hostile histories',
  counts: true,
  args: vitest('--project=histories')
}
export const media = { name: 'media engine', counts: true, args: vitest('--project=media') }
export const chromium = { name: 'chromium', args: ['scripts/chromium.mjs'] }
export const browser = { name: 'browser tests', counts: true, args: vitest('--project=browser') }
export const e2e = { name: 'end-to-end tests', counts: true, args: vitest('--project=e2e') }
export const examples = { name: 'examples', counts: true, args: vitest('--project=examples') }

/**
 * Runs a gate with its output on ours.
 *
 * @returns {Promise<{ passed: number, failed: number, skipped: number, ms: number, note: string }>}
 */
export async function runGate({ name, args, counts = false }) {
  const began = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'xcord-gate-'))
  const file = join(folder, 'counts.json')
  try {
    const { code, signal } = await spawned(args, { ...process.env, XCORD_COUNTS: file })
    const found = counts
      ? readCounts(file)
      : { passed: Number(code === 0), failed: Number(code !== 0), skipped: 0 }
    return { ...judged(name, found, code, signal), ms: performance.now() - began }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function spawned(args, env) {
  return new Promise((resolve, reject) => {
    // A process group of its own: what a gate started ends with it, also where it hangs.
    const stdio = ['ignore', 'inherit', 'inherit']
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio, detached: true })
    const limit = setTimeout(() => endGroup(child, 'SIGKILL'), GATE_MS_MAX)
    const interrupt = signal => {
      endGroup(child, signal)
      process.exit(130)
    }
    process.once('SIGINT', interrupt)
    process.once('SIGTERM', interrupt)
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      clearTimeout(limit)
      process.off('SIGINT', interrupt)
      process.off('SIGTERM', interrupt)
      resolve({ code, signal })
    })
  })
}

function endGroup(child, signal) {
  try {
    process.kill(-child.pid, signal)
  } catch {
    // Already gone, or no groups on this platform.
    child.kill(signal)
  }
}

function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** A run that counted nothing, or ended badly after counting only successes, has failed. */
function judged(name, found, code, signal) {
  const ending = signal === null ? `exit code ${code}` : `ended by ${signal}`
  if (found === undefined)
    return { passed: 0, failed: 1, skipped: 0, note: `${name} did not report: ${ending}` }
  if (found.passed + found.failed === 0) return { ...found, failed: 1, note: `${name}: no test ran` }
  if (code !== 0 && found.failed === 0) return { ...found, failed: 1, note: `${name}: ${ending}` }
  return { ...found, note: '' }
}

/** Runs gates one after another; all of them, whatever fails, so that one run tells everything. */
export async function runGates(gates) {
  const results = []
  for (const gate of gates) {
    console.log(`\n── ${gate.name} ${'─'.repeat(Math.max(0, 70 - gate.name.length))}`)
    results.push({ name: gate.name, ...(await runGate(gate)) })
  }
  return results
}

/** One line a gate: name, outcome, time. */
export function printTable(results) {
  const width = Math.max(...results.map(({ name }) => name.length))
  console.log('')
  for (const { name, passed, failed, ms, note } of results) {
    const outcome = failed > 0 ? `FAILED (${failed})` : passed === 1 ? 'ok' : `ok (${passed})`
    console.log(
      `${name.padEnd(width)}  ${outcome.padEnd(14)} ${(ms / 1000).toFixed(1).padStart(7)} s  ${note}`.trimEnd()
    )
  }
}

/** The closing line: how many passed and failed, skipped only if any were. */
export function printTotal(results) {
  const sum = key => results.reduce((total, each) => total + each[key], 0)
  const skipped = sum('skipped')
  console.log(
    `\n${sum('passed')} passed, ${sum('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  )
  return sum('failed')
}

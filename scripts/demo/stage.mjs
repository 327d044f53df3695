/**
 * The demo's processes and files: started here, ended by id, removed whatever happens. Nothing is shared with
 * other runs: a folder of its own, and any free port.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ClaimFailed } from './claim.mjs'

const COMMAND_MS_MAX = 45_000
const READY_MS_MAX = 40_000
const END_MS_MAX = 8_000
const LOG_LINES_MAX = 400

export const folder = mkdtempSync(join(tmpdir(), 'xcord-demo-'))
const children = new Set()
/** What the long-running processes wrote, by name. */
export const logs = new Map()

const BINARIES = {
  xcord: fileURLToPath(new URL('../../packages/cli/bin/xcord.mjs', import.meta.url)),
  'xcord-node': fileURLToPath(new URL('../../packages/bootstrap-node/bin/xcord-node.mjs', import.meta.url))
}

/** A folder of the demo. */
export function folderOf(name) {
  const path = join(folder, name)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return path
}

/** The environment without what the caller's own XCord would say. */
export function environment(own) {
  const kept = Object.entries(process.env).filter(([name]) => !/^XCORD_|^XDG_|^NODE_OPTIONS$/.test(name))
  return { ...Object.fromEntries(kept), NO_COLOR: '1', ...own }
}

function start(binary, args, { env, cwd = folder }) {
  const child = spawn(process.execPath, [...process.execArgv, BINARIES[binary], ...args], {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  children.add(child)
  const ended = new Promise(resolve => {
    child.once('exit', (code, signal) => {
      children.delete(child)
      resolve(code ?? signal)
    })
  })
  return { child, ended }
}

/** Runs a command to its end. */
export async function run(binary, args, place) {
  const began = performance.now()
  const { child } = start(binary, args, place)
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', text => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', text => (stderr += text))
  const limit = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS_MAX)
  // "close" comes when all output was read, "exit" may come before.
  const code = await new Promise(resolve => child.once('close', (code, signal) => resolve(code ?? signal)))
  clearTimeout(limit)
  return { code, stdout, stderr, ms: performance.now() - began }
}

/**
 * Starts what stays, and resolves with the line that says it is ready. Its lines go into the log of its name.
 *
 * @param {(text: string, isRemark: boolean) => boolean} isReady Sees every line; a remark came by standard error.
 */
export function stay(name, binary, args, place, isReady) {
  const began = performance.now()
  const { child, ended } = start(binary, args, place)
  const log = logs.get(name) ?? []
  logs.set(name, log)
  return new Promise((resolve, reject) => {
    const fail = found => reject(new ClaimFailed(`${name}: ready`, found))
    const limit = setTimeout(() => fail(`not within ${READY_MS_MAX / 1_000} s`), READY_MS_MAX)
    const hear = isRemark => text => {
      log.push(text)
      if (log.length > LOG_LINES_MAX) log.shift()
      if (!isReady(text, isRemark)) return
      clearTimeout(limit)
      resolve({
        pid: child.pid,
        ended,
        line: text,
        ms: performance.now() - began,
        end: () => end(child, ended)
      })
    }
    createInterface({ input: child.stdout }).on('line', hear(false))
    createInterface({ input: child.stderr }).on('line', hear(true))
    void ended.then(code => {
      clearTimeout(limit)
      fail(`it ended with ${code}`)
    })
  })
}

/** Asks a process to end; gives its exit code. */
async function end(child, ended) {
  child.kill('SIGTERM')
  return await ended
}

/** Ends every child that is left, politely and then by force, and removes the folder. */
export async function clear() {
  const left = [...children]
  for (const child of left) child.kill('SIGTERM')
  await Promise.race([
    Promise.all(
      left.map(
        child => new Promise(resolve => (children.has(child) ? child.once('exit', resolve) : resolve()))
      )
    ),
    new Promise(resolve => setTimeout(resolve, END_MS_MAX).unref())
  ])
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/**
 * Child processes of the benchmarks, and calls into them. A peer that dies fails every call with its last words;
 * all are ended by id when the runner ends, however it ends.
 */
import { fork } from 'node:child_process'

import { DAEMON_ENVIRONMENT, DAEMON_FLAGS } from '../../packages/cli/dist/commands/daemon-process.js'

/** For `startPeer`: Node as the daemon starts it, where memory is measured. */
export const AS_DAEMON = { flags: [...DAEMON_FLAGS], env: { ...DAEMON_ENVIRONMENT } }

const CALL_MS_MAX = 120_000
const STOP_MS_MAX = 5_000
const running = new Set()
let profiling = () => []

/** Flags that every peer started from now on gets, by its name. */
export function profilePeers(flags) {
  profiling = flags
}

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Starts a peer of bench/peers.
 *
 * @param {string} name File name without extension.
 * @param {{ args?: string[], flags?: string[], env?: Record<string, string> }} [options] `flags` go to Node.
 */
export function startPeer(name, { args = [], flags = [], env = {} } = {}) {
  const child = fork(new URL(`../peers/${name}.mjs`, import.meta.url), args, {
    execArgv: [...process.execArgv, ...flags, ...profiling(name)],
    env: { ...process.env, ...env },
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc']
  })
  running.add(child)
  const waiting = new Map()
  let next = 0
  let words = ''
  let ended
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => (words = (words + text).slice(-4_000)))
  }
  child.on('message', ({ id, value, error }) => {
    const call = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) call?.resolve(value)
    else call?.reject(new Error(`${name}: ${error}`))
  })
  const gone = new Promise(resolve => {
    child.once('exit', (code, signal) => {
      running.delete(child)
      ended = `${name} ended (${signal ?? `exit code ${code}`})${words === '' ? '' : `:\n${words}`}`
      for (const { reject } of waiting.values()) reject(new Error(ended))
      waiting.clear()
      resolve(code)
    })
  })
  return {
    pid: child.pid,
    words: () => words,
    /** Calls a handler of the peer. */
    call: (method, argument = {}, msMax = CALL_MS_MAX) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(new Error(ended))
        const id = next++
        const limit = setTimeout(() => {
          waiting.delete(id)
          reject(new Error(`${name}.${method} did not answer in ${msMax / 1_000} s\n${words}`))
        }, msMax)
        const done = settle => value => {
          clearTimeout(limit)
          settle(value)
        }
        waiting.set(id, { resolve: done(resolve), reject: done(reject) })
        child.send({ id, method, argument })
      }),
    /** Ends it politely, then by force. */
    stop: async () => {
      if (ended !== undefined) return
      if (child.connected) child.disconnect()
      const limit = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
      await gone
      clearTimeout(limit)
    }
  }
}

/** Runs with peers that are stopped afterwards, whatever happens. */
export async function withPeers(names, run) {
  const peers = names.map(each => (typeof each === 'string' ? startPeer(each) : startPeer(each.name, each)))
  try {
    return await run(...peers)
  } finally {
    await Promise.all(peers.map(peer => peer.stop()))
  }
}

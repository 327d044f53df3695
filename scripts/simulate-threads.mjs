/** Worlds of the simulator in threads: for `npm run simulate` and for the benchmarks. */
import { Worker } from 'node:worker_threads'

/** Most of what a world allocates is gone at once: with more room for the young, less of it is copied. */
const YOUNG_MB = 64

/**
 * A thread that runs one world at a time. The second is a third cheaper than the first: what the first made of the
 * program, the modules and the compiled functions, is there.
 *
 * @returns {{ run: (asked: { init: object, verbose?: boolean, shrinks?: boolean }, tell?: (said: object) => void) => Promise<object>, end: () => Promise<number> }}
 *   `run` resolves with the report, wall and CPU seconds and the process's memory in bytes; `tell` gets what is said on
 *   the way (`line`, `left`, `progress`).
 */
export function startWorldThread() {
  const worker = new Worker(new URL('simulate-world.mjs', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB }
  })
  const run = (asked, tell = () => undefined) =>
    new Promise((resolve, reject) => {
      const ended = code =>
        reject(new Error(`seed ${asked.init.seed}: its thread ended with ${code} and said nothing`))
      const said = message => {
        if (message.report === undefined) return tell(message)
        worker.off('message', said).off('error', reject).off('exit', ended)
        resolve(message)
      }
      worker.on('message', said).once('error', reject).once('exit', ended)
      worker.postMessage(asked)
    })
  return { run, end: () => worker.terminate() }
}

/**
 * Runs worlds in as many threads as told, each the next that waits.
 *
 * @param {readonly object[]} worlds - What each thread is asked for.
 * @param {number} jobs - Threads.
 * @param {(world: object, thread: { run: Function }) => Promise<void>} each - Runs one of them.
 */
export async function inWorldThreads(worlds, jobs, each) {
  const waiting = worlds.values()
  await Promise.all(
    Array.from({ length: Math.min(jobs, worlds.length) }, async () => {
      const thread = startWorldThread()
      try {
        for (const world of waiting) await each(world, thread)
      } finally {
        await thread.end()
      }
    })
  )
}

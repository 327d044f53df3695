/** A simulated world in a thread of its own, with what it cost. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { simulate } from '@xcord/core/testing'

/** Most of what a world allocates is gone at once: with more room for the young, less of it is copied. */
const YOUNG_MB = 64

/**
 * @returns {Promise<{ events: number, seconds: number, fault: string | undefined }>} Events, CPU seconds of its thread, and
 *   what did not hold, with the command that shows it.
 */
export async function simulateWorld(init) {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { world: init },
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB }
  })
  return await new Promise((resolve, reject) => {
    worker.on('message', ({ failures, command, ...cost }) => {
      resolve({ ...cost, fault: failures.length > 0 ? `${failures[0]}; again: ${command}` : undefined })
    })
    worker.on('error', reject)
  })
}

if (!isMainThread && workerData?.world !== undefined) {
  const began = process.threadCpuUsage()
  const { events, failures, command } = await simulate(workerData.world)
  const { user, system } = process.threadCpuUsage(began)
  parentPort.postMessage({ events, failures, command, seconds: (user + system) / 1e6 })
}

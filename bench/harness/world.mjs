/** A simulated world in a thread of its own, with what it cost. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { simulate } from '@xcord/core/testing'

/** Most of what a world allocates is gone at once: with more room for the young, less of it is copied. */
const YOUNG_MB = 64

/**
 * @returns {Promise<{ events: number, seconds: number }>} Events, and CPU seconds of its thread.
 * @throws Error where the world came to no good end.
 */
export async function simulateWorld(init) {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { world: init },
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB }
  })
  return await new Promise((resolve, reject) => {
    worker.on('message', ({ failures, command, ...cost }) => {
      if (failures.length > 0) reject(new Error(`${failures[0]}; again: ${command}`))
      else resolve(cost)
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

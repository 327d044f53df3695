/** One seed of `npm run simulate` in a thread of its own: what it tells, and its report, go to the one who started it. */
import { parentPort, workerData } from 'node:worker_threads'
import { shrink, simulate } from '@xcord/core/testing'

const { init, verbose, shrinks } = workerData
const whole = {
  ...init,
  onProgress: progress => parentPort.postMessage({ progress }),
  ...(verbose ? { onStep: line => parentPort.postMessage({ line }) } : {})
}
const began = performance.now()
const report = shrinks
  ? (await shrink(whole, left => parentPort.postMessage({ left }))).report
  : await simulate(whole)
const { user, system } = process.threadCpuUsage()
parentPort.postMessage({
  report,
  seconds: (performance.now() - began) / 1_000,
  cpuSeconds: (user + system) / 1e6,
  memory: process.memoryUsage().rss
})

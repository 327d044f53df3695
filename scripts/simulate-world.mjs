/** The thread in which worlds of the simulator run, one after the other, each as it is asked for. */
import { parentPort } from 'node:worker_threads'
import { shrink, simulate } from '@xcord/core/testing'

async function world({ init, verbose, shrinks }) {
  const whole = {
    ...init,
    onProgress: progress => parentPort.postMessage({ progress }),
    ...(verbose ? { onStep: line => parentPort.postMessage({ line }) } : {})
  }
  const began = performance.now()
  const before = process.threadCpuUsage()
  const report = shrinks
    ? (await shrink(whole, left => parentPort.postMessage({ left }))).report
    : await simulate(whole)
  const { user, system } = process.threadCpuUsage(before)
  parentPort.postMessage({
    report,
    seconds: (performance.now() - began) / 1_000,
    cpuSeconds: (user + system) / 1e6,
    memory: process.memoryUsage().rss
  })
}

parentPort.on('message', asked => void world(asked))

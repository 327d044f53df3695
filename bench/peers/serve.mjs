/** The child's side: answers calls of the runner, and ends when the runner goes. */

/**
 * @param {Record<string, (argument: any) => unknown>} handlers `stop`, where there is one, runs before the end.
 */
export function serve(handlers) {
  const all = { usage, ...handlers }
  process.on('message', async ({ id, method, argument }) => {
    try {
      const value = await all[method](argument)
      if (process.connected) process.send({ id, value })
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      if (process.connected) process.send({ id, error: text })
    }
  })
  process.once('disconnect', async () => {
    await Promise.race([
      Promise.resolve(handlers.stop?.()).catch(() => undefined),
      new Promise(resolve => setTimeout(resolve, 3_000))
    ])
    process.exit(0)
  })
}

/** CPU spent so far in microseconds, memory now and at most in bytes. */
export function usage() {
  const { user, system } = process.cpuUsage()
  return {
    cpu: user + system,
    rss: process.memoryUsage.rss(),
    peakRss: process.resourceUsage().maxRSS * 1_024
  }
}

/** Milliseconds this thread has computed: unlike the wall's clock, other programs do not count into it. */
export function threadMs() {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

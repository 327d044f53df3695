/** The engine's process. It lives as long as the channel to its peer. */
import type { FromEngine, ToEngine } from './messages.ts'

const post = (message: FromEngine, done: () => void): void => {
  if (process.connected) process.send?.(message, undefined, undefined, done)
}

let endNow = (): void => process.exit(0)
process.on('disconnect', () => endNow())
// An interrupt at the terminal is for the peer, which then ends this process in order.
process.on('SIGINT', () => undefined)

try {
  const engine = await import('./engine.ts')
  endNow = engine.endNow
  const take = engine.startEngine(post)
  process.on('message', message => take(message as ToEngine))
  post({ kind: 'ready' }, () => undefined)
} catch (error) {
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  post({ kind: 'unavailable', reason }, () => process.exit(1))
}

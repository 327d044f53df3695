/** The engine's process. It lives as long as the channel to its peer. */
import type { FromEngine, ToEngine } from './messages.ts'

const post = (message: FromEngine, done: () => void): void => {
  if (process.connected) process.send?.(message, undefined, undefined, done)
}

process.on('disconnect', () => process.exit(0))
// An interrupt at the terminal is for the peer, which then ends this process in order.
process.on('SIGINT', () => undefined)

try {
  const { startEngine } = await import('./engine.ts')
  const take = startEngine(post)
  process.on('message', message => take(message as ToEngine))
  post({ kind: 'ready' }, () => undefined)
} catch (error) {
  const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
  post({ kind: 'unavailable', reason }, () => process.exit(1))
}

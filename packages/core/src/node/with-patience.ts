/** Waiting for a peer that may have stopped to answer, when there is another to ask. */
import { type Timers, XcordError } from '../base/index.ts'

/** How long one peer is waited for, ms. */
export interface Patience {
  /** While nothing comes. */
  readonly silenceMs: number
  /** In all, however much comes. */
  readonly totalMs: number
}

/**
 * Runs something that waits for one peer. `heard` is to be called whenever something came. The signal that `run` gets
 * is aborted when patience ends or `outer` is; what `run` does then no longer matters.
 *
 * Rejects with XCORD_DEADLINE when patience ended, else with `outer`'s reason.
 */
export async function withPatience<T>(
  timers: Timers,
  patience: Patience,
  outer: AbortSignal,
  run: (signal: AbortSignal, heard: () => void) => Promise<T>
): Promise<T> {
  outer.throwIfAborted()
  const controller = new AbortController()
  const end = (): void =>
    controller.abort(
      new XcordError('XCORD_DEADLINE', 'A peer stopped answering.', {
        what: 'ask a peer',
        timeoutMs: patience.silenceMs
      })
    )
  const stop = (): void => controller.abort(outer.reason)
  outer.addEventListener('abort', stop, { once: true })
  const cancelTotal = timers.after(patience.totalMs, end)
  let cancelSilence = timers.after(patience.silenceMs, end)
  const heard = (): void => {
    cancelSilence()
    cancelSilence = timers.after(patience.silenceMs, end)
  }
  try {
    return await new Promise<T>((resolve, reject) => {
      controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error))
      run(controller.signal, heard).then(resolve, reject)
    })
  } finally {
    outer.removeEventListener('abort', stop)
    cancelTotal()
    cancelSilence()
  }
}

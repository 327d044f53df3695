import { type ServerId, type Timers, XcordError } from '../base/index.ts'

/** How long a caller waits. */
export interface Deadline {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** Resolves after a while; rejects with the signal's reason. */
export async function pause(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      cancel()
      reject(signal.reason as Error)
    }
    const cancel = timers.after(ms, () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    signal.addEventListener('abort', stop, { once: true })
  })
}

/** IV4: not the network's fault; the request waits for somebody. */
export function approvalPending(server: ServerId): XcordError<'XCORD_APPROVAL_PENDING'> {
  return new XcordError(
    'XCORD_APPROVAL_PENDING',
    'Your request is with the members of the server, and waits for one of them to answer it.',
    { server }
  )
}

/**
 * Runs something that may wait for others, under the caller's deadline and signal. Both end the wait with an error
 * of their own, XCORD_DEADLINE or XCORD_ABORTED, and undo nothing.
 *
 * @param explain - At the deadline: a better reason, where one is known.
 */
export async function withDeadline<T>(
  timers: Timers,
  what: string,
  deadline: Deadline,
  run: (signal: AbortSignal) => Promise<T>,
  explain: () => XcordError | undefined = () => undefined
): Promise<T> {
  const { timeoutMs, signal } = deadline
  const controller = new AbortController()
  const seconds = Math.round(timeoutMs / 1_000)
  const cancel = timers.after(timeoutMs, () =>
    controller.abort(
      explain() ??
        new XcordError(
          'XCORD_DEADLINE',
          `To ${what} took longer than ${seconds} s. What was learnt is kept: try again.`,
          { what, timeoutMs }
        )
    )
  )
  const abort = (): void =>
    controller.abort(
      new XcordError('XCORD_ABORTED', `To ${what} was stopped.`, {}, { cause: signal?.reason })
    )
  signal?.addEventListener('abort', abort)
  if (signal?.aborted === true) abort()
  try {
    controller.signal.throwIfAborted()
    return await run(controller.signal)
  } finally {
    cancel()
    signal?.removeEventListener('abort', abort)
  }
}

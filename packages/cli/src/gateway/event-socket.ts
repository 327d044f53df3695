/** Pumps frames into a WebSocket: never skips, never buffers without bound. */
import type { WebSocket } from 'ws'
import type { Context } from './context.ts'
import { frames, type Frame, type FrameOptions } from './frames.ts'

/** Close codes of `/v1/events`. */
export const CLOSE = { malformed: 4000, slow: 4008, goingAway: 1001 } as const
/** Unacknowledged events a reader that acknowledges may have in flight. */
export const ACK_WINDOW_EVENTS = 1_024
const PING_MS = 30_000
const STALLED_MS = 30_000
const BUFFER_BYTES = 262_144

/** A reader's acknowledgements: once it sends the first, at most a window of events is under way. */
function createWindow() {
  const sent: string[] = []
  let acknowledges = false
  let wake: (() => void) | undefined
  return {
    sent(cursor: string) {
      sent.push(cursor)
      // A reader that does not acknowledge needs no more than its window remembered.
      if (!acknowledges && sent.length > ACK_WINDOW_EVENTS) sent.shift()
    },
    acknowledged(cursor: string) {
      acknowledges = true
      const at = sent.lastIndexOf(cursor)
      if (at >= 0) sent.splice(0, at + 1)
      wake?.()
    },
    full: () => acknowledges && sent.length >= ACK_WINDOW_EVENTS,
    room: () =>
      new Promise<void>(resolve => {
        wake = resolve
      })
  }
}

type Window = ReturnType<typeof createWindow>

function listen(socket: WebSocket, window: Window): void {
  socket.on('message', (bytes: Buffer) => {
    let frame: unknown
    try {
      frame = JSON.parse(bytes.toString('utf8'))
    } catch {
      frame = undefined
    }
    const known = (value: unknown): value is { frame: unknown } =>
      typeof value === 'object' && value !== null && 'frame' in value
    if (!known(frame)) socket.close(CLOSE.malformed, 'frames are JSON objects with "frame"')
    else if (frame.frame === 'ack' && 'cursor' in frame && typeof frame.cursor === 'string')
      window.acknowledged(frame.cursor)
    // Other frames are a newer reader's: ignored.
  })
}

/** Resolves true when `ready` did, false when the time was over or the socket closed. */
async function within(ms: number, ready: Promise<void>, closed: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>(resolve => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([ready.then(() => true), late, closed.then(() => false)])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Serves one reader until it leaves, `options.signal` aborts, or it takes nothing for `stalledMs`: then it is
 * disconnected with code 4008 and the cursor behind which it may continue.
 */
export async function pumpEvents(socket: WebSocket, context: Context, options: FrameOptions): Promise<void> {
  const stalledMs = context.stalledMs ?? STALLED_MS
  const bufferBytes = context.bufferBytes ?? BUFFER_BYTES
  const stop = new AbortController()
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  const window = createWindow()
  listen(socket, window)
  socket.on('error', () => socket.terminate())
  void closed.then(() => stop.abort())
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal])
  const ping = setInterval(() => {
    // A locked profile has no cursor, and its readers are being sent away.
    if (context.locking?.locked() === true) return
    socket.send(JSON.stringify({ frame: 'ping', cursor: context.client.cursor } satisfies Frame))
  }, PING_MS)
  let last = options.since ?? ''
  const slow = () => {
    socket.close(CLOSE.slow, last)
    // The close frame waits behind what the reader does not take.
    setTimeout(() => socket.terminate(), 1_000).unref()
  }
  try {
    for await (const frame of frames(context, { ...options, signal })) {
      let written: () => void = () => undefined
      const taken = new Promise<void>(resolve => {
        written = resolve
      })
      socket.send(JSON.stringify(frame), () => written())
      if ('cursor' in frame && frame.frame !== 'hello') {
        last = frame.cursor
        window.sent(frame.cursor)
      }
      if (socket.bufferedAmount > bufferBytes && !(await within(stalledMs, taken, closed))) return slow()
      while (window.full()) if (!(await within(stalledMs, window.room(), closed))) return slow()
    }
    socket.close(CLOSE.goingAway, last)
  } finally {
    clearInterval(ping)
  }
}

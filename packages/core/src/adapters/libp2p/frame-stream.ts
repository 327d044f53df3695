/**
 * Frames over a libp2p stream, with back-pressure both ways (PF37): `send` waits while the peer takes nothing,
 * and reading pauses while nobody consumes, so that the peer's window empties instead of our memory filling.
 */
import type { Stream } from '@libp2p/interface'
import { SEND_STALL_MS_MAX, XcordError } from '../../base/index.ts'
import { type Connection, createFrameReader, encodeFrame, type FrameStream, type ProtocolName } from '../../net/index.ts'

/** Unread bytes above which the peer is asked to wait, and below which it may go on. */
const UNREAD_BYTES_MAX = 262_144
const UNREAD_BYTES_MIN = 65_536
/** A polite end gets this long before it becomes a reset, ms. */
const CLOSE_MS_MAX = 5_000

/** What to make a frame stream of. */
export interface FrameStreamInit {
  readonly stream: Stream
  readonly connection: Connection
  readonly protocol: ProtocolName
  readonly frameBytesMax: number
  /** Silence that ends the stream, ms. */
  readonly idleMsMax?: number | undefined
  /** Told when the peer broke NT39. */
  readonly offended?: ((reason: string) => void) | undefined
}

/** Wraps a stream that is already negotiated. */
export function createFrameStream(init: FrameStreamInit): FrameStream {
  const { stream, connection, protocol, frameBytesMax } = init
  const inbox = createInbox(init)

  return {
    connection,
    protocol,
    send: async frame => {
      const bytes = encodeFrame(frame, frameBytesMax)
      if (stream.writeStatus !== 'writable') throw cut(connection, inbox.failure() ?? 'the stream is closed')
      try {
        stream.send(bytes)
      } catch (error) {
        throw cut(connection, messageOf(error))
      }
      await drained(stream, connection)
      inbox.touch()
    },
    frames: () => inbox.frames(),
    close: async () => {
      if (stream.status !== 'open' && stream.status !== 'closing') return
      try {
        await stream.close({ signal: AbortSignal.timeout(CLOSE_MS_MAX) })
      } catch (error) {
        stream.abort(asError(error))
      }
    },
    abort: reason => {
      inbox.fail(reason)
      stream.abort(new Error(reason))
    }
  }
}

interface Inbox {
  frames(): AsyncIterable<Uint8Array>
  failure(): string | undefined
  fail(reason: string): void
  touch(): void
}

function createInbox(init: FrameStreamInit): Inbox {
  const { stream, connection } = init
  const reader = createFrameReader(init.frameBytesMax)
  const queue: Uint8Array[] = []
  let unread = 0
  let failed: string | undefined
  let ended = false
  let wake: (() => void) | undefined
  let idle: ReturnType<typeof setTimeout> | undefined

  const notify = (): void => {
    wake?.()
    wake = undefined
  }
  const touch = (): void => {
    clearTimeout(idle)
    if (init.idleMsMax === undefined || ended || failed !== undefined) return
    idle = setTimeout(() => {
      fail('silent for too long')
      stream.abort(new Error('silent for too long'))
    }, init.idleMsMax)
    idle.unref()
  }
  const fail = (reason: string): void => {
    if (!ended) failed ??= reason
    clearTimeout(idle)
    notify()
  }
  stream.addEventListener('message', event => {
    if (failed !== undefined || ended) return
    const verdict = reader.push(event.data.subarray())
    if (!verdict.ok) {
      init.offended?.(verdict.reason)
      fail(verdict.reason)
      stream.abort(new Error(verdict.reason))
      return
    }
    touch()
    for (const frame of verdict.value) {
      queue.push(frame)
      unread += frame.length
    }
    // Each waiting frame counts a little besides its bytes: a million frames of one byte are no small matter.
    if (unread + 64 * queue.length > UNREAD_BYTES_MAX && stream.readStatus === 'readable') stream.pause()
    if (verdict.value.length > 0) notify()
  })
  const end = (): void => {
    if (failed === undefined && reader.pending() > 0) failed = 'the stream ended inside a frame'
    ended = true
    clearTimeout(idle)
    notify()
  }
  stream.addEventListener('end', () => {
    if (stream.status === 'open' || stream.status === 'closing' || stream.status === 'closed') end()
  })
  stream.addEventListener('close', event => {
    if (event.error === undefined) end()
    else fail(event.error.message)
  })
  if (stream.status === 'reset' || stream.status === 'aborted') fail('the stream is closed')
  touch()

  return {
    touch,
    fail,
    failure: () => failed,
    frames: async function* () {
      for (;;) {
        const frame = queue.shift()
        if (frame !== undefined) {
          unread -= frame.length
          if (stream.readStatus === 'paused' && unread + 64 * queue.length < UNREAD_BYTES_MIN) stream.resume()
          yield frame
          continue
        }
        if (failed !== undefined) throw cut(connection, failed)
        if (ended) return
        await new Promise<void>(resolve => (wake = resolve))
      }
    }
  }
}

/**
 * Waits until the stream takes more. libp2p's own `onDrain` keeps its first, long resolved promise and so waits
 * only once; its events are right.
 */
async function drained(stream: Stream, connection: Connection): Promise<void> {
  while (stream.writableNeedsDrain && (stream.status === 'open' || stream.status === 'closing')) {
    const before = stream.writeBufferLength
    const moved = await new Promise<boolean>(resolve => {
      const settle = (outcome: boolean): void => {
        clearTimeout(timer)
        stream.removeEventListener('drain', onMoved)
        stream.removeEventListener('close', onMoved)
        resolve(outcome)
      }
      const onMoved = (): void => settle(true)
      const timer = setTimeout(() => settle(stream.writeBufferLength < before), SEND_STALL_MS_MAX)
      stream.addEventListener('drain', onMoved)
      stream.addEventListener('close', onMoved)
    })
    if (!moved) {
      stream.abort(new Error('the peer takes nothing'))
      throw cut(connection, `the peer took nothing for ${SEND_STALL_MS_MAX / 1000} s`)
    }
    // libp2p goes on sending in a microtask after 'drain', and may run full again.
    await Promise.resolve()
  }
  if (stream.status === 'aborted' || stream.status === 'reset') throw cut(connection, 'the stream was reset')
}

/** The error of a stream or connection that is gone. */
export function cut(connection: Pick<Connection, 'address'>, reason: string): XcordError<'XCORD_NO_PEER'> {
  return new XcordError('XCORD_NO_PEER', `The peer is gone: ${reason}.`, { tried: [{ address: connection.address, error: reason }] })
}

/** A sentence of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(messageOf).join('; ')
  return error.message === '' ? error.name : error.message
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

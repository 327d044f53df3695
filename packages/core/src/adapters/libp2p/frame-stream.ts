/**
 * Frames over a libp2p stream, with back-pressure both ways (PF37): `send` waits while the peer takes nothing,
 * and reading pauses while nobody consumes, so that the peer's window empties instead of our memory filling.
 */
import type { Stream } from '@libp2p/interface'
import { SEND_STALL_MS_MAX, XcordError } from '../../base/index.ts'
import {
  type Connection,
  createFrameReader,
  encodeFrame,
  type FrameReader,
  type FrameStream,
  type ProtocolName
} from '../../net/index.ts'
import { quietly } from './quiet-timer.ts'

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
}

/** Wraps a stream that is already negotiated. */
export function createFrameStream(init: FrameStreamInit): FrameStream {
  const { stream, connection, protocol, frameBytesMax } = init
  const inbox = new Inbox(init)

  return {
    connection,
    protocol,
    send: async frame => {
      const bytes = encodeFrame(frame, frameBytesMax)
      if (stream.writeStatus !== 'writable') throw cut(connection, inbox.failure ?? 'the stream is closed')
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

/** Frames that arrived and were not read yet. */
class Inbox {
  readonly #init: FrameStreamInit
  readonly #reader: FrameReader
  readonly #queue: Uint8Array[] = []
  #unread = 0
  #failed: string | undefined
  #ended = false
  #wake: (() => void) | undefined
  #idle: ReturnType<typeof setTimeout> | undefined

  constructor(init: FrameStreamInit) {
    this.#init = init
    this.#reader = createFrameReader(init.frameBytesMax)
    const { stream } = init
    stream.addEventListener('message', event => this.#take(event.data.subarray()))
    stream.addEventListener('end', () => {
      if (stream.status === 'open' || stream.status === 'closing' || stream.status === 'closed') this.#end()
    })
    stream.addEventListener('close', event => {
      if (event.error === undefined) this.#end()
      else this.fail(event.error.message)
    })
    if (stream.status === 'reset' || stream.status === 'aborted') this.fail('the stream is closed')
    this.touch()
  }

  get failure(): string | undefined {
    return this.#failed
  }

  /** Something happened: silence starts anew. */
  touch(): void {
    clearTimeout(this.#idle)
    if (this.#init.idleMsMax === undefined || this.#ended || this.#failed !== undefined) return
    this.#idle = quietly(setTimeout(() => this.#cut('silent for too long'), this.#init.idleMsMax))
  }

  fail(reason: string): void {
    if (!this.#ended) this.#failed ??= reason
    clearTimeout(this.#idle)
    this.#notify()
  }

  async *frames(): AsyncGenerator<Uint8Array> {
    const { stream, connection } = this.#init
    for (;;) {
      const frame = this.#queue.shift()
      if (frame !== undefined) {
        this.#unread -= frame.length
        if (stream.readStatus === 'paused' && this.#load() < UNREAD_BYTES_MIN) stream.resume()
        yield frame
        continue
      }
      if (this.#failed !== undefined) throw cut(connection, this.#failed)
      if (this.#ended) return
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }

  /** Each waiting frame counts a little besides its bytes: a million frames of one byte are no small matter. */
  #load(): number {
    return this.#unread + 64 * this.#queue.length
  }

  #take(chunk: Uint8Array): void {
    if (this.#failed !== undefined || this.#ended) return
    const verdict = this.#reader.push(chunk)
    if (!verdict.ok) return this.#cut(verdict.reason)
    this.touch()
    for (const frame of verdict.value) {
      this.#queue.push(frame)
      this.#unread += frame.length
    }
    const { stream } = this.#init
    if (this.#load() > UNREAD_BYTES_MAX && stream.readStatus === 'readable') stream.pause()
    if (verdict.value.length > 0) this.#notify()
  }

  #cut(reason: string): void {
    this.fail(reason)
    this.#init.stream.abort(new Error(reason))
  }

  #end(): void {
    if (this.#failed === undefined && this.#reader.pending() > 0)
      this.#failed = 'the stream ended inside a frame'
    this.#ended = true
    clearTimeout(this.#idle)
    this.#notify()
  }

  #notify(): void {
    this.#wake?.()
    this.#wake = undefined
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
  return new XcordError('XCORD_NO_PEER', `The peer is gone: ${reason}.`, {
    tried: [{ address: connection.address, error: reason }]
  })
}

/** A sentence of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(messageOf).join('; ')
  return error.message === '' ? error.name : error.message
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

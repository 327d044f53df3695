/** The profile is open in another process: HTTP and WebSocket over its Unix socket. */
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { pipeline } from 'node:stream'
import { WebSocket } from 'ws'
import { XcordError } from '@xcord/core'
import { CLOSE } from '../gateway/event-socket.ts'
import type { Frame, FrameOptions } from '../gateway/frames.ts'
import { GATEWAY_HOST } from '../gateway/guard.ts'
import { errorOfProblem, isProblem } from '../gateway/problem.ts'
import { noting } from './noting.ts'
import type { Transport, TransportAnswer, TransportRequest, TransportStream } from './api.ts'

function unreachable(socketPath: string, cause: unknown): XcordError<'XCORD_DAEMON_UNREACHABLE'> {
  return new XcordError(
    'XCORD_DAEMON_UNREACHABLE',
    'the daemon of this profile does not answer',
    { socket: socketPath },
    { cause }
  )
}

/** Sends a request; resolves when its answer begins. */
function begin(
  socketPath: string,
  { method, path, body, bytes, headers, signal }: TransportRequest
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : JSON.stringify(body)
    const outgoing = httpRequest({
      socketPath,
      method,
      path,
      agent: false,
      headers: {
        ...headers,
        host: GATEWAY_HOST,
        ...(bytes === undefined ? {} : { 'content-type': 'application/octet-stream' }),
        ...(payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) })
      },
      ...(signal === undefined ? {} : { signal })
    })
    let answered = false
    const source: { failure?: unknown } = {}
    outgoing.on('error', error => {
      // The answer is on its way: it was refused before all was sent.
      if (!answered) reject(source.failure ?? broken(socketPath, signal, error))
    })
    outgoing.on('response', incoming => {
      answered = true
      resolve(incoming)
    })
    if (bytes === undefined) outgoing.end(payload)
    else {
      pipeline(noting(bytes, source), outgoing, error => {
        if (error !== null && error !== undefined && !answered)
          reject(source.failure ?? broken(socketPath, signal, error))
      })
    }
  })
}

/** A connection that broke: by our own signal, or because the other side went. */
function broken(socketPath: string, signal: AbortSignal | undefined, error: unknown): XcordError {
  if (signal?.aborted === true)
    return new XcordError('XCORD_ABORTED', 'the request was ended', {}, { cause: error })
  return unreachable(socketPath, error)
}

async function* bodyOf(
  socketPath: string,
  { signal }: TransportRequest,
  incoming: IncomingMessage
): AsyncGenerator<Uint8Array> {
  try {
    for await (const part of incoming) yield part as Buffer
  } catch (error) {
    throw broken(socketPath, signal, error)
  }
}

async function requestOver(socketPath: string, request: TransportRequest): Promise<TransportAnswer> {
  const incoming = await begin(socketPath, request)
  const parts: Uint8Array[] = []
  for await (const part of bodyOf(socketPath, request, incoming)) parts.push(part)
  return { status: incoming.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }
}

async function streamOver(socketPath: string, request: TransportRequest): Promise<TransportStream> {
  const incoming = await begin(socketPath, request)
  return { status: incoming.statusCode ?? 0, body: bodyOf(socketPath, request, incoming) }
}

/** Acknowledge every so many events: well inside the daemon's window. */
const ACK_EVERY_EVENTS = 64
/** Frames that may wait in this process before we stop reading the socket. */
const QUEUE_FRAMES = 256

interface Inbox {
  readonly socket: WebSocket
  readonly queue: Frame[]
  /** Why the connection ended, once it has. */
  ended?: { readonly code: number; readonly cursor: string }
  failure?: Error
  wake: () => void
}

/** The answer of a daemon that refused the upgrade, as an error. */
function refusal(status: number, text: string): Error {
  let problem: unknown
  try {
    problem = JSON.parse(text)
  } catch {
    problem = undefined
  }
  return isProblem(problem)
    ? errorOfProblem(problem)
    : new XcordError('XCORD_DAEMON_REFUSED', `the daemon refused the event stream with status ${status}`, {
        status
      })
}

function connectFrames(socketPath: string, options: FrameOptions): Inbox {
  const query = new URLSearchParams()
  if (options.since !== undefined) query.set('since', options.since)
  if (options.types !== undefined) query.set('types', options.types.join(','))
  const socket = new WebSocket(`ws+unix://${socketPath}:/v1/events?${query.toString()}`, {
    headers: { host: GATEWAY_HOST },
    perMessageDeflate: false
  })
  const inbox: Inbox = { socket, queue: [], wake: () => undefined }
  socket.on('message', (bytes: Buffer) => {
    inbox.queue.push(JSON.parse(bytes.toString('utf8')) as Frame)
    if (inbox.queue.length >= QUEUE_FRAMES) socket.pause()
    inbox.wake()
  })
  socket.on('unexpected-response', (_request, response) => {
    const parts: Buffer[] = []
    response.on('data', (part: Buffer) => parts.push(part))
    response.on('end', () => {
      inbox.failure = refusal(response.statusCode ?? 0, Buffer.concat(parts).toString('utf8'))
      socket.terminate()
      inbox.wake()
    })
  })
  socket.on('error', error => {
    inbox.failure ??= unreachable(socketPath, error)
    inbox.wake()
  })
  socket.on('close', (code: number, reason: Buffer) => {
    inbox.ended = { code, cursor: reason.toString('utf8') }
    inbox.wake()
  })
  return inbox
}

/** One connection's frames; ends with the reason it was closed for. */
async function* connection(
  socketPath: string,
  options: FrameOptions
): AsyncGenerator<Frame, { readonly code: number; readonly cursor: string }, undefined> {
  const inbox = connectFrames(socketPath, options)
  const { socket, queue } = inbox
  const abort = () => {
    socket.terminate()
    inbox.wake()
  }
  options.signal?.addEventListener('abort', abort)
  let unacknowledged = 0
  try {
    for (;;) {
      if (options.signal?.aborted === true) return { code: CLOSE.goingAway, cursor: '' }
      const frame = queue.shift()
      if (frame !== undefined) {
        if (socket.isPaused && queue.length < QUEUE_FRAMES / 2) socket.resume()
        yield frame
        // Only now: whoever iterates has taken it.
        if (
          frame.frame === 'event' &&
          (unacknowledged += 1) >= ACK_EVERY_EVENTS &&
          socket.readyState === WebSocket.OPEN
        ) {
          unacknowledged = 0
          socket.send(JSON.stringify({ frame: 'ack', cursor: frame.cursor }))
        }
        continue
      }
      if (inbox.failure !== undefined) throw inbox.failure
      if (inbox.ended !== undefined) return inbox.ended
      await new Promise<void>(resolve => {
        inbox.wake = resolve
      })
    }
  } finally {
    options.signal?.removeEventListener('abort', abort)
    socket.terminate()
  }
}

/** Frames across disconnections for slowness: those continue behind the last frame taken. */
async function* framesOver(
  socketPath: string,
  options: FrameOptions
): AsyncGenerator<Frame, void, undefined> {
  let since = options.since
  for (;;) {
    const current = connection(socketPath, { ...options, ...(since === undefined ? {} : { since }) })
    let end: { readonly code: number; readonly cursor: string } | undefined
    try {
      for (;;) {
        const { done, value } = await current.next()
        if (done === true) {
          end = value
          break
        }
        if (
          value.frame === 'event' ||
          value.frame === 'gap' ||
          (value.frame === 'hello' && since === undefined)
        )
          since = value.cursor
        yield value
      }
    } finally {
      await current.return({ code: CLOSE.goingAway, cursor: '' })
    }
    if (options.signal?.aborted === true) return
    if (end.code !== CLOSE.slow) throw unreachable(socketPath, new Error(`closed with code ${end.code}`))
  }
}

export function createSocketTransport(socketPath: string): Transport {
  return {
    own: false,
    request: request => requestOver(socketPath, request),
    stream: request => streamOver(socketPath, request),
    frames: options => framesOver(socketPath, options),
    close: async () => undefined
  }
}

/**
 * The local API as verbs and terminal client call it. Two transports, one behaviour: the routes.
 */
import { XcordError } from '@xcord/core'
import { isProblem, errorOfProblem } from '../gateway/problem.ts'
import type { Frame, FrameOptions } from '../gateway/frames.ts'
import { type AnyRoute, type InputOf, type Method, type ReplyOf } from '../gateway/route.ts'
import { type RouteName, type Routes, ROUTES } from '../gateway/routes.ts'

export interface TransportRequest {
  readonly method: Method
  readonly path: string
  readonly body?: unknown
  /** In place of `body`: sent as they come. */
  readonly bytes?: AsyncIterable<Uint8Array>
  readonly headers: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** An answer whose body is still coming. */
export interface TransportStream {
  readonly status: number
  readonly body: AsyncIterable<Uint8Array>
}

export interface TransportAnswer {
  readonly status: number
  readonly text: string
}

/** How a request gets to the routes. */
export interface Transport {
  /** True where this process has the profile open, so that it ends with us. */
  readonly own: boolean
  request(request: TransportRequest): Promise<TransportAnswer>
  stream(request: TransportRequest): Promise<TransportStream>
  /** Ends when the signal aborts; throws XCORD_DAEMON_UNREACHABLE when the other side goes. */
  frames(options: FrameOptions): AsyncIterable<Frame>
  close(): Promise<void>
}

export interface CallOptions {
  readonly signal?: AbortSignal
  readonly idempotencyKey?: string
}

type Args<N extends RouteName> =
  unknown extends InputOf<Routes[N]>
    ? [input?: undefined, options?: CallOptions]
    : [input: InputOf<Routes[N]>, options?: CallOptions]

export interface Api {
  readonly own: boolean
  /** Calls a route by its name. Throws what the SDK would. */
  call<N extends RouteName>(name: N, ...args: Args<N>): Promise<ReplyOf<Routes[N]>>
  /** A route whose reply is bytes. */
  download<N extends RouteName>(
    name: N,
    input: InputOf<Routes[N]>,
    options?: CallOptions
  ): AsyncIterable<Uint8Array>
  /** A route whose body is bytes. */
  upload<N extends RouteName>(
    name: N,
    input: InputOf<Routes[N]>,
    bytes: AsyncIterable<Uint8Array>,
    options?: CallOptions
  ): Promise<ReplyOf<Routes[N]>>
  frames(options?: FrameOptions): AsyncIterable<Frame>
  close(): Promise<void>
}

interface AnyInput {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
}

/** Path and query of a call. */
export function pathOf(route: AnyRoute, input: AnyInput): string {
  const path = route.url.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(input.params?.[key] ?? ''))
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(input.query ?? {}))
    if (value !== undefined) query.set(key, String(value))
  return query.size === 0 ? path : `${path}?${query.toString()}`
}

function parseAnswer({ status, text }: TransportAnswer): unknown {
  let body: unknown
  try {
    body = text === '' ? undefined : JSON.parse(text)
  } catch {
    body = undefined
  }
  if (status >= 200 && status < 300 && body !== undefined) return body
  if (isProblem(body)) throw errorOfProblem(body)
  throw new XcordError(
    'XCORD_DAEMON_REFUSED',
    `the daemon answered with status ${status} and nothing we understand`,
    { status }
  )
}

export function createApi(transport: Transport): Api {
  const requestOf = (name: RouteName, input: AnyInput, options: CallOptions): TransportRequest => {
    const route: AnyRoute = ROUTES[name]
    return {
      method: route.method,
      path: pathOf(route, input),
      ...(input.body === undefined ? {} : { body: input.body }),
      headers: options.idempotencyKey === undefined ? {} : { 'idempotency-key': options.idempotencyKey },
      ...(options.signal === undefined ? {} : { signal: options.signal })
    }
  }
  const call = async (name: RouteName, input: AnyInput = {}, options: CallOptions = {}) =>
    parseAnswer(await transport.request(requestOf(name, input, options)))

  async function* download(name: RouteName, input: AnyInput, options: CallOptions = {}) {
    const { status, body } = await transport.stream(requestOf(name, input, options))
    if (status >= 200 && status < 300) return yield* body
    const parts: Uint8Array[] = []
    for await (const part of body) parts.push(part)
    parseAnswer({ status, text: Buffer.concat(parts).toString('utf8') })
  }

  const upload = async (
    name: RouteName,
    input: AnyInput,
    bytes: AsyncIterable<Uint8Array>,
    options: CallOptions = {}
  ) => parseAnswer(await transport.request({ ...requestOf(name, input, options), bytes }))
  return {
    own: transport.own,
    // Names and types are those of ROUTES; the routes' tests hold answers to their schemas.
    call: call as Api['call'],
    download: download as Api['download'],
    upload: upload as Api['upload'],
    frames: (options = {}) => transport.frames(options),
    close: () => transport.close()
  }
}

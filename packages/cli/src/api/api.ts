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
  readonly headers: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
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
  async function call(name: RouteName, input: AnyInput = {}, options: CallOptions = {}) {
    const route: AnyRoute = ROUTES[name]
    const answer = await transport.request({
      method: route.method,
      path: pathOf(route, input),
      ...(input.body === undefined ? {} : { body: input.body }),
      headers: options.idempotencyKey === undefined ? {} : { 'idempotency-key': options.idempotencyKey },
      ...(options.signal === undefined ? {} : { signal: options.signal })
    })
    return parseAnswer(answer)
  }
  return {
    own: transport.own,
    // Names and types are those of ROUTES; the routes' tests hold answers to their schemas.
    call: call as Api['call'],
    frames: (options = {}) => transport.frames(options),
    close: () => transport.close()
  }
}

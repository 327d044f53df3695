/** The local API as a Fastify app: served over a Unix socket, or called within the process by `inject`. */
import type { Readable } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import swagger from '@fastify/swagger'
import websocket from '@fastify/websocket'
import { XcordError } from '@xcord/core'
import type { Context, GatewayInit } from './context.ts'
import { eventsDocument, fastifySchemas } from './document.ts'
import { pumpEvents } from './event-socket.ts'
import { parseTypes } from './frames.ts'
import { guardHeaders } from './guard.ts'
import { HANDLERS, type Call, type Handler } from './handlers.ts'
import { createIdempotency } from './idempotency.ts'
import { lazySerializers } from './lazy-compilers.ts'
import { PROBLEM_TYPE, problemOf } from './problem.ts'
import type { AnyRoute } from './route.ts'
import { ROUTES, type RouteName } from './routes.ts'

/** A request's body: a message of 8,000 bytes fits many times, nothing else is larger. */
const BODY_BYTES_MAX = 131_072
const FRAME_BYTES_MAX = 4_096
const READERS_MAX = 64
const EVENTS_PATH = '/v1/events'

const BYTES = 'application/octet-stream'
const isBytes = (request: FastifyRequest) => request.headers['content-type'] === BYTES

/** How a route's body or reply of bytes stands in OpenAPI. */
const bytesContent = { [BYTES]: { schema: { type: 'string', format: 'binary' } } }

/** Aborts when the caller hangs up before the answer is out. */
function hangUp(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort()
  })
  return gone.signal
}

function registerErrors(app: FastifyInstance, context: Context): void {
  app.setErrorHandler((error, _request, reply) => {
    const { problem, fault } = problemOf(error)
    if (fault) context.onFault?.(error)
    void reply.code(problem.status).type(PROBLEM_TYPE).send(problem)
  })
  app.setNotFoundHandler((request, reply) => {
    const error = new XcordError(
      'XCORD_DAEMON_REFUSED',
      `the local API has no ${request.method} ${request.url.split('?')[0] ?? ''}`,
      { status: 404 }
    )
    void reply.code(404).type(PROBLEM_TYPE).send(problemOf(error).problem)
  })
}

function registerHooks(app: FastifyInstance, context: Context): void {
  const keys = createIdempotency()
  // Bytes are not kept for comparison: what they do they do once, however often they come (SX11).
  const keyOf = (request: FastifyRequest) =>
    request.method === 'POST' && !isBytes(request) ? request.headers['idempotency-key'] : undefined
  const claimed = new WeakSet<FastifyRequest>()
  app.addHook('onRequest', async request => {
    guardHeaders(request.headers)
    if (request.ws && request.routeOptions.url !== EVENTS_PATH) {
      throw new XcordError('XCORD_DAEMON_REFUSED', 'only the event stream is a WebSocket', { status: 404 })
    }
  })
  app.addHook('preHandler', async (request, reply) => {
    const key = keyOf(request)
    if (typeof key !== 'string') return
    const earlier = await keys.claim(key, request.method, request.url, request.body)
    if (earlier === undefined) {
      claimed.add(request)
      return
    }
    return reply
      .header('idempotency-replayed', 'true')
      .code(earlier.status)
      .type(earlier.type)
      .serializer((text: string) => text)
      .send(earlier.payload)
  })
  app.addHook('onSend', async (request, reply, payload) => {
    const key = keyOf(request)
    if (typeof key === 'string' && claimed.has(request)) {
      const answer = {
        status: reply.statusCode,
        payload: String(payload),
        type: String(reply.getHeader('content-type'))
      }
      keys.settle(key, reply.statusCode >= 500 ? undefined : answer)
    }
    return payload
  })
  app.addHook('onResponse', async (request, reply) => {
    context.onAnswer?.({
      method: request.method,
      route: request.routeOptions.url ?? '',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime)
    })
  })
}

function registerRoutes(app: FastifyInstance, context: Context): void {
  const { named, ref } = fastifySchemas()
  for (const schema of named) app.addSchema(schema)
  for (const [name, route] of Object.entries(ROUTES) as [RouteName, AnyRoute][]) {
    // The table of handlers has one for each route; TypeScript cannot follow the pair through the loop.
    const handler = HANDLERS[name] as unknown as (
      call: Call,
      input: unknown
    ) => ReturnType<Handler<RouteName>>
    app.route({
      method: route.method,
      url: route.url,
      schema: {
        operationId: name,
        summary: route.summary,
        tags: [route.tag],
        ...(route.params === undefined ? {} : { params: route.params }),
        ...(route.query === undefined ? {} : { querystring: route.query }),
        ...(route.body === undefined ? {} : { body: route.body }),
        ...(route.bytes === 'body'
          ? { consumes: [BYTES], body: { content: { [BYTES]: { schema: {} } } } }
          : {}),
        response: {
          [route.status]:
            route.bytes === 'reply' ? { description: 'the file', content: bytesContent } : ref(route.reply),
          '4xx': { $ref: 'Problem#' },
          '5xx': { $ref: 'Problem#' }
        }
      },
      handler: async (request, reply) => {
        const answer = await handler(
          { context, signal: hangUp(reply) },
          { params: request.params, query: request.query, body: request.body }
        )
        if (route.bytes === 'reply') void reply.type(BYTES)
        return reply.code(route.status).send(answer)
      }
    })
  }
}

function registerEvents(app: FastifyInstance, context: Context, closing: AbortSignal): void {
  app.get('/events.schema.json', { schema: { hide: true } }, async () => eventsDocument())
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  app.get<{ Querystring: { since?: string; types?: string } }>(
    EVENTS_PATH,
    {
      websocket: true,
      schema: {
        hide: true,
        querystring: { type: 'object', properties: { since: { type: 'string' }, types: { type: 'string' } } }
      },
      // Before the upgrade, so that a mistake is answered as everywhere else.
      preHandler: async request => void parseTypes(request.query.types)
    },
    async (socket, request) => {
      const { since, types } = request.query
      const wanted = parseTypes(types)
      await pumpEvents(socket, context, {
        ...(since === undefined || since === '' ? {} : { since }),
        ...(wanted === undefined ? {} : { types: wanted }),
        signal:
          context.locking === undefined ? closing : AbortSignal.any([closing, context.locking.untilLocked()])
      })
    }
  )
}

/**
 * Builds the local API over an open profile. Closing it does not close the profile.
 *
 * @param init - The client, and the process around it.
 */
export async function createGateway(init: GatewayInit): Promise<FastifyInstance> {
  // Not a copy: `client` may be another one after a lock.
  const context = Object.create(init, { startedAt: { value: init.now() } }) as Context
  const closing = new AbortController()
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: true,
    schemaController: { compilersFactory: { buildSerializer: lazySerializers() } },
    routerOptions: { maxParamLength: 512 }
  })
  registerErrors(app, context)
  app.addContentTypeParser(BYTES, (_request: FastifyRequest, body: Readable, done) => done(null, body))
  app.addHook('preClose', async () => closing.abort())
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'XCord local API',
        version: init.version,
        description:
          'Over the Unix socket of a profile. Events: GET /v1/events (WebSocket); see /events.schema.json.'
      }
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json['$id'] === 'string' ? json['$id'] : `def-${index}`
    }
  })
  await app.register(websocket, {
    options: { maxPayload: FRAME_BYTES_MAX, perMessageDeflate: false },
    errorHandler: (error, socket) => {
      context.onFault?.(error)
      socket.terminate()
    }
  })
  // Behind the WebSocket plugin: it must know of an upgrade before we refuse it, or its socket stays open.
  registerHooks(app, context)
  app.addHook('preValidation', async request => {
    if (request.ws && app.websocketServer.clients.size >= READERS_MAX) {
      throw new XcordError('XCORD_LIMIT', `${READERS_MAX} readers follow events already`, {
        what: 'event readers',
        limit: READERS_MAX,
        actual: READERS_MAX
      })
    }
  })
  registerRoutes(app, context)
  registerEvents(app, context, closing.signal)
  await app.ready()
  return app
}

/** The profile is open in this process: routes by `inject`, events straight from the client. */
import { Readable } from 'node:stream'
import { XcordError } from '@xcord/core'
import type { FastifyInstance } from 'fastify'
import type { GatewayInit } from '../gateway/context.ts'
import { frames } from '../gateway/frames.ts'
import { GATEWAY_HOST } from '../gateway/guard.ts'
import { noting } from './noting.ts'
import type { Transport, TransportRequest } from './api.ts'

/**
 * @param app - Of `createGateway`.
 * @param close - Closes app and profile.
 */
export function createLocalTransport(
  app: FastifyInstance,
  init: Pick<GatewayInit, 'client' | 'version'>,
  close: () => Promise<void>
): Transport {
  const inject = async (
    { method, path, body, bytes, headers, signal }: TransportRequest,
    payloadAsStream: boolean
  ) => {
    const source: { failure?: unknown } = {}
    try {
      return await app.inject({
        method,
        url: path,
        headers: {
          ...headers,
          host: GATEWAY_HOST,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(bytes === undefined ? {} : { 'content-type': 'application/octet-stream' })
        },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
        ...(bytes === undefined
          ? {}
          : { payload: Readable.from(noting(bytes, source), { objectMode: false }) }),
        ...(signal === undefined ? {} : { signal }),
        payloadAsStream
      })
    } catch (error) {
      if (signal?.aborted === true)
        throw new XcordError('XCORD_ABORTED', 'the request was ended', {}, { cause: error })
      throw source.failure ?? error
    }
  }
  return {
    own: true,
    async request(request) {
      const answer = await inject(request, false)
      return { status: answer.statusCode, text: answer.body }
    },
    async stream(request) {
      const answer = await inject(request, true)
      return { status: answer.statusCode, body: answer.stream() }
    },
    frames: options => frames(init, options),
    close
  }
}

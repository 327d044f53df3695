/** The profile is open in this process: routes by `inject`, events straight from the client. */
import { XcordError } from '@xcord/core'
import type { FastifyInstance } from 'fastify'
import type { GatewayInit } from '../gateway/context.ts'
import { frames } from '../gateway/frames.ts'
import { GATEWAY_HOST } from '../gateway/guard.ts'
import type { Transport } from './api.ts'

/**
 * @param app - Of `createGateway`.
 * @param close - Closes app and profile.
 */
export function createLocalTransport(
  app: FastifyInstance,
  init: Pick<GatewayInit, 'client' | 'version'>,
  close: () => Promise<void>
): Transport {
  return {
    own: true,
    async request({ method, path, body, headers, signal }) {
      try {
        const answer = await app.inject({
          method,
          url: path,
          headers: {
            ...headers,
            host: GATEWAY_HOST,
            ...(body === undefined ? {} : { 'content-type': 'application/json' })
          },
          ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
          ...(signal === undefined ? {} : { signal })
        })
        return { status: answer.statusCode, text: answer.body }
      } catch (error) {
        if (signal?.aborted === true)
          throw new XcordError('XCORD_ABORTED', 'the request was ended', {}, { cause: error })
        throw error
      }
    },
    frames: options => frames(init, options),
    close
  }
}

/** /healthz, /readyz and /metrics on a port of their own (BN9, BN10). */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { XcordError } from '@xcord/core/base'
import type { NodeMetrics } from './metrics.ts'

/** Why the node is not ready, in words; empty when it is. */
export type Readiness = () => readonly string[]

/** A running port. */
export interface HealthServer {
  readonly url: string
  close(): Promise<void>
}

/** Opens the port. XCORD_PORT_IN_USE, XCORD_ADDRESS_INVALID. */
export async function openHealthServer(init: {
  readonly host: string
  readonly port: number
  readonly metrics: Pick<NodeMetrics, 'text'>
  readonly notReady: Readiness
}): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: string, contentType = 'application/json'): void => {
      response.writeHead(status, {
        'content-type': contentType,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff'
      })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, '{"error":"only GET"}')
    switch (request.url?.split('?')[0]) {
      case '/healthz':
        return answer(200, '{"alive":true}')
      case '/readyz': {
        const missing = init.notReady()
        return answer(
          missing.length === 0 ? 200 : 503,
          JSON.stringify({ ready: missing.length === 0, missing })
        )
      }
      case '/metrics':
        void init.metrics.text().then(
          ({ body, contentType }) => answer(200, body, contentType),
          () => answer(500, '{"error":"metrics failed"}')
        )
        return
      default:
        return answer(404, '{"error":"not found"}')
    }
  })
  server.requestTimeout = 10_000
  server.headersTimeout = 10_000
  server.maxConnections = 64
  await listening(server, init.host, init.port)
  const { address, port, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise<void>(resolve => server.close(() => resolve()))
    }
  }
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const address = `${host}:${port}`
      reject(
        error.code === 'EADDRINUSE'
          ? new XcordError(
              'XCORD_PORT_IN_USE',
              `Another program already listens on ${address}, which is to be the health port.`,
              { address },
              { cause: error }
            )
          : new XcordError(
              'XCORD_ADDRESS_INVALID',
              `Cannot listen on ${address} for the health port: ${error.message}.`,
              { address },
              { cause: error }
            )
      )
    })
    server.listen(port, host, resolve)
  })
}

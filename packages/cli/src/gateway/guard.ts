/**
 * Keeps web pages out. A Unix socket is out of a browser's reach, but a forwarder (an SSH tunnel, a
 * development proxy) may put it within: so Host must be ours (DNS rebinding) and Origin absent, on every
 * request and on the WebSocket upgrade.
 */
import { XcordError } from '@xcord/core'
import type { IncomingHttpHeaders } from 'node:http'

/** The one Host that clients of the socket send. */
export const GATEWAY_HOST = 'localhost'

/** XCORD_DAEMON_REFUSED with status 421 or 403. */
export function guardHeaders(headers: IncomingHttpHeaders): void {
  const host = headers.host?.replace(/:\d+$/, '').toLowerCase()
  if (host !== GATEWAY_HOST) {
    throw new XcordError(
      'XCORD_DAEMON_REFUSED',
      `the local API does not answer for the host "${headers.host ?? ''}"`,
      { status: 421 }
    )
  }
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) {
    throw new XcordError('XCORD_DAEMON_REFUSED', 'the local API does not answer web pages', { status: 403 })
  }
}

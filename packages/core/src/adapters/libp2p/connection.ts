/** libp2p connections as the contract sees them, and inbound streams within their bounds (NT2). */
import type { Connection as P2pConnection, Stream } from '@libp2p/interface'
import { type DeviceId, NET_FRAME_BYTES_MAX, XcordError } from '../../base/index.ts'
import {
  type Connection,
  type FrameStream,
  type HandlerBounds,
  pathOfAddress,
  type ProtocolName
} from '../../net/index.ts'
import { createFrameStream, cut, messageOf } from './frame-stream.ts'
import { deviceOfPeer } from './identity.ts'
import { quietly } from './quiet-timer.ts'

/** Streams we open at once on one connection for one protocol. */
export const OUTBOUND_STREAMS_MAX = 64
/** An inbound stream still open this long after its handler ended is reset, ms. */
const LINGER_MS_MAX = 10_000

/** The wrapper and what it wraps: only this adapter sees both. */
export interface WrappedConnection extends Connection {
  readonly raw: P2pConnection
  /** Set by liveness. */
  rttMs: number | undefined
}

/** Wraps each connection once, so that identity holds. */
export interface ConnectionBook {
  /** The contract's view; undefined where the peer has no acceptable key. */
  wrap(raw: P2pConnection): WrappedConnection | undefined
}

/** Makes the book of one transport. */
export function createConnectionBook(): ConnectionBook {
  const known = new WeakMap<P2pConnection, WrappedConnection>()
  return {
    wrap: raw => {
      const found = known.get(raw)
      if (found !== undefined) return found
      const device = deviceOfPeer(raw.remotePeer)
      if (device === undefined) return undefined
      const made = wrapConnection(raw, device)
      known.set(raw, made)
      return made
    }
  }
}

function wrapConnection(raw: P2pConnection, device: DeviceId): WrappedConnection {
  const address = raw.remoteAddr.toString()
  const bytes = raw.limits?.bytes
  const connection: WrappedConnection = {
    raw,
    id: raw.id,
    device,
    address,
    path: pathOfAddress(address) ?? 'tcp',
    direction: raw.direction,
    // PF10: a circuit is known by its limits being there; of them only the bytes can be believed.
    limits: raw.limits === undefined ? undefined : bytes === undefined ? {} : { bytes: Number(bytes) },
    openedAt: raw.timeline.open,
    rttMs: undefined,
    openStream: async (protocol, options) => {
      let stream: Stream
      try {
        stream = await raw.newStream(protocol, {
          ...(options?.signal === undefined ? {} : { signal: options.signal }),
          runOnLimitedConnection: true,
          maxOutboundStreams: OUTBOUND_STREAMS_MAX
        })
      } catch (error) {
        throwIfAborted(options?.signal)
        throw cut(connection, messageOf(error))
      }
      return createFrameStream({
        stream,
        connection,
        protocol,
        frameBytesMax: options?.frameBytesMax ?? NET_FRAME_BYTES_MAX
      })
    },
    close: async () => {
      try {
        await raw.close()
      } catch (error) {
        raw.abort(error instanceof Error ? error : new Error(String(error)))
      }
    }
  }
  return connection
}

/** Throws XCORD_ABORTED if the signal says so. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new XcordError('XCORD_ABORTED', 'Given up on request.', {}, { cause: signal.reason })
}

/** Runs a handler on an inbound stream; whatever it throws ends the stream and nothing else. */
export async function serveStream(
  stream: Stream,
  connection: Connection,
  protocol: ProtocolName,
  bounds: HandlerBounds,
  run: (stream: FrameStream) => Promise<void>
): Promise<void> {
  const frames = createFrameStream({
    stream,
    connection,
    protocol,
    frameBytesMax: bounds.frameBytesMax,
    idleMsMax: bounds.idleMsMax
  })
  try {
    await run(frames)
    await frames.close()
  } catch (error) {
    frames.abort(messageOf(error))
    return
  }
  if (stream.status === 'open' || stream.status === 'closing') {
    quietly(setTimeout(() => stream.abort(new Error('served')), LINGER_MS_MAX))
  }
}

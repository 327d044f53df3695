/** One connection between two peers of a memory network, and the streams on it. */
import { type DeviceId, NET_FRAME_BYTES_MAX, XcordError } from '../../base/index.ts'
import type { Connection, FrameStream, HandlerBounds, OpenStreamOptions, ProtocolName } from '../../net/index.ts'
import { type Lane, type NetworkInner, openLane } from './memory-network.ts'
import type { MemoryPeer } from './memory-peer.ts'
import { createStreamPair, type StreamEnd } from './memory-stream.ts'

/** A connection seen from neither side. */
export interface MemoryLink {
  readonly id: string
  readonly devices: readonly [DeviceId, DeviceId]
  readonly relay: DeviceId | undefined
  connectionOf(device: DeviceId): Connection
  lane(from: DeviceId): Lane
  isOpen(): boolean
  close(reason: string): void
}

/** What a link is made of. */
export interface LinkInit {
  readonly network: NetworkInner
  readonly now: number
  readonly dialler: MemoryPeer
  readonly listener: MemoryPeer
  readonly address: string
  /** The relay in between: the link is limited then. */
  readonly relay?: DeviceId | undefined
  /** Bytes a relayed link carries before it is cut (NT21). */
  readonly bytesMax?: number | undefined
}

/** Joins two peers; both have been told when this returns. */
export function openLink(init: LinkInit): MemoryLink {
  const { network, dialler, listener } = init
  const id = network.nextId()
  const devices = [dialler.device, listener.device] as const
  const lanes = new Map<DeviceId, Lane>(devices.map(each => [each, openLane()]))
  const streams = new Set<StreamEnd>()
  let open = true
  let spent = 0

  const link: MemoryLink = {
    id, devices, relay: init.relay,
    connectionOf: device => connections.get(device) as Connection,
    lane: from => lanes.get(from) as Lane,
    isOpen: () => open,
    close: reason => {
      if (!open) return
      open = false
      for (const stream of [...streams]) stream.fail(reason)
      dialler.unlinked(link)
      listener.unlinked(link)
    }
  }
  const carry = (bytes: number): void => {
    spent += bytes
    if (init.bytesMax !== undefined && spent > init.bytesMax) link.close('the relay cut the circuit')
  }
  const side = (own: MemoryPeer, other: MemoryPeer, direction: 'inbound' | 'outbound'): Connection => {
    const connection: Connection = {
      id: `${id}-${direction}`, device: other.device, address: init.address, direction, openedAt: init.now,
      path: init.relay === undefined ? 'memory' : 'relayed',
      limits: init.relay === undefined ? undefined : { bytes: init.bytesMax ?? 131_072 },
      openStream: (protocol, options) => openStream(own, other, protocol, options),
      close: async () => link.close('closed')
    }
    return connection
  }
  const openStream = async (own: MemoryPeer, other: MemoryPeer, protocol: ProtocolName, options: OpenStreamOptions | undefined): Promise<FrameStream> =>
    await new Promise<FrameStream>((resolve, reject) => {
      const gone = (why: string): void => reject(gonePeer(init.address, why))
      if (options?.signal?.aborted === true) return reject(new XcordError('XCORD_ABORTED', 'Given up on request.', {}, { cause: options.signal.reason }))
      if (!open) return gone('the connection is closed')
      network.post(link.lane(own.device), () => {
        const handler = other.handlerOf(protocol)
        const refusal = refusalOf(handler?.bounds, init.relay !== undefined, streams, other.device, protocol)
        network.post(link.lane(other.device), () => {
          if (!open) return gone('the connection is closed')
          if (handler === undefined || refusal !== undefined) return gone(refusal ?? `the peer does not speak ${protocol}`)
          const [ours, theirs] = createStreamPair({
            network, link, protocol, carry, own: own.device, other: other.device, timers: other.timers,
            ownMax: options?.frameBytesMax ?? NET_FRAME_BYTES_MAX, bounds: handler.bounds, ended: end => streams.delete(end)
          })
          streams.add(ours).add(theirs)
          void handler.run(theirs.stream).then(() => theirs.stream.close(), (error: unknown) => theirs.fail(String(error)))
          resolve(ours.stream)
        })
      })
    })
  const connections = new Map<DeviceId, Connection>([
    [dialler.device, side(dialler, listener, 'outbound')], [listener.device, side(listener, dialler, 'inbound')]
  ])
  dialler.linked(link)
  listener.linked(link)
  return link
}

function refusalOf(
  bounds: HandlerBounds | undefined, limited: boolean, streams: ReadonlySet<StreamEnd>, device: DeviceId, protocol: ProtocolName
): string | undefined {
  if (bounds === undefined) return undefined
  if (limited && !bounds.onLimited) return 'the protocol does not run on relayed connections'
  const inbound = [...streams].filter(each => each.inbound && each.device === device && each.stream.protocol === protocol).length
  return inbound >= bounds.inboundStreamsMax ? 'too many streams' : undefined
}

/** The error of a peer that is gone. */
export function gonePeer(address: string, why: string): XcordError<'XCORD_NO_PEER'> {
  return new XcordError('XCORD_NO_PEER', `The peer is gone: ${why}.`, { tried: [{ address, error: why }] })
}

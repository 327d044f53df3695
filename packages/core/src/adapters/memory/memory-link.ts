/** One connection between two peers of a memory network, and the streams on it. */
import { type DeviceId, NET_FRAME_BYTES_MAX, XcordError } from '../../base/index.ts'
import type {
  Connection,
  FrameStream,
  HandlerBounds,
  OpenStreamOptions,
  ProtocolName
} from '../../net/index.ts'
import { type Lane, type NetworkInner, openLane } from './memory-network.ts'
import type { MemoryPeer } from './memory-peer.ts'
import { gonePeer } from './memory-errors.ts'
import { createStreamPair, type StreamEnd } from './memory-stream.ts'

/** Bytes a circuit says it carries, unless told. */
const CIRCUIT_BYTES = 131_072

/** A connection seen from neither side. */
export interface MemoryLink {
  readonly id: string
  readonly devices: readonly [DeviceId, DeviceId]
  readonly relay: DeviceId | undefined
  connectionOf(device: DeviceId): Connection
  /** The peer at the other end. */
  farOf(device: DeviceId): MemoryPeer
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
  const link = new Link(init)
  init.dialler.linked(link)
  init.listener.linked(link)
  return link
}

class Link implements MemoryLink {
  readonly id: string
  readonly devices: readonly [DeviceId, DeviceId]
  readonly relay: DeviceId | undefined
  readonly #init: LinkInit
  readonly #lanes: ReadonlyMap<DeviceId, Lane>
  readonly #connections: ReadonlyMap<DeviceId, Connection>
  readonly #streams = new Set<StreamEnd>()
  #open = true
  #spent = 0

  constructor(init: LinkInit) {
    const { dialler, listener } = init
    this.#init = init
    this.id = init.network.nextId()
    this.devices = [dialler.device, listener.device]
    this.relay = init.relay
    this.#lanes = new Map(
      this.devices.map(each => [
        each,
        openLane(each, each === dialler.device ? listener.device : dialler.device)
      ])
    )
    this.#connections = new Map([
      [dialler.device, this.#side(dialler, listener, 'outbound')],
      [listener.device, this.#side(listener, dialler, 'inbound')]
    ])
  }

  connectionOf(device: DeviceId): Connection {
    return this.#connections.get(device) as Connection
  }

  farOf(device: DeviceId): MemoryPeer {
    return device === this.#init.dialler.device ? this.#init.listener : this.#init.dialler
  }

  lane(from: DeviceId): Lane {
    return this.#lanes.get(from) as Lane
  }

  isOpen(): boolean {
    return this.#open
  }

  close(reason: string): void {
    if (!this.#open) return
    this.#open = false
    for (const stream of [...this.#streams]) stream.fail(reason)
    this.#init.dialler.unlinked(this)
    this.#init.listener.unlinked(this)
  }

  #side(own: MemoryPeer, other: MemoryPeer, direction: 'inbound' | 'outbound'): Connection {
    const { relay, bytesMax, address, now } = this.#init
    return {
      id: `${this.id}-${direction}`,
      device: other.device,
      address,
      direction,
      openedAt: now,
      path: relay === undefined ? 'memory' : 'relayed',
      limits: relay === undefined ? undefined : { bytes: bytesMax ?? CIRCUIT_BYTES },
      openStream: async (protocol, options) => await this.#openStream(own, other, protocol, options),
      close: async () => this.close('closed')
    }
  }

  #carry(bytes: number): void {
    this.#spent += bytes
    const { bytesMax } = this.#init
    if (bytesMax !== undefined && this.#spent > bytesMax) this.close('the relay cut the circuit')
  }

  /** Asks and is answered at the network's pace, as protocols are negotiated. */
  async #openStream(
    own: MemoryPeer,
    other: MemoryPeer,
    protocol: ProtocolName,
    options: OpenStreamOptions | undefined
  ): Promise<FrameStream> {
    const { network, address, relay } = this.#init
    const signal = options?.signal
    if (signal?.aborted === true)
      throw new XcordError('XCORD_ABORTED', 'Given up on request.', {}, { cause: signal.reason })
    if (!this.#open) throw gonePeer(address, 'the connection is closed')
    await new Promise<void>(resolve => network.post(this.lane(own.device), resolve))
    const handler = other.handlerOf(protocol)
    const refusal = refusalOf(handler?.bounds, relay !== undefined, this.#streams, other.device, protocol)
    await new Promise<void>(resolve => network.post(this.lane(other.device), resolve))
    if (!this.#open) throw gonePeer(address, 'the connection is closed')
    if (handler === undefined || refusal !== undefined)
      throw gonePeer(address, refusal ?? `the peer does not speak ${protocol}`)
    const [ours, theirs] = createStreamPair({
      network,
      link: this,
      protocol,
      own: own.device,
      other: other.device,
      timers: other.timers,
      carry: bytes => this.#carry(bytes),
      ownMax: options?.frameBytesMax ?? NET_FRAME_BYTES_MAX,
      bounds: handler.bounds,
      ended: end => this.#streams.delete(end)
    })
    this.#streams.add(ours).add(theirs)
    void handler.run(other.tampered(theirs.stream)).then(
      async () => await theirs.stream.close(),
      (error: unknown) => theirs.fail(String(error))
    )
    return own.tampered(ours.stream)
  }
}

function refusalOf(
  bounds: HandlerBounds | undefined,
  limited: boolean,
  streams: ReadonlySet<StreamEnd>,
  device: DeviceId,
  protocol: ProtocolName
): string | undefined {
  if (bounds === undefined) return undefined
  if (limited && !bounds.onLimited) return 'the protocol does not run on relayed connections'
  const inbound = [...streams].filter(
    each => each.inbound && each.device === device && each.stream.protocol === protocol
  ).length
  return inbound >= bounds.inboundStreamsMax ? 'too many streams' : undefined
}

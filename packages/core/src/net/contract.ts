/**
 * Net: what the layers above see of a network (NT1). Two adapters pass one contract suite: libp2p and memory.
 * A peer is a device (NT2): an authenticated connection authenticates the device key.
 */
import type { DeviceId } from '../base/index.ts'

/** How bytes reach a peer. */
export type PathKind = 'lan' | 'tcp' | 'wss' | 'webrtc' | 'relayed' | 'memory'

/** Name of a protocol on streams, such as `/xcord/sync/1`. */
export type ProtocolName = `/xcord/${string}`

/** One authenticated connection. */
export interface Connection {
  readonly id: string
  readonly device: DeviceId
  readonly address: string
  readonly path: PathKind
  readonly direction: 'inbound' | 'outbound'
  /** Set on relayed circuits: what may still be spent before it is cut (NT21). */
  readonly limits?: { readonly bytes?: number } | undefined
  readonly openedAt: number
  /** Opens a stream on this very connection. Rejects if the peer does not speak the protocol. */
  openStream(protocol: ProtocolName, options?: { signal?: AbortSignal }): Promise<FrameStream>
  close(): Promise<void>
}

/**
 * A stream of length-prefixed frames, bounded when opened or handled. Reading an oversized frame ends the
 * stream; `send` resolves when the transport takes more (back-pressure).
 */
export interface FrameStream {
  readonly connection: Connection
  readonly protocol: ProtocolName
  send(frame: Uint8Array): Promise<void>
  /** Frames in order; ends when the peer closed, throws when the stream was reset. */
  frames(): AsyncIterable<Uint8Array>
  /** Ends our side politely. */
  close(): Promise<void>
  abort(reason: string): void
}

/** Bounds for one protocol's inbound streams (NT2: streams, frame size, time). */
export interface HandlerBounds {
  readonly frameBytesMax: number
  readonly inboundStreamsMax: number
  /** Relayed connections too? */
  readonly onLimited: boolean
}

/** Verdict on one gossip message (NT26). */
export type GossipVerdict = 'accept' | 'ignore' | 'reject'

/** One message as gossip brought it. */
export interface GossipMessage {
  readonly topic: string
  readonly data: Uint8Array
  /** The neighbour that forwarded it: not the author. */
  readonly from: DeviceId
}

/** Live, lossy, fast. The log is the truth (NT25). */
export interface Gossip {
  subscribe(topic: string): void
  unsubscribe(topic: string): void
  /** Neighbours in the topic that the message went to; 0 is no failure. */
  publish(topic: string, data: Uint8Array): Promise<number>
  /** Devices known to be subscribed. */
  subscribers(topic: string): readonly DeviceId[]
  /** Judges each message once, before it is forwarded. */
  validate(judge: (message: GossipMessage) => Promise<GossipVerdict>): void
}

/** What happens on the network. */
export interface TransportEvents {
  'connection:open': { readonly connection: Connection }
  'connection:close': { readonly connection: Connection }
  /** Discovery only proposes (PF22); the dialler decides. */
  'peer:found': { readonly device: DeviceId; readonly addresses: readonly string[]; readonly source: 'mdns' | 'rendezvous' | 'dht' | 'exchange' }
  'addresses:change': { readonly addresses: readonly string[] }
  'gossip:change': { readonly topic: string; readonly device: DeviceId; readonly subscribed: boolean }
}

/** A peer's whole network. */
export interface Transport {
  readonly device: DeviceId
  readonly gossip: Gossip
  start(): Promise<void>
  stop(): Promise<void>
  /** Own dialable addresses, as multiaddr text ending in /p2p/…. */
  addresses(): readonly string[]
  connections(device?: DeviceId): readonly Connection[]
  /**
   * Dials one peer at the addresses given, all at once within NT14's deadlines; an open connection is reused.
   * XCORD_NO_PEER lists what was tried; XCORD_ADDRESS_INVALID.
   */
  dial(addresses: readonly string[], options?: { signal?: AbortSignal }): Promise<Connection>
  handle(protocol: ProtocolName, bounds: HandlerBounds, run: (stream: FrameStream) => Promise<void>): void
  unhandle(protocol: ProtocolName): void
  /** Members are scored up, the banned down (NT27). */
  setStanding(device: DeviceId, standing: 'member' | 'unknown' | 'banned'): void
  /** Keeps a connection to this peer and re-dials it (NT15). */
  keep(device: DeviceId, addresses: readonly string[]): void
  unkeep(device: DeviceId): void
  on<E extends keyof TransportEvents>(event: E, listener: (data: TransportEvents[E]) => void): () => void
}

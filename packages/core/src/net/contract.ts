/**
 * Net: what the layers above see of a network (NT1). Two adapters pass one contract suite: libp2p and memory.
 * A peer is a device (NT2): an authenticated connection authenticates the device key.
 */
import type { DeviceId, Verdict } from '../base/index.ts'

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
  /** Last measured round trip, milliseconds; undefined until the first probe (NT20). */
  readonly rttMs?: number | undefined
  /**
   * Opens a stream on this very connection. Rejects with XCORD_NO_PEER if the peer does not speak the
   * protocol or the connection is gone. `frameBytesMax` bounds what is read (default NET_FRAME_BYTES_MAX).
   */
  openStream(protocol: ProtocolName, options?: OpenStreamOptions): Promise<FrameStream>
  close(): Promise<void>
}

/** How to open one stream. */
export interface OpenStreamOptions {
  readonly signal?: AbortSignal | undefined
  /** Largest frame we read on it, in bytes. */
  readonly frameBytesMax?: number | undefined
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
  /** Streams at once on one connection. */
  readonly inboundStreamsMax: number
  /** Relayed connections too? */
  readonly onLimited: boolean
  /** Silence in milliseconds after which the stream is reset; without it a stream may idle. */
  readonly idleMsMax?: number | undefined
}

/** A device and where it says it can be reached; `seq` rises with each change. */
export interface PeerRecord {
  readonly device: DeviceId
  readonly addresses: readonly string[]
  readonly seq: number
}

/**
 * Signed peer records (NT41): what one passes on of others, since only its device can have made it.
 */
export interface PeerRecords {
  /** Our own, signed; at most PEER_RECORD_BYTES_MAX bytes. */
  own(): Promise<Uint8Array>
  /** Checks form, size, key and signature of a record that anyone brought. */
  open(bytes: Uint8Array): Promise<Verdict<PeerRecord>>
}

/**
 * Client of the rendezvous at a node (NT10). Keys are the caller's: KDF(topicSecret, "rendezvous",
 * [node, day], 16), so that two nodes cannot link them. The node must be connected (XCORD_NO_PEER).
 */
export interface Rendezvous {
  /** Leaves our record under each key; returns how long the node keeps it. Repeat before that. */
  register(
    node: DeviceId,
    keys: readonly Uint8Array[],
    options?: { signal?: AbortSignal }
  ): Promise<{ readonly ttlMs: number }>
  unregister(node: DeviceId, keys: readonly Uint8Array[], options?: { signal?: AbortSignal }): Promise<void>
  /** At most 32 verified records of others, chosen at random by the node. */
  query(node: DeviceId, key: Uint8Array, options?: { signal?: AbortSignal }): Promise<readonly PeerRecord[]>
}

/** Client of the DHT (NT11): provider records only, under a 32-byte hash the caller derives. */
export interface Dht {
  provide(key: Uint8Array, options?: { signal?: AbortSignal }): Promise<void>
  find(key: Uint8Array, options?: { signal?: AbortSignal }): Promise<readonly PeerRecord[]>
}

/** One try at one address, for `doctor` (NT34). */
export interface DialAttempt {
  readonly address: string
  readonly path: PathKind
  readonly startedAt: number
  readonly ms: number
  /** Absent where it succeeded. */
  readonly error?: string | undefined
}

/** Verdict on one gossip message (NT26). `blame`: ignored, and who forwarded it should have known better. */
export type GossipVerdict = 'accept' | 'ignore' | 'blame' | 'reject'

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
  /** Chooses the mesh for the number of members online (NT25). */
  setOnline(count: number): void
  /** Bytes waiting towards the slowest neighbour; above GOSSIP_BACKLOG_BYTES_MAX one stops gossiping (NT29). */
  backlogBytes(): number
}

/** What happens on the network. */
export interface TransportEvents {
  'connection:open': { readonly connection: Connection }
  'connection:close': { readonly connection: Connection }
  /** Discovery only proposes (PF22); the dialler decides. */
  'peer:found': {
    readonly device: DeviceId
    readonly addresses: readonly string[]
    readonly source: 'mdns' | 'rendezvous' | 'dht' | 'exchange'
  }
  'addresses:change': { readonly addresses: readonly string[] }
  'gossip:change': { readonly topic: string; readonly device: DeviceId; readonly subscribed: boolean }
}

/** How to dial. */
export interface DialOptions {
  readonly signal?: AbortSignal | undefined
  /**
   * Skip addresses that failed lately (NT14's back-off). For dialling what discovery proposed; a person's
   * own command tries at once.
   */
  readonly patient?: boolean | undefined
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
  dial(addresses: readonly string[], options?: DialOptions): Promise<Connection>
  handle(protocol: ProtocolName, bounds: HandlerBounds, run: (stream: FrameStream) => Promise<void>): void
  unhandle(protocol: ProtocolName): void
  /** Members are scored up, the banned down (NT27). */
  setStanding(device: DeviceId, standing: 'member' | 'unknown' | 'banned'): void
  /** Keeps a connection to this peer and re-dials it (NT15). */
  keep(device: DeviceId, addresses: readonly string[]): void
  unkeep(device: DeviceId): void
  /** What was tried last towards a peer, newest last, at most 16. */
  attempts(device: DeviceId): readonly DialAttempt[]
  /** The network under us changed (new interface, wake from sleep): back-off is forgotten, connections are probed. */
  refresh(): void
  readonly records: PeerRecords
  readonly rendezvous: Rendezvous
  /** Absent where the DHT is switched off. */
  readonly dht?: Dht | undefined
  on<E extends keyof TransportEvents>(event: E, listener: (data: TransportEvents[E]) => void): () => void
}

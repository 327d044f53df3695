/**
 * What every libp2p profile shares: connections, dialling, protocols, records, rendezvous, DHT, liveness.
 * Gossip and relay are the profiles' own.
 */
import type { Connection as P2pConnection, Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { type Clock, type DeviceId, type Random, XcordError } from '../../base/index.ts'
import type { SigningKey, Suite } from '../../crypto/index.ts'
import {
  type Connection,
  createRendezvousClient,
  type Dht,
  type DialAttempt,
  type DialOptions,
  encodePeerRecord,
  type FrameStream,
  type HandlerBounds,
  openPeerRecord,
  pathOfAddress,
  type PathKind,
  type PeerRecords,
  type ProtocolName,
  type Rendezvous,
  type Transport,
  type TransportEvents,
  withDevice
} from '../../net/index.ts'
import type { Components } from './components.ts'
import {
  createConnectionBook,
  OUTBOUND_STREAMS_MAX,
  serveStream,
  type WrappedConnection
} from './connection.ts'
import { createDialler, type Dialler } from './dialler.ts'
import { createEventHub, type EventHub } from './events.ts'
import { messageOf } from './frame-stream.ts'
import type { HeardBook } from './heard.ts'
import { deviceOfPeer, peerOfDevice } from './identity.ts'
import { CHECK_BOUNDS, CHECK_PROTOCOL, createLiveness, type Liveness, serveCheck } from './liveness.ts'
import { quietly } from './quiet-timer.ts'

/** NT23: a circuit outlives the direct path's arrival by this, ms, so that nothing on it is cut short. */
const CIRCUIT_REST_MS = 30_000
/** Ranks for records: what helps strangers most comes first. */
const RECORD_RANK: Readonly<Record<PathKind, number>> = {
  tcp: 0,
  wss: 1,
  relayed: 2,
  lan: 3,
  webrtc: 4,
  memory: 5
}

/** The platform's clock. */
export const SYSTEM_CLOCK: Clock = { now: () => Date.now() }
/** The platform's randomness. */
export const SYSTEM_RANDOM: Random = {
  bytes: length => globalThis.crypto.getRandomValues(new Uint8Array(length))
}

/** What the core is made of. */
export interface CoreDeps {
  readonly libp2p: Libp2p
  readonly components: Components
  readonly suite: Suite
  readonly key: SigningKey
  readonly device: DeviceId
  readonly clock: Clock
  readonly random: Random
  readonly heard: HeardBook
  readonly announce: readonly string[]
  readonly dht: boolean
  readonly circuitRestMs?: number | undefined
}

const ADDRESS_EVENTS = ['self:peer:update', 'transport:listening', 'transport:close'] as const

/** A transport without gossip: what peers and nodes share. */
export class CoreTransport implements Omit<Transport, 'gossip' | 'setStanding'> {
  readonly device: DeviceId
  readonly records: PeerRecords
  readonly rendezvous: Rendezvous
  readonly dht: Dht | undefined
  protected readonly events: EventHub = createEventHub()
  readonly #deps: CoreDeps
  readonly #book = createConnectionBook()
  readonly #liveness: Liveness
  readonly #dialler: Dialler
  #started = false
  #told = ''

  constructor(deps: CoreDeps) {
    this.#deps = deps
    this.device = deps.device
    this.records = createRecords(deps, () => this.addresses())
    this.rendezvous = createRendezvousClient({
      records: this.records,
      connectionTo: peer => this.connections(peer)[0]
    })
    this.dht = deps.dht ? createDht(deps.libp2p) : undefined
    this.#liveness = createLiveness(deps)
    this.#dialler = createDialler({
      clock: deps.clock,
      random: deps.random,
      self: deps.device,
      connections: peer => this.connections(peer),
      refuses: address => refusalOf(deps.components, address),
      dialOne: async (address, signal) => await this.#dialOne(address, signal)
    })
  }

  async start(): Promise<void> {
    if (this.#started) return
    const { libp2p } = this.#deps
    libp2p.addEventListener('connection:open', this.#onOpen)
    libp2p.addEventListener('connection:close', this.#onClose)
    for (const event of ADDRESS_EVENTS) libp2p.addEventListener(event, this.#tellAddresses)
    this.handle(CHECK_PROTOCOL, CHECK_BOUNDS, serveCheck)
    await startListening(libp2p)
    this.#started = true
    this.#dialler.start()
    this.#tellAddresses()
  }

  async stop(): Promise<void> {
    const { libp2p } = this.#deps
    this.#dialler.stop()
    this.#liveness.stop()
    await libp2p.stop()
    libp2p.removeEventListener('connection:open', this.#onOpen)
    libp2p.removeEventListener('connection:close', this.#onClose)
    for (const event of ADDRESS_EVENTS) libp2p.removeEventListener(event, this.#tellAddresses)
    this.events.clear()
  }

  addresses(): readonly string[] {
    return ownAddresses(this.#deps)
  }

  connections(device?: DeviceId): readonly WrappedConnection[] {
    const open =
      device === undefined ? openOf(this.#deps.libp2p.getConnections()) : this.rawConnections(device)
    return open.map(each => this.#book.wrap(each)).filter(each => each !== undefined)
  }

  async dial(addresses: readonly string[], options?: DialOptions): Promise<Connection> {
    return await this.#dialler.dial(addresses, options)
  }

  handle(protocol: ProtocolName, bounds: HandlerBounds, run: (stream: FrameStream) => Promise<void>): void {
    void this.#deps.libp2p.handle(
      protocol,
      (stream, raw) => {
        const connection = this.#book.wrap(raw)
        if (connection === undefined) return stream.abort(new Error('no acceptable key'))
        void serveStream(stream, connection, protocol, bounds, run)
      },
      {
        maxInboundStreams: bounds.inboundStreamsMax,
        maxOutboundStreams: OUTBOUND_STREAMS_MAX,
        runOnLimitedConnection: bounds.onLimited,
        force: true
      }
    )
  }

  unhandle(protocol: ProtocolName): void {
    void this.#deps.libp2p.unhandle(protocol)
  }

  keep(device: DeviceId, addresses: readonly string[]): void {
    protect(this.#deps.libp2p, device, true)
    this.#dialler.keep(device, addresses)
  }

  unkeep(device: DeviceId): void {
    protect(this.#deps.libp2p, device, false)
    this.#dialler.unkeep(device)
  }

  attempts(device: DeviceId): readonly DialAttempt[] {
    return this.#dialler.attempts(device)
  }

  refresh(): void {
    this.#dialler.refresh()
    this.#liveness.hurry()
  }

  on<E extends keyof TransportEvents>(event: E, listener: (data: TransportEvents[E]) => void): () => void {
    return this.events.on(event, listener)
  }

  /** libp2p's connections to a device, best first. */
  protected rawConnections(device: DeviceId): readonly P2pConnection[] {
    return openOf(this.#deps.libp2p.getConnections(peerOfDevice(device)))
  }

  async #dialOne(address: string, signal: AbortSignal): Promise<WrappedConnection> {
    const connection = this.#book.wrap(
      await this.#deps.components.transportManager.dial(multiaddr(address), { signal })
    )
    if (connection === undefined) throw new Error('the peer has no acceptable key')
    return connection
  }

  readonly #onOpen = (event: CustomEvent<P2pConnection>): void => {
    const connection = this.#book.wrap(event.detail)
    if (connection === undefined) return
    this.#liveness.opened(connection)
    this.#dialler.opened(connection)
    if (connection.limits === undefined) this.#restCircuits(connection.device)
    if (this.#dialler.isKept(connection.device)) protect(this.#deps.libp2p, connection.device, true)
    this.events.emit('connection:open', { connection })
  }

  readonly #onClose = (event: CustomEvent<P2pConnection>): void => {
    const connection = this.#book.wrap(event.detail)
    if (connection === undefined) return
    this.#liveness.closed(event.detail)
    this.#dialler.closed(connection.device)
    this.events.emit('connection:close', { connection })
  }

  readonly #tellAddresses = (): void => {
    const addresses = this.addresses()
    if (addresses.join() === this.#told) return
    this.#told = addresses.join()
    this.events.emit('addresses:change', { addresses })
  }

  /** Closes circuits to a peer some time after a direct path stands (NT23). */
  #restCircuits(device: DeviceId): void {
    const rest = (): void => {
      const open = this.connections(device)
      if (!open.some(each => each.limits === undefined)) return
      for (const circuit of open) if (circuit.limits !== undefined) void circuit.close()
    }
    quietly(setTimeout(rest, this.#deps.circuitRestMs ?? CIRCUIT_REST_MS))
  }
}

/** Direct before relayed, then the oldest: both sides tend to choose the same one. */
function openOf(list: readonly P2pConnection[]): readonly P2pConnection[] {
  return list
    .filter(each => each.status === 'open')
    .sort(
      (a, b) =>
        Number(a.limits !== undefined) - Number(b.limits !== undefined) || a.timeline.open - b.timeline.open
    )
}

function refusalOf(components: Components, address: string): string | undefined {
  try {
    return components.transportManager.dialTransportForMultiaddr(multiaddr(address)) === undefined
      ? 'no transport here can dial it'
      : undefined
  } catch {
    return 'not an address of a peer'
  }
}

function ownAddresses(deps: CoreDeps): readonly string[] {
  const listening = deps.components.transportManager
    .getAddrs()
    .map(each => each.toString())
    .filter(each => !each.startsWith('/ip6/fe80'))
  const relayed = listening.filter(each => each.includes('/p2p-circuit') || each.includes('/webrtc'))
  const own = deps.announce.length > 0 ? [...deps.announce, ...relayed] : listening
  return [...new Set(own.map(each => withDevice(each, deps.device)))]
}

function createRecords(deps: CoreDeps, addresses: () => readonly string[]): PeerRecords {
  let last: { readonly key: string; readonly bytes: Uint8Array } | undefined
  let seq = 0
  return {
    own: async () => {
      const rank = (each: string): number => RECORD_RANK[pathOfAddress(each) ?? 'memory']
      const list = addresses()
        .filter(each => pathOfAddress(each) !== undefined)
        .sort((a, b) => rank(a) - rank(b))
      const key = list.join()
      if (last?.key !== key) {
        seq = Math.max(seq + 1, deps.clock.now())
        last = { key, bytes: encodePeerRecord(deps.suite, deps.key, { addresses: list, seq }) }
      }
      return last.bytes
    },
    open: async bytes => openPeerRecord(deps.suite, bytes)
  }
}

function createDht(libp2p: Libp2p): Dht {
  const RAW = 0x55
  const SHA2_256 = 0x12
  const cidOf = (key: Uint8Array): CID => CID.createV1(RAW, createDigest(SHA2_256, key))
  return {
    provide: async (key, options) => {
      await libp2p.contentRouting.provide(cidOf(key), options)
    },
    find: async (key, options) => {
      const found = []
      for await (const provider of libp2p.contentRouting.findProviders(cidOf(key), options)) {
        const device = deviceOfPeer(provider.id)
        if (device === undefined || provider.id.equals(libp2p.peerId)) continue
        found.push({
          device,
          seq: 0,
          addresses: provider.multiaddrs.map(each => withDevice(each.toString(), device))
        })
      }
      return found
    }
  }
}

/**
 * Addresses that were configured, before libp2p sees them.
 *
 * @throws XCORD_ADDRESS_INVALID for the first that is no multiaddr.
 */
export function assertAddresses(addresses: readonly string[]): void {
  for (const address of addresses) {
    try {
      multiaddr(address)
    } catch (error) {
      throw new XcordError(
        'XCORD_ADDRESS_INVALID',
        `"${address}" is not an address: ${messageOf(error)}.`,
        { address },
        { cause: error }
      )
    }
  }
}

/** A kept peer is the last that libp2p prunes. */
function protect(libp2p: Libp2p, device: DeviceId, on: boolean): void {
  void libp2p.peerStore
    .merge(peerOfDevice(device), { tags: { 'xcord-kept': on ? { value: 100 } : undefined } })
    .catch(() => undefined)
}

async function startListening(libp2p: Libp2p): Promise<void> {
  try {
    await libp2p.start()
  } catch (error) {
    await Promise.resolve(libp2p.stop()).catch(() => undefined)
    throw listenError(error)
  }
}

function listenError(error: unknown): unknown {
  const text = messageOf(error)
  const busy = /(\/[^\s:]+): [^\n]*EADDRINUSE/.exec(text)
  if (text.includes('EADDRINUSE')) {
    const address = busy?.[1] ?? ''
    return new XcordError(
      'XCORD_PORT_IN_USE',
      `Another program already listens on ${address === '' ? 'the port' : address}.`,
      { address },
      { cause: error }
    )
  }
  const other = /\n\s*(\/[^\s]+): ([^\n]*)/.exec(text)
  if (other !== null) {
    return new XcordError(
      'XCORD_ADDRESS_INVALID',
      `Cannot listen on ${other[1]}: ${other[2]}.`,
      { address: other[1] ?? '' },
      { cause: error }
    )
  }
  return error
}

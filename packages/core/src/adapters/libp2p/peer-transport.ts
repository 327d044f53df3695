/** A peer over libp2p, whatever its platform listens and dials with: gossip, relays, standing (NT3). */
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import type { GossipSub } from '@libp2p/gossipsub'
import { identify, identifyPush } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { type DeviceId, idFromBytes } from '../../base/index.ts'
import type { Transport } from '../../net/index.ts'
import { boundedYamux } from './bounded-yamux.ts'
import { captureComponents } from './components.ts'
import { assertAddresses, type CoreDeps, CoreTransport, SYSTEM_CLOCK, SYSTEM_RANDOM } from './core.ts'
import { createGater } from './gater.ts'
import { createGossip, type GossipAdapter, gossipService } from './gossip.ts'
import { createHeardBook, type HeardBook } from './heard.ts'
import { privateKeyOf } from './identity.ts'
import type { Libp2pTransportInit } from './init.ts'
import type { LocalDiscovery } from './local-discovery.ts'
import { createRelayKeeper, type RelayKeeper } from './relay-keeper.ts'
import { createStandings } from './standings.ts'

/** NT15, NT19: relays to hold a reservation with. */
const RESERVATIONS = 2

export type Services = NonNullable<Libp2pOptions['services']>
type TransportFactory = NonNullable<Libp2pOptions['transports']>[number]

/** What a platform brings. */
export interface Platform {
  /** Where it listens unless told otherwise. */
  readonly listen: readonly string[]
  readonly connectionsMax: number
  /** Beside WebSockets, circuits and WebRTC. */
  readonly transports: readonly TransportFactory[]
  readonly services: Services
  readonly mdns?: LocalDiscovery | undefined
  readonly dht?: boolean
  /** Whether to listen and dial by WebRTC. */
  readonly webrtc: boolean
}

/**
 * Makes a transport; `start` opens it.
 *
 * @throws RangeError if the seed has not 32 bytes; XCORD_ADDRESS_INVALID for an address that is none. `start`
 *   throws XCORD_PORT_IN_USE and XCORD_ADDRESS_INVALID;
 *   nodes that cannot be reached never fail it.
 */
export async function createPeerTransport(init: Libp2pTransportInit, platform: Platform): Promise<Transport> {
  if (init.seed.length !== 32) throw new RangeError(`a device seed has 32 bytes, not ${init.seed.length}`)
  assertAddresses([...(init.listen ?? []), ...(init.announce ?? [])])
  const key = init.suite.signingKey(init.seed)
  const clock = init.clock ?? SYSTEM_CLOCK
  const heard = createHeardBook(clock)
  const standings = createStandings()
  const captured = captureComponents()
  let count = (): number => 0
  const libp2p = await createLibp2p(
    await peerOptions(init, platform, {
      publicKey: key.publicKey,
      heard,
      connectionCount: () => count(),
      services: {
        captured: captured.service,
        identify: identify(),
        identifyPush: identifyPush(),
        ping: ping(),
        pubsub: gossipService(init.suite, standings.scoreOf),
        ...platform.services
      }
    })
  )
  count = () => libp2p.getConnections().length
  return new PeerTransport({
    libp2p,
    components: captured.components(),
    suite: init.suite,
    key,
    device: idFromBytes('d', key.publicKey),
    clock,
    random: init.random ?? SYSTEM_RANDOM,
    heard,
    announce: init.announce ?? [],
    dht: platform.dht === true,
    standings,
    mdns: platform.mdns,
    reservations: init.reservations ?? RESERVATIONS,
    circuitRestMs: init.circuitRestMs
  })
}

interface PeerDeps extends CoreDeps {
  readonly standings: ReturnType<typeof createStandings>
  readonly mdns: LocalDiscovery | undefined
  readonly reservations: number
}

class PeerTransport extends CoreTransport implements Transport {
  readonly gossip: GossipAdapter
  readonly #standings: PeerDeps['standings']
  readonly #relays: RelayKeeper

  constructor(deps: PeerDeps) {
    super(deps)
    this.#standings = deps.standings
    this.gossip = createGossip({
      pubsub: deps.libp2p.services['pubsub'] as GossipSub,
      connectionsTo: device => this.rawConnections(device),
      changed: change => this.events.emit('gossip:change', change),
      blame: peer => deps.standings.blame(peer)
    })
    deps.mdns?.onFound(found => this.events.emit('peer:found', { ...found, source: 'mdns' }))
    this.#relays = createRelayKeeper({ libp2p: deps.libp2p, wanted: deps.reservations, clock: deps.clock })
  }

  setStanding(device: DeviceId, standing: 'member' | 'unknown' | 'banned'): void {
    this.#standings.set(device, standing)
  }

  override async start(): Promise<void> {
    await super.start()
    this.gossip.start()
    this.#relays.start()
  }

  override async stop(): Promise<void> {
    this.#relays.stop()
    this.gossip.stop()
    await super.stop()
  }
}

async function peerOptions(
  init: Libp2pTransportInit,
  platform: Platform,
  inner: { publicKey: Uint8Array; heard: HeardBook; connectionCount: () => number; services: Services }
): Promise<Libp2pOptions> {
  const maxConnections = init.maxConnections ?? platform.connectionsMax
  const webrtc = platform.webrtc ? [await webrtcTransport(init)] : []
  return {
    start: false,
    privateKey: privateKeyOf(init.seed, inner.publicKey),
    // Says nothing of the machine: the default names operating system and versions.
    nodeInfo: { name: 'xcord', version: '1', userAgent: 'xcord/1' },
    addresses: {
      listen: [
        ...(init.listen ?? platform.listen),
        ...Array.from({ length: init.reservations ?? RESERVATIONS }, () => '/p2p-circuit'),
        ...(webrtc.length > 0 ? ['/webrtc'] : [])
      ],
      announce: [...(init.announce ?? [])]
    },
    transports: [...platform.transports, webSockets(), circuitRelayTransport(), ...webrtc],
    connectionEncrypters: [inner.heard.encrypter],
    streamMuxers: [boundedYamux()],
    connectionGater: createGater({
      suite: init.suite,
      maxConnections,
      connectionCount: inner.connectionCount
    }),
    // PF18: libp2p's monitor cuts healthy connections under load; NT20 replaces it.
    connectionMonitor: { enabled: false },
    connectionManager: {
      maxConnections,
      inboundConnectionThreshold: 100,
      maxIncomingPendingConnections: 50,
      addressDialTimeout: 20_000,
      dialTimeout: 30_000,
      reconnectRetries: 0
    },
    services: inner.services
  }
}

async function webrtcTransport(init: Libp2pTransportInit): Promise<TransportFactory> {
  const { webRTC } = await import('@libp2p/webrtc')
  const iceServers = (init.iceServers ?? []).map(each => ({ ...each }))
  return webRTC({ rtcConfiguration: () => ({ iceServers }) }) as TransportFactory
}

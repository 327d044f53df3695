/** The contract's transport over libp2p: desktop and command-line profile (NT3, NT4). */
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { dcutr } from '@libp2p/dcutr'
import type { GossipSub } from '@libp2p/gossipsub'
import { identify, identifyPush } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { type DeviceId, idFromBytes } from '../../base/index.ts'
import type { Transport } from '../../net/index.ts'
import { boundedYamux } from './bounded-yamux.ts'
import { captureComponents } from './components.ts'
import { assertAddresses, type CoreDeps, CoreTransport, SYSTEM_CLOCK, SYSTEM_RANDOM } from './core.ts'
import { dhtService } from './dht-service.ts'
import { createGater } from './gater.ts'
import { createGossip, type GossipAdapter, gossipService } from './gossip.ts'
import { createHeardBook, type HeardBook } from './heard.ts'
import { privateKeyOf } from './identity.ts'
import type { Libp2pTransportInit } from './init.ts'
import { type LocalDiscovery, localDiscovery } from './local-discovery.ts'
import { createRelayKeeper, type RelayKeeper } from './relay-keeper.ts'
import { createStandings, type Standings } from './standings.ts'

/** NT4: any interface, any port. */
const LISTEN_DEFAULT = ['/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0']
/** NT4. */
const CONNECTIONS_MAX = 100
/** NT15, NT19: relays to hold a reservation with. */
const RESERVATIONS = 2

/**
 * Makes a transport; `start` opens it.
 *
 * @throws RangeError if the seed has not 32 bytes; XCORD_ADDRESS_INVALID for an address that is none. `start`
 *   throws XCORD_PORT_IN_USE and XCORD_ADDRESS_INVALID;
 *   nodes that cannot be reached never fail it.
 */
export async function createLibp2pTransport(init: Libp2pTransportInit): Promise<Transport> {
  if (init.seed.length !== 32) throw new RangeError(`a device seed has 32 bytes, not ${init.seed.length}`)
  assertAddresses([...(init.listen ?? []), ...(init.announce ?? [])])
  const key = init.suite.signingKey(init.seed)
  const clock = init.clock ?? SYSTEM_CLOCK
  const heard = createHeardBook(clock)
  const standings = createStandings()
  const captured = captureComponents()
  const mdns = init.mdns === true ? await localDiscovery() : undefined
  let count = (): number => 0
  const libp2p = await createLibp2p(
    await peerOptions(init, {
      publicKey: key.publicKey,
      heard,
      connectionCount: () => count(),
      services: await peerServices(init, { standings, captured, mdns })
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
    dht: init.dht === true,
    standings,
    mdns,
    reservations: init.reservations ?? RESERVATIONS,
    circuitRestMs: init.circuitRestMs
  })
}

interface PeerDeps extends CoreDeps {
  readonly standings: Standings
  readonly mdns: LocalDiscovery | undefined
  readonly reservations: number
}

class PeerTransport extends CoreTransport implements Transport {
  readonly gossip: GossipAdapter
  readonly #standings: Standings
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
  inner: { publicKey: Uint8Array; heard: HeardBook; connectionCount: () => number; services: Services }
): Promise<Libp2pOptions> {
  const maxConnections = init.maxConnections ?? CONNECTIONS_MAX
  const webrtc = init.webrtc === true ? [await webrtcTransport(init)] : []
  return {
    start: false,
    privateKey: privateKeyOf(init.seed, inner.publicKey),
    // Says nothing of the machine: the default names operating system and versions.
    nodeInfo: { name: 'xcord', version: '1', userAgent: 'xcord/1' },
    addresses: {
      listen: [
        ...(init.listen ?? LISTEN_DEFAULT),
        ...Array.from({ length: init.reservations ?? RESERVATIONS }, () => '/p2p-circuit'),
        ...(webrtc.length > 0 ? ['/webrtc'] : [])
      ],
      announce: [...(init.announce ?? [])]
    },
    transports: [tcp(), webSockets(), circuitRelayTransport(), ...webrtc],
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

async function peerServices(
  init: Libp2pTransportInit,
  inner: {
    standings: Standings
    captured: ReturnType<typeof captureComponents>
    mdns: LocalDiscovery | undefined
  }
): Promise<Services> {
  const services: Services = {
    captured: inner.captured.service,
    identify: identify(),
    identifyPush: identifyPush(),
    ping: ping(),
    pubsub: gossipService(init.suite, inner.standings.scoreOf),
    dcutr: dcutr()
  }
  if (inner.mdns !== undefined) services['mdns'] = inner.mdns.service
  if (init.dht === true) services['dht'] = await dhtService(true)
  return services
}

type Services = NonNullable<Libp2pOptions['services']>
type TransportFactory = NonNullable<Libp2pOptions['transports']>[number]

async function webrtcTransport(init: Libp2pTransportInit): Promise<TransportFactory> {
  const { webRTC } = await import('@libp2p/webrtc')
  const iceServers = (init.iceServers ?? []).map(each => ({ ...each }))
  return webRTC({ rtcConfiguration: () => ({ iceServers }) }) as TransportFactory
}

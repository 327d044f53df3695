/** The contract's transport over libp2p: desktop and command-line profile (NT3, NT4). */
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { dcutr } from '@libp2p/dcutr'
import type { GossipSub } from '@libp2p/gossipsub'
import { identify, identifyPush } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { idFromBytes } from '../../base/index.ts'
import type { Transport } from '../../net/index.ts'
import { boundedYamux } from './bounded-yamux.ts'
import { captureComponents } from './components.ts'
import { assertAddresses, createCore, SYSTEM_CLOCK, SYSTEM_RANDOM } from './core.ts'
import { createGater } from './gater.ts'
import { createGossip, createStandings, gossipService } from './gossip.ts'
import { createHeardBook } from './heard.ts'
import { privateKeyOf } from './identity.ts'
import type { Libp2pTransportInit } from './init.ts'
import { localDiscovery } from './local-discovery.ts'
import { createRelayKeeper } from './relay-keeper.ts'

/** NT4: any interface, any port. */
const LISTEN_DEFAULT = ['/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0']
/** NT4. */
const CONNECTIONS_MAX = 100
/** Name of the DHT protocol (NT2, NT11). */
export const DHT_PROTOCOL = '/xcord/kad/1.0.0'

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
  const device = idFromBytes('d', key.publicKey)
  const clock = init.clock ?? SYSTEM_CLOCK
  const random = init.random ?? SYSTEM_RANDOM
  const maxConnections = init.maxConnections ?? CONNECTIONS_MAX
  const heard = createHeardBook(clock)
  const standings = createStandings()
  const captured = captureComponents()
  const mdns = init.mdns === true ? localDiscovery() : undefined
  let count = (): number => 0

  const services: Services = {
    captured: captured.service,
    identify: identify(),
    identifyPush: identifyPush(),
    ping: ping(),
    pubsub: gossipService(init.suite, standings.of),
    dcutr: dcutr()
  }
  if (mdns !== undefined) services['mdns'] = mdns.service
  if (init.dht === true) {
    // PF23: without a mapper private addresses vanish; without validators puts are refused, as NT11 wants.
    services['dht'] = kadDHT({
      protocol: DHT_PROTOCOL, clientMode: true, peerInfoMapper: passthroughMapper, validators: {}, selectors: {}
    }) as unknown as NonNullable<Services[string]>
  }
  const options: Libp2pOptions = {
    start: false,
    privateKey: await privateKeyOf(init.seed),
    // Says nothing of the machine: the default names operating system and versions.
    nodeInfo: { name: 'xcord', version: '1', userAgent: 'xcord/1' },
    addresses: {
      listen: [
        ...(init.listen ?? LISTEN_DEFAULT),
        ...Array.from({ length: init.reservations ?? 2 }, () => '/p2p-circuit'),
        ...(init.webrtc === true ? ['/webrtc'] : [])
      ],
      announce: [...(init.announce ?? [])]
    },
    transports: [tcp(), webSockets(), circuitRelayTransport(), ...(init.webrtc === true ? [await webrtcTransport(init)] : [])],
    connectionEncrypters: [heard.encrypter],
    streamMuxers: [boundedYamux()],
    connectionGater: createGater({ suite: init.suite, maxConnections, connectionCount: () => count() }),
    // PF18: libp2p's monitor cuts healthy connections under load; NT20 replaces it.
    connectionMonitor: { enabled: false },
    connectionManager: {
      maxConnections, inboundConnectionThreshold: 100, maxIncomingPendingConnections: 50,
      addressDialTimeout: 20_000, dialTimeout: 30_000, reconnectRetries: 0
    },
    services
  }
  const libp2p = await createLibp2p(options)
  count = () => libp2p.getConnections().length
  const core = createCore({
    libp2p, components: captured.components(), suite: init.suite, key, device, clock, random, heard,
    announce: init.announce ?? [], webrtc: init.webrtc === true, dht: init.dht === true
  })
  const gossip = createGossip({
    pubsub: libp2p.services['pubsub'] as GossipSub,
    connectionsTo: core.rawConnections,
    changed: change => core.events.emit('gossip:change', change)
  })
  mdns?.onFound(found => core.events.emit('peer:found', { ...found, source: 'mdns' }))
  const relays = createRelayKeeper({ core, libp2p, wanted: init.reservations ?? 2, clock })

  return {
    ...core.transport,
    gossip,
    setStanding: (peer, standing) => standings.set(peer, standing),
    start: async () => {
      await core.transport.start()
      gossip.start()
      relays.start()
    },
    stop: async () => {
      relays.stop()
      gossip.stop()
      await core.transport.stop()
    }
  }
}

type Services = NonNullable<Libp2pOptions['services']>
type TransportFactory = NonNullable<Libp2pOptions['transports']>[number]

async function webrtcTransport(init: Libp2pTransportInit): Promise<TransportFactory> {
  const { webRTC } = await import('@libp2p/webrtc')
  const iceServers = (init.iceServers ?? []).map(each => ({ ...each }))
  return webRTC({ rtcConfiguration: () => ({ iceServers }) }) as TransportFactory
}

/**
 * A community node over libp2p (NT6): relay, rendezvous and DHT server for peers that it cannot read. No gossip,
 * no WebRTC (PF27).
 */
import { circuitRelayServer, type CircuitRelayService } from '@libp2p/circuit-relay-v2'
import { identify, identifyPush } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { idFromBytes } from '../../base/index.ts'
import {
  createRendezvousRegistry, createRendezvousServer, RENDEZVOUS_FRAME_BYTES_MAX, RENDEZVOUS_IDLE_MS_MAX, RENDEZVOUS_PROTOCOL
} from '../../net/index.ts'
import { boundedYamux } from './bounded-yamux.ts'
import { captureComponents } from './components.ts'
import { assertAddresses, createCore, SYSTEM_CLOCK, SYSTEM_RANDOM } from './core.ts'
import { createHeardBook } from './heard.ts'
import { privateKeyOf } from './identity.ts'
import { createNodeGater } from './node-gater.ts'
import { createNodeCounters, type Libp2pNodeInit, NODE_LIMITS, type NodeTransport } from './node-init.ts'
import { guardRelay } from './relay-guard.ts'
import { DHT_PROTOCOL } from './transport.ts'

type Services = NonNullable<Libp2pOptions['services']>

/**
 * Makes a node; `start` opens it.
 *
 * @throws RangeError if the seed has not 32 bytes. `start` throws XCORD_PORT_IN_USE and XCORD_ADDRESS_INVALID.
 */
export async function createLibp2pNode(init: Libp2pNodeInit): Promise<NodeTransport> {
  if (init.seed.length !== 32) throw new RangeError(`a node's seed has 32 bytes, not ${init.seed.length}`)
  assertAddresses([...init.listen, ...(init.announce ?? [])])
  const limits = { ...NODE_LIMITS, ...init.limits }
  const roles = { relay: true, rendezvous: true, dht: true, ...init.roles }
  const key = init.suite.signingKey(init.seed)
  const clock = init.clock ?? SYSTEM_CLOCK
  const random = init.random ?? SYSTEM_RANDOM
  const heard = createHeardBook(clock)
  const captured = captureComponents()
  const counters = createNodeCounters()
  const gater = createNodeGater({ suite: init.suite, limits, counters, clock })

  const services: Services = {
    captured: captured.service,
    identify: identify(),
    identifyPush: identifyPush(),
    ping: ping(),
    ...(init.services as Services | undefined)
  }
  if (roles.dht) {
    services['dht'] = kadDHT({
      protocol: DHT_PROTOCOL, clientMode: false, peerInfoMapper: passthroughMapper, validators: {}, selectors: {}
    }) as unknown as NonNullable<Services[string]>
  }
  if (roles.relay) {
    services['relay'] = circuitRelayServer({
      hopTimeout: 10_000,
      maxInboundHopStreams: 64,
      reservations: {
        maxReservations: limits.reservationsMax, reservationTtl: 3_600_000,
        defaultDataLimit: BigInt(limits.circuitBytesMax), defaultDurationLimit: limits.circuitMsMax
      }
    })
  }
  const libp2p = await createLibp2p({
    start: false,
    privateKey: await privateKeyOf(init.seed),
    nodeInfo: { name: 'xcord', version: '1', userAgent: 'xcord/1' },
    addresses: { listen: [...init.listen], announce: [...(init.announce ?? [])] },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [heard.encrypter],
    streamMuxers: [boundedYamux()],
    connectionGater: gater.gater,
    connectionMonitor: { enabled: false },
    connectionManager: {
      maxConnections: limits.connectionsMax, maxIncomingPendingConnections: limits.pendingMax,
      inboundConnectionThreshold: limits.connectionsPerIpPerSecond, addressDialTimeout: 20_000, dialTimeout: 30_000, reconnectRetries: 0
    },
    ...(init.metrics === undefined ? {} : { metrics: init.metrics as NonNullable<Libp2pOptions['metrics']> }),
    services
  })
  gater.watch(libp2p)
  const core = createCore({
    libp2p, components: captured.components(), suite: init.suite, key, device: idFromBytes('d', key.publicKey), clock, random, heard,
    announce: init.announce ?? [], webrtc: false, dht: roles.dht
  })
  const registry = createRendezvousRegistry()
  const relay = roles.relay ? (libp2p.services['relay'] as CircuitRelayService) : undefined
  const guard = relay === undefined ? undefined : guardRelay({ libp2p, relay, gater, counters })

  return {
    ...core.transport,
    counters,
    reservations: () => relay?.reservations.size ?? 0,
    circuits: () => guard?.circuits() ?? 0,
    registrations: () => registry.size(),
    refuseNew: gater.refuseNew,
    start: async () => {
      if (roles.rendezvous) {
        core.transport.handle(RENDEZVOUS_PROTOCOL, {
          frameBytesMax: RENDEZVOUS_FRAME_BYTES_MAX, inboundStreamsMax: 8, onLimited: false, idleMsMax: RENDEZVOUS_IDLE_MS_MAX
        }, createRendezvousServer({
          registry, records: core.transport.records, clock, random, refused: reason => counters.rateLimited(`rendezvous-${reason}`)
        }))
      }
      await core.transport.start()
      guard?.start()
    },
    stop: async () => {
      guard?.stop()
      await core.transport.stop()
    }
  }
}

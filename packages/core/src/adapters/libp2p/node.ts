/**
 * A community node over libp2p (NT6): relay, rendezvous and DHT server for peers that it cannot read. No gossip,
 * no WebRTC (PF27).
 */
import { circuitRelayServer, type CircuitRelayService } from '@libp2p/circuit-relay-v2'
import { identify, identifyPush } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { idFromBytes } from '../../base/index.ts'
import {
  createRendezvousRegistry,
  createRendezvousServer,
  RENDEZVOUS_FRAME_BYTES_MAX,
  RENDEZVOUS_IDLE_MS_MAX,
  RENDEZVOUS_PROTOCOL
} from '../../net/index.ts'
import { boundedYamux } from './bounded-yamux.ts'
import { captureComponents } from './components.ts'
import { assertAddresses, type CoreDeps, CoreTransport, SYSTEM_CLOCK, SYSTEM_RANDOM } from './core.ts'
import { dhtService } from './dht-service.ts'
import { createHeardBook } from './heard.ts'
import { privateKeyOf } from './identity.ts'
import { createNodeGater, type NodeGater } from './node-gater.ts'
import {
  createNodeCounters,
  type Libp2pNodeInit,
  NODE_LIMITS,
  type NodeCounters,
  type NodeLimits,
  type NodeRoles,
  type NodeTransport
} from './node-init.ts'
import { guardRelay, type RelayGuard } from './relay-guard.ts'

type Services = NonNullable<Libp2pOptions['services']>

/**
 * Makes a node; `start` opens it.
 *
 * @throws RangeError if the seed has not 32 bytes; XCORD_ADDRESS_INVALID for an address that is none. `start`
 *   throws XCORD_PORT_IN_USE and XCORD_ADDRESS_INVALID.
 */
export async function createLibp2pNode(init: Libp2pNodeInit): Promise<NodeTransport> {
  if (init.seed.length !== 32) throw new RangeError(`a node's seed has 32 bytes, not ${init.seed.length}`)
  assertAddresses([...init.listen, ...(init.announce ?? [])])
  const limits = { ...NODE_LIMITS, ...init.limits }
  const roles: NodeRoles = { relay: true, rendezvous: true, dht: true, ...init.roles }
  const key = init.suite.signingKey(init.seed)
  const clock = init.clock ?? SYSTEM_CLOCK
  const heard = createHeardBook(clock)
  const captured = captureComponents()
  const counters = createNodeCounters()
  const gater = createNodeGater({ suite: init.suite, limits, counters, clock })
  const libp2p = await createLibp2p({
    start: false,
    privateKey: privateKeyOf(init.seed, key.publicKey),
    nodeInfo: { name: 'xcord', version: '1', userAgent: 'xcord/1' },
    addresses: { listen: [...init.listen], announce: [...(init.announce ?? [])] },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [heard.encrypter],
    streamMuxers: [boundedYamux()],
    connectionGater: gater.gater,
    connectionMonitor: { enabled: false },
    connectionManager: {
      maxConnections: limits.connectionsMax,
      maxIncomingPendingConnections: limits.pendingMax,
      inboundConnectionThreshold: limits.connectionsPerIpPerSecond,
      addressDialTimeout: 20_000,
      dialTimeout: 30_000,
      reconnectRetries: 0
    },
    ...(init.metrics === undefined ? {} : { metrics: init.metrics as NonNullable<Libp2pOptions['metrics']> }),
    services: { captured: captured.service, ...(await nodeServices(init, roles, limits)) }
  })
  gater.watch(libp2p)
  return new Libp2pNode({
    libp2p,
    components: captured.components(),
    suite: init.suite,
    key,
    device: idFromBytes('d', key.publicKey),
    clock,
    random: init.random ?? SYSTEM_RANDOM,
    heard,
    announce: init.announce ?? [],
    dht: roles.dht,
    roles,
    gater,
    counters
  })
}

async function nodeServices(init: Libp2pNodeInit, roles: NodeRoles, limits: NodeLimits): Promise<Services> {
  const services: Services = {
    identify: identify(),
    identifyPush: identifyPush(),
    ping: ping(),
    ...(init.services as Services | undefined)
  }
  if (roles.dht) services['dht'] = await dhtService(false)
  if (roles.relay) {
    services['relay'] = circuitRelayServer({
      hopTimeout: 10_000,
      maxInboundHopStreams: 64,
      reservations: {
        maxReservations: limits.reservationsMax,
        reservationTtl: 3_600_000,
        defaultDataLimit: BigInt(limits.circuitBytesMax),
        defaultDurationLimit: limits.circuitMsMax
      }
    })
  }
  return services
}

interface NodeDeps extends CoreDeps {
  readonly roles: NodeRoles
  readonly gater: NodeGater
  readonly counters: NodeCounters
}

class Libp2pNode extends CoreTransport implements NodeTransport {
  readonly counters: NodeCounters
  readonly #deps: NodeDeps
  readonly #registry = createRendezvousRegistry()
  readonly #relay: CircuitRelayService | undefined
  readonly #guard: RelayGuard | undefined

  constructor(deps: NodeDeps) {
    super(deps)
    this.#deps = deps
    this.counters = deps.counters
    if (!deps.roles.relay) return
    this.#relay = deps.libp2p.services['relay'] as CircuitRelayService
    this.#guard = guardRelay({
      libp2p: deps.libp2p,
      relay: this.#relay,
      gater: deps.gater,
      counters: deps.counters
    })
  }

  reservations(): number {
    return this.#relay?.reservations.size ?? 0
  }

  circuits(): number {
    return this.#guard?.circuits() ?? 0
  }

  registrations(): number {
    return this.#registry.size()
  }

  refuseNew(): void {
    this.#deps.gater.refuseNew()
  }

  override async start(): Promise<void> {
    if (this.#deps.roles.rendezvous) {
      this.handle(
        RENDEZVOUS_PROTOCOL,
        {
          frameBytesMax: RENDEZVOUS_FRAME_BYTES_MAX,
          inboundStreamsMax: 8,
          onLimited: false,
          idleMsMax: RENDEZVOUS_IDLE_MS_MAX
        },
        createRendezvousServer({
          registry: this.#registry,
          records: this.records,
          clock: this.#deps.clock,
          random: this.#deps.random,
          refused: reason => this.counters.rateLimited(`rendezvous-${reason}`)
        })
      )
    }
    await super.start()
    this.#guard?.start()
  }

  override async stop(): Promise<void> {
    this.#guard?.stop()
    await super.stop()
  }
}

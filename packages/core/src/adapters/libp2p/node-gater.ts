/** Who may connect to a node, hold a reservation or open a circuit (BN5, NT18): counted per host and subnet. */
import { RELAY_V2_HOP_CODEC } from '@libp2p/circuit-relay-v2'
import type { ConnectionGater, Libp2p, PeerId } from '@libp2p/interface'
import type { Clock } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { type Budget, openBudget, spend } from '../../net/index.ts'
import { isAcceptablePeer } from './identity.ts'
import type { NodeCounters, NodeLimits } from './node-init.ts'

/** Peers whose circuit openings are remembered. */
const OPENINGS_MAX = 10_000

/** The gater, and where it gets to see the node it guards. */
export interface NodeGater {
  readonly gater: ConnectionGater
  watch(libp2p: Libp2p): void
  /** Told of each circuit that is granted, and who asked for it. */
  onCircuit(run: (source: PeerId) => void): void
  /** From now on neither reservations nor circuits. */
  refuseNew(): void
}

/** Host of an address as text; undefined where it has none. */
export function hostOf(address: { toString(): string }): string | undefined {
  const [, kind, host] = address.toString().split('/')
  return kind === 'ip4' || kind === 'ip6' ? host : undefined
}

/** The /24 or /48 a host is in. An IPv4 host mapped into IPv6 counts as what it is. */
export function subnetOf(host: string): string {
  const mapped = /^(?:0*:)*:?(?:ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(host)?.[1]
  const v4 = mapped ?? host
  if (/^\d+\.\d+\.\d+\.\d+$/.test(v4)) return v4.split('.').slice(0, 3).join('.')
  const [head = '', tail] = host.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  return [...left, ...zeros, ...right]
    .slice(0, 3)
    .map(each => each.replace(/^0+(?=.)/, ''))
    .join(':')
}

/** What the gater is made of. */
export interface NodeGaterDeps {
  readonly suite: Pick<Suite, 'isEnrollable'>
  readonly limits: NodeLimits
  readonly counters: NodeCounters
  readonly clock: Clock
}

/** Makes the gater of one node. */
export function createNodeGater(deps: NodeGaterDeps): NodeGater {
  return new CountingGater(deps)
}

class CountingGater implements NodeGater {
  readonly gater: ConnectionGater
  readonly #deps: NodeGaterDeps
  /** Reservations are counted where they are granted: by the source's host at that moment. */
  readonly #holders = new Map<string, string>()
  /** Circuits carry so many bytes each; what bounds a peer's bytes a second is how fast it may open them. */
  readonly #openings = new Map<string, Budget>()
  #libp2p: Libp2p | undefined
  #granted: ((source: PeerId) => void) | undefined
  #closing = false

  constructor(deps: NodeGaterDeps) {
    this.#deps = deps
    this.gater = {
      denyDialMultiaddr: address => address.toString().startsWith('/dnsaddr'),
      denyInboundConnection: maConn => this.#denyConnection(hostOf(maConn.remoteAddr)),
      denyInboundEncryptedConnection: peer => !isAcceptablePeer(deps.suite, peer),
      denyOutboundEncryptedConnection: peer => !isAcceptablePeer(deps.suite, peer),
      denyInboundRelayReservation: source => this.#denyReservation(source),
      denyOutboundRelayedConnection: source => this.#denyCircuit(source)
    }
  }

  watch(libp2p: Libp2p): void {
    this.#libp2p = libp2p
  }

  onCircuit(run: (source: PeerId) => void): void {
    this.#granted = run
  }

  refuseNew(): void {
    this.#closing = true
  }

  #refuse(scope: string): true {
    this.#deps.counters.rateLimited(scope)
    return true
  }

  #denyConnection(host: string | undefined): boolean {
    const { limits } = this.#deps
    const all = this.#libp2p?.getConnections() ?? []
    if (all.length >= limits.connectionsMax) return this.#refuse('connections')
    if (host === undefined) return false
    const hosts = all.map(each => hostOf(each.remoteAddr)).filter(each => each !== undefined)
    if (hosts.filter(each => each === host).length >= limits.connectionsPerIpMax)
      return this.#refuse('connections-per-ip')
    const subnet = subnetOf(host)
    const near = hosts.filter(each => subnetOf(each) === subnet).length
    return near >= limits.connectionsPerSubnetMax ? this.#refuse('connections-per-subnet') : false
  }

  #denyReservation(source: PeerId): boolean {
    const reason = this.#reservationRefusal(source)
    if (reason !== undefined) this.#deps.counters.reservationRejected(reason)
    return reason !== undefined
  }

  #reservationRefusal(source: PeerId): string | undefined {
    if (this.#closing) return 'stopping'
    const { limits } = this.#deps
    const name = source.toString()
    const relay = this.#libp2p?.services['relay'] as
      { readonly reservations: { keys(): Iterable<PeerId> } } | undefined
    const current = new Set([...(relay?.reservations.keys() ?? [])].map(each => each.toString()))
    for (const holder of this.#holders.keys()) if (!current.has(holder)) this.#holders.delete(holder)
    if (current.size >= limits.reservationsMax && !current.has(name)) return 'full'
    const host =
      this.#libp2p
        ?.getConnections(source)
        .map(each => hostOf(each.remoteAddr))
        .find(each => each !== undefined) ?? ''
    const others = [...this.#holders].filter(([holder]) => holder !== name).map(([, each]) => each)
    if (others.filter(each => each === host).length >= limits.reservationsPerIpMax) return 'per-ip'
    if (others.filter(each => subnetOf(each) === subnetOf(host)).length >= limits.reservationsPerSubnetMax)
      return 'per-subnet'
    this.#holders.set(name, host)
    return undefined
  }

  #denyCircuit(source: PeerId): boolean {
    if (this.#closing) return true
    const { limits, clock } = this.#deps
    const open = (this.#libp2p?.getConnections(source) ?? []).reduce(
      (sum, each) => sum + each.streams.filter(stream => stream.protocol === RELAY_V2_HOP_CODEC).length,
      0
    )
    // The request that is being judged is one of the streams counted.
    if (open > limits.circuitsPerPeerMax) return this.#refuse('circuits-per-peer')
    const bounds = { burst: limits.circuitsBurst, perSecond: limits.circuitsPerSecond }
    const at = clock.now()
    const name = source.toString()
    const [budget, affordable] = spend(this.#openings.get(name) ?? openBudget(bounds, at), bounds, at)
    this.#openings.delete(name)
    this.#openings.set(name, budget)
    const oldest = this.#openings.size > OPENINGS_MAX ? this.#openings.keys().next().value : undefined
    if (oldest !== undefined) this.#openings.delete(oldest)
    if (!affordable) return this.#refuse('circuits-per-second')
    this.#granted?.(source)
    return false
  }
}

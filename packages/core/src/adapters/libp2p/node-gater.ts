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
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  return [...left, ...zeros, ...right].slice(0, 3).map(each => each.replace(/^0+(?=.)/, '')).join(':')
}

/** Makes the gater of one node. */
export function createNodeGater(deps: { suite: Pick<Suite, 'isEnrollable'>; limits: NodeLimits; counters: NodeCounters; clock: Clock }): NodeGater {
  const { limits, counters } = deps
  let libp2p: Libp2p | undefined
  /** Reservations are counted where they are granted: by the source's host at that moment. */
  const holders = new Map<string, string>()
  /** Circuits carry so many bytes each; what bounds a peer's bytes a second is how fast it may open them. */
  const openings = new Map<string, Budget>()
  let closing = false
  let granted: ((source: PeerId) => void) | undefined

  const hostsOf = (peer: PeerId): string | undefined =>
    libp2p?.getConnections(peer).map(each => hostOf(each.remoteAddr)).find(each => each !== undefined)
  const refuseConnection = (scope: string): true => {
    counters.rateLimited(scope)
    return true
  }
  const gater: ConnectionGater = {
    denyDialMultiaddr: address => address.toString().startsWith('/dnsaddr'),
    denyInboundConnection: maConn => {
      const host = hostOf(maConn.remoteAddr)
      const all = libp2p?.getConnections() ?? []
      if (all.length >= limits.connectionsMax) return refuseConnection('connections')
      if (host === undefined) return false
      const hosts = all.map(each => hostOf(each.remoteAddr))
      if (hosts.filter(each => each === host).length >= limits.connectionsPerIpMax) return refuseConnection('connections-per-ip')
      const subnet = subnetOf(host)
      const near = hosts.filter(each => each !== undefined && subnetOf(each) === subnet).length
      return near >= limits.connectionsPerSubnetMax ? refuseConnection('connections-per-subnet') : false
    },
    denyInboundEncryptedConnection: peer => !isAcceptablePeer(deps.suite, peer),
    denyOutboundEncryptedConnection: peer => !isAcceptablePeer(deps.suite, peer),
    denyInboundRelayReservation: source => {
      if (closing) {
        counters.reservationRejected('stopping')
        return true
      }
      const host = hostsOf(source) ?? ''
      const relay = libp2p?.services['relay'] as { readonly reservations: { has(peer: PeerId): boolean; keys(): Iterable<PeerId> } } | undefined
      const current = new Set([...(relay?.reservations.keys() ?? [])].map(each => each.toString()))
      for (const holder of holders.keys()) if (!current.has(holder)) holders.delete(holder)
      const others = [...holders].filter(([holder]) => holder !== source.toString()).map(([, each]) => each)
      const reason = current.size >= limits.reservationsMax && !current.has(source.toString()) ? 'full'
        : others.filter(each => each === host).length >= limits.reservationsPerIpMax ? 'per-ip'
          : others.filter(each => subnetOf(each) === subnetOf(host)).length >= limits.reservationsPerSubnetMax ? 'per-subnet' : undefined
      if (reason === undefined) {
        holders.set(source.toString(), host)
        return false
      }
      counters.reservationRejected(reason)
      return true
    },
    denyOutboundRelayedConnection: source => {
      if (closing) return true
      const open = (libp2p?.getConnections(source) ?? [])
        .reduce((sum, each) => sum + each.streams.filter(stream => stream.protocol === RELAY_V2_HOP_CODEC).length, 0)
      // The request that is being judged is one of the streams counted.
      if (open > limits.circuitsPerPeerMax) return refuseConnection('circuits-per-peer')
      const bounds = { burst: limits.circuitsBurst, perSecond: limits.circuitsPerSecond }
      const at = deps.clock.now()
      const name = source.toString()
      const [budget, affordable] = spend(openings.get(name) ?? openBudget(bounds, at), bounds, at)
      openings.delete(name)
      openings.set(name, budget)
      const oldest = openings.size > OPENINGS_MAX ? openings.keys().next().value : undefined
      if (oldest !== undefined) openings.delete(oldest)
      if (!affordable) return refuseConnection('circuits-per-second')
      granted?.(source)
      return false
    }
  }
  return {
    gater,
    refuseNew: () => {
      closing = true
    },
    onCircuit: run => {
      granted = run
    },
    watch: node => {
      libp2p = node
    }
  }
}

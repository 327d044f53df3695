/** What a node is built of, its limits (NT18, BN5), and what it counts for its operator (NT35). */
import type { Clock, Random } from '../../base/index.ts'
import type { SecretKey, Suite } from '../../crypto/index.ts'
import type { Transport } from '../../net/index.ts'

/** What one node grants. Counts unless the name says otherwise. */
export interface NodeLimits {
  readonly connectionsMax: number
  readonly pendingMax: number
  readonly connectionsPerIpMax: number
  /** Per /24 of IPv4 or /48 of IPv6. */
  readonly connectionsPerSubnetMax: number
  readonly connectionsPerIpPerSecond: number
  readonly reservationsMax: number
  readonly reservationsPerIpMax: number
  readonly reservationsPerSubnetMax: number
  readonly circuitsPerPeerMax: number
  readonly circuitBytesMax: number
  readonly circuitMsMax: number
  /** Circuits one peer may open a second, and how many at once: with `circuitBytesMax` this bounds its bytes a second. */
  readonly circuitsPerSecond: number
  readonly circuitsBurst: number
}

/** The limits of NT6 and NT18. */
export const NODE_LIMITS: NodeLimits = {
  connectionsMax: 3_000,
  pendingMax: 500,
  connectionsPerIpMax: 64,
  connectionsPerSubnetMax: 512,
  connectionsPerIpPerSecond: 100,
  reservationsMax: 2_000,
  reservationsPerIpMax: 4,
  reservationsPerSubnetMax: 32,
  circuitsPerPeerMax: 16,
  circuitBytesMax: 1_048_576,
  circuitMsMax: 600_000,
  circuitsPerSecond: 0.5,
  circuitsBurst: 32
}

/** What a node does for others; all on unless switched off. */
export type NodeRoles = Readonly<Record<'relay' | 'rendezvous' | 'dht', boolean>>

/** What a node is made of. `services` and `metrics` are libp2p's own, passed through unseen. */
export interface Libp2pNodeInit {
  readonly suite: Suite
  /** The node's 32-byte Ed25519 seed. */
  readonly seed: SecretKey
  readonly listen: readonly string[]
  /** What the node says of itself; libp2p guesses wrongly on public hosts (PF6). */
  readonly announce?: readonly string[] | undefined
  readonly limits?: Partial<NodeLimits> | undefined
  readonly roles?: Partial<NodeRoles> | undefined
  readonly services?: Readonly<Record<string, unknown>> | undefined
  readonly metrics?: unknown
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

/** Running totals; reasons are words of a closed kind, never addresses or ids. */
export interface NodeCounters {
  reservationRejected(reason: string): void
  rateLimited(scope: string): void
  relayed(direction: 'in' | 'out', bytes: number): void
  snapshot(): {
    readonly reservationRejected: ReadonlyMap<string, number>
    readonly rateLimited: ReadonlyMap<string, number>
    readonly relayBytes: Readonly<Record<'in' | 'out', number>>
  }
}

/** Makes counters at zero. */
export function createNodeCounters(): NodeCounters {
  const rejected = new Map<string, number>()
  const limited = new Map<string, number>()
  const bytes = { in: 0, out: 0 }
  const add = (map: Map<string, number>, name: string): void => void map.set(name, (map.get(name) ?? 0) + 1)
  return {
    reservationRejected: reason => add(rejected, reason),
    rateLimited: scope => add(limited, scope),
    relayed: (direction, count) => {
      bytes[direction] += count
    },
    snapshot: () => ({
      reservationRejected: new Map(rejected),
      rateLimited: new Map(limited),
      relayBytes: { ...bytes }
    })
  }
}

/** A node as its program sees it: a transport without gossip, and what it holds for others. */
export interface NodeTransport extends Omit<Transport, 'gossip' | 'setStanding'> {
  readonly counters: NodeCounters
  reservations(): number
  circuits(): number
  registrations(): number
  /** Grants no more reservations or circuits: the node is about to stop (BN12). */
  refuseNew(): void
}

/**
 * What js-libp2p's relay server leaves to its operator (NT18): reservations that outlive their clients are
 * dropped (PF8), and relayed bytes are counted.
 */
import { type CircuitRelayService, RELAY_V2_HOP_CODEC, RELAY_V2_STOP_CODEC } from '@libp2p/circuit-relay-v2'
import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import type { NodeGater } from './node-gater.ts'
import type { NodeCounters } from './node-init.ts'

/** A reservation lives this long without its client, ms: longer than a reconnect, far shorter than its hour. */
const ORPHAN_MS_MAX = 120_000

/** What the guard watches. */
export interface RelayGuardDeps {
  readonly libp2p: Libp2p
  readonly relay: CircuitRelayService
  readonly gater: NodeGater
  readonly counters: NodeCounters
}

/** A guard of one relay. */
export interface RelayGuard {
  start(): void
  stop(): void
  /** Circuits that stand now. */
  circuits(): number
}

/** Makes the guard of one relay. */
export function guardRelay(deps: RelayGuardDeps): RelayGuard {
  const { libp2p, relay, gater, counters } = deps
  const orphans = new Map<string, ReturnType<typeof setTimeout>>()
  const counted = new WeakSet<Stream>()

  const onDisconnect = (event: CustomEvent<PeerId>): void => {
    const peer = event.detail
    if (!relay.reservations.has(peer)) return
    clearTimeout(orphans.get(peer.toString()))
    orphans.set(
      peer.toString(),
      setTimeout(() => {
        orphans.delete(peer.toString())
        if (libp2p.getConnections(peer).length === 0) relay.reservations.delete(peer)
      }, ORPHAN_MS_MAX).unref()
    )
  }
  const onConnect = (event: CustomEvent<PeerId>): void => {
    clearTimeout(orphans.get(event.detail.toString()))
    orphans.delete(event.detail.toString())
  }
  /** Counts what the relay writes on one end of a circuit. */
  const count = (stream: Stream, direction: 'in' | 'out'): void => {
    if (counted.has(stream)) return
    counted.add(stream)
    const send = stream.send.bind(stream)
    stream.send = data => {
      counters.relayed(direction, data.byteLength)
      return send(data)
    }
  }
  // Not as middleware of the hop protocol: libp2p adds the handler to that list anew for each inbound stream, so
  // the second would be handled twice. The stop protocol is only opened by us.
  gater.onCircuit(source => {
    for (const connection of libp2p.getConnections(source)) {
      for (const stream of connection.streams)
        if (stream.protocol === RELAY_V2_HOP_CODEC) count(stream, 'out')
    }
  })

  return {
    start: () => {
      libp2p.addEventListener('peer:disconnect', onDisconnect)
      libp2p.addEventListener('peer:connect', onConnect)
      libp2p.use(RELAY_V2_STOP_CODEC, (stream, connection, next) => {
        count(stream, 'in')
        next(stream, connection)
      })
    },
    stop: () => {
      libp2p.removeEventListener('peer:disconnect', onDisconnect)
      libp2p.removeEventListener('peer:connect', onConnect)
      orphans.forEach(timer => clearTimeout(timer))
    },
    circuits: () =>
      libp2p
        .getConnections()
        .reduce(
          (sum, each) =>
            sum +
            each.streams.filter(
              stream => stream.protocol === RELAY_V2_STOP_CODEC && stream.direction === 'outbound'
            ).length,
          0
        )
  }
}

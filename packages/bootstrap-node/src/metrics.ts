/** Figures for operators (BN10, NT35). Labels are words of closed kinds: no address, peer, server or topic. */
import { prometheusMetrics } from '@libp2p/prometheus-metrics'
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { NodeTransport } from '@xcord/core/adapters/libp2p'

/** How long the event loop is looked at for its lag, ms. */
const LAG_MS = 500

/** The registry, and what the program feeds it with. */
export interface NodeMetrics {
  /** Passed to libp2p unseen. */
  readonly libp2p: unknown
  watch(node: NodeTransport, ready: () => boolean): void
  /** Seconds the event loop was late at the last look. */
  lagSeconds(): number
  text(): Promise<{ readonly body: string; readonly contentType: string }>
  stop(): void
}

/** Makes the metrics of one node. */
export function createMetrics(): NodeMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'xcord_' })
  let lag = 0
  let expected = performance.now() + LAG_MS
  const timer = setInterval(() => {
    lag = Math.max(0, performance.now() - expected) / 1000
    expected = performance.now() + LAG_MS
  }, LAG_MS)
  timer.unref()

  return {
    libp2p: prometheusMetrics({ registry, collectDefaultMetrics: false, preserveExistingMetrics: true }),
    lagSeconds: () => lag,
    watch: (node, ready) => {
      addGauges(registry, node, ready, () => lag)
      addTotals(registry, node)
    },
    text: async () => ({ body: await registry.metrics(), contentType: registry.contentType }),
    stop: () => clearInterval(timer)
  }
}

function addGauges(
  registry: Registry,
  node: NodeTransport,
  ready: () => boolean,
  lagSeconds: () => number
): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `xcord_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      }
    })
  }
  gauge('ready', 'Whether the node is ready', () => Number(ready()))
  gauge('circuits', 'Circuits open', () => node.circuits())
  gauge('registrations', 'Rendezvous registrations held', () => node.registrations())
  gauge('event_loop_lag_seconds', 'How late the event loop was', lagSeconds)
  new Gauge({
    name: 'xcord_reservations',
    help: 'Relay reservations',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.set({ state: 'active' }, node.reservations())
    }
  })
  new Gauge({
    name: 'xcord_peers',
    help: 'Connections by path',
    labelNames: ['path'],
    registers: [registry],
    collect() {
      this.reset()
      for (const each of node.connections()) this.inc({ path: each.path })
    }
  })
}

function addTotals(registry: Registry, node: NodeTransport): void {
  const totals = (
    name: string,
    help: string,
    label: string,
    read: () => Iterable<readonly [string, number]>
  ): void => {
    new Counter({
      name: `xcord_${name}`,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset()
        for (const [value, total] of read()) this.inc({ [label]: value }, total)
      }
    })
  }
  totals(
    'reservation_rejected_total',
    'Reservations refused',
    'reason',
    () => node.counters.snapshot().reservationRejected
  )
  totals(
    'ratelimited_total',
    'Requests refused by a limit',
    'scope',
    () => node.counters.snapshot().rateLimited
  )
  totals('relay_bytes_total', 'Bytes relayed', 'dir', () =>
    Object.entries(node.counters.snapshot().relayBytes)
  )
}

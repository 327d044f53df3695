/** Figures of a daemon for Prometheus. Labels are words of closed kinds: nothing says who talks with whom, or where. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Client, VoicePairJson } from '@xcord/sdk'

type Set = (labels: Readonly<Record<string, string>>, value: number) => void

const PATHS = ['connecting', 'connected', 'interrupted', 'unreachable'] as const
const QUALITIES = ['good', 'fair', 'poor'] as const
const ROUTES = ['direct', 'relay'] as const

/** A figure of pairs, and what it is counted in. */
const FIGURES = [
  ['rtt_seconds', 'Round trip', (pair: VoicePairJson) => pair.rttMs, 1_000],
  ['jitter_seconds', 'Variation of arrival', (pair: VoicePairJson) => pair.jitterMs, 1_000],
  ['loss_ratio', 'Packets lost', (pair: VoicePairJson) => pair.lossPct, 100],
  ['concealed_ratio', 'Audio made up for what was missing', (pair: VoicePairJson) => pair.concealedPct, 100],
  ['received_bits_per_second', 'Audio received', (pair: VoicePairJson) => pair.receivedKbps, 0.001],
  ['sent_bits_per_second', 'Audio sent', (pair: VoicePairJson) => pair.sentKbps, 0.001]
] as const

function countPairs(
  gauge: (name: string, help: string, labels: string[]) => Set,
  all: readonly VoicePairJson[]
) {
  const count = (met: (pair: VoicePairJson) => boolean): number => all.filter(met).length
  const byPath = gauge('voice_pairs', 'Pairs of our calls by how they stand', ['path'])
  for (const path of PATHS)
    byPath(
      { path },
      count(each => each.path === path)
    )
  const byQuality = gauge('voice_pair_quality', 'Pairs by the verdict of their figures', ['quality'])
  for (const quality of QUALITIES)
    byQuality(
      { quality },
      count(each => each.quality === quality)
    )
  const byRoute = gauge('voice_pair_route', 'Pairs by what carries them', ['route'])
  for (const route of ROUTES)
    byRoute(
      { route },
      count(each => each.route === route)
    )
  const deaf = gauge('voice_pairs_deaf', 'Pairs where nothing arrives: here (in), or there (out)', [
    'direction'
  ])
  deaf(
    { direction: 'in' },
    count(each => each.heard === 'no')
  )
  deaf(
    { direction: 'out' },
    count(each => each.hears === 'no')
  )
  for (const [name, help, read, per] of FIGURES) {
    const set = gauge(`voice_${name}`, `${help}, over the pairs of our calls`, ['of'])
    const known = all.flatMap(each => read(each) ?? []).map(each => each / per)
    if (known.length === 0) continue
    set({ of: 'mean' }, known.reduce((sum, each) => sum + each, 0) / known.length)
    set({ of: 'most' }, Math.max(...known))
  }
}

/** What a daemon's figures are read from; throws while it is locked. */
export interface Figured {
  readonly client: Client
}

/** Makes the figures; each reading looks anew. */
export function createDaemonMetrics(of: Figured): { text(): Promise<{ body: string; contentType: string }> } {
  const lasting = new Registry()
  collectDefaultMetrics({ register: lasting, prefix: 'xcord_' })
  const openClient = (): Client | undefined => {
    try {
      return of.client
    } catch {
      return undefined
    }
  }
  return {
    text: async () => {
      const registry = new Registry()
      const gauge = (name: string, help: string, labelNames: string[]): Set => {
        const made = new Gauge({ name: `xcord_${name}`, help, labelNames, registers: [registry] })
        return (labels, value) => made.set(labels, value)
      }
      const client = openClient()
      gauge('unlocked', 'Whether the profile is open', [])({}, client === undefined ? 0 : 1)
      const calls = client?.servers.all.flatMap(each => each.voice ?? []) ?? []
      const peers = gauge('peers', 'Connections by path', ['path'])
      const paths = client?.peers().map(each => each.path) ?? []
      for (const path of new Set(paths)) peers({ path }, paths.filter(each => each === path).length)
      gauge('servers', 'Servers held', [])({}, client?.servers.all.length ?? 0)
      gauge('voice_calls', 'Calls this peer is in', [])({}, calls.length)
      countPairs(gauge, (await Promise.all(calls.map(async each => await each.stats()))).flat())
      return {
        body: `${await registry.metrics()}\n${await lasting.metrics()}`,
        contentType: registry.contentType
      }
    }
  }
}

import { describe, expect, test } from 'vitest'
import { openHealthServer } from '@xcord/bootstrap-node'
import type { Client, VoicePairJson } from '@xcord/sdk'
import { createDaemonMetrics } from './daemon-metrics.ts'
import { metricsAddress } from './metrics-address.ts'

const PAIR = {
  member: 'u1secretmember',
  name: 'Grace',
  device: 'd1secretdevice',
  path: 'connected',
  heard: 'yes',
  hears: 'no',
  route: 'relay',
  rttMs: 40,
  jitterMs: 5,
  lossPct: 10,
  receivedKbps: 24,
  sentKbps: 32,
  concealedPct: 4,
  quality: 'poor'
} as unknown as VoicePairJson

function clientOf(pairs: readonly VoicePairJson[]): Client {
  return {
    servers: {
      all: [
        { name: 'Engine', voice: { stats: async () => pairs } },
        { name: 'Quiet', voice: null }
      ]
    },
    peers: () => [{ path: 'tcp' }, { path: 'tcp' }, { path: 'relayed' }]
  } as unknown as Client
}

/** Values by name and labels. */
async function read(client: Client | undefined): Promise<ReadonlyMap<string, number>> {
  const of = {
    get client(): Client {
      if (client === undefined) throw new Error('locked')
      return client
    }
  }
  const { body } = await createDaemonMetrics(of).text()
  const lines = body.split('\n').filter(line => line.startsWith('xcord_'))
  return new Map(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}

describe('figures of a daemon', () => {
  test('say how its calls stand, in words of closed kinds', async () => {
    const found = await read(
      clientOf([PAIR, { ...PAIR, hears: 'yes', route: 'direct', quality: 'good', lossPct: 0 }])
    )
    expect(found.get('xcord_voice_calls')).toBe(1)
    expect(found.get('xcord_peers{path="tcp"}')).toBe(2)
    expect(found.get('xcord_voice_pairs{path="connected"}')).toBe(2)
    expect(found.get('xcord_voice_pairs{path="unreachable"}')).toBe(0)
    expect(found.get('xcord_voice_pair_quality{quality="poor"}')).toBe(1)
    expect(found.get('xcord_voice_pair_route{route="relay"}')).toBe(1)
    expect(found.get('xcord_voice_pairs_deaf{direction="out"}')).toBe(1)
    expect(found.get('xcord_voice_pairs_deaf{direction="in"}')).toBe(0)
    expect(found.get('xcord_voice_loss_ratio{of="mean"}')).toBeCloseTo(0.05)
    expect(found.get('xcord_voice_loss_ratio{of="most"}')).toBeCloseTo(0.1)
    expect(found.get('xcord_voice_rtt_seconds{of="most"}')).toBeCloseTo(0.04)
    expect(found.get('xcord_voice_received_bits_per_second{of="mean"}')).toBeCloseTo(24_000)
    expect([...found.keys()].join(' ')).not.toMatch(/Grace|secret|Engine|Quiet/)
  })

  test('go on while the profile is locked', async () => {
    const found = await read(undefined)
    expect(found.get('xcord_unlocked')).toBe(0)
    expect(found.get('xcord_voice_calls')).toBe(0)
  })

  test('are served on the address that was asked for', async () => {
    const metrics = createDaemonMetrics({ client: clientOf([PAIR]) })
    const server = await openHealthServer({ ...metricsAddress('127.0.0.1:0'), metrics, notReady: () => [] })
    try {
      const answer = await fetch(`${server.url}/metrics`)
      expect(answer.headers.get('content-type')).toContain('text/plain')
      expect(await answer.text()).toContain('xcord_voice_calls 1')
    } finally {
      await server.close()
    }
  })

  test.each([
    ['9464', { host: '127.0.0.1', port: 9_464 }],
    ['[::1]:9464', { host: '::1', port: 9_464 }],
    ['localhost:1', { host: 'localhost', port: 1 }]
  ])('address %s', (text, address) => {
    expect(metricsAddress(text)).toEqual(address)
  })

  test.each(['', 'here', '127.0.0.1:', '1:2:3', '127.0.0.1:70000'])('no address: "%s"', text => {
    expect(() => metricsAddress(text)).toThrow('--metrics')
  })
})

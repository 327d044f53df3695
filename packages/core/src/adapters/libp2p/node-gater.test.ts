import { createHash } from 'node:crypto'
import { RELAY_V2_HOP_CODEC } from '@libp2p/circuit-relay-v2'
import type { Libp2p, PeerId } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { idFromBytes } from '../../base/index.ts'
import { peerOfDevice } from './identity.ts'
import { createNodeGater, hostOf, subnetOf } from './node-gater.ts'
import { createNodeCounters, NODE_LIMITS, type NodeLimits } from './node-init.ts'

const peer = (n: number): PeerId =>
  peerOfDevice(idFromBytes('d', new Uint8Array(createHash('sha256').update(`${n}`).digest())))

/** A gater over connections that a case lists. */
function guarded(limits: Partial<NodeLimits>) {
  const open: { peer: PeerId; host: string; hops: number }[] = []
  const held = new Map<string, PeerId>()
  const counters = createNodeCounters()
  let at = 0
  const made = createNodeGater({
    suite: { isEnrollable: () => true },
    limits: { ...NODE_LIMITS, ...limits },
    counters,
    clock: { now: () => at }
  })
  made.watch({
    getConnections: (of?: PeerId) =>
      open
        .filter(each => of === undefined || each.peer.equals(of))
        .map(each => ({
          remoteAddr: multiaddr(`/${each.host.includes(':') ? 'ip6' : 'ip4'}/${each.host}/tcp/1`),
          streams: Array.from({ length: each.hops }, () => ({ protocol: RELAY_V2_HOP_CODEC }))
        })),
    services: { relay: { reservations: { keys: () => held.values() } } }
  } as unknown as Libp2p)
  const knock = (host: string): boolean =>
    made.gater.denyInboundConnection?.({
      remoteAddr: multiaddr(`/${host.includes(':') ? 'ip6' : 'ip4'}/${host}/tcp/1`)
    } as never) !== true
  const reserve = (n: number, host: string): boolean => {
    open.push({ peer: peer(n), host, hops: 0 })
    const granted = made.gater.denyInboundRelayReservation?.(peer(n)) !== true
    if (granted) held.set(peer(n).toString(), peer(n))
    return granted
  }
  return {
    gater: made.gater,
    refuseNew: () => made.refuseNew(),
    open,
    held,
    counters,
    knock,
    reserve,
    pass: (ms: number) => (at += ms)
  }
}

describe('who may use a node', () => {
  it('[BN5] counts connections by host, subnet and in all', () => {
    const { open, knock, counters } = guarded({
      connectionsMax: 6,
      connectionsPerIpMax: 2,
      connectionsPerSubnetMax: 3
    })
    const enter = (host: string): boolean => {
      const granted = knock(host)
      if (granted) open.push({ peer: peer(open.length), host, hops: 0 })
      return granted
    }
    expect([enter('192.0.2.1'), enter('192.0.2.1'), enter('192.0.2.1')]).toEqual([true, true, false])
    expect([enter('192.0.2.2'), enter('192.0.2.3')]).toEqual([true, false])
    expect([
      enter('2001:db8:1::1'),
      enter('2001:db8:1:ffff::2'),
      enter('2001:db8:2::1'),
      enter('203.0.113.1')
    ]).toEqual([true, true, true, false])
    expect(Object.fromEntries(counters.snapshot().rateLimited)).toEqual({
      'connections-per-ip': 1,
      'connections-per-subnet': 1,
      connections: 1
    })
  })

  it('[NT18] grants reservations by host, subnet and in all, and forgets those that ended', () => {
    const { reserve, held, counters, refuseNew } = guarded({
      reservationsMax: 4,
      reservationsPerIpMax: 2,
      reservationsPerSubnetMax: 3
    })
    expect([reserve(1, '192.0.2.1'), reserve(2, '192.0.2.1'), reserve(3, '192.0.2.1')]).toEqual([
      true,
      true,
      false
    ])
    expect(reserve(1, '192.0.2.1')).toBe(true)
    expect([reserve(4, '192.0.2.9'), reserve(5, '192.0.2.10')]).toEqual([true, false])
    expect([reserve(6, '203.0.113.1'), reserve(7, '198.51.100.1')]).toEqual([true, false])
    held.delete(peer(1).toString())
    expect(reserve(3, '192.0.2.1')).toBe(true)
    expect(Object.fromEntries(counters.snapshot().reservationRejected)).toEqual({
      'per-ip': 1,
      'per-subnet': 1,
      full: 1
    })
    refuseNew()
    expect(reserve(2, '192.0.2.1')).toBe(false)
  })

  it('[NT18] bounds open circuits of a peer, and how fast it opens them', () => {
    const { open, gater, pass, counters } = guarded({
      circuitsPerPeerMax: 2,
      circuitsBurst: 3,
      circuitsPerSecond: 0.5
    })
    open.push({ peer: peer(1), host: '192.0.2.1', hops: 1 })
    const ask = (): boolean => gater.denyOutboundRelayedConnection?.(peer(1), peer(2)) !== true
    expect([ask(), ask(), ask(), ask()]).toEqual([true, true, true, false])
    pass(1_999)
    expect(ask()).toBe(false)
    pass(1)
    expect(ask()).toBe(true)
    pass(100_000)
    open.push({ peer: peer(1), host: '192.0.2.1', hops: 2 })
    expect(ask()).toBe(false)
    expect(Object.fromEntries(counters.snapshot().rateLimited)).toEqual({
      'circuits-per-second': 2,
      'circuits-per-peer': 1
    })
  })

  it('[BN5] knows subnets however an address is written', () => {
    expect(subnetOf('192.0.2.77')).toBe('192.0.2')
    expect(subnetOf('::ffff:192.0.2.77')).toBe('192.0.2')
    expect(subnetOf('2001:db8:1:2::3')).toBe('2001:db8:1')
    expect(subnetOf('2001:0db8:0001::')).toBe('2001:db8:1')
    expect(subnetOf('2001:db8::1')).toBe('2001:db8:0')
    expect(subnetOf('::1')).toBe('0:0:0')
    expect(hostOf(multiaddr('/ip4/192.0.2.1/tcp/1'))).toBe('192.0.2.1')
    expect(hostOf(multiaddr('/dns4/node.example/tcp/1'))).toBeUndefined()
  })
})

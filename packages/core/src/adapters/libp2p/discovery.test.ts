import { createHash, randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import type { DeviceId } from '../../base/index.ts'
import type { Transport } from '../../net/index.ts'
import { until } from '../../net/transport.contract.ts'
import { createNodeSuite } from '../crypto-node/index.ts'
import { createLibp2pNode, createLibp2pTransport, type Libp2pTransportInit } from './index.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(stops.splice(0).map(stop => stop()))
})

const seed = (): Uint8Array => new Uint8Array(createHash('sha256').update(randomBytes(16)).digest())

async function peer(init: Partial<Libp2pTransportInit>): Promise<Transport> {
  const made = await createLibp2pTransport({
    suite: await createNodeSuite(),
    seed: seed(),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    ...init
  })
  await made.start()
  stops.push(() => made.stop())
  return made
}

describe('discovery', () => {
  it('[NT11] finds who provides under a key by the DHT of a node', async () => {
    const node = await createLibp2pNode({
      suite: await createNodeSuite(),
      seed: seed(),
      listen: ['/ip4/127.0.0.1/tcp/0']
    })
    await node.start()
    stops.push(() => node.stop())
    const [a, b] = [await peer({ dht: true }), await peer({ dht: true })]
    await Promise.all([a, b].map(each => each.dial(node.addresses())))
    const key = new Uint8Array(randomBytes(32))
    let found: readonly DeviceId[] = []
    await until('b is found', async () => {
      await b.dht?.provide(key, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined)
      found =
        (await a.dht?.find(key, { signal: AbortSignal.timeout(5_000) }).catch(() => []))?.map(
          each => each.device
        ) ?? []
      return found.length > 0
    })
    expect(found).toEqual([b.device])
  })

  it('[NT11] has no DHT where it is switched off', async () => {
    expect((await peer({})).dht).toBeUndefined()
  })

  it('[NT9] [NT12] proposes peers of the local network, and dials none of them', async () => {
    const a = await createLibp2pTransport({
      suite: await createNodeSuite(),
      seed: seed(),
      listen: ['/ip4/0.0.0.0/tcp/0'],
      mdns: true
    })
    const found = new Map<DeviceId, readonly string[]>()
    a.on('peer:found', each => found.set(each.device, each.addresses))
    await a.start()
    stops.push(() => a.stop())
    const b = await peer({ listen: ['/ip4/0.0.0.0/tcp/0'], mdns: true })
    await until('b was announced', () => found.has(b.device))
    expect(found.get(b.device)?.length).toBeGreaterThan(0)
    expect(a.connections()).toHaveLength(0)
    expect((await a.dial(found.get(b.device) ?? [])).device).toBe(b.device)
  })
})

describe('start', () => {
  it('[NT2] names the port that is taken', async () => {
    const first = await peer({})
    const taken = first.addresses()[0]?.split('/p2p/')[0] ?? ''
    const second = await createLibp2pTransport({
      suite: await createNodeSuite(),
      seed: seed(),
      listen: [taken]
    })
    await expect(second.start()).rejects.toMatchObject({
      code: 'XCORD_PORT_IN_USE',
      details: { address: taken }
    })
  })

  it('[NT40] refuses to listen on what is no address', async () => {
    const init = { suite: await createNodeSuite(), seed: seed() }
    await expect(createLibp2pTransport({ ...init, listen: ['nonsense'] })).rejects.toMatchObject({
      code: 'XCORD_ADDRESS_INVALID'
    })
    const foreign = await createLibp2pTransport({ ...init, listen: ['/ip4/192.0.2.1/tcp/0'] })
    await expect(foreign.start()).rejects.toMatchObject({
      code: 'XCORD_ADDRESS_INVALID',
      details: { address: '/ip4/192.0.2.1/tcp/0' }
    })
  })

  it('[NT15] does not fail for a kept node that is down, and says what was tried', async () => {
    const node = await createLibp2pNode({
      suite: await createNodeSuite(),
      seed: seed(),
      listen: ['/ip4/127.0.0.1/tcp/0']
    })
    await node.start()
    const addresses = node.addresses()
    await node.stop()
    const a = await createLibp2pTransport({
      suite: await createNodeSuite(),
      seed: seed(),
      listen: ['/ip4/127.0.0.1/tcp/0']
    })
    stops.push(() => a.stop())
    a.keep(node.device, addresses)
    await a.start()
    await until('tried', () => a.attempts(node.device).length > 0)
    expect(a.attempts(node.device)[0]?.error).toContain('ECONNREFUSED')
  })

  it('[NT4] listens on any interface unless told otherwise', async () => {
    const made = await createLibp2pTransport({ suite: await createNodeSuite(), seed: seed() })
    await made.start()
    stops.push(() => made.stop())
    expect(made.addresses().some(each => each.startsWith('/ip4/127.0.0.1/tcp/'))).toBe(true)
    expect(new Set(made.addresses().map(each => each.split('/p2p/')[1])).size).toBe(1)
  })

  it('[NT3] refuses more connections than it may hold', async () => {
    const full = await peer({ maxConnections: 1 })
    const [first, second] = [await peer({}), await peer({})]
    await first.dial(full.addresses())
    await until('one', () => full.connections().length === 1)
    await second.dial(full.addresses()).catch(() => undefined)
    await until('refused', () => second.connections().length === 0)
    expect(full.connections().map(each => each.device)).toEqual([first.device])
  })

  it('[NT23] lets a circuit go once a direct path stands', async () => {
    const node = await createLibp2pNode({
      suite: await createNodeSuite(),
      seed: seed(),
      listen: ['/ip4/127.0.0.1/tcp/0']
    })
    await node.start()
    stops.push(() => node.stop())
    const [a, b] = [await peer({ circuitRestMs: 50 }), await peer({})]
    await Promise.all([a, b].map(each => each.dial(node.addresses())))
    await until('reserved', () => b.addresses().some(each => each.includes('/p2p-circuit')))
    const circuit = await a.dial(b.addresses().filter(each => each.includes('/p2p-circuit')))
    expect(circuit.limits).toBeDefined()
    expect((await a.dial(b.addresses())).device).toBe(b.device)
    await until('direct only', () => {
      const open = a.connections(b.device)
      return open.length > 0 && open.every(each => each.limits === undefined)
    })
  })
})

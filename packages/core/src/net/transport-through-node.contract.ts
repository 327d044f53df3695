/** Through a node: relay, rendezvous, records. A part of the transport suite. */
import { describe, expect, it } from 'vitest'
import { isXcordError } from '../base/index.ts'
import type { Transport } from './contract.ts'
import {
  BOUNDS,
  caught,
  ECHO,
  echo,
  filled,
  HIDES,
  LISTENS,
  nextFrame,
  type TransportWorld,
  until,
  type Worlds
} from './transport-world.contract.ts'

/** Cases of this part. */
export function throughNodeContract({ world, pair }: Worlds): void {
  describe('through a node', () => {
    it('[NT17] joins two who cannot dial each other, marked as limited, and no gossip on it', async () => {
      const {
        peers: [a, b],
        node
      } = (await world(HIDES, HIDES)) as { peers: [Transport, Transport] } & TransportWorld
      b.handle(ECHO, BOUNDS, echo)
      b.handle('/xcord/blob/1', { ...BOUNDS, onLimited: false }, echo)
      await Promise.all([a.dial(node.addresses()), b.dial(node.addresses())])
      await until('b has a relayed address', () => b.addresses().some(each => each.includes('/p2p-circuit')))
      const connection = await a.dial(b.addresses())
      expect(connection.device).toBe(b.device)
      expect(connection.path).toBe('relayed')
      expect(connection.limits).toBeDefined()
      const stream = await connection.openStream(ECHO)
      await stream.send(filled(20_000, 3))
      expect(await nextFrame(stream)).toEqual(filled(20_000, 3))
      const refused = await caught(
        (async () => {
          const bulk = await connection.openStream('/xcord/blob/1')
          await bulk.send(filled(1, 1))
          if ((await nextFrame(bulk)) === undefined) throw new Error('ended without an answer')
        })()
      )
      expect(refused).toBeDefined()
    })

    it('[NT10] finds others under a key by the rendezvous, and nobody under another', async () => {
      const {
        peers: [a, b],
        node
      } = (await world(LISTENS, LISTENS)) as { peers: [Transport, Transport] } & TransportWorld
      await Promise.all([a.dial(node.addresses()), b.dial(node.addresses())])
      const key = filled(16, 8)
      expect((await b.rendezvous.register(node.device, [key, filled(16, 9)])).ttlMs).toBe(600_000)
      expect(await b.rendezvous.query(node.device, key)).toEqual([])
      const found = await a.rendezvous.query(node.device, key)
      expect(found.map(each => each.device)).toEqual([b.device])
      expect(await a.rendezvous.query(node.device, filled(16, 7))).toEqual([])
      expect((await a.dial(found[0]?.addresses ?? [])).device).toBe(b.device)
      await b.rendezvous.unregister(node.device, [key])
      expect(await a.rendezvous.query(node.device, key)).toEqual([])
    })

    it('[NT10] says so when the node is not there', async () => {
      const {
        peers: [a],
        node
      } = (await world(LISTENS)) as { peers: [Transport] } & TransportWorld
      const error = await caught(a.rendezvous.query(node.device, filled(16, 8)))
      expect(isXcordError(error, 'XCORD_NO_PEER')).toBe(true)
    })

    it('[NT41] signs a record that others can check and nobody can change', async () => {
      const { a, b } = await pair()
      const own = await a.records.own()
      const opened = await b.records.open(own)
      expect(opened.ok && opened.value.device).toBe(a.device)
      const changed = own.slice()
      changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
      expect((await b.records.open(changed)).ok).toBe(false)
    })
  })
}

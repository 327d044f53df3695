/** Gossip: reach, verdicts, topics. A part of the transport suite. */
import { describe, expect, it } from 'vitest'
import { type DeviceId } from '../base/index.ts'
import type { GossipMessage, Transport } from './contract.ts'
import { filled, LISTENS, type TransportWorld, until, type Worlds } from './transport-world.contract.ts'

/** Cases of this part. */
export function gossipContract({ world, two }: Worlds): void {
  describe('gossip', () => {
    const topic = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
    /** Three in a row, so that what the ends exchange was forwarded. */
    const row = async (): Promise<{
      a: Transport
      b: Transport
      c: Transport
      heard: Map<DeviceId, GossipMessage[]>
    }> => {
      const {
        peers: [a, b, c]
      } = (await world(LISTENS, LISTENS, LISTENS)) as {
        peers: [Transport, Transport, Transport]
      } & TransportWorld
      const heard = new Map<DeviceId, GossipMessage[]>()
      for (const peer of [a, b, c]) {
        heard.set(peer.device, [])
        peer.gossip.validate(async message => {
          heard.get(peer.device)?.push(message)
          return 'accept'
        })
        peer.gossip.subscribe(topic)
      }
      await a.dial(b.addresses())
      await c.dial(b.addresses())
      await until(
        'all know their neighbours',
        () =>
          a.gossip.subscribers(topic).length === 1 &&
          b.gossip.subscribers(topic).length === 2 &&
          c.gossip.subscribers(topic).length === 1
      )
      return { a, b, c, heard }
    }

    it('[NT25] reaches everyone once, forwarded, never its author', async () => {
      const { a, b, c, heard } = await row()
      let published = 0
      await until('the far end hears', async () => {
        published++
        await a.gossip.publish(topic, filled(100, published))
        return (heard.get(c.device)?.length ?? 0) > 0
      })
      await until('the middle hears all', () => heard.get(b.device)?.length === published)
      expect(heard.get(a.device)).toHaveLength(0)
      expect(heard.get(c.device)?.[0]?.from).toBe(b.device)
      const bytes = (heard.get(b.device) ?? []).map(each => each.data[0])
      expect(new Set(bytes).size).toBe(bytes.length)
    })

    it('[NT26] does not forward what is rejected or ignored', async () => {
      const { a, b, c, heard } = await row()
      await until('gossip flows', async () => {
        await a.gossip.publish(
          topic,
          Uint8Array.of(0, ...globalThis.crypto.getRandomValues(new Uint8Array(8)))
        )
        return (heard.get(c.device)?.length ?? 0) > 0
      })
      const judged: number[] = []
      b.gossip.validate(async message => {
        judged.push(message.data[0] ?? 0)
        return message.data[0] === 1 ? 'reject' : message.data[0] === 2 ? 'ignore' : 'accept'
      })
      for (const kind of [1, 2, 3]) await a.gossip.publish(topic, filled(50, kind))
      await until(
        'the accepted one arrives',
        () => heard.get(c.device)?.some(each => each.data[0] === 3) === true
      )
      expect(judged).toEqual(expect.arrayContaining([1, 2, 3]))
      expect(heard.get(c.device)?.some(each => each.data[0] === 1 || each.data[0] === 2)).toBe(false)
    })

    it('[NT26] survives a judge that throws', async () => {
      const { a, b, heard } = await row()
      let broken = 0
      b.gossip.validate(async () => {
        broken++
        throw new Error('judge broke')
      })
      await until('the judge is asked', async () => {
        await a.gossip.publish(topic, globalThis.crypto.getRandomValues(new Uint8Array(9)))
        return broken > 0
      })
      b.gossip.validate(async message => {
        heard.get(b.device)?.push(message)
        return 'accept'
      })
      await until('gossip goes on', async () => {
        await a.gossip.publish(topic, globalThis.crypto.getRandomValues(new Uint8Array(9)))
        return (heard.get(b.device)?.length ?? 0) > 0
      })
    })

    it('[NT25] tells who joins and leaves a topic', async () => {
      const { a, b } = await two()
      const changes: string[] = []
      a.on('gossip:change', each => changes.push(`${each.device} ${each.topic} ${each.subscribed}`))
      a.gossip.subscribe(topic)
      b.gossip.subscribe(topic)
      await until('joined', () => changes.includes(`${b.device} ${topic} true`))
      expect(a.gossip.subscribers(topic)).toEqual([b.device])
      b.gossip.unsubscribe(topic)
      await until('left', () => changes.includes(`${b.device} ${topic} false`))
      expect(a.gossip.subscribers(topic)).toEqual([])
    })

    it('[NT28] refuses more than a bundle holds, and counts nobody where nobody is', async () => {
      const {
        peers: [a]
      } = (await world(LISTENS)) as { peers: [Transport] } & TransportWorld
      a.gossip.subscribe(topic)
      expect(await a.gossip.publish(topic, filled(5, 5))).toBe(0)
      await expect(a.gossip.publish(topic, new Uint8Array(65_537))).rejects.toThrow(RangeError)
      expect(a.gossip.backlogBytes()).toBe(0)
    })
  })
}

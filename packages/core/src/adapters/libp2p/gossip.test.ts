import type { GossipSub } from '@libp2p/gossipsub'
import { describe, expect, it } from 'vitest'
import { createGossip, createStandings } from './gossip.ts'
import { idFromBytes } from '../../base/index.ts'
import { peerIdText } from '../../net/index.ts'

const TOPIC = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'

/** A gossipsub that sends nowhere, with one neighbour whose buffer a case sets. */
function stalled(bytes: { waiting: number }) {
  const published: number[] = []
  const pubsub = Object.assign(new EventTarget(), {
    opts: { D: 0, Dlo: 0, Dhi: 0, Dout: 0, Dscore: 0 },
    streamsOutbound: new Map([
      [
        'neighbour',
        {
          rawStream: {
            get writeBufferLength() {
              return bytes.waiting
            }
          }
        }
      ]
    ]),
    subscribe: () => undefined,
    publish: async (_: string, data: Uint8Array, options: { floodPublish: boolean }) => {
      published.push(options.floodPublish ? data.length : -data.length)
      return { recipients: [{}] }
    }
  })
  const gossip = createGossip({
    pubsub: pubsub as unknown as GossipSub,
    connectionsTo: () => [],
    changed: () => undefined
  })
  return { gossip, published, opts: pubsub.opts }
}

describe('gossip', () => {
  it('[NT29] tells its backlog, and drops own messages before a slow neighbour is cut', async () => {
    const bytes = { waiting: 0 }
    const { gossip, published } = stalled(bytes)
    gossip.start()
    expect(await gossip.publish(TOPIC, new Uint8Array(10))).toBe(1)
    bytes.waiting = 300_000
    expect(gossip.backlogBytes()).toBe(300_000)
    expect(await gossip.publish(TOPIC, new Uint8Array(10))).toBe(1)
    bytes.waiting = 524_289
    expect(await gossip.publish(TOPIC, new Uint8Array(10))).toBe(0)
    expect(published).toHaveLength(2)
    gossip.stop()
    await expect(gossip.publish(TOPIC, new Uint8Array(10))).rejects.toMatchObject({ code: 'XCORD_CLOSED' })
  })

  it('[NT25] changes degrees and flooding with who is online', async () => {
    const { gossip, published, opts } = stalled({ waiting: 0 })
    gossip.start()
    await gossip.publish(TOPIC, new Uint8Array(5_000))
    gossip.setOnline(20)
    expect(opts).toEqual({ D: 5, Dlo: 3, Dhi: 8, Dout: 1, Dscore: 3 })
    await gossip.publish(TOPIC, new Uint8Array(5_000))
    await gossip.publish(TOPIC, new Uint8Array(4_096))
    gossip.setOnline(100)
    await gossip.publish(TOPIC, new Uint8Array(1))
    expect(published).toEqual([5_000, -5_000, 4_096, -1])
    gossip.stop()
  })

  it('[NT27] knows standings by the name gossipsub asks with', () => {
    const standings = createStandings()
    const device = idFromBytes('d', new Uint8Array(32).fill(3))
    expect(standings.of(peerIdText(device))).toBe('unknown')
    standings.set(device, 'banned')
    expect(standings.of(peerIdText(device))).toBe('banned')
    standings.set(device, 'unknown')
    expect(standings.of(peerIdText(device))).toBe('unknown')
  })
})

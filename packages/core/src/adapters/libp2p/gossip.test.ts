import { generateKeyPair } from '@libp2p/crypto/keys'
import type { GossipSub } from '@libp2p/gossipsub'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import { createGossip } from './gossip.ts'
import { createStandings } from './standings.ts'
import { idFromBytes } from '../../base/index.ts'
import { peerIdText } from '../../net/index.ts'

const TOPIC = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'

/** A gossipsub that sends nowhere, with one neighbour whose buffer a case sets. */
function stalled(bytes: { waiting: number }) {
  const published: number[] = []
  const blamed: string[] = []
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
    changed: () => undefined,
    blame: peer => void blamed.push(peer)
  })
  return { gossip, pubsub, published, blamed, opts: pubsub.opts }
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
    expect(standings.scoreOf(peerIdText(device))).toBe(0)
    standings.set(device, 'banned')
    expect(standings.scoreOf(peerIdText(device))).toBe(-1_000)
    standings.set(device, 'unknown')
    expect(standings.scoreOf(peerIdText(device))).toBe(0)
  })

  it('[NT26] tells gossipsub to ignore what is to be blamed, and blames who brought it', async () => {
    const { gossip, pubsub, blamed } = stalled({ waiting: 0 })
    const reported: unknown[] = []
    Object.assign(pubsub, {
      reportMessageValidationResult: (...verdict: unknown[]) => void reported.push(verdict)
    })
    gossip.start()
    gossip.validate(async () => 'blame')
    const source = peerIdFromPublicKey((await generateKeyPair('Ed25519')).publicKey)
    const detail = { msg: { topic: TOPIC, data: new Uint8Array(3) }, msgId: 'id', propagationSource: source }
    pubsub.dispatchEvent(new CustomEvent('gossipsub:message', { detail }))
    await expect.poll(() => reported).toEqual([['id', source.toString(), 'ignore']])
    expect(blamed).toEqual([source.toString()])
    gossip.stop()
  })

  it('[NT26] blames who forwards what a rule forbids: a point less each time, forgiven again, bounded', () => {
    let now = 0
    const standings = createStandings(() => now)
    const device = idFromBytes('d', new Uint8Array(32).fill(3))
    const peer = peerIdText(device)
    standings.set(device, 'member')
    for (let times = 0; times < 3; times++) standings.blame(peer)
    expect(standings.scoreOf(peer)).toBe(7)
    now = 20_000
    expect(standings.scoreOf(peer)).toBe(9)
    for (let times = 0; times < 1_000; times++) standings.blame(peer)
    // Below the threshold of gossip, above that of hearing nothing of it.
    expect(standings.scoreOf(peer)).toBe(-30)
    now = 10_000_000
    expect(standings.scoreOf(peer)).toBe(10)
  })
})

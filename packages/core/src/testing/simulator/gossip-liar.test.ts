import { describe, expect, it } from 'vitest'
import type { ChannelId, ServerId } from '../../base/index.ts'
import type { Message } from '../../timeline/index.ts'
import { GOSSIP_LIES, type GossipLie } from './gossip-liar.ts'
import type { SimulatedPeer } from './peer.ts'
import { createSimulation } from './simulation.ts'

const OPEN = { maxUses: null, expiresInMs: null, reason: null, approval: false }
const MESSAGES = 24
const APART_MS = 400
/** NT27, as it is in memory: after so many rejects a neighbour is not heard any more. */
const REJECTS_MAX = 4
/** SY15: a change is told within 6 s; then it is asked for and read. */
const BEAT_MS = 10_000

/**
 * Alan hears Ada through Grace alone, who lies in gossip. Charles was put out before, so that there are two topics:
 * the one in force, and the one before it.
 */
async function lied(lie: GossipLie) {
  const simulation = await createSimulation({ seed: 21, signatures: 'quick' })
  const peers = ['ada', 'grace', 'alan', 'charles'].map(name => simulation.add(name))
  const [ada, grace, alan, charles] = peers as [SimulatedPeer, SimulatedPeer, SimulatedPeer, SimulatedPeer]
  const server = await simulation.do(async () => {
    for (const each of peers) await each.start()
    const founded = await ada.node.createServer({ name: 'Engine', channels: ['general'] })
    const link = (await ada.node.replica(founded)?.invite(OPEN))?.link ?? ''
    for (const each of [grace, alan, charles]) await each.node.join(link, { timeoutMs: 60_000 })
    return founded
  })
  await simulation.run(5_000)
  await simulation.do(async () => {
    const put = { kind: 'member:kick', user: charles.account.user } as const
    await ada.node.replica(server)?.operate(put, null)
    await charles.stop()
  })
  await simulation.run(20_000)
  simulation.network.partition([ada.account.device.device], [alan.account.device.device])
  const channel = ada.node.replica(server)?.state().channels()[0]?.id as ChannelId
  const shown = async (peer: SimulatedPeer): Promise<readonly Message[]> =>
    (await peer.node.replica(server)?.page(channel, { limit: 100 }))?.messages ?? []
  await simulation.run(20_000)
  grace.liar.begin(lie)
  for (let at = 0; at < MESSAGES; at++) {
    await simulation.do(
      async () => void (await ada.node.replica(server)?.send(channel, `message ${at}`, null))
    )
    await simulation.run(APART_MS)
  }
  await simulation.until('alan has it all', async () => (await shown(alan)).length >= MESSAGES, BEAT_MS)
  const fates = Object.fromEntries(grace.liar.gossip.fates.get(lie) ?? [])
  return { simulation, ada, grace, alan, server, shown, fates }
}

const equivocations = (peer: SimulatedPeer, server: ServerId): number =>
  peer.node.replica(server)?.equivocations().length ?? 0

/** Told of each lie apart from what all have in common. */
const EXPECTED: Readonly<Record<GossipLie, (fates: Readonly<Record<string, number>>, told: number) => void>> =
  {
    counterfeit: fates => {
      expect(fates['accept']).toBeUndefined()
      expect(fates['reject']).toBe(REJECTS_MAX)
    },
    truncate: fates => {
      expect(fates['accept']).toBeUndefined()
      expect(fates['reject']).toBe(REJECTS_MAX)
    },
    deluge: fates => {
      expect(fates['accept']).toBeUndefined()
      expect(fates['reject']).toBe(REJECTS_MAX)
      expect(fates['unheard']).toBeGreaterThan(100)
    },
    // What was said under the topic in force is passed on under no other.
    misdirect: (fates, told) => expect(fates).toEqual({ ignore: told }),
    echo: fates => expect(fates['again']).toBeGreaterThan(0),
    disorder: fates => expect(fates['accept']).toBeGreaterThan(0),
    // Judged once.
    double: (fates, told) => expect(fates).toEqual({ again: told }),
    promise: fates => expect(fates).toEqual({})
  }

describe('a member that lies in gossip', () => {
  it.each(GOSSIP_LIES)(
    '[NT26] [SY15] %s: costs little, puts nothing wrong into a log, and sync brings what gossip did not',
    async lie => {
      const { simulation, ada, grace, alan, server, shown, fates } = await lied(lie)
      const told = grace.liar.told.get(lie) ?? 0
      expect(told).toBeGreaterThan(MESSAGES / 2)
      EXPECTED[lie](fates, told)
      const line = ({ id, content, status }: Message): string => `${id} ${status} ${content}`
      expect((await shown(alan)).map(line)).toEqual((await shown(ada)).map(line))
      expect([ada, alan].map(each => equivocations(each, server))).toEqual([0, 0])
      await simulation.end()
    }
  )
})

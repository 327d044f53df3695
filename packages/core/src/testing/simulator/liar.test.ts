import { describe, expect, it } from 'vitest'
import type { ChannelId } from '../../base/index.ts'
import { type Lie, SYNC_LIES } from './liar.ts'
import type { SimulatedPeer } from './peer.ts'
import { createSimulation } from './simulation.ts'

const OPEN = { maxUses: null, expiresInMs: null, reason: null, approval: false }
const MESSAGES = 30
/** A frame of each kind a second, about, in the time that Alan is alone with her. */
const FRAMES_MAX = 400

/** Grace, who lies, and Ada hold messages that Alan lacks: he was away. */
async function world(seed: number) {
  const simulation = await createSimulation({ seed, signatures: 'quick' })
  const [ada, grace, alan] = ['ada', 'grace', 'alan'].map(name => simulation.add(name)) as [
    SimulatedPeer,
    SimulatedPeer,
    SimulatedPeer
  ]
  const { server, channel } = await simulation.do(async () => {
    for (const each of [ada, grace, alan]) await each.start()
    const founded = await ada.node.createServer({ name: 'Engine', channels: ['general'] })
    const link = (await ada.node.replica(founded)?.invite(OPEN))?.link ?? ''
    await grace.node.join(link, { timeoutMs: 60_000 })
    await alan.node.join(link, { timeoutMs: 60_000 })
    return { server: founded, channel: ada.node.replica(founded)?.state().channels()[0]?.id as ChannelId }
  })
  const count = async (peer: SimulatedPeer): Promise<number> =>
    (await peer.node.replica(server)?.page(channel, { limit: 100 }))?.messages.length ?? 0
  const send = async (peer: SimulatedPeer, text: string) =>
    void (await peer.node.replica(server)?.send(channel, text, null))
  await simulation.do(async () => await alan.stop())
  await simulation.do(async () => {
    for (let at = 0; at < MESSAGES; at++) await send(ada, `message ${at}`)
  })
  await simulation.until('grace has it all', async () => (await count(grace)) === MESSAGES)
  return { simulation, ada, grace, alan, count, send }
}

/** How others end the session of a liar, by the number of the rule in chapter SY; 100 stands for other chapters. */
const RULES: Readonly<Partial<Record<Lie, readonly number[]>>> = {
  withhold: [13],
  stall: [13],
  unasked: [13],
  replay: [2],
  garble: [1, 2, 3, 13, 100],
  babble: [13]
}
const NO_RULE: readonly Lie[] = ['disagree']
const AWAY_MS = 90_000

/** Alan comes back and finds Grace alone, who lies; then Ada comes back, too. */
async function lied(lie: Lie) {
  const found = await world(11)
  const { simulation, ada, grace, alan, count, send } = found
  await simulation.do(async () => await ada.stop())
  await simulation.do(async () => await alan.start())
  // What is replayed must have been said once.
  await simulation.until('they met', () => grace.liar.sessions > 0)
  grace.liar.begin(lie)
  simulation.network.cut(grace.account.device.device, alan.account.device.device)
  await simulation.run(AWAY_MS)
  const frames = grace.liar.told.get(lie) ?? 0
  await simulation.do(async () => await ada.start())
  await simulation.do(async () => await send(ada, 'one more'))
  await simulation.until('alan has it all', async () => (await count(alan)) === MESSAGES + 1, 600_000)
  return { ...found, frames }
}

describe('a member that lies about its logs', () => {
  it.each(SYNC_LIES.filter(each => !NO_RULE.includes(each)))(
    '[SY13] %s: the session is ended by a rule, and another peer brings what is missing',
    async lie => {
      const { simulation, grace } = await lied(lie)
      expect([...grace.liar.told.keys()]).toEqual([lie])
      expect(RULES[lie as keyof typeof RULES]).toEqual(expect.arrayContaining([...grace.liar.refused.keys()]))
      expect([...grace.liar.refused.values()].some(times => times > 0)).toBe(true)
      await simulation.end()
    }
  )

  it('[SY6] sums that never agree cost a few frames a beat, and hold nobody else up', async () => {
    const { simulation, frames } = await lied('disagree')
    expect(frames).toBeGreaterThan(0)
    expect(frames).toBeLessThan(FRAMES_MAX)
    await simulation.end()
  })

  it('a liar that stops is heard again', async () => {
    const { simulation, ada, grace, alan, count, send } = await lied('stall')
    grace.liar.end()
    await simulation.do(async () => await ada.stop())
    await simulation.do(async () => await send(grace, 'honestly'))
    await simulation.until('alan has it', async () => (await count(alan)) === MESSAGES + 2, 1_200_000)
    await simulation.end()
  })
})

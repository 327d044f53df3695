import { describe, expect, it } from 'vitest'
import type { SimulatedPeer } from './peer.ts'
import { createSimulation, type Simulation } from './simulation.ts'

const OPEN = { maxUses: null, expiresInMs: null, reason: null, approval: false }

function heard(simulation: Simulation, peer: SimulatedPeer): readonly string[] {
  const { gossip } = simulation.network.inner.peers.get(peer.account.device.device) ?? {}
  return [...(gossip?.topics() ?? [])].sort()
}

describe('[EK17] a topic that a kick renewed', () => {
  it('[EK17] is listened to by those who stay, though its key came in gossip', async () => {
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
    const before = heard(simulation, ada)
    await simulation.do(async () => {
      await ada.node.replica(server)?.operate({ kind: 'member:kick', user: charles.account.user }, null)
    })
    await simulation.run(5_000)
    const now = heard(simulation, ada)
    // The one before is heard for a day.
    expect(now).toHaveLength(before.length + 1)
    expect(heard(simulation, grace)).toEqual(now)
    expect(heard(simulation, alan)).toEqual(now)
    await simulation.end()
  })
})

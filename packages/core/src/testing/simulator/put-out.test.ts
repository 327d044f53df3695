import { describe, expect, it } from 'vitest'
import type { SimulatedPeer } from './peer.ts'
import { createSimulation } from './simulation.ts'

const OPEN = { maxUses: null, expiresInMs: null, reason: null, approval: false }
const replicaOf = ({ node }: SimulatedPeer) => node.replicas()[0]
const memberOf = (by: SimulatedPeer, of: SimulatedPeer) => replicaOf(by)?.state().member(of.account.user)

/** Grace, who may ban, banned alan while ada, who founded the server, was away. Both heard of it; grace is gone. */
async function banned() {
  const simulation = await createSimulation({ seed: 80_100 })
  const [ada, grace, alan] = ['ada', 'grace', 'alan'].map(name => simulation.add(name)) as [
    SimulatedPeer,
    SimulatedPeer,
    SimulatedPeer
  ]
  await simulation.do(async () => {
    for (const each of [ada, grace, alan]) await each.start()
    await ada.node.createServer({ name: 'Engine', channels: ['general'] })
    const link = (await replicaOf(ada)?.invite(OPEN))?.link ?? ''
    for (const each of [grace, alan]) await each.node.join(link, { timeoutMs: 60_000 })
    const made = { kind: 'role:create', name: 'mods', permissions: ['BanMembers'], color: 0 } as const
    await replicaOf(ada)?.operate(made, null)
  })
  await simulation.until('ada knows grace', () => memberOf(ada, grace)?.status === 'in')
  await simulation.do(async () => {
    const mods = replicaOf(ada)
      ?.state()
      .roles()
      .find(each => each.name === 'mods')
    if (mods === undefined) throw new TypeError('the role is not there')
    await replicaOf(ada)?.operate({ kind: 'role:grant', role: mods.id, user: grace.account.user }, null)
  })
  const knows = (peer: SimulatedPeer): boolean =>
    memberOf(peer, grace)?.roles.length === 1 && memberOf(peer, alan)?.status === 'in'
  await simulation.until('all know all', () => [grace, alan].every(knows))
  await simulation.do(async () => await ada.stop())
  await simulation.do(
    async () => await replicaOf(grace)?.operate({ kind: 'member:ban', user: alan.account.user }, null)
  )
  await simulation.until('alan hears that he is banned', () => replicaOf(alan) === undefined)
  await simulation.do(async () => await grace.stop())
  /** Ada knows nothing of the ban: with grace falls what she did unseen (AU19). */
  const kick = async (): Promise<void> =>
    await simulation.do(async () => {
      await ada.start()
      await replicaOf(ada)?.operate({ kind: 'member:kick', user: grace.account.user }, null)
    })
  return { simulation, ada, grace, alan, kick }
}

describe('[ND40] what put somebody out and falls', () => {
  it('[ND40] is heard of by who was put out, though its profile was closed in between', async () => {
    const { simulation, ada, alan, kick } = await banned()
    await simulation.do(async () => await alan.stop())
    await kick()
    await simulation.do(async () => await alan.start())
    expect(replicaOf(alan)).toBeUndefined()
    await simulation.until('alan knows that he is a member', () => replicaOf(alan) !== undefined)
    expect(memberOf(alan, alan)?.status).toBe('in')
    const { id } = replicaOf(ada)?.state().channels()[0] ?? expect.fail('no channel')
    await simulation.do(async () => await replicaOf(ada)?.send(id, 'after all', null))
    let read: readonly string[] = []
    await simulation.until('alan reads on', () => {
      void replicaOf(alan)
        ?.page(id, {})
        .then(({ messages }) => (read = messages.map(each => each.content)))
      return read.includes('after all')
    })
    await simulation.end()
  })

  it('[ND40] changes nothing while it stands', async () => {
    const { simulation, ada, grace, alan } = await banned()
    await simulation.do(async () => {
      await grace.start()
      await ada.start()
    })
    await simulation.until('ada hears of the ban', () => memberOf(ada, alan)?.status === 'banned')
    await simulation.do(
      async () => await replicaOf(ada)?.operate({ kind: 'member:kick', user: grace.account.user }, null)
    )
    await simulation.run(120_000)
    expect([replicaOf(alan), replicaOf(grace)]).toEqual([undefined, undefined])
    await simulation.end()
  })

  it('[ND40] is heard of no more after seven days', async () => {
    const { simulation, ada, alan, kick } = await banned()
    alan.skewMs = 8 * 86_400_000
    await simulation.run(70_000)
    await kick()
    await simulation.run(120_000)
    expect(memberOf(ada, alan)?.status).toBe('in')
    expect(replicaOf(alan)).toBeUndefined()
    await simulation.end()
  })
})

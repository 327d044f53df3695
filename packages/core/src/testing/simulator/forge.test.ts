import { describe, expect, it } from 'vitest'
import { logOf } from './community.ts'
import { type Forgery, FORGERIES, forge } from './forge.ts'
import type { SimulatedPeer } from './peer.ts'
import { createSimulation } from './simulation.ts'

const OPEN = { maxUses: null, expiresInMs: null, reason: null, approval: false }

/** Ada's server, with Grace, who forges with power of her own, and Alan. */
async function forged(kind: Forgery) {
  const simulation = await createSimulation({ seed: 5, signatures: 'quick' })
  const [ada, grace, alan] = ['ada', 'grace', 'alan'].map(name => simulation.add(name)) as [
    SimulatedPeer,
    SimulatedPeer,
    SimulatedPeer
  ]
  const server = await simulation.do(async () => {
    for (const each of [ada, grace, alan]) await each.start()
    const founded = await ada.node.createServer({ name: 'Engine', channels: ['general'] })
    const link = (await ada.node.replica(founded)?.invite(OPEN))?.link ?? ''
    await grace.node.join(link, { timeoutMs: 60_000 })
    await alan.node.join(link, { timeoutMs: 60_000 })
    return founded
  })
  const replica = (peer: SimulatedPeer) => {
    const found = peer.node.replica(server)
    if (found === undefined) throw new Error(`${peer.name} is not in`)
    return found
  }
  const user = grace.account.user
  await simulation.until('ada knows grace', () => replica(ada).state().member(user)?.status === 'in')
  await simulation.do(async () => {
    const role = { kind: 'role:create', name: 'crew', permissions: ['ManageRoles'], color: 0 } as const
    await replica(ada).operate(role, null)
    const crew = replica(ada)
      .state()
      .roles()
      .find(each => each.name === 'crew')
    if (crew === undefined) throw new Error('no role')
    await replica(ada).operate({ kind: 'role:grant', role: crew.id, user }, null)
  })
  const heads = (peer: SimulatedPeer): string => replica(peer).heads().stateHash.join(',')
  const agree = (): boolean => heads(ada) === heads(grace) && heads(ada) === heads(alan)
  await simulation.until('they agree', agree)
  await simulation.do(async () => {
    const own = { kind: 'role:create', name: 'own', permissions: [], color: 0 } as const
    await replica(grace).operate(own, null)
  })
  await simulation.until('they agree again', agree)
  await simulation.until('grace is in session with both', () => grace.liar.sessions === 2, 300_000)
  const { suite, time } = simulation
  const branches = forge(kind, { suite, log: logOf(replica(grace)), peer: grace, at: time.now(), index: 1 })
  const pushed = await simulation.do(async () => {
    let count = 0
    for (const [at, { bytes }] of branches.entries()) {
      const ear = [ada, alan][at] ?? ada
      count += await grace.liar.push([bytes], device => device === ear.account.device.device)
    }
    return count
  })
  expect(pushed).toBe(branches.length)
  const has = (peer: SimulatedPeer): number =>
    branches.filter(each => logOf(replica(peer)).has(each.id)).length
  return { simulation, ada, grace, alan, replica, agree, has, branches }
}

describe('operations that no honest device signs', () => {
  it.each(FORGERIES.filter(each => each !== 'equivocate'))(
    '[AU1, AU5] %s: refused, held against who brought it, and nobody takes it in',
    async kind => {
      const { simulation, ada, grace, alan, agree, has } = await forged(kind)
      await simulation.until('grace is shut out', () => grace.liar.refused.size > 0)
      await simulation.until('they agree', agree)
      expect([ada, alan].map(has)).toEqual([0, 0])
      await simulation.end()
    }
  )

  it('[AU39] equivocate: both branches reach everybody, and all see the fork and agree', async () => {
    const { simulation, ada, grace, alan, replica, agree, has } = await forged('equivocate')
    await simulation.until('both have both', () => has(ada) === 2 && has(alan) === 2)
    await simulation.until('they agree', agree, 600_000)
    for (const each of [ada, alan])
      expect(replica(each).equivocations()).toMatchObject([
        { device: grace.account.device.device, chains: ['operations'] }
      ])
    await simulation.end()
  })
})

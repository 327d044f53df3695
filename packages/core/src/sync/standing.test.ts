import { describe, expect, it } from 'vitest'
import { operationOf, SERVER, World, type WorldNode } from '../../test/sync/world.ts'
import type { Standing } from './contract.ts'

const genesis = operationOf([], 'a', 'genesis')
const kick = operationOf([genesis], 'a', 'kick b')
const later = operationOf([kick], 'a', 'a channel for the others')

function pair(seed: number): { readonly world: World; readonly a: WorldNode; readonly b: WorldNode } {
  const world = new World(seed)
  const [a, b] = [world.add('a'), world.add('b')]
  for (const node of [a, b]) node.holdings.take('operations', [genesis.bytes])
  return { world, a, b }
}

/** What b is to a from now on. */
function judge(a: WorldNode, b: WorldNode, standing: Standing): void {
  a.holdings.removed = [kick.id]
  a.holdings.standings.set(b.identity.device, standing)
  a.step({ type: 'standing', server: SERVER })
}

/** a removes b, and goes on writing. */
function remove(a: WorldNode, b: WorldNode): void {
  a.holdings.standings.set(b.identity.device, 'removed')
  a.store('operations', [kick.bytes])
  judge(a, b, 'removed')
  a.store('operations', [later.bytes])
  a.store('records', [new Uint8Array(100).fill(1)])
  a.post('without b')
}

const closes = (...nodes: WorldNode[]): number =>
  nodes.flatMap(node => node.log.filter(effect => effect.type === 'close')).length

describe('[SY3] a removed member', () => {
  it.each([
    ['that gossip reaches, and did not tell', true],
    ['that gossip does not reach', false]
  ])('[SY3] %s, is sent its removal at once, and nothing that came after', (_, gossip) => {
    const { world, a, b } = pair(1)
    world.connect(a, b, { gossip })
    world.run(1_000)
    remove(a, b)
    expect(world.run(500, () => b.holdings.held.has(kick.id))).toBe(true)
    world.run(120_000)
    expect([...b.holdings.held.keys()]).toEqual([genesis.id, kick.id])
    expect([b.holdings.records.size, b.holdings.ids.size]).toEqual([0, 0])
    expect(closes(a, b)).toBe(0)
  })

  it('[SY3] learns of it in a later session, whoever dials, though all it asks for is refused', () => {
    for (const dials of [0, 1]) {
      const { world, a, b } = pair(2)
      remove(a, b)
      b.post('not knowing')
      world.connect(...(dials === 0 ? ([a, b] as const) : ([b, a] as const)))
      expect(world.run(500, () => b.holdings.held.has(kick.id))).toBe(true)
      world.run(120_000)
      expect([...b.holdings.held.keys()]).toEqual([genesis.id, kick.id])
      expect([b.holdings.records.size, b.holdings.ids.size, a.holdings.ids.size]).toEqual([0, 1, 1])
      expect(closes(a, b)).toBe(0)
    }
  })

  it('[SY3] comes back on the same stream: first all operations, then content', () => {
    const { world, a, b } = pair(3)
    world.connect(a, b)
    world.run(1_000)
    remove(a, b)
    world.run(1_000)
    judge(a, b, 'applicant')
    expect(world.run(500, () => b.holdings.held.has(later.id) && b.holdings.records.size === 1)).toBe(true)
    expect(b.holdings.ids.size).toBe(0)
    judge(a, b, 'member')
    expect(world.run(500, () => world.agree())).toBe(true)
  })
})

describe('[SY3] a server that was ended for want of standing', () => {
  it.each([
    ['dialled', [0, 1]],
    ['was dialled', [1, 0]]
  ])('[SY2, SY3] begins anew on the same stream where there is some, by who %s', (_, order) => {
    const { world, a, b } = pair(4)
    world.connect(...(order.map(index => [a, b][index]) as [WorldNode, WorldNode]))
    world.run(1_000)
    judge(a, b, 'none')
    world.run(1_000)
    expect([a.machine.gauge().matched, b.machine.gauge().matched]).toEqual([0, 0])
    a.post('meanwhile')
    judge(a, b, 'member')
    expect(world.run(500, () => world.agree())).toBe(true)
    expect(closes(a, b)).toBe(0)
  })

  it('[SY3] and was never opened, begins too', () => {
    for (const order of [
      [0, 1],
      [1, 0]
    ]) {
      const { world, a, b } = pair(5)
      a.holdings.standings.set(b.identity.device, 'none')
      a.post('before')
      world.connect(...(order.map(index => [a, b][index]) as [WorldNode, WorldNode]))
      world.run(1_000)
      expect(b.holdings.ids.size).toBe(0)
      judge(a, b, 'member')
      expect(world.run(500, () => world.agree())).toBe(true)
    }
  })

  it('[SY13] does not tire the peer with beginning anew', () => {
    const { world, a, b } = pair(6)
    world.connect(a, b)
    for (let i = 0; i < 200; i++) {
      judge(a, b, i % 2 === 0 ? 'none' : 'member')
      world.run(1_000)
    }
    expect(closes(a, b)).toBe(0)
  })
})

describe('[ND40] a leave', () => {
  const leave = operationOf([genesis], 'b', 'leave')

  /** b left while a was away; a would let b in again, or not. */
  function leaving(seed: number, counted: Standing) {
    const { world, a, b } = pair(seed)
    a.holdings.removed = [leave.id]
    a.post('not for b any more')
    b.post('said before')
    b.holdings.take('operations', [leave.bytes])
    b.holdings.left = leave.id
    const parted = (): number => b.log.filter(effect => effect.type === 'parted').length
    world.connect(a, b)
    return {
      world,
      a,
      b,
      parted,
      hears: () => {
        a.holdings.standings.set(b.identity.device, counted)
        a.step({ type: 'standing', server: SERVER })
      }
    }
  }

  it.each(['removed', 'applicant'] as const)(
    '[ND40] reaches who did not hear it, who counts us as %s then, and that is noticed once',
    counted => {
      const { world, a, b, parted, hears } = leaving(7, counted)
      expect(world.run(500, () => a.holdings.held.has(leave.id))).toBe(true)
      expect(parted()).toBe(0)
      hears()
      expect(world.run(500, () => parted() > 0)).toBe(true)
      world.run(120_000)
      expect(parted()).toBe(1)
      // What was written before reached the others; what they write is not asked for.
      expect([a.holdings.ids.size, b.holdings.ids.size]).toEqual([2, 1])
      expect(closes(a, b)).toBe(0)
    }
  )
})

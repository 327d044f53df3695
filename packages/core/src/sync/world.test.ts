import { describe, expect, it } from 'vitest'
import { deviceOf, envelopeOf, operationOf, World, type WorldNode } from '../../test/sync/world.ts'
import type { SyncEffect } from './index.ts'

const closes = (node: WorldNode): readonly SyncEffect[] => node.log.filter(effect => effect.type === 'close')
const count = (node: WorldNode, type: SyncEffect['type']): number =>
  node.log.filter(effect => effect.type === type).length

describe('[SY4] equal peers', () => {
  it('[SY4] say hello and one summary each, and fall silent', () => {
    const world = new World(1)
    const [a, b] = [world.add('a'), world.add('b')]
    const genesis = operationOf([], 'a', 'genesis')
    for (const node of [a, b]) node.holdings.take('operations', [genesis.bytes])
    world.connect(a, b)
    world.run(3_000)
    expect(count(a, 'send')).toBe(3)
    expect(count(b, 'send')).toBe(2)
    expect(count(a, 'caught-up')).toBe(1)
    expect(count(b, 'caught-up')).toBe(1)
  })
})

describe('[SY5] [SY8] two peers with different holdings', () => {
  it('end with the same operations, records and envelopes', () => {
    const world = new World(2)
    const [a, b] = [world.add('a'), world.add('b')]
    const genesis = operationOf([], 'a', 'genesis')
    let [left, right] = [genesis, genesis]
    for (const node of [a, b]) node.holdings.take('operations', [genesis.bytes])
    for (let i = 0; i < 400; i++) {
      left = operationOf([left], 'a', `${i}`)
      a.holdings.take('operations', [left.bytes])
      if (i % 3 === 0) b.holdings.take('operations', [(right = operationOf([right], 'b', `${i}`)).bytes])
      if (i % 5 === 0) b.holdings.take('operations', [operationOf([right], 'b', `${i} leaf`, true).bytes])
      a.holdings.take('records', [new Uint8Array(200).fill(i), new Uint8Array(300).fill(i + 1)])
      a.post(`a ${i}`)
      b.post(`b ${i}`)
    }
    world.connect(a, b)
    expect(world.run(10_000, () => world.agree())).toBe(true)
    world.run(5_000)
    expect([...closes(a), ...closes(b)]).toEqual([])
    expect(a.holdings.tracker.outbox()).toEqual([])
  })
})

describe('[SY8] what is still missing', () => {
  it('[SY8] is told with each delivery, never rises while one peer is read, and ends at none', () => {
    const world = new World(3)
    const [a, b] = [world.add('a'), world.add('b')]
    const genesis = operationOf([], 'a', 'genesis')
    for (const node of [a, b]) node.holdings.take('operations', [genesis.bytes])
    const authors = Array.from({ length: 200 }, (_, i) => deviceOf(`author ${i}`))
    for (const author of authors) world.authors.set(String(author.authorId), author.device)
    for (const author of authors)
      for (let seq = 1; seq <= 10; seq++) b.holdings.take('envelopes', [envelopeOf(author, seq, `${seq}`)])
    world.connect(a, b)
    expect(world.run(10_000, () => world.agree())).toBe(true)
    world.run(1_000)
    const told = a.log.flatMap(effect => (effect.type === 'progress' ? [effect.missing] : []))
    expect(told.length).toBeGreaterThan(5)
    expect(told).toEqual(told.toSorted((one, other) => other - one))
    expect(told.at(-1)).toBe(0)
  })
})

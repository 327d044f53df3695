import { expect, it } from 'vitest'
import { deviceOf, envelopeOf, operationOf, World } from '../../test/sync/world.ts'
import { LOST_MS } from './limits.ts'

const genesis = operationOf([], 'a', 'genesis')
const later = operationOf([genesis], 'a', 'later')

it.each([[['operations']], [['envelopes']], [['operations', 'envelopes']]] as const)(
  '[SY9] %s that could not be kept are asked for again in the same session, and nobody is blamed',
  kinds => {
    const world = new World(7)
    const [poor, rich] = [world.add('poor'), world.add('rich')]
    for (const node of world.nodes) node.holdings.take('operations', [genesis.bytes])
    if (kinds.includes('operations' as never)) rich.holdings.take('operations', [later.bytes])
    if (kinds.includes('envelopes' as never)) {
      const who = deviceOf('author')
      world.authors.set(String(who.authorId), who.device)
      for (let seq = 1; seq <= 50; seq++) rich.holdings.take('envelopes', [envelopeOf(who, seq, 'author')])
    }
    poor.full = true
    let delivered = 0
    poor.onDeliver = () => void delivered++
    world.connect(poor, rich)
    world.run(4 * LOST_MS)
    expect(world.agree()).toBe(false)
    // Asked, but not again and again while the disk is full.
    expect(delivered).toBeGreaterThan(1)
    expect(delivered).toBeLessThan(20)
    poor.full = false
    expect(world.run(2 * LOST_MS, () => world.agree())).toBe(true)
    expect(world.nodes.flatMap(node => node.log.filter(effect => effect.type === 'close'))).toEqual([])
  }
)

it('[SY9] the other branch of a chain that forked is looked for again where it could not be kept', () => {
  const world = new World(7)
  const [poor, rich] = [world.add('poor'), world.add('rich')]
  for (const node of world.nodes) node.holdings.take('operations', [genesis.bytes])
  const who = deviceOf('author')
  world.authors.set(String(who.authorId), who.device)
  // The same numbers at both, written twice: sums tell that branches differ, only a comparison tells where (EN8).
  for (let seq = 1; seq <= 20; seq++) {
    poor.holdings.take('envelopes', [envelopeOf(who, seq, seq === 7 ? 'here' : 'both')])
    rich.holdings.take('envelopes', [envelopeOf(who, seq, seq === 7 ? 'there' : 'both')])
  }
  poor.full = true
  let lost = 0
  poor.onDeliver = () => void (poor.full && lost++)
  world.connect(poor, rich)
  world.run(4 * LOST_MS)
  expect(lost).toBeGreaterThan(1)
  expect(lost).toBeLessThan(20)
  poor.full = false
  expect(world.run(2 * LOST_MS, () => world.agree())).toBe(true)
  expect(world.nodes.flatMap(node => node.log.filter(effect => effect.type === 'close'))).toEqual([])
})

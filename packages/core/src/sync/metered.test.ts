import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CHANNELS,
  deviceOf,
  envelopeOf,
  operationOf,
  SERVER,
  World,
  type WorldNode
} from '../../test/sync/world.ts'
import { Budget, METERED_ENVELOPES_MAX } from './byte-budget.ts'
import type { SyncEffect } from './contract.ts'
import { decodeFrame } from './frames.ts'

const runs = Number(process.env['XCORD_RUNS'] ?? 15)
const PERIOD = 60_000
const genesis = operationOf([], 'a', 'genesis')
const [SHOWN = CHANNELS[0] as (typeof CHANNELS)[0]] = CHANNELS

interface Moved {
  readonly at: number
  readonly bytes: number
}

/** Every frame of envelopes that answers a request, to or from a node. */
function watch(world: World, node: WorldNode): Moved[] {
  const moved: Moved[] = []
  world.watch = (from, to, bytes) => {
    if (from !== node && to !== node) return
    const read = decodeFrame(bytes)
    if (read.ok && (read.value.kind === 'envelopes' || read.value.kind === 'stubs'))
      moved.push({ at: world.now, bytes: bytes.length })
  }
  return moved
}

function mostInAPeriod(moved: readonly Moved[]): number {
  let most = 0
  for (const { at: end } of moved) {
    let sum = 0
    for (const { at, bytes } of moved) if (at > end - PERIOD && at <= end) sum += bytes
    most = Math.max(most, sum)
  }
  return most
}

const waits = (node: WorldNode): readonly Extract<SyncEffect, { type: 'progress' }>[] =>
  node.log.filter(effect => effect.type === 'progress')
const broken = (world: World): readonly SyncEffect[] =>
  world.nodes.flatMap(node => node.log.filter(effect => effect.type === 'close' && effect.rule !== null))

/** A metered node, and others; all know who writes. */
function metered(
  seed: number,
  bytes: number,
  others: readonly string[] = ['rich'],
  delayMs = 5
): { world: World; budget: Budget; poor: WorldNode; rich: readonly WorldNode[] } {
  const world = new World(seed, { delayMs })
  const budget = new Budget({ bytes, periodMs: PERIOD }, null, world.now)
  const poor = world.add('poor', { budget })
  const rich = others.map(name => world.add(name))
  for (const node of world.nodes) node.holdings.take('operations', [genesis.bytes])
  return { world, budget, poor, rich }
}

function fill(node: WorldNode, author: string, count: number, size = 400, at?: (i: number) => number): void {
  const who = deviceOf(author)
  node.world.authors.set(String(who.authorId), who.device)
  for (let seq = 1; seq <= count; seq++)
    node.holdings.take('envelopes', [envelopeOf(who, seq, author, size, true, at?.(seq))])
}

describe('[SY19] a metered peer that lacks much', () => {
  it('[SY19] takes what the budget allows, says so, waits, and has all in the end', () => {
    const { world, poor, rich, budget } = metered(1, 100_000)
    const [a] = rich as [WorldNode]
    fill(a, 'author', 600)
    const moved = watch(world, poor)
    world.connect(poor, a)
    world.run(20_000)
    const there = poor.holdings.ids.size
    expect(there).toBeGreaterThan(100)
    expect(there).toBeLessThan(600)
    expect(budget.isSpent(world.now)).toBe(true)
    // Told once, and no caught-up as long as something waits.
    expect(waits(poor).at(-1)).toMatchObject({ received: there, missing: 600 - there })
    expect(poor.log.some(effect => effect.type === 'caught-up')).toBe(false)
    const frames = world.frames
    world.run(20_000)
    expect(poor.holdings.ids.size).toBe(there)
    expect(world.frames - frames).toBeLessThan(20)
    // Nothing but time brings the rest.
    expect(world.run(10 * PERIOD, () => world.agree())).toBe(true)
    world.run(1_000)
    expect(poor.log.filter(effect => effect.type === 'caught-up')).toHaveLength(1)
    expect(mostInAPeriod(moved)).toBeLessThanOrEqual(100_000 + METERED_ENVELOPES_MAX * 700)
    expect(broken(world)).toEqual([])
  })

  it('[SY19] goes on at once where the budget is raised or lifted', () => {
    const { world, poor, rich, budget } = metered(2, 50_000)
    fill(rich[0] as WorldNode, 'author', 400)
    world.connect(poor, rich[0] as WorldNode)
    world.run(10_000)
    expect(poor.holdings.ids.size).toBeLessThan(400)
    budget.set(null, world.now)
    poor.step({ type: 'budget' })
    expect(world.run(5_000, () => world.agree())).toBe(true)
  })

  it('[SY19] is not refilled by a new session or a restart', () => {
    const { world, poor, rich, budget } = metered(3, 50_000)
    fill(rich[0] as WorldNode, 'author', 400)
    world.connect(poor, rich[0] as WorldNode)
    world.run(5_000)
    const there = poor.holdings.ids.size
    world.cutAll()
    world.run(10)
    const again = new Budget(budget.limit, budget.save(), world.now)
    expect(again.isSpent(world.now)).toBe(true)
    world.connect(poor, rich[0] as WorldNode)
    world.run(5_000)
    expect(poor.holdings.ids.size).toBe(there)
  })

  it('[SY19] takes operations, key records, gossip and pushes all the same', () => {
    const { world, poor, rich } = metered(4, 0)
    const [a] = rich as [WorldNode]
    world.connect(poor, a, { gossip: false })
    world.run(5_000)
    const next = operationOf([genesis], 'a', 'next')
    a.holdings.take('operations', [next.bytes])
    a.holdings.take('records', [new Uint8Array(2_000).fill(7)])
    a.step({ type: 'stored', server: SERVER, operations: [next.bytes] })
    a.post('pushed')
    expect(world.run(10_000, () => world.agree())).toBe(true)
  })

  it('[SY19] gets the page that is looked at, and an older one where somebody scrolls', () => {
    const { world, poor, rich, budget } = metered(5, 0)
    const [a] = rich as [WorldNode]
    fill(a, 'author', 3_000, 300, i => 1_000 + i * 10)
    world.connect(poor, a)
    world.run(10_000)
    expect(poor.holdings.ids.size).toBe(0)
    const log = (node: WorldNode): readonly number[] => {
      const tree = node.holdings.logs.get(SHOWN)
      return tree === undefined ? [] : tree.slice(0, tree.size).map(each => each.time)
    }
    const all = log(a)
    poor.holdings.shown = [SHOWN]
    poor.step({ type: 'look', server: SERVER, channel: SHOWN, before: null })
    expect(world.run(10_000, () => log(poor).length >= 150)).toBe(true)
    world.run(3_000)
    const newest = log(poor)
    expect(newest).toEqual(all.slice(-newest.length))
    expect(poor.holdings.ids.size).toBeLessThan(260)
    // The page before it, and one from long ago.
    for (const before of [newest[0] as number, all[300] as number]) {
      const had = poor.holdings.ids.size
      poor.step({ type: 'look', server: SERVER, channel: SHOWN, before })
      expect(world.run(10_000, () => poor.holdings.ids.size >= had + 150)).toBe(true)
      world.run(3_000)
      expect(log(poor).filter(time => time < before).length).toBeGreaterThanOrEqual(150)
    }
    expect(budget.isSpent(world.now)).toBe(true)
    expect(broken(world)).toEqual([])
  })

  it('[SY19] shows what is new in a channel on screen though gossip lost it', () => {
    const { world, poor, rich } = metered(6, 0)
    const [a] = rich as [WorldNode]
    world.connect(poor, a)
    world.run(2_000)
    poor.holdings.shown = CHANNELS
    for (let i = 0; i < 5; i++) a.post(`lost ${i}`)
    const shown = (): number =>
      CHANNELS.reduce((sum, each) => sum + (poor.holdings.logs.get(each)?.size ?? 0), 0)
    const sent = CHANNELS.reduce((sum, each) => sum + (a.holdings.logs.get(each)?.size ?? 0), 0)
    expect(world.run(10_000, () => shown() === sent)).toBe(true)
  })
})

describe('[SY8] [SY19] a metered peer that holds much', () => {
  it('[SY19] serves what the budget allows; the rest comes from others, or later, and nobody is blamed', () => {
    const { world, poor, rich, budget } = metered(7, 60_000, ['late'])
    const [late] = rich as [WorldNode]
    fill(poor, 'author', 600)
    const moved = watch(world, poor)
    world.connect(late, poor)
    world.run(30_000)
    const there = late.holdings.ids.size
    expect(there).toBeGreaterThan(50)
    expect(there).toBeLessThan(600)
    expect(budget.isSpent(world.now)).toBe(true)
    expect(world.run(30 * PERIOD, () => world.agree())).toBe(true)
    expect(mostInAPeriod(moved)).toBeLessThanOrEqual(60_000 + 8_192)
    expect(broken(world)).toEqual([])
  })

  it('[SY8] is asked again of another at once', () => {
    const { world, poor, rich } = metered(8, 0, ['late', 'other'])
    const [late, other] = rich as [WorldNode, WorldNode]
    for (const node of [poor, other]) fill(node, 'author', 300)
    world.connect(late, poor)
    world.connect(late, other)
    expect(world.run(20_000, () => late.holdings.ids.size === 300)).toBe(true)
  })

  it('[SY19] gives its own messages though nothing is left: nobody else has them', () => {
    const { world, poor, rich } = metered(9, 0, ['late'])
    fill(poor, 'author', 100)
    for (let i = 0; i < 100; i++) poor.post(`written offline ${i}`)
    world.connect(rich[0] as WorldNode, poor)
    expect(world.run(20_000, () => (rich[0] as WorldNode).holdings.ids.size === 100)).toBe(true)
    expect(world.run(10_000, () => poor.holdings.tracker.outbox().length === 0)).toBe(true)
    expect((rich[0] as WorldNode).holdings.chains.get(poor.identity.device)?.ranges).toEqual([[1, 100]])
  })
})

describe('[SY19] under any budget', () => {
  it(
    '[SY19] no more is spent in any period than the budget and a batch, and all comes with time',
    () => {
      fc.assert(
        fc.property(
          fc.nat(),
          fc.integer({ min: 20_000, max: 120_000 }),
          fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }),
          fc.integer({ min: 150, max: 1_500 }),
          fc.boolean(),
          fc.integer({ min: 1, max: 3 }),
          (seed, bytes, counts, size, circuit, peers) => {
            const names = Array.from({ length: peers }, (_, i) => `peer ${i}`)
            const { world, poor, rich } = metered(seed, bytes, names, 30)
            const moved = watch(world, poor)
            // Some is lacking here, some there: both directions count.
            for (const [i, count] of counts.entries())
              fill(world.nodes[i % world.nodes.length] as WorldNode, `${i}`, count, size)
            for (const node of rich) world.connect(node, poor, { circuit })
            expect(world.run(240 * PERIOD, () => world.agree())).toBe(true)
            expect(mostInAPeriod(moved)).toBeLessThanOrEqual(
              bytes + (METERED_ENVELOPES_MAX + 4) * (size + 300)
            )
            expect(broken(world)).toEqual([])
          }
        ),
        { numRuns: runs }
      )
    },
    60_000 + runs * 500
  )
})

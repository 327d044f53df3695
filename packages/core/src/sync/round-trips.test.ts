import { describe, expect, it } from 'vitest'
import { deviceOf, envelopeOf, operationOf, World, type WorldNode } from '../../test/sync/world.ts'
import { idFromBytes } from '../base/index.ts'
import { decodeFrame, type Frame } from './frames.ts'

const LATENCY_MS = 1_000
/** More than reading and judging take here, less than a hundredth of a trip each. */
const SLACK_MS = 100
const MISSED = 20
const genesis = operationOf([], 'a', 'genesis')
const channelsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => idFromBytes('c', new Uint8Array(32).fill(i + 1)))

/** What is waited for: hello and tokens, and whatever an answer is owed to. */
const ASKS = new Set<Frame['kind']>([
  'hello',
  'tokens',
  'want-operations',
  'want-records',
  'want-envelopes',
  'compare',
  'ask-ranges',
  'want-listed',
  'want-tips'
])

/** A round trip is something asked, and the first that came after it. */
function countTrips(node: WorldNode): { trips: number; sent: Frame[] } {
  const counts = { trips: 0, sent: [] as Frame[] }
  let asked = false
  let read = 0
  const step = node.step.bind(node)
  node.step = input => {
    if (input.type === 'frame' && asked) {
      counts.trips++
      asked = false
    }
    step(input)
    for (const effect of node.log.slice(read)) {
      const frame = effect.type === 'send' ? decodeFrame(effect.bytes) : undefined
      if (frame?.ok !== true) continue
      counts.sent.push(frame.value)
      asked ||= ASKS.has(frame.value.kind)
    }
    read = node.log.length
  }
  return counts
}

interface Scene {
  readonly authors: number
  readonly channels: number
  readonly lacks: 'dialler' | 'listener' | 'both'
  readonly seed: number
  /** What chance adds to each frame's way, at most, ms. */
  readonly jitterMs?: number
}

/** Two members that agree but for the newest messages; each writes some of its own, so that outboxes are offered. */
function setUp({ authors, channels, lacks, seed, jitterMs = 0 }: Scene) {
  const world = new World(seed, { latencyMs: LATENCY_MS, delayMs: jitterMs })
  const nodes = ['a', 'b'].map(name => world.add(name, { channels: channelsOf(channels) })) as [
    WorldNode,
    WorldNode
  ]
  const people = Array.from({ length: authors }, (_, i) => deviceOf(`author ${i}`))
  for (const { authorId, device } of people) world.authors.set(String(authorId), device)
  const total = Math.max(1_000, authors * 2)
  for (const node of nodes) node.holdings.take('operations', [genesis.bytes])
  for (let i = 0; i < total; i++) {
    const author = people[i % authors] as (typeof people)[number]
    const envelope = envelopeOf(author, Math.floor(i / authors) + 1, `${i}`, 144, true, 1_000_000 + i * 7)
    const late = total - 1 - i
    // The newest are missing at one side; where both lack some, in turns.
    const missing = lacks === 'both' ? late < 2 * MISSED : late < MISSED
    const at = lacks === 'both' ? late % 2 : lacks === 'dialler' ? 0 : 1
    for (const [index, node] of nodes.entries())
      if (!missing || index !== at) node.holdings.take('envelopes', [envelope])
  }
  return { world, nodes, total }
}

const everyWay: readonly Scene[] = [1, 16, 17, 100, 300].flatMap(authors =>
  [1, 2, 3, 4, 5].flatMap(channels =>
    (['dialler', 'listener', 'both'] as const)
      .map((lacks, i) => ({ authors, channels, lacks, seed: authors * 100 + channels * 10 + i }))
      // Of so many authors rows are withheld (SY6), and ranges in which both wrote are split before they are listed.
      .filter(scene => scene.authors <= 256 || scene.lacks !== 'both')
  )
)

describe('[SY4] a reconnect', () => {
  it.each(everyWay)(
    '[SY4] 20 messages are missing at $lacks, by $authors authors in $channels channels: 3 round trips',
    scene => {
      const { world, nodes, total } = setUp(scene)
      const counts = nodes.map(countTrips)
      world.connect(nodes[0], nodes[1])
      // The listener's first frame answers the dialler's hello: half a round trip later.
      const ms = 7 * LATENCY_MS + SLACK_MS
      expect(world.run(ms, () => nodes.every(node => node.holdings.ids.size === total))).toBe(true)
      for (const { trips } of counts) expect(trips).toBeLessThanOrEqual(3)
    }
  )

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    '[SY4] frames on their way for unequal times cost no trip more (%i)',
    seed => {
      for (const lacks of ['dialler', 'listener', 'both'] as const) {
        const { world, nodes, total } = setUp({
          authors: 16,
          channels: 5,
          lacks,
          seed,
          jitterMs: LATENCY_MS
        })
        const counts = nodes.map(countTrips)
        for (const node of nodes) node.post('unproven')
        world.connect(nodes[0], nodes[1])
        expect(world.run(60_000, () => nodes.every(node => node.holdings.ids.size === total + 2))).toBe(true)
        for (const { trips } of counts) expect(trips).toBeLessThanOrEqual(3)
      }
    }
  )

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
    '[SY4] both dialled: the stream that stays needs no more, cut off the other after %i frames',
    frames => {
      const { world, nodes, total } = setUp({ authors: 16, channels: 3, lacks: 'both', seed: frames })
      const [a, b] = nodes
      world.connect(b, a)
      const before = world.frames
      while (world.frames - before < frames && world.run(LATENCY_MS, () => world.frames - before >= frames)) {
        // Runs until so many frames are on their way.
      }
      world.cutAll()
      const counts = nodes.map(countTrips)
      world.connect(a, b)
      expect(
        world.run(7 * LATENCY_MS + SLACK_MS, () => nodes.every(node => node.holdings.ids.size === total))
      ).toBe(true)
      for (const { trips } of counts) expect(trips).toBeLessThanOrEqual(3)
    }
  )

  it('[SY8] rows told behind `open` are not followed by an empty frame of them', () => {
    const { world, nodes } = setUp({ authors: 16, channels: 1, lacks: 'dialler', seed: 1 })
    const [dialler] = nodes.map(countTrips)
    world.connect(nodes[0], nodes[1])
    world.run(4 * LATENCY_MS + SLACK_MS)
    const rows = dialler?.sent.flatMap(frame => (frame.kind === 'tips' ? [frame.rows.length] : []))
    expect(rows).toEqual([16])
  })
})

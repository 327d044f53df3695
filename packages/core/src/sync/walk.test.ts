import { describe, expect, it } from 'vitest'
import { NOTHING, Puppet } from '../../test/sync/puppet.ts'
import {
  CHANNELS,
  deviceOf,
  entryOf,
  envelopeOf,
  operationOf,
  suite,
  World,
  type WorldNode
} from '../../test/sync/world.ts'
import { readEnvelope } from '../graph/index.ts'
import { decodeFrame, type Frame } from './frames.ts'
import { RETRY_MS } from './limits.ts'
import type { Listing, Span, Split } from './range-form.ts'
import { HIGHEST, LOWEST, type RangeBound } from './range-tree.ts'

type Ask = Extract<Frame, { kind: 'ask-ranges' }>
const genesis = operationOf([], 'a', 'genesis')
const AUTHORS = Array.from({ length: 1_000 }, (_, i) => deviceOf(`author ${i}`))

function cast(world: World, ...names: string[]): WorldNode[] {
  for (const author of AUTHORS) world.authors.set(String(author.authorId), author.device)
  return names.map(name => {
    const node = world.add(name)
    node.holdings.take('operations', [genesis.bytes])
    return node
  })
}

/** The i-th of all messages, by time; of those that lie in a channel. */
const messages = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => {
    const author = AUTHORS[i % AUTHORS.length] as (typeof AUTHORS)[number]
    for (let text = 0; ; text++) {
      const seq = Math.floor(i / AUTHORS.length) + 1
      const bytes = envelopeOf(author, seq, `${i} ${text}`, 144, true, 1_000_000 + i * 7)
      const read = readEnvelope(suite, bytes)
      if (read.ok && entryOf(read.value, author.device) !== undefined) return bytes
    }
  })

function framesOf(node: WorldNode): Frame[] {
  return node.log.flatMap(effect => {
    const frame = effect.type === 'send' ? decodeFrame(effect.bytes) : undefined
    return frame?.ok === true ? [frame.value] : []
  })
}
const closes = (node: WorldNode): unknown[] =>
  node.log.filter(effect => effect.type === 'close' && effect.rule !== null)

describe('[SY6] [SY7] message logs', () => {
  it.each([
    ['the dialler', 0, 6_100],
    // It learns of it half a round trip later, as with rows of chains.
    ['the listener', 1, 7_100]
  ] as const)(
    '[SY6] %s lacks the newest 20 messages of 1,000 authors: at most 16 kB, 3 round trips',
    (_, at, ms) => {
      const world = new World(1, { latencyMs: 1_000, delayMs: 0 })
      const nodes = cast(world, 'a', 'b') as [WorldNode, WorldNode]
      const all = messages(5_000)
      nodes[at].holdings.take('envelopes', all.slice(0, -20))
      nodes[1 - at]?.holdings.take('envelopes', all)
      world.connect(nodes[0], nodes[1])
      expect(world.run(ms, () => nodes[at].holdings.ids.size === 5_000)).toBe(true)
      world.run(30_000)
      console.info(
        `20 of 5,000 messages by 1,000 authors: ${world.bytes} bytes, ${20 * 316} of them envelopes`
      )
      expect(world.bytes).toBeLessThan(16_384)
      for (const node of nodes) {
        expect(closes(node)).toEqual([])
        expect(framesOf(node).filter(frame => frame.kind === 'tips')).toEqual([])
        expect(node.log.filter(effect => effect.type === 'caught-up').length).toBeGreaterThan(0)
      }
    }
  )

  it('[SY6] what ranges do not show is found by rows, asked for once the next beat left the difference', () => {
    const world = new World(2, { latencyMs: 20, delayMs: 0 })
    const [a, b] = cast(world, 'a', 'b') as [WorldNode, WorldNode]
    const all = messages(2_000)
    // Old ones, behind the newest windows, which agree.
    const old = new Set([7, 300, 301])
    b.holdings.take(
      'envelopes',
      all.filter((_, i) => !old.has(i))
    )
    a.holdings.take('envelopes', all)
    world.connect(b, a)
    expect(world.run(8_000, () => b.holdings.ids.size === 2_000)).toBe(false)
    expect(world.run(4_000, () => b.holdings.ids.size === 2_000)).toBe(true)
    expect(framesOf(b).some(frame => frame.kind === 'want-tips')).toBe(true)
  })

  it('[SY7] goes back window by window as long as they differ, and no further', () => {
    const world = new World(3, { latencyMs: 20, delayMs: 0 })
    const [a, b] = cast(world, 'a', 'b') as [WorldNode, WorldNode]
    const all = messages(8_000)
    // Every third of the last 3,000 is missing: more than the newest windows of three channels hold.
    b.holdings.take(
      'envelopes',
      all.filter((_, i) => i < 5_000 || i % 3 > 0)
    )
    a.holdings.take('envelopes', all)
    world.connect(b, a)
    expect(world.run(5_000, () => b.holdings.ids.size === 8_000)).toBe(true)
    expect(framesOf(b).some(frame => frame.kind === 'want-tips')).toBe(false)
    const spans = framesOf(b).flatMap(frame => (frame.kind === 'ask-ranges' ? frame.spans : []))
    expect(new Set(spans.map(span => span.newest))).toEqual(new Set([0, 200, 400, 800, 1_600]))
  })

  it('[SY7] who lacks much gets the newest page of the channel that is wanted most before the rest', () => {
    const world = new World(4, { latencyMs: 20, delayMs: 0 })
    const [a, late] = cast(world, 'a', 'late') as [WorldNode, WorldNode]
    const all = messages(8_000)
    a.holdings.take('envelopes', all)
    const wanted = a.holdings.logs.get(CHANNELS[0] as never)
    const page = wanted?.slice(wanted.size - 50, wanted.size) ?? []
    world.connect(late, a)
    const has = (): boolean => page.every(each => late.holdings.chains.has(each.chain, each.seq))
    expect(world.run(5_000, has)).toBe(true)
    expect(late.holdings.ids.size).toBeLessThan(1_500)
    expect(world.run(20_000, () => late.holdings.ids.size === 8_000)).toBe(true)
  })

  it('[SY6] one that does not announce it is told and asked as before', () => {
    const world = new World(5)
    for (const author of AUTHORS) world.authors.set(String(author.authorId), author.device)
    const nodes = [world.add('old', { ranges: false }), world.add('new')] as [WorldNode, WorldNode]
    const all = messages(2_000)
    for (const [i, node] of nodes.entries())
      node.holdings.take('envelopes', i === 0 ? all.slice(0, 1_500) : all.slice(100))
    world.connect(nodes[1], nodes[0])
    expect(world.run(3_000, () => world.agree())).toBe(true)
    const kinds = new Set(nodes.flatMap(framesOf).map(frame => frame.kind))
    for (const kind of ['ask-ranges', 'ranges', 'want-listed', 'want-tips', 'unknown'] as const)
      expect(kinds).not.toContain(kind)
  })

  it('[SY8] while one peer is walked through the other is not, and it takes over where the first falls silent', () => {
    const world = new World(6)
    const [a, b, late] = cast(world, 'a', 'b', 'late') as [WorldNode, WorldNode, WorldNode]
    const all = messages(3_000)
    for (const node of [a, b]) node.holdings.take('envelopes', all)
    late.holdings.take('envelopes', all.slice(0, -40))
    world.connect(late, a)
    // What this one tells of ranges arrives nowhere.
    const carry = world.carry.bind(world)
    world.carry = (node, session, bytes) => {
      const frame = decodeFrame(bytes)
      if (node !== a || (frame.ok && frame.value.kind !== 'ranges')) carry(node, session, bytes)
    }
    expect(world.run(500, () => framesOf(late).some(frame => frame.kind === 'ask-ranges'))).toBe(true)
    world.connect(late, b)
    world.run(RETRY_MS - 500)
    expect(late.holdings.ids.size).toBe(2_960)
    expect(world.run(2_000, () => late.holdings.ids.size === 3_000)).toBe(true)
    world.run(30_000)
    expect(closes(late)).toMatchObject([{ device: a.identity.device, rule: 'SY13' }])
  })
})

describe('[SY6] leaves and key records', () => {
  it('[SY6] a few of many differ: all are there for a few kB', () => {
    const world = new World(7)
    const [a, b] = cast(world, 'a', 'b') as [WorldNode, WorldNode]
    for (let i = 0; i < 1_500; i++) {
      const leaf = operationOf([genesis], 'a', `leaf ${i}`, true).bytes
      const record = new Uint8Array(90 + (i % 60)).fill(i).map((byte, at) => (at === 0 ? i >> 8 : byte))
      for (const [n, node] of [a, b].entries()) {
        if (i % 500 !== n) node.holdings.take('operations', [leaf])
        if (i % 300 !== 7 + n) node.holdings.take('records', [record])
      }
    }
    world.connect(a, b)
    expect(world.run(20_000, () => world.agree())).toBe(true)
    expect(world.bytes).toBeLessThan(40_000)
    expect([...closes(a), ...closes(b)]).toEqual([])
    const kinds = [...framesOf(a), ...framesOf(b)].map(frame => frame.kind)
    expect(kinds).not.toContain('want-records')
    expect(kinds).not.toContain('want-operations')
  })

  it('[SY3] [SY6] are not shown to who was removed, nor message logs to who is no member', () => {
    const span = { from: LOWEST, to: HIGHEST, newest: 0, count: 0, sum: 0n }
    const cases = [
      ['removed', 'leaves', 1],
      ['removed', 'records', 1],
      ['applicant', CHANNELS[0], 1],
      ['applicant', 'acts', 1],
      ['applicant', 'records', undefined]
    ] as const
    for (const [standing, log, status] of cases) {
      const puppet = new Puppet()
      puppet.holdings.take('operations', [genesis.bytes])
      puppet.holdings.removed = [genesis.id]
      puppet.holdings.standings.set(puppet.own.device, standing)
      puppet.dial(NOTHING, { ranges: true })
      puppet.send({
        kind: 'ask-ranges',
        handle: 0,
        request: 1,
        spans: [{ log: log as Span['log'], ...span }]
      })
      expect(puppet.last('done')?.status).toBe(status)
      expect(puppet.last('ranges') === undefined).toBe(status === 1)
      puppet.send({
        kind: 'want-listed',
        handle: 0,
        request: 2,
        log: 'leaves',
        items: [{ time: 0, share: 1n }]
      })
      expect(puppet.last('done')?.status).toBe(standing === 'removed' ? 1 : 0)
    }
  })
})

/** A machine that holds 40 key records asks a liar that tells of others. */
function liar(): { puppet: Puppet; ask: () => Ask } {
  const puppet = new Puppet()
  for (let i = 0; i < 40; i++) puppet.holdings.take('records', [new Uint8Array(100).fill(i)])
  puppet.dial({ ...NOTHING, records: { count: 99, sum: 7n } }, { ranges: true })
  return { puppet, ask: () => puppet.last('ask-ranges') as Ask }
}

const at = (time: number, share = 0n): RangeBound => ({ time, share })
const split = (span: Span, rest: Partial<Split> = {}, index = 0): Split => ({
  span: index,
  from: span.from,
  parts: Array.from({ length: 16 }, (_, i) => ({
    to: i === 15 ? span.to : at(span.from.time, span.from.share + BigInt(i + 1)),
    count: 3,
    sum: 9n
  })),
  ...rest
})
const list = (span: Span, rows: Listing['rows'], rest: Partial<Listing> = {}): Listing => ({
  span: 0,
  from: span.from,
  rows,
  ...rest
})
const row = (bound: RangeBound, seq = 0): Listing['rows'][number] => ({ ...bound, chain: 0, seq })

describe('[SY6] answers that cannot be true', () => {
  const broken: [string, (span: Span) => { splits?: Split[]; lists?: Listing[] }][] = [
    ['a span that was not asked', span => ({ splits: [split(span, {}, 9)] })],
    ['a span twice', span => ({ splits: [split(span)], lists: [list(span, [])] })],
    ['what agrees', span => ({ lists: [list({ ...span, from: span.to }, [])] })],
    [
      'a beginning elsewhere',
      span => ({ lists: [list(span, [], { from: at(span.from.time, span.from.share + 1n) })] })
    ],
    ['parts that fall', span => ({ splits: [split(span, { parts: split(span).parts.toReversed() })] })],
    ['parts that leave a rest', span => ({ splits: [split({ ...span, to: at(HIGHEST.time - 1) })] })],
    [
      'parts of different size',
      span => ({
        splits: [split(span, { parts: split(span).parts.map((part, i) => ({ ...part, count: i + 3 })) })]
      })
    ],
    [
      'a split of what is to be listed',
      span => ({ splits: [split(span, { parts: split(span).parts.map(part => ({ ...part, count: 2 })) })] })
    ],
    ['rows that fall', span => ({ lists: [list(span, [row(at(9)), row(at(8))])] })],
    ['rows outside', span => ({ lists: [list(span, [row(HIGHEST)])] })],
    ['a key record with a place in a chain', span => ({ lists: [list(span, [row(at(9), 3)])] })]
  ]
  it.each(broken)('[SY6] ends the session at %s', (_, lie) => {
    const { puppet, ask } = liar()
    const { request, spans } = ask()
    puppet.send({
      kind: 'ranges',
      handle: 0,
      request,
      chains: [],
      splits: [],
      lists: [],
      ...lie(spans[0] as Span)
    })
    expect(puppet.closedBy).toBe('SY6')
    expect(puppet.machine.gauge()).toMatchObject({ sessions: 0, requests: 0, ranges: 0 })
  })

  it('[SY6] ends the session at splits that never end', () => {
    const { puppet, ask } = liar()
    let rounds = 0
    for (; rounds < 20 && puppet.closedBy === undefined; rounds++) {
      const { request, spans } = ask()
      puppet.at += 1_000
      const splits = spans.slice(0, 1).map(span =>
        split(span, {
          parts: split(span).parts.map((part, i) => ({
            ...part,
            to: i < 15 ? at(i + 1, BigInt(rounds)) : span.to
          }))
        })
      )
      const wide = spans[0]?.to === HIGHEST || (spans[0]?.to.time ?? 0) > 100
      puppet.send({ kind: 'ranges', handle: 0, request, chains: [], splits: wide ? splits : [], lists: [] })
    }
    expect(puppet.closedBy).toMatch(/SY6|SY13/)
    expect(rounds).toBeLessThan(20)
  })

  it('[SY13] ends the session at fingerprints that never agree though nothing is missing', () => {
    const { puppet, ask } = liar()
    const depths = new Map<string, number>()
    const nameOf = ({ from, to }: { from: RangeBound; to: RangeBound }): string =>
      [from.time, from.share, to.time, to.share].join()
    let rounds = 0
    for (; rounds < 3_000 && puppet.closedBy === undefined; rounds++) {
      const { request, spans } = ask()
      puppet.at += 1_000
      const splits = spans.flatMap((span, index) => {
        const depth = depths.get(nameOf(span)) ?? 0
        // Deeper down it says that all agrees: no walk gets as far as to a list.
        if (depth > 4) return []
        const parts = Array.from({ length: 16 }, (_, i) => ({
          to:
            i === 15
              ? span.to
              : at(span.from.time, span.from.share + (BigInt(i + 1) << BigInt(112 - 8 * depth))),
          count: 99,
          sum: 9n
        }))
        for (const [i, part] of parts.entries())
          depths.set(nameOf({ from: parts[i - 1]?.to ?? span.from, to: part.to }), depth + 1)
        return [split(span, { parts }, index)]
      })
      puppet.send({ kind: 'ranges', handle: 0, request, chains: [], splits, lists: [] })
    }
    expect(puppet.closedBy).toBe('SY13')
    expect(rounds).toBeGreaterThan(64)
  })

  it('[SY13] ends the session at ranges nobody asked for', () => {
    const puppet = new Puppet().dial(NOTHING, { ranges: true })
    puppet.send({ kind: 'ranges', handle: 0, request: 77, chains: [], splits: [], lists: [] })
    expect(puppet.closedBy).toBe('SY13')
  })

  it('[SY13] ends the session where listed envelopes are missing from two answers', () => {
    const puppet = new Puppet()
    const all = messages(400)
    for (const author of AUTHORS) puppet.holdings.authors.set(String(author.authorId), author.device)
    puppet.holdings.take('envelopes', all)
    puppet.dial({ ...NOTHING, buckets: new Array<bigint>(16).fill(3n) }, { ranges: true })
    for (let i = 0; i < 6 && puppet.closedBy === undefined; i++) {
      // Any question shows that there is more here than there.
      const bait = { log: 'acts' as const, from: LOWEST, to: HIGHEST, newest: 0, count: 500, sum: 1n }
      puppet.send({ kind: 'ask-ranges', handle: 0, request: 10 + i, spans: [bait] })
      puppet.answer()
      const ask = puppet.last('ask-ranges')
      if (ask !== undefined && i === 0) {
        const lists = [list(ask.spans[0] as Span, [row(at(HIGHEST.time - 1), 900)])]
        const chains = [AUTHORS[0]?.device as never]
        puppet.send({ kind: 'ranges', handle: 0, request: ask.request, chains, splits: [], lists })
      }
      const want = puppet.last('want-envelopes')
      expect(want?.ranges).toEqual([{ chain: AUTHORS[0]?.device, from: 900, to: 900 }])
      puppet.send({ kind: 'done', handle: 0, request: want?.request ?? 0, status: 0 })
    }
    expect(puppet.closedBy).toBe('SY13')
  })

  it('[SY6] a walk that is refused is not begun again: the list is told as before', () => {
    const { puppet, ask } = liar()
    puppet.send({ kind: 'done', handle: 0, request: ask().request, status: 1 })
    expect(puppet.closedBy).toBeUndefined()
    expect(puppet.last('want-records')?.have).toHaveLength(40)
  })
})

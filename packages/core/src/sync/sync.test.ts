import { describe, expect, it } from 'vitest'
import { NOTHING, Puppet } from '../../test/sync/puppet.ts'
import {
  deviceOf,
  envelopeOf,
  operationOf,
  SECRET,
  SERVER,
  suite,
  World,
  type WorldNode
} from '../../test/sync/world.ts'
import { idFromBytes } from '../base/index.ts'
import { decodeFrame, encodeFrame } from './frames.ts'
import { CIRCUIT_FRAME_BYTES_MAX, CIRCUIT_WINDOW_BYTES, RETRY_MS } from './limits.ts'
import { createReceipt } from './receipt.ts'

const genesis = operationOf([], 'a', 'genesis')
function cast(world: World, ...names: string[]): WorldNode[] {
  return names.map(name => {
    const node = world.add(name)
    node.holdings.take('operations', [genesis.bytes])
    return node
  })
}
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)
const envelopeBytes = (node: WorldNode): number =>
  sum(
    [...node.holdings.envelopes.values()].flatMap(chain =>
      [...chain.values()].flat().map(each => each.length)
    )
  )

describe('[SY15] beats', () => {
  it('[SY15] one message lost by gossip is there within 7 s', () => {
    const world = new World(3, { gossipLoss: 1_000 })
    const [a, b] = cast(world, 'a', 'b') as [WorldNode, WorldNode]
    world.connect(a, b)
    world.run(20_000)
    world.gossip(a, a.post('lost'))
    expect(world.run(7_000, () => world.agree())).toBe(true)
  })

  it('[SY15] the end of a burst is told at once', () => {
    const world = new World(4, { gossipLoss: 500 })
    const nodes = cast(world, 'a', 'b', 'c')
    const [a, b, c] = nodes as [WorldNode, WorldNode, WorldNode]
    world.connect(a, b)
    world.connect(b, c)
    world.run(1_000)
    for (let i = 0; i < 5_000; i++) world.after(i / 5, () => world.gossip(a, a.post(`${i}`)))
    world.run(1_000)
    expect(world.run(5_000, () => [b, c].every(node => node.holdings.ids.size === 5_000))).toBe(true)
  })

  it("[SY4] equal peers exchange only their minute's beats", () => {
    const world = new World(5)
    const [a, b] = cast(world, 'a', 'b') as [WorldNode, WorldNode]
    world.connect(a, b)
    world.run(1_000)
    const before = world.frames
    world.run(10 * 60_000)
    expect(world.frames - before).toBe(20)
  })
})

describe('[SY8] several peers', () => {
  it('[SY8] what one is fetching no other is asked for', () => {
    const world = new World(6)
    const [a, b, c, late] = cast(world, 'a', 'b', 'c', 'late') as [WorldNode, WorldNode, WorldNode, WorldNode]
    for (let i = 0; i < 6_000; i++) {
      const envelope = a.post(`${i}`)
      for (const node of [b, c]) node.store('envelopes', [envelope], a.identity.device)
    }
    for (const node of [a, b, c]) world.connect(late, node)
    expect(world.run(5_000, () => late.holdings.ids.size === 6_000)).toBe(true)
    const came = late.log.filter(effect => effect.type === 'deliver' && effect.kind === 'envelopes')
    expect(sum(came.map(effect => (effect.type === 'deliver' ? effect.items.length : 0)))).toBe(6_000)
    // And more than one helped.
    expect(
      new Set(came.map(effect => (effect.type === 'deliver' ? effect.device : ''))).size
    ).toBeGreaterThan(1)
  })

  it('[SY8] a peer that falls silent is passed over after 5 s', () => {
    const world = new World(7)
    const [good, late] = cast(world, 'good', 'late') as [WorldNode, WorldNode]
    const silent = new Puppet()
    for (let i = 0; i < 50; i++) good.post(`${i}`)
    // The silent peer shows the same chain first, and never sends.
    late.ends.set(900, { node: late, session: 900, alive: false, free: 0 })
    const steps: number[] = []
    late.step({
      type: 'open',
      session: 900,
      role: 'listener',
      peer: silent.own.device,
      circuit: false,
      gossip: true
    })
    const talk = silentTalk(late, silent)
    talk({ chain: good.identity.device, sum: 5n, ranges: [[1, 50]] })
    world.connect(late, good)
    world.run(RETRY_MS - 500)
    steps.push(late.holdings.ids.size)
    world.run(1_500)
    steps.push(late.holdings.ids.size)
    expect(steps).toEqual([0, 50])
    world.run(30_000)
    expect(late.log.filter(effect => effect.type === 'close')).toMatchObject([{ session: 900, rule: 'SY13' }])
  })

  it('[SY8] what one peer turns out not to have is asked of another at once', () => {
    const world = new World(20)
    const [good, late] = cast(world, 'good', 'late') as [WorldNode, WorldNode]
    const silent = new Puppet()
    for (let i = 0; i < 50; i++) good.post(`${i}`)
    late.ends.set(900, { node: late, session: 900, alive: false, free: 0 })
    late.step({
      type: 'open',
      session: 900,
      role: 'listener',
      peer: silent.own.device,
      circuit: false,
      gossip: true
    })
    silentTalk(late, silent)({ chain: good.identity.device, sum: 5n, ranges: [[1, 50]] })
    world.connect(late, good)
    world.run(1_000)
    expect(late.holdings.ids.size).toBe(0)
    late.step({
      type: 'frame',
      session: 900,
      bytes: encodeFrame({ kind: 'done', handle: 0, request: 1, status: 1 })
    })
    expect(world.run(500, () => late.holdings.ids.size === 50)).toBe(true)
  })

  it('[SY8] what a peer that went away was asked for is asked of another at once', () => {
    const world = new World(8, { delayMs: 40 })
    const [a, b, late] = cast(world, 'a', 'b', 'late') as [WorldNode, WorldNode, WorldNode]
    for (let i = 0; i < 3_000; i++) b.store('envelopes', [a.post(`${i}`)], a.identity.device)
    world.connect(late, a)
    world.connect(late, b)
    world.run(10_000, () => late.holdings.ids.size > 200)
    world.cut([...a.ends.values()][0])
    expect(world.run(3_000, () => late.holdings.ids.size === 3_000)).toBe(true)
  })

  it('[SY9] a cut stream costs what was under way, not what was committed', () => {
    const world = new World(9, { delayMs: 20 })
    const [a, b] = cast(world, 'a', 'b') as [WorldNode, WorldNode]
    for (let i = 0; i < 5_000; i++) a.post(`${i}`)
    let connections = 0
    for (; connections < 50 && b.holdings.ids.size < 5_000; connections++) {
      world.connect(b, a)
      world.run(110, () => b.holdings.ids.size === 5_000)
      world.cutAll()
      world.run(50)
    }
    expect(connections).toBeGreaterThan(2)
    const came = b.log.flatMap(effect =>
      effect.type === 'deliver' && effect.kind === 'envelopes' ? effect.items : []
    )
    expect(came.length).toBeLessThan(5_500)
  })
})

/** The silent peer's side of a hello with a node of the world: proves the secret, opens, tells one row. */
function silentTalk(
  node: WorldNode,
  silent: Puppet
): (row: { chain: never; sum: bigint; ranges: [number, number][] } | object) => void {
  return row => {
    const other = deviceOf(node.name)
    Object.assign(silent.other, other)
    const step = (frame: Parameters<Puppet['send']>[0]): void =>
      node.step({ type: 'frame', session: 900, bytes: encodeFrame(frame) })
    step({ kind: 'hello', nonce: silent.nonceD, features: 0 })
    const welcome = node.log.flatMap(effect =>
      effect.type === 'send' && effect.session === 900 ? [decodeFrame(effect.bytes)] : []
    )[0]
    if (welcome?.ok !== true || welcome.value.kind !== 'welcome') throw new Error('no welcome')
    silent.nonceL = welcome.value.nonce
    const proof = silent.token('dialler')
    step({ kind: 'tokens', tokens: [proof] })
    step({ kind: 'open', handle: 0, proof, summary: { ...NOTHING, buckets: [5n] } })
    step({ kind: 'tips', handle: 0, more: 0, rows: [row as never] })
  }
}

describe('[SY10] live push', () => {
  it('[SY10] reaches a peer without gossip at once, and not back to whoever brought it', () => {
    const world = new World(10)
    const [a, b] = cast(world, 'a', 'b') as [WorldNode, WorldNode]
    world.connect(a, b, { gossip: false, circuit: true })
    world.run(1_000)
    a.post('hi')
    expect(world.run(50, () => world.agree())).toBe(true)
    expect(b.log.filter(effect => effect.type === 'deliver')).toMatchObject([
      { pushed: true, kind: 'envelopes' }
    ])
    world.run(30_000)
    expect(a.log.filter(effect => effect.type === 'deliver')).toEqual([])
  })
})

describe('[SY1] circuits', () => {
  it('[SY1] frames stay below 8 KiB unless an item is larger, and 48 KiB are in flight', () => {
    const puppet = new Puppet()
    puppet.holdings.take(
      'envelopes',
      Array.from({ length: 300 }, (_, i) => envelopeOf(puppet.own, i + 1, '', i === 150 ? 60_000 : 300))
    )
    puppet.dial(NOTHING, { circuit: true })
    puppet.send({
      kind: 'want-envelopes',
      handle: 0,
      request: 1,
      ranges: [{ chain: puppet.own.device, from: 1, to: 300 }]
    })
    let from = 0
    for (let i = 0; i < 60 && puppet.last('done') === undefined; i++) {
      const mark = puppet.effects.length
      puppet.answer(from)
      from = mark
      expect(outstanding(puppet)).toBeLessThanOrEqual(Math.max(CIRCUIT_WINDOW_BYTES, 60_500))
      for (const effect of puppet.effects.slice(mark)) {
        if (effect.type === 'send' && effect.bytes.length < 60_000)
          expect(effect.bytes.length).toBeLessThanOrEqual(CIRCUIT_FRAME_BYTES_MAX)
      }
      credited(puppet)
    }
    expect(puppet.frames.flatMap(frame => (frame.kind === 'envelopes' ? frame.items : []))).toHaveLength(300)
  })
})

describe('[SY7] order', () => {
  it('[SY7] the newest part of every chain is asked before older parts of any', () => {
    const puppet = new Puppet().dial({ ...NOTHING, buckets: [9n] })
    puppet.send({
      kind: 'tips',
      handle: 0,
      more: 0,
      rows: [
        { chain: puppet.own.device, sum: 4n, ranges: [[1, 5_000]] },
        {
          chain: puppet.other.device,
          sum: 5n,
          ranges: [
            [1, 40],
            [60, 90]
          ]
        }
      ]
    })
    const asked = puppet.frames.flatMap(frame => (frame.kind === 'want-envelopes' ? [frame.ranges] : []))
    expect(asked).toEqual([
      [
        { chain: puppet.own.device, from: 3_977, to: 5_000 },
        { chain: puppet.other.device, from: 60, to: 90 },
        { chain: puppet.other.device, from: 1, to: 40 }
      ],
      [{ chain: puppet.own.device, from: 1_929, to: 3_976 }]
    ])
  })

  it('[SY11] operations are served before records before envelopes, whatever was asked first', () => {
    const puppet = new Puppet()
    puppet.holdings.take('operations', [genesis.bytes])
    puppet.holdings.take('records', [new Uint8Array(80)])
    puppet.holdings.take(
      'envelopes',
      Array.from({ length: 9 }, (_, i) => envelopeOf(puppet.own, i + 1))
    )
    puppet.dial(NOTHING, { circuit: true })
    // Two reads are under way before the rest is asked.
    for (const request of [1, 2])
      puppet.send({
        kind: 'want-envelopes',
        handle: 0,
        request,
        ranges: [{ chain: puppet.own.device, from: 1, to: 3 }]
      })
    puppet.send({
      kind: 'want-envelopes',
      handle: 0,
      request: 3,
      ranges: [{ chain: puppet.own.device, from: 4, to: 6 }]
    })
    puppet.send({
      kind: 'want-records',
      handle: 0,
      request: 4,
      from: idFromBytes('k', new Uint8Array(32)),
      to: idFromBytes('k', new Uint8Array(32).fill(255)),
      have: []
    })
    puppet.send({ kind: 'want-operations', handle: 0, request: 5, have: [] })
    puppet.answer()
    const asked = puppet.of('lookup').map(effect => effect.query.kind)
    expect(asked.filter(kind => kind !== 'outbox')).toEqual([
      'envelopes',
      'envelopes',
      'operations',
      'records',
      'envelopes'
    ])
  })
})

/** Gives back all credit that is out. */
function credited(puppet: Puppet): void {
  const out = outstanding(puppet)
  if (out > 0) puppet.send({ kind: 'credit', bytes: out })
}

function outstanding(puppet: Puppet): number {
  let out = 0
  for (const effect of puppet.of('send')) {
    const frame = decodeFrame(effect.bytes)
    if (frame.ok && 'items' in frame.value) out += effect.bytes.length
  }
  return out - puppet.given
}

describe('[SY12] joining', () => {
  it('[SY12, AU52] gets operations and records, shows its join, and then gets envelopes', () => {
    const world = new World(11)
    const [a] = cast(world, 'a') as [WorldNode]
    let last = genesis
    for (let i = 0; i < 300; i++)
      a.holdings.take('operations', [(last = operationOf([last], 'a', `${i}`)).bytes])
    a.holdings.take('records', [new Uint8Array(500)])
    for (let i = 0; i < 100; i++) a.post(`${i}`)
    const b = world.add('b', { joining: true })
    a.holdings.standings.set(b.identity.device, 'applicant')
    world.connect(b, a, { gossip: false })
    world.run(2_000)
    expect(b.holdings.held.size).toBe(301)
    // Told once, after the last of them.
    const told = b.log.findIndex(effect => effect.type === 'operations')
    expect(told).toBeGreaterThan(
      b.log.findLastIndex(effect => effect.type === 'deliver' && effect.kind === 'operations')
    )
    expect(b.log.filter(effect => effect.type === 'operations')).toHaveLength(1)
    expect(b.holdings.records.size).toBe(1)
    expect(b.holdings.ids.size).toBe(0)
    // The join is judged at a, which then knows the device.
    a.onOperations = () => {
      a.holdings.standings.set(b.identity.device, 'member')
      a.step({ type: 'standing', server: SERVER })
    }
    b.holdings.fallback = 'member'
    b.store('operations', [operationOf([last], 'b', 'join', true).bytes], undefined, true)
    b.step({ type: 'standing', server: SERVER })
    expect(world.run(1_000, () => world.agree())).toBe(true)
    expect(b.log.filter(effect => effect.type === 'caught-up').length).toBeGreaterThan(0)
  })

  it('[SY12] an applicant that pushes envelopes is not heard, and not punished', () => {
    const puppet = new Puppet()
    puppet.holdings.standings.set(puppet.own.device, 'applicant')
    puppet.dial({ ...NOTHING, level: 0, buckets: [] })
    puppet.send({
      kind: 'push',
      handle: 0,
      operations: [],
      records: [],
      envelopes: [envelopeOf(puppet.own, 1)]
    })
    expect(puppet.of('deliver')).toEqual([])
    expect(puppet.closedBy).toBeUndefined()
    expect(puppet.last('credit')).toBeDefined()
  })
})

describe('[SY2] secrets that changed', () => {
  it('[SY2] whoever was away for some topics is recognised, whoever dials', () => {
    for (const away of [0, 1]) {
      const world = new World(12 + away)
      const [a, b] = cast(world, 'a', 'b') as [WorldNode, WorldNode]
      a.holdings.secrets = [new Uint8Array(32).fill(4), new Uint8Array(32).fill(3), SECRET]
      a.post('while you were away')
      if (away === 0) world.connect(a, b)
      else world.connect(b, a)
      expect(world.run(2_000, () => world.agree())).toBe(true)
    }
  })

  it('[SY2] a server that was added later is found on the open stream, from either end', () => {
    for (const later of [0, 1]) {
      const world = new World(14 + later)
      const nodes = cast(world, 'a', 'b') as [WorldNode, WorldNode]
      const node = nodes[later] as WorldNode
      nodes[1 - later]?.post('before')
      const view = node.holdings
      node.views.delete(SERVER)
      world.connect(nodes[0], nodes[1])
      world.run(1_000)
      node.views.set(SERVER, view)
      node.step({ type: 'server', server: SERVER })
      expect(world.run(1_000, () => world.agree())).toBe(true)
    }
  })
})

describe('[SY16] [SY17] [SY18] receipts', () => {
  it('[SY16] make a message delivered, through the stream, once it is durable there', () => {
    const world = new World(16)
    const [a, b] = cast(world, 'a', 'b') as [WorldNode, WorldNode]
    world.connect(a, b, { gossip: false })
    world.run(500)
    a.post('hi')
    const id = a.holdings.tracker.outbox()[0]?.id
    expect(world.run(1_000, () => a.holdings.tracker.get(id as never)?.level === 'delivered')).toBe(true)
    expect(a.holdings.tracker.outbox()).toEqual([])
  })

  it('[SY18] what was never proven is offered again at the next session', () => {
    const world = new World(17)
    const [a, b] = cast(world, 'a', 'b') as [WorldNode, WorldNode]
    // b has it, and a never heard so.
    b.holdings.take('envelopes', [a.post('hi')])
    expect(a.holdings.tracker.outbox()).toHaveLength(1)
    world.connect(a, b)
    expect(world.run(1_000, () => a.holdings.tracker.outbox().length === 0)).toBe(true)
  })

  it("[SY16] another device's receipt ends the session", () => {
    const puppet = new Puppet().dial()
    puppet.send({
      kind: 'receipt',
      handle: 0,
      receipt: createReceipt(suite, deviceOf('third').key, {
        kind: 'durable',
        ids: [idFromBytes('m', new Uint8Array(32))],
        at: 1,
        until: null
      })
    })
    expect(puppet.closedBy).toBe('SY16')
  })
})

describe('[SY8] bytes', () => {
  it('[SY8] catching up 20,000 messages costs at most 1.05 of their bytes', () => {
    const world = new World(18)
    const authors = cast(world, 'a', 'b', 'c', 'd', 'e')
    const [a, late] = [authors[0] as WorldNode, authors[4] as WorldNode]
    for (let i = 0; i < 20_000; i++)
      a.store(
        'envelopes',
        [envelopeOf((authors[i % 4] as WorldNode).identity, Math.floor(i / 4) + 1, `${i}`, 272)],
        late.identity.device
      )
    world.connect(late, a)
    const started = performance.now()
    expect(world.run(60_000, () => late.holdings.ids.size === 20_000)).toBe(true)
    const ratio = world.bytes / envelopeBytes(late)
    console.info(
      `20,000 envelopes: ${Math.round(performance.now() - started)} ms for both machines and their fake stores, ${ratio.toFixed(3)} of the bytes`
    )
    expect(ratio).toBeLessThan(1.05)
  })

  it('[SY4] 20 of 20,000 messages by 100 authors differ: at most 16 kB and 3 round trips after the stream stands', () => {
    const world = new World(19, { latencyMs: 1_000, delayMs: 0 })
    const [a, b] = cast(world, 'a', 'b') as [WorldNode, WorldNode]
    const authors = Array.from({ length: 100 }, (_, i) => deviceOf(`author ${i}`))
    for (const author of authors) world.authors.set(String(author.authorId), author.device)
    for (let i = 0; i < 20_000; i++) {
      const author = authors[i % 100] as ReturnType<typeof deviceOf>
      const envelope = envelopeOf(author, Math.floor(i / 100) + 1, `${i}`)
      a.holdings.take('envelopes', [envelope])
      if (i < 19_980) b.holdings.take('envelopes', [envelope])
    }
    world.connect(b, a)
    expect(world.run(6_100, () => world.agree())).toBe(true)
    console.info(`20 of 20,000 messages differ: ${world.bytes} bytes, ${20 * 316} of them envelopes`)
    expect(world.bytes).toBeLessThan(16_384)
  })
})

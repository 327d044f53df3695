import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOTHING, Puppet } from '../../test/sync/puppet.ts'
import { envelopeOf, operationOf, Seeded, SERVER } from '../../test/sync/world.ts'
import { idFromBytes, type OperationId } from '../base/index.ts'
import { encodeCbor } from '../encoding/index.ts'
import { encodeFrame, type Frame, FRAME_NUMBERS } from './frames.ts'
import { RANGE_ENVELOPES_MAX, REQUESTS_BURST, STALL_MS, TIPS_MAX, WINDOW_BYTES } from './limits.ts'

const runs = Number(process.env['XCORD_RUNS'] ?? 60)
const device = (n: number): ReturnType<typeof idFromBytes<'d'>> =>
  idFromBytes('d', new Uint8Array(32).fill(n))
const unknownOperation = (n: number): OperationId => idFromBytes('o', new Uint8Array(32).fill(n))
/** A peer that promises envelopes 1 to `count` of its own chain. */
function promising(count: number): Puppet {
  const puppet = new Puppet().dial({ ...NOTHING, buckets: [7n] })
  puppet.send({
    kind: 'tips',
    handle: 0,
    more: 0,
    rows: [{ chain: puppet.own.device, sum: 7n, ranges: [[1, count]] }]
  })
  return puppet
}
const asked = (puppet: Puppet): number => puppet.last('want-envelopes')?.request ?? -1
const envelopes = (puppet: Puppet, seqs: readonly number[]): Uint8Array[] =>
  seqs.map(seq => envelopeOf(puppet.own, seq))

describe('[SY1] frames', () => {
  it.each([
    ['no CBOR', Uint8Array.of(255)],
    ['no array', encodeCbor('hello')],
    ['an empty array', encodeCbor([])],
    ['a known kind of another form', encodeCbor([FRAME_NUMBERS.credit, 'many'])],
    ['a frame above 128 KiB', new Uint8Array(131_073)]
  ])('end the stream: %s', (_, bytes) => {
    const puppet = new Puppet().dial()
    puppet.bytes(bytes)
    expect(puppet.closedBy).toBe('SY1')
    expect(puppet.frames.at(-1)).toEqual({ kind: 'close', rule: 1 })
    expect(puppet.machine.gauge().sessions).toBe(0)
  })

  it('[SY6] of kinds kept for later are ignored', () => {
    const puppet = new Puppet().dial()
    for (let number = 36; number < 48; number++)
      puppet.bytes(encodeCbor([number, 'from a later version', [1, 2]]))
    expect(puppet.closedBy).toBeUndefined()
  })
})

describe('[SY2] hello', () => {
  it.each<[string, Exclude<Frame, { kind: 'unknown' }>]>([
    ['hello twice', { kind: 'hello', nonce: new Uint8Array(32), features: 0 }],
    ["the listener's turn", { kind: 'welcome', nonce: new Uint8Array(32), features: 0, tokens: [] }],
    ['a server nobody offered', { kind: 'open', handle: 5, proof: new Uint8Array(16), summary: NOTHING }],
    ['a request for such a server', { kind: 'want-operations', handle: 5, request: 1, have: [] }],
    ['opening twice', { kind: 'open', handle: 0, proof: new Uint8Array(16), summary: NOTHING }]
  ])('ends at %s', (_, frame) => {
    const puppet = new Puppet().dial()
    puppet.send(frame)
    expect(puppet.closedBy).toBe('SY2')
  })

  it('ends at a proof that does not fit', () => {
    const puppet = new Puppet().dial(null)
    puppet.send({ kind: 'open', handle: 0, proof: new Uint8Array(16), summary: NOTHING })
    expect(puppet.closedBy).toBe('SY2')
  })

  it('ends where it takes too long', () => {
    const puppet = new Puppet()
    puppet.input({
      type: 'open',
      session: 1,
      role: 'listener',
      peer: puppet.own.device,
      circuit: false,
      gossip: true
    })
    puppet.at = puppet.of('timer').at(-1)?.at ?? 0
    puppet.input({ type: 'wake' })
    expect(puppet.closedBy).toBe('SY2')
  })

  it('shows a stranger a size class and nothing else', () => {
    const puppet = new Puppet().dial(null, { secret: new Uint8Array(32) })
    expect(puppet.frames.map(frame => frame.kind)).toEqual(['welcome'])
    expect(puppet.last('welcome')?.tokens).toHaveLength(8)
    expect(puppet.of('unmatched')).toHaveLength(1)
  })

  it('is answered by a token that only this pair and these nonces give', () => {
    const puppet = new Puppet().dial(null)
    expect(puppet.last('welcome')?.tokens.map(String)).toContain(String(puppet.token('listener')))
    expect(String(puppet.last('open')?.proof)).toBe(String(puppet.token('listener')))
  })
})

describe('[SY3] standing', () => {
  const filled = (): Puppet => {
    const puppet = new Puppet()
    puppet.holdings.take('operations', [operationOf([], 'a', 'genesis').bytes])
    puppet.holdings.take('records', [new Uint8Array(80)])
    puppet.holdings.take('envelopes', envelopes(puppet, [1, 2, 3]))
    return puppet
  }

  it('[SY3] a removed device that still knows an old secret is told that, and no more', () => {
    const puppet = filled()
    puppet.holdings.secrets = [new Uint8Array(32).fill(9), ...puppet.holdings.secrets]
    puppet.holdings.standings.set(puppet.own.device, 'none')
    puppet.dial()
    expect(puppet.frames.map(frame => frame.kind)).toEqual(['welcome', 'end'])
    expect(puppet.of('ended')[0]).toMatchObject({ rule: 'SY3' })
    puppet.send({ kind: 'want-operations', handle: 0, request: 1, have: [] })
    expect(puppet.of('lookup')).toEqual([])
  })

  it.each(['applicant', 'disputed'] as const)(
    '[SY3] %s: operations and key records, no envelope, nor what there is of them',
    standing => {
      const puppet = filled()
      puppet.holdings.standings.set(puppet.own.device, standing)
      puppet.dial({ ...NOTHING, level: 0, buckets: [] })
      expect(puppet.last('open')?.summary).toMatchObject({ level: 1, buckets: [] })
      puppet.send({ kind: 'want-operations', handle: 0, request: 1, have: [] })
      puppet.send({
        kind: 'want-records',
        handle: 0,
        request: 2,
        from: idFromBytes('k', new Uint8Array(32)),
        to: idFromBytes('k', new Uint8Array(32).fill(255)),
        have: []
      })
      puppet.send({
        kind: 'want-envelopes',
        handle: 0,
        request: 3,
        ranges: [{ chain: puppet.own.device, from: 1, to: 3 }]
      })
      puppet.answer()
      expect(puppet.last('operations')?.items).toHaveLength(1)
      expect(puppet.last('records')?.items).toHaveLength(1)
      expect(puppet.last('envelopes')).toBeUndefined()
      expect(puppet.last('tips')).toBeUndefined()
      expect(puppet.frames).toContainEqual({ kind: 'done', handle: 0, request: 3, status: 1 })
    }
  )

  it.each(['none', 'disputed'] as const)(
    '[SY3] is judged again when it becomes %s: also what was being read stays here',
    standing => {
      const puppet = filled()
      puppet.dial()
      puppet.send({
        kind: 'want-envelopes',
        handle: 0,
        request: 3,
        ranges: [{ chain: puppet.own.device, from: 1, to: 3 }]
      })
      puppet.holdings.standings.set(puppet.own.device, standing)
      puppet.input({ type: 'standing', server: SERVER })
      puppet.answer()
      expect(puppet.last('envelopes')).toBeUndefined()
      if (standing === 'none') expect(puppet.last('end')).toMatchObject({ rule: 3 })
      else expect(puppet.last('done')).toMatchObject({ request: 3, status: 1 })
    }
  )

  it('[SY3] an applicant becomes a member: it is told at once', () => {
    const puppet = filled()
    puppet.holdings.standings.set(puppet.own.device, 'applicant')
    puppet.dial({ ...NOTHING, level: 0, buckets: [] })
    puppet.holdings.standings.set(puppet.own.device, 'member')
    puppet.input({ type: 'standing', server: SERVER })
    expect(puppet.last('summary')?.summary.level).toBe(2)
    expect(puppet.last('tips')?.rows).toHaveLength(1)
  })
})

describe('[SY13] bounds on peers', () => {
  it.each<[string, string, string, (puppet: Puppet) => void]>([
    [
      'SY13',
      'items nobody asked for',
      'sends what was not asked',
      puppet => void puppet.send({ kind: 'envelopes', handle: 0, request: 77, items: envelopes(puppet, [1]) })
    ],
    [
      'SY13',
      'envelopes outside the range',
      'an envelope that was not asked',
      puppet =>
        void puppet.send({
          kind: 'envelopes',
          handle: 0,
          request: asked(puppet),
          items: envelopes(puppet, [9])
        })
    ],
    [
      'SY13',
      'something that is no envelope',
      'an envelope that was not asked',
      puppet =>
        void puppet.send({
          kind: 'envelopes',
          handle: 0,
          request: asked(puppet),
          items: [new Uint8Array(50)]
        })
    ],
    [
      'SY13',
      'records for envelopes',
      'sends what was not asked',
      puppet =>
        void puppet.send({ kind: 'records', handle: 0, request: asked(puppet), items: [new Uint8Array(50)] })
    ],
    [
      'SY13',
      'more than was asked',
      'more items than were asked',
      puppet => {
        for (let i = 0; i < 3; i++)
          puppet.send({
            kind: 'envelopes',
            handle: 0,
            request: asked(puppet),
            items: envelopes(puppet, [1, 2, 3])
          })
      }
    ],
    [
      'SY13',
      'answers without items',
      'an answer without items',
      puppet => void puppet.send({ kind: 'envelopes', handle: 0, request: asked(puppet), items: [] })
    ],
    [
      'SY13',
      'the end of what was not asked',
      'ends what was not asked',
      puppet => void puppet.send({ kind: 'done', handle: 0, request: 77, status: 0 })
    ],
    [
      'SY8',
      'more than its credit',
      'sends beyond its credit',
      puppet => {
        const items = [envelopeOf(puppet.own, 1, '', 60_000)]
        for (let i = 0; i < 6; i++)
          puppet.send({ kind: 'push', handle: 0, operations: [], records: [], envelopes: items })
      }
    ],
    [
      'SY8',
      'credit for what was not sent',
      'credit for more than was sent',
      puppet => void puppet.send({ kind: 'credit', bytes: 1 })
    ],
    [
      'SY8',
      'a request for everything',
      'asks for 2049 envelopes at once',
      puppet =>
        void puppet.send({
          kind: 'want-envelopes',
          handle: 0,
          request: 1,
          ranges: [{ chain: device(1), from: 1, to: RANGE_ENVELOPES_MAX + 1 }]
        })
    ],
    [
      'SY8',
      'too wide a comparison',
      'compares too wide a range',
      puppet =>
        void puppet.send({
          kind: 'compare',
          handle: 0,
          request: 1,
          chain: device(1),
          from: 1,
          to: 1_000,
          have: []
        })
    ],
    [
      'SY13',
      'too many requests',
      'too many requests',
      puppet => {
        for (let i = 0; i <= REQUESTS_BURST; i++)
          puppet.send({ kind: 'want-operations', handle: 0, request: i, have: [] })
      }
    ],
    [
      'SY13',
      'too many requests that wait',
      'too many requests wait',
      puppet => {
        for (let i = 0; i < 70; i++)
          puppet.send({
            kind: 'want-envelopes',
            handle: 0,
            request: i,
            ranges: [{ chain: device(1), from: 1, to: 5 }]
          })
      }
    ],
    [
      'SY13',
      'too many control frames',
      'too many control frames',
      puppet => {
        for (let i = 0; i <= 400; i++) puppet.send({ kind: 'summary', handle: 0, summary: NOTHING })
      }
    ],
    [
      'SY13',
      'rows of endless chains',
      'rows of more than 16384 chains',
      puppet => {
        for (let i = 0; i < 40; i++) {
          const rows = Array.from({ length: TIPS_MAX }, (_, j) => ({
            chain: idFromBytes('d', new Seeded(i * 1_000 + j).bytes(32)),
            sum: 1n,
            ranges: [[1, 5]] as const
          }))
          puppet.send({ kind: 'tips', handle: 0, more: 1, rows })
        }
      }
    ],
    [
      'SY13',
      'promised items missing twice',
      'promised items are missing twice',
      puppet => {
        for (let i = 0; i < 2; i++)
          puppet.send({ kind: 'done', handle: 0, request: asked(puppet), status: 0 })
      }
    ]
  ])('[%s] ends the session at %s', (rule, _, reason, misbehave) => {
    const puppet = promising(3)
    expect(puppet.last('want-envelopes')?.ranges).toEqual([{ chain: puppet.own.device, from: 1, to: 3 }])
    misbehave(puppet)
    expect(puppet.of('close')).toMatchObject([{ rule, reason }])
    expect(puppet.machine.gauge()).toEqual({
      sessions: 0,
      matched: 0,
      requests: 0,
      jobs: 0,
      tips: 0,
      ranges: 0,
      inFlightBytes: 0,
      inboxBytes: 0
    })
  })

  it('[SY13] ends the session after 64 rounds without progress', () => {
    const puppet = new Puppet().dial()
    let rounds = 0
    while (puppet.closedBy === undefined && rounds < 100) {
      puppet.at += 10_000
      puppet.send({
        kind: 'summary',
        handle: 0,
        summary: {
          ...NOTHING,
          operations: { count: 9, sum: BigInt(++rounds) },
          heads: [unknownOperation(rounds)]
        }
      })
      puppet.send({
        kind: 'done',
        handle: 0,
        request: puppet.last('want-operations')?.request ?? -1,
        status: 0
      })
    }
    expect(puppet.closedBy).toBe('SY13')
    expect(rounds).toBe(65)
  })

  it('[SY13] ends the session of a peer that never answers', () => {
    const puppet = promising(3)
    puppet.at += STALL_MS
    puppet.input({ type: 'wake' })
    expect(puppet.closedBy).toBe('SY13')
  })

  it('ends the session with the rule that an item broke', () => {
    const puppet = promising(3)
    puppet.send({
      kind: 'envelopes',
      handle: 0,
      request: asked(puppet),
      items: [envelopeOf(puppet.own, 1, '', 144, false)]
    })
    const delivery = puppet.of('deliver')[0]
    puppet.input({
      type: 'taken',
      delivery: delivery?.delivery,
      fresh: 0,
      refusal: { ok: false, rule: 'EN3', reason: 'bad' }
    })
    expect(puppet.closedBy).toBe('EN3')
    expect(puppet.frames.at(-1)).toEqual({ kind: 'close', rule: 100 })
  })

  it('[SY8] never sends beyond the credit it was given, and goes on when given more', () => {
    const puppet = new Puppet()
    puppet.holdings.take(
      'envelopes',
      Array.from({ length: 400 }, (_, i) => envelopeOf(puppet.own, i + 1, '', 2_000))
    )
    puppet.dial()
    puppet.send({
      kind: 'want-envelopes',
      handle: 0,
      request: 1,
      ranges: [{ chain: puppet.own.device, from: 1, to: 400 }]
    })
    puppet.answer()
    const sent = (): number =>
      puppet
        .of('send')
        .map(effect => effect.bytes.length)
        .filter(length => length > 1_500)
        .reduce((a, b) => a + b, 0)
    expect(sent()).toBeLessThanOrEqual(WINDOW_BYTES)
    expect(sent()).toBeGreaterThan(WINDOW_BYTES / 2)
    let from = puppet.effects.length
    for (let i = 0; i < 20; i++) {
      puppet.send({
        kind: 'credit',
        bytes: puppet.machine.gauge().inFlightBytes > WINDOW_BYTES ? WINDOW_BYTES / 2 : 30_000
      })
      puppet.answer(from)
      from = puppet.effects.length
      if (puppet.last('done') !== undefined) break
    }
    expect(puppet.frames.flatMap(frame => (frame.kind === 'envelopes' ? frame.items : []))).toHaveLength(400)
    expect(puppet.last('done')).toMatchObject({ request: 1, status: 0 })
  })
})

describe('[SY13] any frames in any order', () => {
  const id = fc.integer({ min: 0, max: 4 }).map(n => new Uint8Array(32).fill(n))
  const items = fc.array(
    fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 400 }),
      fc.nat(20).map(n => envelopeOf({ authorId: new Uint8Array(16) }, n + 1))
    ),
    { maxLength: 4 }
  )
  const seq = fc.integer({ min: 1, max: 40 })
  const small = fc.nat(3)
  const sum = fc.bigInt(0n, 4n)
  const counted = fc.record({ count: small, sum })
  const summary = fc.record({
    level: fc.nat(2),
    flags: small,
    checkpoint: id,
    operations: counted,
    heads: fc.array(
      id.map(each => idFromBytes('o', each)),
      { maxLength: 3 }
    ),
    leaves: sum,
    records: counted,
    buckets: fc.constantFrom([], [1n], [1n, 2n])
  })
  const common = { handle: fc.constantFrom(0, 0, 0, 1), request: fc.nat(6) }
  const frame = fc.oneof(
    fc.record({ kind: fc.constant('summary'), ...common, summary }),
    fc.record({ kind: fc.constant('end'), handle: common.handle, rule: small }),
    fc.record({ kind: fc.constant('credit'), bytes: fc.integer({ min: 1, max: 2_000 }) }),
    fc.record({
      kind: fc.constant('want-operations'),
      ...common,
      have: fc.array(
        id.map(each => idFromBytes('o', each)),
        { maxLength: 3 }
      )
    }),
    fc.record({
      kind: fc.constant('want-records'),
      ...common,
      from: id.map(each => idFromBytes('k', each)),
      to: id.map(each => idFromBytes('k', each)),
      have: fc.constant([])
    }),
    fc.record({
      kind: fc.constant('want-envelopes'),
      ...common,
      ranges: fc.array(
        fc.record({ chain: id.map(each => idFromBytes('d', each)), from: seq, to: fc.constant(40) }),
        { minLength: 1, maxLength: 3 }
      )
    }),
    fc.record({
      kind: fc.constant('compare'),
      ...common,
      chain: id.map(each => idFromBytes('d', each)),
      from: seq,
      to: seq,
      have: fc.constant([])
    }),
    fc.record({ kind: fc.constantFrom('operations', 'records', 'envelopes', 'stubs'), ...common, items }),
    fc.record({ kind: fc.constant('done'), ...common, status: small }),
    fc.record({
      kind: fc.constant('tips'),
      handle: common.handle,
      more: fc.nat(1),
      rows: fc.array(
        fc.record({ chain: id.map(each => idFromBytes('d', each)), sum, ranges: seq.map(to => [[1, to]]) }),
        { maxLength: 4 }
      )
    }),
    fc.record({
      kind: fc.constant('push'),
      handle: common.handle,
      operations: items,
      records: items,
      envelopes: items
    }),
    fc.record({
      kind: fc.constant('receipt'),
      handle: common.handle,
      receipt: fc.uint8Array({ minLength: 1, maxLength: 300 })
    }),
    fc.record({
      kind: fc.constant('offer'),
      handle: common.handle,
      numbers: fc
        .tuple(fc.integer({ min: 1, max: 2 ** 40 }), fc.nat(255))
        .map(([from, more]) => [[from, from + more] as const])
    })
  ) as fc.Arbitrary<Exclude<Frame, { kind: 'unknown' }>>
  const move = fc.oneof(
    { weight: 8, arbitrary: fc.record({ frame }) },
    { weight: 1, arbitrary: fc.record({ bytes: fc.uint8Array({ maxLength: 100 }) }) },
    { weight: 2, arbitrary: fc.record({ ms: fc.nat(40_000) }) },
    { weight: 2, arbitrary: fc.constant({ take: true as const }) }
  )

  it('give effects or a close with a rule, never an exception, and memory stays bounded', () => {
    fc.assert(
      fc.property(summary, fc.array(move, { maxLength: 60 }), (first, moves) => {
        const puppet = new Puppet()
        puppet.holdings.take('operations', [operationOf([], 'a', 'genesis').bytes])
        puppet.holdings.take(
          'envelopes',
          Array.from({ length: 40 }, (_, i) => envelopeOf(puppet.own, i + 1))
        )
        puppet.dial(first)
        let done = 0
        for (const each of moves) {
          if ('frame' in each) puppet.bytes(encodeFrame(each.frame))
          else if ('bytes' in each) puppet.bytes(each.bytes)
          else if ('ms' in each) {
            puppet.at += each.ms
            puppet.input({ type: 'wake' })
          } else {
            for (const delivery of puppet.of('deliver').slice(done)) {
              puppet.input({ type: 'taken', delivery: delivery.delivery, fresh: delivery.items.length % 2 })
              done++
            }
            puppet.answer()
          }
          const gauge = puppet.machine.gauge()
          expect(gauge.inboxBytes).toBeLessThanOrEqual(WINDOW_BYTES)
          expect(gauge.jobs).toBeLessThanOrEqual(64)
          if (puppet.closedBy !== undefined) {
            expect(gauge.sessions).toBe(0)
            break
          }
        }
      }),
      { numRuns: runs * 5 }
    )
  })
})

/**
 * Writes docs/spec/vectors/sync: frames, hello tokens, receipts and fingerprints, with invalid cases and their
 * rules. Everything comes from fixed bytes, so a second run writes the same files.
 */
import { writeFile } from 'node:fs/promises'
import { createNodeSuite } from '../src/adapters/crypto-node/index.ts'
import {
  type ChannelId,
  type DeviceId,
  idFromBytes,
  type OperationId,
  type RecordId
} from '../src/base/index.ts'
import type { Suite } from '../src/crypto/index.ts'
import { type CborValue, concatBytes, encodeCbor } from '../src/encoding/index.ts'
import { answerSpans } from '../src/sync/answer-ranges.ts'
import { chainToBytes } from '../src/sync/chain-index.ts'
import { helloToken } from '../src/sync/hello.ts'
import type { Span } from '../src/sync/range-form.ts'
import {
  ChainIndex,
  chainOfAuthor,
  createReceipt,
  encodeFrame,
  type Frame,
  fingerprintOf,
  FRAME_NUMBERS,
  HIGHEST,
  LOWEST,
  type RangeBound,
  RangeTree,
  type Summary
} from '../src/sync/index.ts'
import { fill, flipLast, seededRandom, toHex } from './vector-tools.ts'

type Sent = Exclude<Frame, { kind: 'unknown' }>
const operation = (n: number): OperationId => idFromBytes('o', fill(n))
const record = (n: number): RecordId => idFromBytes('k', fill(n))
const channel = (n: number): ChannelId => idFromBytes('c', fill(n))
const device = (n: number): DeviceId => idFromBytes('d', fill(n))

/** JSON of a frame: ids, bytes and sums in hex. */
export function plainFrame(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (typeof value === 'bigint') return value.toString(16).padStart(32, '0')
  if (typeof value === 'string' && /^[acdkmos][0-9a-v]{26,52}$/.test(value))
    return toHex(chainToBytes(value as DeviceId))
  if (Array.isArray(value)) return value.map(plainFrame)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plainFrame(each)]))
  }
  return value
}

const summary: Summary = {
  level: 2,
  flags: 1,
  checkpoint: fill(1),
  operations: { count: 3, sum: 0x0102n },
  heads: [operation(2), operation(3)],
  leaves: 7n,
  records: { count: 1, sum: 1n << 127n },
  buckets: [1n, 2n, 3n, 4n]
}

const frames: readonly (readonly [note: string, frame: Sent])[] = [
  ['hello', { kind: 'hello', nonce: fill(1), features: 0 }],
  ['hello with features nobody knows yet', { kind: 'hello', nonce: fill(1), features: 2 ** 40 }],
  ['welcome', { kind: 'welcome', nonce: fill(2), features: 0, tokens: [fill(3, 16), fill(4, 16)] }],
  ['tokens', { kind: 'tokens', tokens: [fill(5, 16)] }],
  ['open', { kind: 'open', handle: 7, proof: fill(6, 16), summary }],
  [
    'summary towards an applicant',
    { kind: 'summary', handle: 7, summary: { ...summary, level: 1, flags: 0, buckets: [] } }
  ],
  ['end', { kind: 'end', handle: 7, rule: 3 }],
  ['close', { kind: 'close', rule: 13 }],
  ['credit', { kind: 'credit', bytes: 32_768 }],
  ['want-operations', { kind: 'want-operations', handle: 0, request: 1, have: [operation(2), operation(1)] }],
  ['want-operations of one who holds nothing', { kind: 'want-operations', handle: 0, request: 1, have: [] }],
  [
    'want-records',
    { kind: 'want-records', handle: 0, request: 2, from: record(0), to: record(255), have: [record(9)] }
  ],
  [
    'want-envelopes',
    {
      kind: 'want-envelopes',
      handle: 0,
      request: 3,
      ranges: [
        { chain: device(8), from: 4, to: 9 },
        { chain: chainOfAuthor(fill(8, 16)), from: 1, to: 1 }
      ]
    }
  ],
  [
    'compare',
    {
      kind: 'compare',
      handle: 0,
      request: 4,
      chain: device(8),
      from: 1,
      to: 2,
      have: [fill(1, 16), fill(2, 16)]
    }
  ],
  ['operations', { kind: 'operations', handle: 0, request: 1, items: [fill(1, 5), fill(2, 30)] }],
  ['records', { kind: 'records', handle: 0, request: 2, items: [fill(3, 3)] }],
  ['envelopes', { kind: 'envelopes', handle: 0, request: 3, items: [fill(4, 1)] }],
  ['stubs', { kind: 'stubs', handle: 0, request: 3, items: [fill(5, 2)] }],
  ['done', { kind: 'done', handle: 0, request: 3, status: 0 }],
  [
    'tips',
    {
      kind: 'tips',
      handle: 0,
      more: 0,
      rows: [
        {
          chain: device(8),
          sum: 5n,
          ranges: [
            [1, 3],
            [5, 9]
          ]
        },
        { chain: device(9), sum: 0n, ranges: [] }
      ]
    }
  ],
  ['push', { kind: 'push', handle: 0, operations: [fill(1, 4)], records: [], envelopes: [fill(2, 6)] }],
  ['receipt', { kind: 'receipt', handle: 0, receipt: fill(7, 20) }],
  [
    'offer',
    {
      kind: 'offer',
      handle: 0,
      numbers: [
        [3, 7],
        [9, 9]
      ]
    }
  ],
  [
    'ask-ranges of every kind of log',
    {
      kind: 'ask-ranges',
      handle: 0,
      request: 5,
      spans: [
        { log: 'leaves', from: LOWEST, to: HIGHEST, newest: 0, count: 2, sum: 3n },
        { log: 'records', from: { time: 4, share: 1n << 120n }, to: HIGHEST, newest: 0, count: 0, sum: 0n },
        { log: 'acts', from: LOWEST, to: { time: 9, share: 0n }, newest: 5_000, count: 1, sum: 1n },
        { log: channel(5), from: LOWEST, to: { time: 9, share: 255n }, newest: 200, count: 7, sum: 8n }
      ]
    }
  ],
  [
    'ranges: a split and a list',
    {
      kind: 'ranges',
      handle: 0,
      request: 5,
      chains: [device(8)],
      splits: [
        {
          span: 0,
          from: LOWEST,
          parts: Array.from({ length: 16 }, (_, i) => ({
            to: { time: i + 1, share: 0n },
            count: 3,
            sum: BigInt(i)
          }))
        }
      ],
      lists: [
        {
          span: 3,
          from: { time: 2, share: 0n },
          rows: [
            { time: 2, share: 7n, chain: 0, seq: 1 },
            { time: 2, share: 8n, chain: 0, seq: 4 }
          ]
        }
      ]
    }
  ],
  ['ranges: all agree', { kind: 'ranges', handle: 0, request: 5, chains: [], splits: [], lists: [] }],
  [
    'want-listed',
    { kind: 'want-listed', handle: 0, request: 6, log: 'records', items: [{ time: 4, share: 9n }] }
  ],
  ['want-tips', { kind: 'want-tips', handle: 0 }]
]

const zero = fill(0, 16)
const NONE = new Uint8Array()
const spanOf = (log: Uint8Array, share: Uint8Array = NONE, newest = 0): CborValue => [
  log,
  [0, NONE],
  [1, share],
  newest,
  0,
  zero
]
const invalid: readonly (readonly [why: string, value: CborValue | Uint8Array])[] = [
  ['no CBOR', Uint8Array.of(0xff)],
  ['a map', Uint8Array.of(0xa0)],
  ['trailing bytes', concatBytes([encodeCbor([FRAME_NUMBERS.close, 0]), Uint8Array.of(0)])],
  ['a longer integer than needed', Uint8Array.of(0x82, 0x07, 0x18, 0x00)],
  ['not an array', 7],
  ['an empty array', []],
  ['does not begin with a number', ['hello']],
  ['hello of another version', [FRAME_NUMBERS.hello, 2, fill(1), 0]],
  ['a nonce that is too short', [FRAME_NUMBERS.hello, 1, fill(1, 31), 0]],
  ['a field too many', [FRAME_NUMBERS.close, 0, 0]],
  ['a field too few', [FRAME_NUMBERS.end, 0]],
  ['more than 256 tokens', [FRAME_NUMBERS.tokens, Array.from({ length: 257 }, () => zero)]],
  ['no credit', [FRAME_NUMBERS.credit, 0]],
  [
    'three buckets',
    [FRAME_NUMBERS.summary, 0, [2, 0, fill(1), [0, zero], [], zero, [0, zero], [zero, zero, zero]]]
  ],
  [
    '17 heads',
    [
      FRAME_NUMBERS.summary,
      0,
      [2, 0, fill(1), [0, zero], Array.from({ length: 17 }, () => fill(2)), zero, [0, zero], []]
    ]
  ],
  ['a level above 2', [FRAME_NUMBERS.summary, 0, [3, 0, fill(1), [0, zero], [], zero, [0, zero], []]]],
  ['no ranges', [FRAME_NUMBERS['want-envelopes'], 0, 1, []]],
  ['a range that falls', [FRAME_NUMBERS['want-envelopes'], 0, 1, [[fill(8), 9, 4]]]],
  ['seq 0', [FRAME_NUMBERS['want-envelopes'], 0, 1, [[fill(8), 0, 4]]]],
  ['a chain of 20 bytes', [FRAME_NUMBERS['want-envelopes'], 0, 1, [[fill(8, 20), 1, 4]]]],
  ['tip ranges that touch', [FRAME_NUMBERS.tips, 0, 0, [[fill(8), zero, [9, 5, 4, 1]]]]],
  ['tip ranges that rise', [FRAME_NUMBERS.tips, 0, 0, [[fill(8), zero, [3, 1, 9, 5]]]]],
  ['half a tip range', [FRAME_NUMBERS.tips, 0, 0, [[fill(8), zero, [9]]]]],
  ['an empty item', [FRAME_NUMBERS.envelopes, 0, 1, [new Uint8Array()]]],
  ['257 items', [FRAME_NUMBERS.envelopes, 0, 1, Array.from({ length: 257 }, () => fill(1, 1))]],
  ['an offer of nothing', [FRAME_NUMBERS.offer, 0, []]],
  ['an offer of 257 numbers', [FRAME_NUMBERS.offer, 0, [257, 1]]],
  ['an offer of ranges that rise', [FRAME_NUMBERS.offer, 0, [3, 1, 9, 5]]],
  ['no spans', [FRAME_NUMBERS['ask-ranges'], 0, 1, []]],
  [
    '17 spans',
    [FRAME_NUMBERS['ask-ranges'], 0, 1, Array.from({ length: 17 }, () => spanOf(Uint8Array.of(0)))]
  ],
  ['a log of no kind', [FRAME_NUMBERS['ask-ranges'], 0, 1, [spanOf(Uint8Array.of(3))]]],
  ['a log of two bytes', [FRAME_NUMBERS['ask-ranges'], 0, 1, [spanOf(fill(1, 2))]]],
  [
    'a bound that ends in zero',
    [FRAME_NUMBERS['ask-ranges'], 0, 1, [spanOf(Uint8Array.of(0), Uint8Array.of(1, 0))]]
  ],
  ['a bound of 17 bytes', [FRAME_NUMBERS['ask-ranges'], 0, 1, [spanOf(Uint8Array.of(0), fill(1, 17))]]],
  ['a window of 5,001', [FRAME_NUMBERS['ask-ranges'], 0, 1, [spanOf(Uint8Array.of(0), NONE, 5_001)]]],
  [
    'a split in 15 parts',
    [
      FRAME_NUMBERS.ranges,
      0,
      1,
      [],
      [[0, [0, NONE], Array.from({ length: 15 }, () => [[1, NONE], 1, zero])]],
      []
    ]
  ],
  [
    'an empty part',
    [
      FRAME_NUMBERS.ranges,
      0,
      1,
      [],
      [[0, [0, NONE], Array.from({ length: 16 }, () => [[1, NONE], 0, zero])]],
      []
    ]
  ],
  [
    'a list of 33',
    [
      FRAME_NUMBERS.ranges,
      0,
      1,
      [],
      [],
      [[0, [0, NONE], Array.from({ length: 33 }, (_, i) => [i, zero, 0, 0])]]
    ]
  ],
  ['items of acts', [FRAME_NUMBERS['want-listed'], 0, 1, 2, [[1, zero]]]],
  ['no listed items', [FRAME_NUMBERS['want-listed'], 0, 1, 0, []]]
]

function receipts(suite: Suite): object {
  const key = suite.signingKey(fill(1))
  const valid = [
    { kind: 'held', ids: [fill(2)], at: 1, until: null },
    { kind: 'durable', ids: [fill(3), fill(4)], at: 1_700_000_000_000, until: 1_800_000_000_000 },
    { kind: 'read', ids: [fill(5)], at: 0, until: null }
  ] as const
  const bytesOf = (each: (typeof valid)[number]): Uint8Array =>
    createReceipt(suite, key, { ...each, ids: each.ids.map(id => idFromBytes('m', id)) })
  const good = bytesOf(valid[0])
  return {
    secretKey: toHex(fill(1)),
    signer: toHex(key.publicKey),
    valid: valid.map(each => ({ ...each, ids: each.ids.map(toHex), bytes: toHex(bytesOf(each)) })),
    invalid: [
      { why: 'an altered signature', bytes: toHex(flipLast(good)), rule: 'SY16' },
      { why: 'an altered kind', bytes: toHex(good.map((byte, i) => (i === 2 ? 1 : byte))), rule: 'SY16' },
      { why: 'version 2', bytes: toHex(good.map((byte, i) => (i === 1 ? 2 : byte))), rule: 'SY16' },
      { why: 'kind 3', bytes: toHex(good.map((byte, i) => (i === 2 ? 3 : byte))), rule: 'SY16' },
      { why: 'no ids', bytes: toHex(encodeCbor([1, 0, fill(1), [], 1, null, fill(0, 64)])), rule: 'SY16' },
      { why: 'no CBOR', bytes: 'ff', rule: 'SY16' }
    ]
  }
}

function hello(suite: Suite): object {
  const [secret, nonceD, nonceL, dialler, listener] = [1, 2, 3, 4, 5].map(n => fill(n)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array
  ]
  const context = concatBytes([nonceD, nonceL, dialler, listener])
  return {
    secret: toHex(secret),
    nonceD: toHex(nonceD),
    nonceL: toHex(nonceL),
    dialler: toHex(dialler),
    listener: toHex(listener),
    tokens: {
      dialler: toHex(helloToken(suite, secret, 'dialler', context)),
      listener: toHex(helloToken(suite, secret, 'listener', context))
    }
  }
}

function fingerprints(): object {
  const random = seededRandom('sync fingerprints')
  const index = new ChainIndex()
  const envelopes = Array.from({ length: 12 }, (_, i) => ({
    chain: random.bytes(32),
    seq: i + 1,
    id: random.bytes(32)
  }))
  for (const { chain, seq, id } of envelopes) index.add(idFromBytes('d', chain), seq, id)
  return {
    envelopes: envelopes.map(each => ({ chain: toHex(each.chain), seq: each.seq, id: toHex(each.id) })),
    buckets: Object.fromEntries([1, 2, 4, 8, 16].map(length => [length, plainFrame(index.buckets(length))]))
  }
}

/** What somebody who holds a log of 100 answers to some spans: equal ones are not told. */
function ranges(): object {
  const random = seededRandom('sync ranges')
  const entries = Array.from({ length: 100 }, (_, i) => {
    const id = random.bytes(32)
    return {
      time: 1_000 + Math.floor(i / 3),
      share: fingerprintOf(id),
      chain: device(1 + (i % 4)),
      seq: i + 1,
      id
    }
  })
  const tree = RangeTree.of(entries)
  const log = channel(7)
  const span = (from: RangeBound, to: RangeBound, newest: number, count = 0, sum = 0n): Span => ({
    log,
    from,
    to,
    newest,
    count,
    sum
  })
  const at = (time: number): RangeBound => ({ time, share: 0n })
  const equal = tree.measure(at(1_005), at(1_010))
  const spans = [
    span(LOWEST, HIGHEST, 0),
    span(LOWEST, HIGHEST, 40),
    span(at(1_005), at(1_010), 0, equal.count, equal.sum),
    span(at(1_030), HIGHEST, 0),
    span(at(2_000), HIGHEST, 0, 1, 5n)
  ]
  const { told } = answerSpans(
    undefined as never,
    undefined as never,
    spans,
    spans.map(() => ({ tree, from: LOWEST }))
  )
  return {
    log: entries.map(({ time, id, chain, seq }) => ({ time, id: toHex(id), chain: plainFrame(chain), seq })),
    asked: toHex(encodeFrame({ kind: 'ask-ranges', handle: 0, request: 1, spans })),
    answer: toHex(encodeFrame({ kind: 'ranges', handle: 0, request: 1, ...told }))
  }
}

/** Every file of the folder by name. */
export async function buildSyncVectors(): Promise<Record<string, object>> {
  const suite = await createNodeSuite()
  return {
    frames: {
      valid: frames.map(([note, frame]) => ({
        note,
        frame: plainFrame(frame),
        bytes: toHex(encodeFrame(frame))
      })),
      ignored: [[29], [36], [40, 'from a later version', [1, 2]], [65_536, null]].map(value => ({
        number: value[0],
        bytes: toHex(encodeCbor(value as CborValue))
      })),
      invalid: invalid.map(([why, value]) => ({
        why,
        bytes: toHex(value instanceof Uint8Array ? value : encodeCbor(value)),
        rule: 'SY1'
      }))
    },
    hello: hello(suite),
    receipts: receipts(suite),
    fingerprints: fingerprints(),
    ranges: ranges()
  }
}

if (import.meta.main) {
  for (const [name, content] of Object.entries(await buildSyncVectors())) {
    await writeFile(
      new URL(`../../../docs/spec/vectors/sync/${name}.json`, import.meta.url),
      `${JSON.stringify(content, null, 1)}\n`
    )
  }
}

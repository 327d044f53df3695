import { describe, expect, it } from 'vitest'
import type { OperationMark } from '../../authority/index.ts'
import { idFromBytes, type OperationId, type ServerId } from '../../base/index.ts'
import { Marks } from './marks.ts'
import { decodeSnapshot, encodeSnapshot, type OwnSnapshot, SNAPSHOT_PARTS } from './own-snapshot.ts'

const bytes = (n: number): Uint8Array => new Uint8Array(32).fill(n & 255).fill(n >> 8, 0, 1)
const operation = (n: number): OperationId => idFromBytes('o', bytes(n))
const server: ServerId = idFromBytes('s', bytes(1))

const markOf = (n: number): OperationMark => ({ kind: n % 70, lamport: n, at: 2 ** 53 - 1 - n })
/** As many marks as two pieces have. */
const COUNT = 4_000
const numbers = Array.from({ length: COUNT }, (_, n) => n)
const marks = Marks.join(
  undefined,
  numbers.map(n => [operation(n), markOf(n)])
)
const own: OwnSnapshot = {
  claim: { server, count: COUNT, sum: (1n << 255n) + 5n, heads: [operation(7)] },
  chunks: [bytes(1), bytes(2)],
  rows: COUNT + 3,
  outside: [4, COUNT + 1, COUNT + 2],
  kept: [0, 9],
  marks,
  devices: [{ device: idFromBytes('d', bytes(3)), seq: 4, id: operation(5) }],
  removals: [{ user: idFromBytes('u', bytes(6)), operations: [operation(7)] }],
  samples: [operation(7), operation(0)],
  automodSeen: true,
  pins: {
    heads: [operation(7)],
    records: [
      { id: idFromBytes('k', bytes(8)) },
      {
        id: idFromBytes('k', bytes(9)),
        standing: { kind: 'invalid', rule: 'EK12', reason: 'no such role' },
        facts: {
          lamport: 3,
          channel: { known: true, open: false, chain: [idFromBytes('c', bytes(1))] },
          views: [idFromBytes('c', bytes(1)), idFromBytes('c', bytes(2))],
          mine: true,
          outdated: [idFromBytes('e', bytes(2).subarray(0, 16))]
        }
      }
    ],
    losses: [
      {
        frontier: [operation(1)],
        losses: [{ operation: operation(2), lamport: 2, users: [], role: idFromBytes('r', bytes(3)) }]
      }
    ]
  }
}

describe('[ND24] the bytes of an own snapshot', () => {
  const pieces = encodeSnapshot(own)

  it('read back as they were written', () => {
    expect(decodeSnapshot(server, pieces)).toEqual(own)
  })

  it('are refused where a piece is missing, doubled or not what it was', () => {
    for (const [at, piece] of pieces.entries()) {
      const others = pieces.filter((_, index) => index !== at)
      const short = { ...piece, bytes: piece.bytes.subarray(1) }
      // Of what is only a list, or verified by who reads it, an end that is missing shows elsewhere.
      if (piece.part === SNAPSHOT_PARTS.head || piece.part === SNAPSHOT_PARTS.marks) {
        expect(decodeSnapshot(server, others)).toBeUndefined()
      }
      if (piece.part !== SNAPSHOT_PARTS.chunk)
        expect(decodeSnapshot(server, [...others.slice(0, at), short, ...others.slice(at)])).toBeUndefined()
    }
    const double = pieces.filter(each => each.part === SNAPSHOT_PARTS.marks)
    expect(decodeSnapshot(server, [...pieces, ...double])).toBeUndefined()
    expect(decodeSnapshot(server, [])).toBeUndefined()
  })
})

describe('[ND24] marks of operations', () => {
  const more = Array.from({ length: 50 }, (_, n) => [operation(COUNT + n), markOf(n)] as const)

  it('tell of each what was told, and of no other', () => {
    const read = Marks.read(marks.pieces())
    expect(read?.size).toBe(COUNT)
    expect(marks.pieces().length).toBeGreaterThan(1)
    for (const n of numbers) expect(read?.get(operation(n))).toEqual(markOf(n))
    expect(read?.has(operation(COUNT))).toBe(false)
    expect(read?.get(operation(COUNT))).toBeUndefined()
  })

  it('go on where they ended, newest first when listed', () => {
    const joined = Marks.join(marks, more)
    expect(joined.size).toBe(COUNT + 50)
    expect(joined.get(operation(COUNT + 49))).toEqual(markOf(49))
    expect(joined.get(operation(3))).toEqual(markOf(3))
    expect(joined.newestFirst().slice(0, 2)).toEqual([operation(COUNT + 49), operation(COUNT + 48)])
    expect(Marks.join(marks, []).pieces()).toEqual(marks.pieces())
  })

  it('are not used where ids crowd, so that finding one would be a search', () => {
    const crowd = Array.from({ length: 3_000 }, (_, n) => {
      const id = new Uint8Array(32)
      new DataView(id.buffer).setUint32(28, n)
      return [idFromBytes('o', id), markOf(n)] as const
    })
    expect(Marks.read(Marks.join(undefined, crowd).pieces())).toBeUndefined()
  })
})

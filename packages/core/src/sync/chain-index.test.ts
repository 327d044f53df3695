import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Seeded } from '../../test/sync/world.ts'
import { idFromBytes } from '../base/index.ts'
import { bucketsDiffer } from './buckets.ts'
import { ChainIndex, chainOfAuthor, chainToBytes } from './chain-index.ts'

const chain = (n: number): ReturnType<typeof idFromBytes<'d'>> =>
  idFromBytes('d', new Uint8Array(32).fill(n * 16))
const id = (n: number): Uint8Array => new Seeded(n).bytes(32)
const items = fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 30 })), { maxLength: 60 })

describe('[SY4] [SY9] the index of author chains', () => {
  it('gives the same sums and ranges in any order, and back from its rows', () => {
    fc.assert(
      fc.property(items, list => {
        const [one, two, three] = [new ChainIndex(), new ChainIndex(), new ChainIndex()]
        for (const [i, [c, seq]] of list.entries()) one.add(chain(c), seq, id(i))
        for (const [i, [c, seq]] of [...list.entries()].reverse()) two.add(chain(c), seq, id(i))
        for (const each of one.chains()) expect(three.restore(each.id, one.row(each.id))).toBe(true)
        for (const other of [two, three]) {
          expect(other.buckets()).toEqual(one.buckets())
          expect(other.count).toBe(list.length)
          for (const each of one.chains()) expect(other.get(each.id)).toEqual(each)
        }
      })
    )
  })

  it('refuses damaged rows', () => {
    const index = new ChainIndex()
    expect(index.restore(chain(1), Uint8Array.of(1, 2, 3))).toBe(false)
    expect(index.size).toBe(0)
  })

  it('[SY14] moves the chain of an unknown author to its device', () => {
    const [known, late] = [new ChainIndex(), new ChainIndex()]
    const author = chainOfAuthor(new Uint8Array(16).fill(200))
    expect(chainToBytes(author)).toHaveLength(16)
    for (let seq = 1; seq < 6; seq++) {
      known.add(chain(1), seq, id(seq))
      late.add(seq % 2 === 0 ? chain(1) : author, seq, id(seq))
    }
    late.rename(author, chain(1))
    expect(late.get(chain(1))).toEqual(known.get(chain(1)))
    expect(late.buckets()).toEqual(known.buckets())
    expect([late.size, late.count]).toEqual([1, 5])
  })

  it('[SY4] sides with different numbers of buckets compare the coarser', () => {
    const [a, b] = [new ChainIndex(), new ChainIndex()]
    for (let c = 0; c < 15; c++) for (const index of [a, b]) index.add(chain(c), 1, id(c))
    const view = (chains: ChainIndex): never => ({ chains }) as never
    for (const length of [1, 2, 4, 8, 16])
      expect(bucketsDiffer(view(a), { buckets: b.buckets(length) } as never)).toBe(false)
    b.add(chain(3), 2, id(99))
    for (const length of [1, 2, 4, 8, 16])
      expect(bucketsDiffer(view(a), { buckets: b.buckets(length) } as never)).toBe(true)
  })
})

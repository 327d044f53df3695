import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase32hex, toBase32hex } from './base32hex.ts'
import { idFromBytes, type IdLetter, idToBytes, readIdBytes } from './ids.ts'

/** Few different ends, so that many ids meet in one place of what is remembered. */
const bytes = fc
  .tuple(fc.uint8Array({ minLength: 31, maxLength: 31 }), fc.constantFrom(0, 1, 4))
  .map(([head, last]) => Uint8Array.of(...head.subarray(0, 30), last, 0))
const letter = fc.constantFrom<IdLetter>('u', 'd', 'c', 'm')

describe('ids, some of which are remembered', () => {
  it('write the letter and all of the bytes, whatever was written before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(letter, bytes), { maxLength: 40 }), list => {
        for (const [kind, each] of [...list, ...list])
          expect(idFromBytes(kind, each)).toBe(kind + toBase32hex(each))
      })
    )
  })

  it('give the bytes they were made of, fresh or to be read only', () => {
    fc.assert(
      fc.property(letter, bytes, (kind, each) => {
        const id = idFromBytes(kind, each)
        expect(readIdBytes(id)).toEqual(each)
        const fresh = idToBytes(id)
        fresh.fill(9)
        expect(readIdBytes(id)).toEqual(fromBase32hex(id, 1))
      })
    )
  })

  it('do not follow later changes of the bytes', () => {
    const source = new Uint8Array(32).fill(7)
    const before = idFromBytes('m', source)
    source[0] = 8
    expect(idFromBytes('m', source)).not.toBe(before)
  })
})

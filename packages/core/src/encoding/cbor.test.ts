import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CborValue, decodeCbor, encodeCbor } from './index.ts'

const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16))

const value: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>(tie => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.maxSafeNat(),
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: 'grapheme' }).filter(text => text.isWellFormed()),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 6 })
  )
})).value

describe('[EN1] deterministic CBOR', () => {
  it('[EN1] gives back what was encoded', () => {
    fc.assert(
      fc.property(value, each => {
        const decoded = decodeCbor(encodeCbor(each))
        expect(decoded).toEqual({ ok: true, value: each })
      })
    )
  })

  it('[EN1] never throws on arbitrary bytes, and what it accepts re-encodes to them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        const decoded = decodeCbor(bytes)
        if (decoded.ok) expect(encodeCbor(decoded.value)).toEqual(bytes)
      }),
      { numRuns: 5_000 }
    )
  })

  it.each([
    ['a longer integer than needed', '1800'],
    ['a longer length than needed', '580100'],
    ['an indefinite array', '9f01ff'],
    ['an indefinite byte string', '5f4101ff'],
    ['a map', 'a10102'],
    ['a tag', 'c101'],
    ['a negative integer', '20'],
    ['a float', 'fb3ff0000000000000'],
    ['undefined', 'f7'],
    ['2^53', '1b0020000000000000'],
    ['2^64 − 1', '1bffffffffffffffff'],
    ['trailing bytes', '0101'],
    ['nothing', ''],
    ['a truncated string', '4401'],
    ['invalid UTF-8', '62c328'],
    ['a simple value', 'f3']
  ])('[EN1] refuses %s', (_name, text) => {
    expect(decodeCbor(hex(text))).toMatchObject({ ok: false, rule: 'EN1' })
  })

  it('[EN1] refuses a depth bomb without recursing', () => {
    const bomb = new Uint8Array(200_000).fill(0x81)
    expect(decodeCbor(bomb)).toMatchObject({ ok: false, rule: 'EN1', reason: 'nested deeper than 16' })
  })

  it('[EN1] refuses more than its bound before decoding', () => {
    expect(decodeCbor(new Uint8Array(11), { maxBytes: 10 })).toMatchObject({
      ok: false,
      reason: '11 bytes; at most 10'
    })
  })

  it('[EN1] calls a foreign value of our own a TypeError', () => {
    expect(() => encodeCbor(-1)).toThrow(TypeError)
    expect(() => encodeCbor('\ud800')).toThrow(TypeError)
    expect(() => encodeCbor(2 ** 53)).toThrow(TypeError)
  })
})

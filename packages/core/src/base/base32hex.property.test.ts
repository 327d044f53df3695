import fc from 'fast-check'
import { fromString, toString } from 'uint8arrays'
import { describe, expect, it } from 'vitest'
import { fromBase32hex, toBase32hex } from './base32hex.ts'

const bytes = fc.uint8Array({ maxLength: 70 })
const canonical = (text: string): Uint8Array | undefined => {
  try {
    const read = fromString(text, 'base32hex')
    return toString(read, 'base32hex') === text ? read : undefined
  } catch {
    return undefined
  }
}

describe('base32hex as uint8arrays writes it', () => {
  it('writes any bytes alike', () => {
    fc.assert(
      fc.property(bytes, each => {
        expect(toBase32hex(each)).toBe(toString(each, 'base32hex'))
      }),
      { numRuns: 2_000 }
    )
  })

  it('reads back what it wrote, from any place', () => {
    fc.assert(
      fc.property(bytes, fc.string({ maxLength: 3 }), (each, before) => {
        expect(fromBase32hex(before + toBase32hex(each), before.length)).toEqual(each)
      })
    )
  })

  it('reads digits just where they are the one form of some bytes', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789abcdefghijklmnopqrstuv'), maxLength: 60 })
    fc.assert(
      fc.property(digits, text => {
        expect(fromBase32hex(text)).toEqual(canonical(text))
      }),
      { numRuns: 2_000 }
    )
  })

  it('refuses what is no digit', () => {
    fc.assert(
      fc.property(
        bytes,
        fc.nat(),
        fc.constantFrom('w', 'A', 'V', '=', ' ', 'é', '€', '\u0130', '\ud83d'),
        (each, at, wrong) => {
          const text = toBase32hex(each)
          const place = at % (text.length + 1)
          expect(fromBase32hex(text.slice(0, place) + wrong + text.slice(place))).toBeUndefined()
        }
      )
    )
  })

  it.each(['0', '01', '000', '00001', '000000'])('refuses %s, whose bytes have another form', text => {
    expect(fromBase32hex(text)).toEqual(canonical(text))
  })
})

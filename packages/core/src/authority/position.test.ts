import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparePositions, isPosition, positionBetween } from './position.ts'

const BOTTOM = new Uint8Array(0)

describe('positions', () => {
  it('[AU11] leave room for a thousand things added one after the other, at either end', () => {
    let last: Uint8Array = BOTTOM
    let first: Uint8Array | null = null
    for (let i = 0; i < 1_000; i++) {
      const above = positionBetween(last, null, i)
      if (above === undefined) throw new Error(`no room above after ${i}`)
      expect(comparePositions(above, last)).toBeGreaterThan(0)
      last = above
      const below = positionBetween(BOTTOM, first, i)
      if (below === undefined) throw new Error(`no room below after ${i}`)
      if (first !== null) expect(comparePositions(below, first)).toBeLessThan(0)
      expect(below.length).toBeGreaterThan(0)
      first = below
    }
  })

  it('[AU11] lie strictly between their neighbours, and are positions', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 60 }), inserts => {
        const all: Uint8Array[] = [BOTTOM]
        for (const [at, salt] of inserts) {
          const index = at % all.length
          const made = positionBetween(all[index] as Uint8Array, all[index + 1] ?? null, salt)
          if (made === undefined) continue
          all.splice(index + 1, 0, made)
          expect(isPosition(made)).toBe(true)
        }
        for (let i = 1; i < all.length; i++)
          expect(comparePositions(all[i - 1] as Uint8Array, all[i] as Uint8Array)).toBeLessThan(0)
      })
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAuthorChain, decodeAuthorChain, isFork } from './author-chain.ts'
import { envelope, fill, run } from './envelope.fixture.ts'

describe('author chain', () => {
  it('[EN5] says where the next envelope goes', () => {
    const chain = createAuthorChain()
    expect(chain.next()).toEqual({ seq: 1, prev: new Uint8Array(24) })
    const made = run(3)
    for (const each of made) expect(chain.place(each)).toEqual({ kind: 'placed' })
    expect(chain.next()).toEqual({ seq: 4, prev: made[2]?.idBytes.slice(0, 24) })
    expect(chain.tip()).toEqual({ seq: 3, id: made[2]?.id })
  })

  it('[EN8] any order fills all gaps, newest gap first, and survives storing', () => {
    const made = run(40)
    fc.assert(
      fc.property(fc.shuffledSubarray(made, { minLength: made.length }), fc.nat(39), (order, stop) => {
        let chain = createAuthorChain()
        for (const [index, each] of order.entries()) {
          expect(chain.place(each).kind).toBe('placed')
          if (index !== stop) continue
          const held = new Set(order.slice(0, index + 1).map(one => one.seq))
          const top = Math.max(...held)
          const missing = Array.from({ length: top }, (_, at) => at + 1).filter(seq => !held.has(seq))
          expect(
            chain
              .gaps()
              .flatMap(gap => Array.from({ length: gap.to - gap.from + 1 }, (_, at) => gap.from + at))
              .sort((a, b) => a - b)
          ).toEqual(missing)
          expect(chain.gaps().map(gap => gap.to)).toEqual(
            chain
              .gaps()
              .map(gap => gap.to)
              .sort((a, b) => b - a)
          )
          const again = decodeAuthorChain(chain.encode())
          if (!again.ok) throw new Error(again.reason)
          chain = again.value
        }
        expect(chain.gaps()).toEqual([])
        expect(chain.forks()).toEqual([])
        expect(chain.next().seq).toBe(41)
      }),
      { numRuns: 60, seed: 7 }
    )
  })

  it('[EN8] two envelopes at one place are a fork, whatever arrives first', () => {
    const made = run(4)
    const other = envelope(made[1], { nonce: fill(9, 24) })
    const seen = createAuthorChain()
    for (const each of made) seen.place(each)
    expect(seen.place(other)).toEqual({ kind: 'fork', disputed: 3 })
    expect(isFork(other, made[2] as never)).toBe(true)
    expect(isFork(other, other)).toBe(false)

    const later = createAuthorChain()
    for (const each of [made[0], made[1], other]) later.place(each as never)
    expect(later.place(made[3] as never)).toEqual({ kind: 'fork', disputed: 3 })

    const before = createAuthorChain()
    for (const each of [made[0], made[1], made[3]]) before.place(each as never)
    expect(before.place(other)).toEqual({ kind: 'fork', disputed: 3 })
    expect(before.forks()).toEqual([3])
  })

  it('[EN8] refuses a stored chain whose runs overlap', () => {
    const chain = createAuthorChain()
    for (const each of run(2)) chain.place(each)
    expect(decodeAuthorChain(chain.encode().slice(1)).ok).toBe(false)
  })
})

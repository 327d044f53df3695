import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createReadCache } from './read-cache.ts'

describe('read cache', () => {
  it('[DB10] a read that a write overlaps is not remembered', () => {
    const cache = createReadCache<number>(8)
    const begun = cache.begin()
    cache.writing('a')
    cache.remember('a', 1, begun)
    expect(cache.get('a')).toBeUndefined()
    cache.wrote('a', { value: 2 })
    cache.remember('a', 1, begun)
    expect(cache.get('a')).toEqual({ value: 2 })
  })

  it('[DB10] of two writes of one key only the last to end is remembered, and a failed one not at all', () => {
    const cache = createReadCache<number>(8)
    cache.writing('a')
    cache.writing('a')
    cache.wrote('a', { value: 1 })
    expect(cache.get('a')).toBeUndefined()
    cache.wrote('a', { value: 2 })
    expect(cache.get('a')).toEqual({ value: 2 })
    cache.writing('a')
    cache.wrote('a', undefined)
    expect(cache.get('a')).toBeUndefined()
  })

  it('[DB10] is bounded, and drops what was longest unused', () => {
    const cache = createReadCache<number>(2)
    cache.remember('a', 1, cache.begin())
    cache.remember('b', 2, cache.begin())
    cache.get('a')
    cache.remember('c', undefined, cache.begin())
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([
      { value: 1 },
      undefined,
      { value: undefined }
    ])
  })

  it('[DB10] never differs from the disk under any interleaving of reads and writes', () => {
    const step = fc.record({
      do: fc.constantFrom('read', 'finish-read', 'write', 'finish-write', 'fail-write'),
      key: fc.constantFrom('a', 'b')
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const cache = createReadCache<number>(4)
        const disk = new Map<string, number>()
        const reads: { key: string; value: number | undefined; begun: number }[] = []
        const writes: { key: string; value: number }[] = []
        let next = 0
        for (const { do: what, key } of steps) {
          if (what === 'read') {
            const known = cache.get(key)
            if (known !== undefined) expect(known.value).toBe(disk.get(key))
            else reads.push({ key, value: disk.get(key), begun: cache.begin() })
          } else if (what === 'finish-read') {
            const read = reads.shift()
            if (read !== undefined) cache.remember(read.key, read.value, read.begun)
          } else if (what === 'write') {
            cache.writing(key)
            writes.push({ key, value: next++ })
          } else {
            // The store takes effect in order; a failure may or may not have reached the disk.
            const write = writes.shift()
            if (write === undefined) continue
            if (what === 'finish-write' || write.value % 2 === 0) disk.set(write.key, write.value)
            cache.wrote(write.key, what === 'finish-write' ? { value: write.value } : undefined)
          }
        }
      }),
      { numRuns: Number(process.env.XCORD_RUNS ?? 500) }
    )
  })
})

import { describe, expect, it } from 'vitest'
import type { Batch } from '../../store/index.ts'
import { Overlay } from './overlay.ts'

/** A batch that is decided by hand. */
function batch(): Batch & { decide(committed: boolean): void } {
  const runs: ((committed: boolean) => void)[] = []
  const made = {
    onSettled: (run: (committed: boolean) => void) => {
      runs.push(run)
      return made
    },
    decide: (committed: boolean) => {
      for (const run of runs.splice(0)) run(committed)
    }
  }
  return made as unknown as Batch & { decide(committed: boolean): void }
}

const one = <V>(name: string, value: V): Map<string, V> => new Map([[name, value]])

describe('rows on their way to the disk', () => {
  it('[DB10] shows what is staged until the last batch that changes it is decided, then keeps the newest', () => {
    const overlay = new Overlay<number>(2)
    const [first, second] = [batch(), batch()]
    overlay.set(one('a', 1), first)
    overlay.set(one('a', 2), second)
    first.decide(true)
    expect(overlay.get('a')).toBe(2)
    expect(overlay.names()).toEqual(['a'])
    second.decide(true)
    expect(overlay.names()).toEqual([])
    expect(overlay.get('a')).toBe(2)
  })

  it('[DB10] asks the disk again after a failure, also for what had reached it', () => {
    const overlay = new Overlay<number>(8)
    const [kept, lost] = [batch(), batch()]
    overlay.set(one('a', 1), kept)
    kept.decide(true)
    overlay.set(one('a', 2), lost)
    overlay.set(one('b', 2), lost)
    lost.decide(false)
    expect(overlay.get('a')).toBeUndefined()
    expect(overlay.get('b')).toBeUndefined()
  })

  it('[DB9] what a lost batch staged goes, and what was staged after the failure stays', () => {
    const overlay = new Overlay<number>(8)
    const [failed, behind, fresh] = [batch(), batch(), batch()]
    overlay.set(one('a', 1), failed)
    overlay.set(one('a', 2), behind)
    overlay.set(one('b', 2), behind)
    failed.decide(false)
    behind.decide(false)
    expect(overlay.names()).toEqual([])
    overlay.set(one('a', 3), fresh)
    const lost = { onSettled: (run: (committed: boolean) => void) => run(false) } as unknown as Batch
    overlay.set(one('a', 4), lost)
    expect(overlay.get('a')).toBe(3)
    fresh.decide(true)
    expect(overlay.get('a')).toBe(3)
  })

  it('keeps no more than it was told, oldest first out, and nothing that was deleted', () => {
    const overlay = new Overlay<number>(2)
    for (const name of ['a', 'b', 'c']) {
      const each = batch()
      overlay.set(one(name, 1), each)
      each.decide(true)
    }
    expect(['a', 'b', 'c'].map(name => overlay.get(name))).toEqual([undefined, 1, 1])
    const gone = batch()
    overlay.set(one('b', null), gone)
    expect(overlay.get('b')).toBeNull()
    gone.decide(true)
    expect(overlay.get('b')).toBeUndefined()
  })
})

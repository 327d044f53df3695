import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Holdings, operationOf } from '../../test/sync/world.ts'
import type { OperationId } from '../base/index.ts'
import { haveList, selectMissing } from './past.ts'

/** A random graph: each operation builds on up to three earlier ones; some are leaves. */
const graph = fc.array(fc.tuple(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 3 }), fc.nat(5)), {
  maxLength: 60
})

function build(shape: readonly (readonly [readonly number[], number])[]): ReturnType<typeof operationOf>[] {
  const out = [operationOf([], 'a', 'genesis')]
  for (const [i, [parents, leaf]] of shape.entries()) {
    const chosen = [...new Set(parents.map(parent => out[parent % out.length]))].filter(
      each => each !== undefined
    )
    out.push(operationOf(chosen, 'a', `${i}`, leaf === 0))
  }
  return out
}

function pastOf(
  all: ReadonlyMap<OperationId, ReturnType<typeof operationOf>>,
  ids: Iterable<OperationId>
): Set<OperationId> {
  const out = new Set<OperationId>()
  const stack = [...ids]
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (out.has(id)) continue
    out.add(id)
    stack.push(...(all.get(id)?.parents ?? []))
  }
  return out
}

describe('[SY5] spine', () => {
  it('what the other side lacks is exactly what is in no past of what it named, parents first', () => {
    fc.assert(
      fc.property(graph, fc.array(fc.nat(1_000), { maxLength: 5 }), (shape, named) => {
        const all = build(shape)
        const holdings = new Holdings(new Map())
        for (const each of all) holdings.take('operations', [each.bytes])
        const have = named.map(n => (all[n % all.length] as (typeof all)[number]).id)
        const missing = selectMissing(holdings.operations, have)
        const covered = pastOf(holdings.held, have)
        expect(new Set(missing)).toEqual(new Set(all.map(each => each.id).filter(id => !covered.has(id))))
        const seen = new Set(covered)
        for (const id of missing) {
          for (const parent of holdings.held.get(id)?.parents ?? []) expect(seen.has(parent)).toBe(true)
          seen.add(id)
        }
      })
    )
  })

  it('a receiver that names what it has is sent nothing it has, if both share a history', () => {
    fc.assert(
      fc.property(graph, fc.nat(60), (shape, shared) => {
        const all = build(shape)
        const [sender, receiver] = [new Holdings(new Map()), new Holdings(new Map())]
        for (const [i, each] of all.entries()) {
          sender.take('operations', [each.bytes])
          if (i <= shared) receiver.take('operations', [each.bytes])
        }
        const missing = selectMissing(sender.operations, haveList(receiver.operations, 2_048))
        expect(missing.filter(id => receiver.held.has(id))).toEqual([])
        expect(missing).toHaveLength(all.length - receiver.held.size)
      })
    )
  })

  it('[SY5] what a side holds as one is had by whoever named its ends or anything after, and else asked for', () => {
    const genesis = operationOf([], 'a', 'genesis')
    const line = [genesis]
    for (let at = 0; at < 12; at++) line.push(operationOf([line.at(-1) as typeof genesis], 'a', `${at}`))
    const ids = line.map(each => each.id)
    const inside = new Set(ids.slice(0, 8))
    const end = ids[7] as OperationId
    const places = new Map(line.map(each => [each.id, each]))
    const source = {
      heads: () => ids.slice(-1),
      leaves: () => [],
      get: (id: OperationId) => {
        const place = places.get(id)
        return place !== undefined && inside.has(id) ? { ...place, prev: null, parents: [], refs: [] } : place
      },
      settled: {
        has: (id: OperationId) => inside.has(id),
        heads: [end],
        samples: [ids[5], ids[0]] as OperationId[]
      }
    }
    const later = ids.slice(8)
    expect(selectMissing(source, [end])).toEqual(later)
    expect(selectMissing(source, [ids[9] as OperationId])).toEqual(ids.slice(10))
    // Whoever named less is told of the end at least: only then all can be read.
    for (const have of [[], [ids[0]], [ids[5], ids[0]]] as OperationId[][])
      expect(selectMissing(source, have)).toEqual([end, ...later])
    expect(haveList(source, 100)).toEqual(expect.arrayContaining([ids[12], end, ids[5], ids[0]]))
  })

  it('costs the difference, not the log', () => {
    const holdings = new Holdings(new Map())
    let last = operationOf([], 'a', 'genesis')
    holdings.take('operations', [last.bytes])
    const ids: OperationId[] = []
    for (let i = 0; i < 2_000; i++) {
      last = operationOf([last], 'a', `${i}`)
      holdings.take('operations', [last.bytes])
      ids.push(last.id)
    }
    let reads = 0
    const source = {
      ...holdings.operations,
      heads: () => [last.id],
      leaves: () => [],
      get: (id: OperationId) => (reads++, holdings.held.get(id))
    }
    expect(selectMissing(source, [ids[1_989] as OperationId])).toEqual(ids.slice(1_990))
    expect(reads).toBeLessThan(50)
    // What turns out to be covered only on the way down must not let the walk run on.
    const theirs = operationOf([last], 'a', 'theirs')
    const side = [operationOf([last], 'a', 'side')]
    for (let i = 0; i < 4; i++) side.push(operationOf([side[i] as typeof last], 'a', `side ${i}`))
    const ours = operationOf([last, side[4] as typeof last], 'a', 'ours')
    holdings.take(
      'operations',
      [theirs, ...side, ours].map(each => each.bytes)
    )
    reads = 0
    expect(selectMissing({ ...source, heads: () => [ours.id, theirs.id] }, [theirs.id])).toEqual(
      [...side, ours].map(each => each.id)
    )
    expect(reads).toBeLessThan(50)
  })

  it('names logarithmically many ancestors of a long spine', () => {
    const holdings = new Holdings(new Map())
    let last = operationOf([], 'a', 'genesis')
    const first = last.id
    holdings.take('operations', [last.bytes])
    for (let i = 0; i < 1_000; i++)
      holdings.take('operations', [(last = operationOf([last], 'a', `${i}`)).bytes])
    const have = haveList({ ...holdings.operations, heads: () => [last.id], leaves: () => [] }, 2_048)
    expect(have[0]).toBe(last.id)
    expect(have).toContain(first)
    expect(have.length).toBeLessThan(15)
  })
})

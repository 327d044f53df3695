/** Floods: what waits is bounded by number, bytes and peer; what is accepted costs what it touches (AU9, AU-S40). */
import { describe, expect, it } from 'vitest'
import { idFromBytes, type OperationId } from '../../../src/base/index.ts'
import { draft, draftKick } from '../../../src/authority/index.ts'
import {
  type Operation,
  ORPHAN_BYTES_MAX,
  OrphanPool,
  ORPHANS_MAX,
  ORPHANS_PER_PEER_MAX,
  signOperation
} from '../../../src/graph/index.ts'
import { fakeSuite, found, person, Site, START } from '../cast.ts'
import { Stage } from '../ladder.ts'

const FAR = Number.MAX_SAFE_INTEGER - 1_000_000
const rename = (name: string): ReturnType<typeof draft> =>
  draft('serverSet', { rows: [{ key: 0, value: name }], reason: null })
const nobody = (n: number): OperationId => {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, n + 1)
  return idFromBytes('o', bytes)
}

describe('bounded waiting', () => {
  it('[AU9] orphans: at most 2,048, of one peer 512 however many devices sign them, and no more bytes than said', () => {
    const site = found(person('o'))
    const good = site.operations[1] as Operation
    const orphan = (n: number): Operation => ({
      ...good,
      id: nobody(n),
      device: idFromBytes('d', new Uint8Array(32).fill(n % 251)),
      parents: [nobody(1_000_000 + n)]
    })
    for (let n = 0; n < 3_000; n++) {
      const result = site.log.add(orphan(n), FAR, { peer: 'one' })
      expect(result).toMatchObject({ kind: 'orphan', missing: [nobody(1_000_000 + n)] })
    }
    expect(site.log.missing()).toHaveLength(ORPHANS_PER_PEER_MAX)
    for (let n = 3_000; n < 9_000; n++) site.log.add(orphan(n), FAR, { peer: `peer ${n % 40}` })
    expect(site.log.missing()).toHaveLength(ORPHANS_MAX)
    const pool = new OrphanPool()
    const large = (n: number): Operation => ({ ...orphan(n), bytes: new Uint8Array(16_464) })
    for (let n = 0; n < 1_000; n++) pool.add(large(n), [nobody(1_000_000 + n)], `peer ${n}`)
    expect(pool.size).toBe(Math.floor(ORPHAN_BYTES_MAX / 16_464))
    expect(site.log.count()).toBe(2)
  })

  it('[AU6] operations from the future: held, not more than 1,024 of them, each taken when due', () => {
    const site = found(person('o'))
    const away = site.fork()
    const due = away.now + 1_000_000
    const op = away.sign(person('o'), rename('later'), { at: due })
    expect(site.log.add(op, due - 120_001)).toEqual({ kind: 'held', operation: op.id, until: due - 120_000 })
    for (let n = 0; n < 5_000; n++) {
      const held = site.log.add({ ...op, id: nobody(n), at: due + 10_000_000 }, START)
      expect(held.kind).toBe('held')
    }
    const taken = site.log.drain(due - 120_000)
    expect(taken).toMatchObject([{ kind: 'accepted' }])
    expect(site.log.drain(due + 20_000_000).length).toBeLessThan(1_024)
  })

  it('[AU7] unknown kinds are refused without a place to wait, and do not stop the client', () => {
    const site = found(person('o'))
    const good = site.sign(person('o'), rename('x'))
    for (const kind of [10, 26, 72, 65_535]) {
      const odd = { ...good, id: nobody(kind), kind }
      expect(site.log.add(odd, FAR)).toMatchObject({ kind: 'rejected', refusal: { rule: 'AU7' } })
    }
    expect(site.log.add(good, FAR).kind).toBe('accepted')
  })
})

describe('floods that are accepted', () => {
  it('[AU5] [AU8] an author whose last operation lies behind an old head still finds sixteen that cover it', () => {
    const stage = new Stage({ a: 10, b: 9 })
    const { site } = stage
    const [a, b, o] = [stage.who('a'), stage.who('b'), person('o')]
    const away = site.fork()
    const early = away.act(a, rename('early'))
    const base = site.log.place(o.device, rename('x'), site.now + 5_000)
    for (let n = 0; n < 40; n++)
      site.add(
        signOperation(fakeSuite, o.key, { ...base, lamport: base.lamport, body: [[[0, `n${n}`]], null] })
      )
    site.merge(away)
    const nick = site.log.place(b.device, draft('nick', { nick: 'b' }), site.now)
    site.add(
      signOperation(fakeSuite, b.key, { ...nick, parents: [early.id], lamport: early.lamport + 1, refs: [] })
    )
    const placed = site.log.place(a.device, draftKick(b.user), site.now)
    expect(placed.parents).toContain(early.id)
    expect(site.log.add(signOperation(fakeSuite, a.key, placed), FAR)).toMatchObject({ kind: 'accepted' })
  })

  it('[AU1] a thousand parents are refused before they are looked up', () => {
    const site = found(person('o'))
    const fields = site.log.place(person('o').device, rename('x'), site.now)
    const parents = Array.from({ length: 1_000 }, (_, n) => nobody(n))
    expect(() => signOperation(fakeSuite, person('o').key, { ...fields, parents })).toThrow(RangeError)
  })

  it('[AU9] deep chains: eight thousand leaves, one behind the other, also backwards in batches', () => {
    const source = found(person('o'))
    for (let n = 0; n < 8_000; n++) source.act(person('o'), draft('nick', { nick: `n${n % 9}` }))
    const target = new Site(source.operations[0] as Operation, START)
    target.add(source.operations[1] as Operation)
    const chain = source.operations.slice(2)
    for (let from = 0; from < chain.length; from += 500) {
      for (const op of chain.slice(from, from + 500).reverse()) target.log.add(op, FAR)
      target.log.drain(FAR)
    }
    expect(target.log.count()).toBe(source.log.count())
    expect(target.log.leaves()).toEqual(source.log.leaves())
    expect(target.log.leaves()).toHaveLength(1)
    expect(target.log.covers(target.log.leaves(), (chain[0] as Operation).id)).toBe(true)
  })
})

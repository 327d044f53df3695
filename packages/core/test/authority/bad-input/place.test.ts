/** Operations well-formed by themselves that do not fit where they claim to stand: one refusal each, for ever. */
import { describe, expect, it } from 'vitest'
import { idAs, type OperationId } from '../../../src/base/index.ts'
import { draft, draftGather, draftLeave } from '../../../src/authority/index.ts'
import { type Operation, signOperation } from '../../../src/graph/index.ts'
import { fakeSuite, found, joinDraft, person, type Site } from '../cast.ts'
import { Stage } from '../ladder.ts'

const FAR = Number.MAX_SAFE_INTEGER - 1_000_000
const rename = (name: string): ReturnType<typeof draft> =>
  draft('serverSet', { rows: [{ key: 0, value: name }], reason: null })

/** What a log says of the fields an honest author would sign, changed. */
function verdict(site: Site, change: (fields: Operation) => Partial<Operation>, what = rename('x')): unknown {
  const who = person('o')
  const fields = {
    ...site.log.place(who.device, what, site.now),
    id: `o${'0'.repeat(52)}`,
    bytes: new Uint8Array(0)
  }
  const op = signOperation(fakeSuite, who.key, { ...fields, ...change(fields as unknown as Operation) })
  const first = site.log.add(op, FAR)
  // For ever: a second time says the same.
  if (first.kind !== 'accepted') expect(site.log.add(op, FAR)).toEqual(first)
  return first.kind === 'rejected' ? first.refusal.rule : first.kind
}

describe('bad place', () => {
  const stage = new Stage({ a: 8, x: 0 })
  const { site } = stage
  const leaf = site.act(stage.who('x'), draft('nick', { nick: 'x' }))
  const old = site.operations[1] as Operation

  it('[AU1] false lamport', () => {
    for (const by of [1, -1, 1_000]) expect(verdict(site, op => ({ lamport: op.lamport + by }))).toBe('AU1')
    expect(verdict(site, () => ({ lamport: Number.MAX_SAFE_INTEGER }))).toBe('AU1')
  })

  it('[AU1] a time before what it cites', () => {
    const latest = Math.max(...site.operations.map(op => op.at))
    expect(verdict(site, () => ({ at: 1 }))).toBe('AU1')
    expect(verdict(site, () => ({ at: latest - 1 }))).toBe('AU1')
    expect(verdict(site.fork(), () => ({ at: latest }))).toBe('accepted')
  })

  it("[AU1] a prev that is another's, or a number that does not follow it", () => {
    expect(verdict(site, op => ({ seq: op.seq + 1 }))).toBe('AU1')
    const theirs = stage.joins.get('a') as Operation
    expect(verdict(site, op => ({ prev: theirs.id, lamport: op.lamport }))).toBe('AU1')
  })

  it('[AU1] a leaf among par, a spine operation among refs, par that is no antichain', () => {
    expect(verdict(site, op => ({ parents: [...op.parents, leaf.id], refs: [] }))).toBe('AU1')
    expect(verdict(site, op => ({ refs: [...op.refs, old.id] }))).toBe('AU1')
    expect(verdict(site, op => ({ parents: [...op.parents, old.id] }))).toBe('AU1')
  })

  it("[AU5] par older than prev's, and both branches of one's own fork", () => {
    expect(
      verdict(site, () => ({
        parents: [old.id],
        refs: [],
        lamport: (site.log.get(prevOf(site))?.lamport as number) + 1
      }))
    ).toBe('AU5')
    const fork = stage.site.fork()
    const [left, right] = [fork.fork(), fork.fork()]
    for (const [each, name] of [
      [left, 'l'],
      [right, 'r']
    ] as const)
      each.act(person('o'), rename(name))
    expect(left.merge(right).refusal(person('o'), rename('both'))).toBe('AU5')
  })

  it('[AU5] a device that begins with anything but genesis, join or device.add', () => {
    const stranger = person('stranger')
    expect(site.refusal(stranger, rename('y'))).toBe('AU5')
    expect(site.refusal(stranger, draftLeave())).toBe('AU5')
  })

  it('[AU8] a gather of nothing, or of what is gathered', () => {
    const lamport = (op: Operation): number =>
      1 + Math.max(...[...op.parents, op.prev ?? leaf.id].map(id => site.log.get(id)?.lamport ?? 0))
    expect(verdict(site, op => ({ refs: [], lamport: lamport(op) }), draftGather([leaf.id]))).toBe('AU8')
    const gathered = site.fork()
    const [what] = gathered.log.gathers()
    gathered.act(person('o'), what as ReturnType<typeof draft>)
    expect(verdict(gathered, () => ({ refs: [leaf.id] }), draftGather([]))).toBe('AU8')
  })

  it('[AU9] [AU14] what is refused is refused with all that cites it, whichever came first', () => {
    const bad = site.sign(stage.who('x'), rename('mine'))
    const child = { ...bad, id: idAs('o', stage.user('x')), parents: [bad.id], lamport: bad.lamport + 1 }
    for (const order of [
      [bad, child],
      [child, bad]
    ]) {
      const log = site.fork().log
      const results = order.map(op => log.add(op, FAR).kind)
      expect(results).toEqual(order[0] === bad ? ['rejected', 'rejected'] : ['orphan', 'rejected'])
      expect(log.drain(FAR).map(each => each.kind)).toEqual(order[0] === bad ? [] : ['rejected'])
      expect(log.missing()).toEqual([])
      expect(log.add(child, FAR)).toMatchObject({ kind: 'rejected', refusal: { rule: 'AU9' } })
    }
  })

  it('[AU1] [AU14] a second genesis, and a join without invite', () => {
    expect(site.log.add(found(person('x')).operations[0] as Operation, FAR)).toMatchObject({
      refusal: { rule: 'AU1' }
    })
    const guest = person('guest')
    expect(site.refusal(guest, joinDraft(guest, idAs('i', leaf.id)))).toBe('AU14')
  })
})

function prevOf(site: Site): OperationId {
  return site.log.place(person('o').device, rename('x'), site.now).prev as OperationId
}

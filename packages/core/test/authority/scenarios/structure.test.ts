/** AU-S: where operations stand. */
import { describe, expect, it } from 'vitest'
import { idAs } from '../../../src/base/index.ts'
import { type AuthorityLog, draft, draftKick, draftLeave } from '../../../src/authority/index.ts'
import { person, type Site, START } from '../cast.ts'
import { apart, Stage, standingIn, status } from '../ladder.ts'

const FAR = Number.MAX_SAFE_INTEGER - 1_000_000

describe('[AU-S] structure', () => {
  it("[AU-S39] [AU5] citing a frontier older than one's own prev is refused", () => {
    const stage = new Stage({ a: 8 })
    const before = stage.site.fork()
    stage.site.act(stage.who('a'), draft('serverSet', { rows: [{ key: 0, value: '1' }], reason: null }))
    const good = stage.site.sign(
      stage.who('a'),
      draft('serverSet', { rows: [{ key: 0, value: '2' }], reason: null })
    )
    const older = { ...good, id: idAs('o', stage.user('a')), parents: before.log.heads() }
    expect(stage.site.log.add(older, good.at)).toMatchObject({ kind: 'rejected', refusal: { rule: 'AU5' } })
  })

  it('[AU-S41] [AU1] [AU6] a lam off by one is refused, a ts in 2099 held', () => {
    const stage = new Stage({})
    const good = stage.site.sign(
      stage.who('o'),
      draft('serverSet', { rows: [{ key: 0, value: 'x' }], reason: null })
    )
    const wrong = { ...good, id: idAs('o', stage.user('o')), lamport: good.lamport + 1 }
    expect(stage.site.log.add(wrong, good.at)).toMatchObject({ kind: 'rejected', refusal: { rule: 'AU1' } })
    const future = { ...good, at: 4_070_908_800_000 }
    expect(stage.site.log.add(future, good.at)).toEqual({
      kind: 'held',
      operation: good.id,
      until: 4_070_908_800_000 - 120_000
    })
    expect(stage.site.log.drain(good.at)).toEqual([])
    expect(stage.site.fork().log.add(future, good.at, { trusted: true })).toMatchObject({ kind: 'accepted' })
    expect(stage.site.log.drain(4_070_908_800_000)).toMatchObject([{ kind: 'accepted' }])
  })

  it("[AU-S42] another server's operation is refused", () => {
    const stage = new Stage({})
    const other = stage.site.sign(
      stage.who('o'),
      draft('serverSet', { rows: [{ key: 0, value: 'x' }], reason: null })
    )
    expect(stage.site.log.add({ ...other, server: idAs('s', stage.user('o')) }, other.at)).toMatchObject({
      kind: 'rejected',
      refusal: { rule: 'AU1' }
    })
  })

  it('[AU7] an unknown kind is refused, whoever signs it, and stops nobody', () => {
    const { site } = new Stage({})
    const known = site.sign(person('o'), draft('nick', { nick: 'x' }))
    const odd = { ...known, id: idAs('o', person('o').user), kind: 999 }
    expect(site.log.add(odd, known.at)).toMatchObject({ kind: 'rejected', refusal: { rule: 'AU7' } })
    expect(site.log.add(known, known.at)).toMatchObject({ kind: 'accepted' })
  })

  it('[AU7] a raised protocol makes the server read-only; what comes after it is neither kept nor refused', () => {
    const stage = new Stage({ a: 8, x: 0 })
    const [left, right] = apart(stage) as [Site, Site]
    const raise = left.act(stage.who('o'), draft('protoRaise', { version: 2, reason: null }))
    right.act(stage.who('a'), draftKick(stage.user('x')))
    const needs = (log: AuthorityLog): unknown => [
      log.needsNewer(),
      log.permits(stage.who('a').device, draftLeave(), START)
    ]
    const log = stage.convergeTo(needs, left, right)
    expect(needs(log)).toMatchObject([true, { ok: false, rule: 'AU7' }])
    expect(status(log, stage.user('x'))).toBe('out')
    const after = { ...left.sign(stage.who('o'), draftLeave()), kind: 999 }
    for (let times = 0; times < 2; times++)
      expect(left.log.add(after, FAR)).toEqual({ kind: 'newer', operation: after.id })
    expect(left.log.has(raise.id)).toBe(true)
  })

  it('[AU7] [AU21] who gave ownership away stops nobody by a backdated raise, nor those who built on it', () => {
    const stage = new Stage({ a: 8, x: 0 })
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('o'), stage.transfer('a'))
    const raise = right.act(stage.who('o'), draft('protoRaise', { version: 9, reason: null }))
    const built = right.sign(stage.who('x'), draft('nick', { nick: 'x' }))
    const log = stage.convergeTo(each => each.needsNewer(), left, right)
    expect(standingIn(log, raise)).toBe('voided')
    expect(log.needsNewer()).toBe(false)
    expect(log.add(built, FAR)).toEqual({ kind: 'newer', operation: built.id })
    const met = stage.site.fork().merge(left, right)
    met.act(stage.who('a'), draftKick(stage.user('o')))
    met.act(stage.who('x'), draft('nick', { nick: 'goes on' }))
    expect(met.log.needsNewer()).toBe(false)
  })

  it('[AU9] what cites a refused operation is refused with it, whatever comes first', () => {
    const stage = new Stage({ x: 0 })
    const bad = stage.site.sign(stage.who('x'), draftKick(stage.user('o')))
    const child = {
      ...bad,
      id: idAs('o', stage.user('x')),
      seq: bad.seq + 1,
      prev: bad.id,
      parents: [bad.id],
      lamport: bad.lamport + 1
    }
    expect(stage.site.log.add(child, bad.at)).toMatchObject({ kind: 'orphan', missing: [bad.id] })
    expect(stage.site.log.missing()).toEqual([bad.id])
    expect(stage.site.log.add(bad, bad.at)).toMatchObject({ kind: 'rejected' })
    expect(stage.site.log.drain(bad.at)).toMatchObject([{ kind: 'rejected', refusal: { rule: 'AU9' } }])
    expect(stage.site.log.missing()).toEqual([])
  })

  it('[AU8] ten thousand joins add no head, and a gather takes them in', () => {
    const stage = new Stage({})
    for (let i = 0; i < 500; i++) stage.enter(`guest${i}`)
    expect(stage.site.log.heads()).toHaveLength(1)
    expect(stage.site.log.frontier()).toBeUndefined()
    const leaves = stage.site.log.leaves()
    expect(leaves).toHaveLength(500)
    stage.site.act(stage.who('o'), stage.site.log.gathers()[0] as ReturnType<typeof draft>)
    stage.site.act(stage.who('o'), stage.site.log.gathers()[0] as ReturnType<typeof draft>)
    expect(stage.site.log.leaves()).toEqual([])
    expect(stage.site.log.frontier()).toEqual(stage.site.log.heads())
    expect(stage.site.refusal(stage.who('o'), draft('gather', {}, { refs: leaves.slice(0, 1) }))).toBe('AU8')
  })
})

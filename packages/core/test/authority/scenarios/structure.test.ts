/** AU-S: where operations stand. */
import { describe, expect, it } from 'vitest'
import { idAs } from '../../../src/base/index.ts'
import { draft, draftKick, draftLeave } from '../../../src/authority/index.ts'
import { Stage } from '../ladder.ts'

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

  it('[AU7] an unknown kind is refused, a raised protocol stops the client', () => {
    const stage = new Stage({})
    const known = stage.site.sign(
      stage.who('o'),
      draft('serverSet', { rows: [{ key: 0, value: 'x' }], reason: null })
    )
    expect(
      stage.site.log.add({ ...known, id: idAs('o', stage.user('o')), kind: 999 }, known.at)
    ).toMatchObject({ kind: 'rejected', refusal: { rule: 'AU7' } })
    const raise = stage.site.sign(stage.who('o'), draft('protoRaise', { version: 2, reason: null }))
    expect(stage.site.log.add(raise, raise.at)).toEqual({ kind: 'newer', operation: raise.id })
    expect(stage.site.log.add(known, known.at)).toEqual({ kind: 'newer', operation: known.id })
    expect(stage.site.log.permits(stage.who('o').device, draftLeave(), known.at)).toMatchObject({
      ok: false,
      rule: 'AU7'
    })
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

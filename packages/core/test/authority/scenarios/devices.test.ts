/** AU-S: revoked and forked devices. */
import { describe, expect, it } from 'vitest'
import { idAs, idFromBytes, idToBytes } from '../../../src/base/index.ts'
import {
  type ContentAct,
  draft,
  draftChannelCreate,
  draftBan,
  draftKick,
  draftRoleCreate,
  type AuthorityLog
} from '../../../src/authority/index.ts'
import { person, type Site } from '../cast.ts'
import { Stage, standingIn, apart, status } from '../ladder.ts'

describe('[AU-S] devices and forks', () => {
  it('[AU-S36] [AU22] a revoked device backdates nothing; a self-revocation backdated by the banned voids nothing', () => {
    const stage = new Stage({ a: 10, b: 8, d: 3 })
    const laptop = person('b', 'laptop')
    stage.site.act(laptop, draft('deviceAdd', { credential: laptop.credential }))
    const earlier = stage.site.act(laptop, draftRoleCreate({ name: 'r', position: Uint8Array.of(2) }))
    const revoke = draft('deviceRevoke', {
      revocation: Uint8Array.from([...idToBytes(stage.user('b')), ...idToBytes(laptop.device)]),
      devices: [laptop.device]
    })
    const [left, right] = apart(stage) as [Site, Site]
    const revocation = left.act(stage.who('b'), revoke)
    const thief = right.act(laptop, draftKick(stage.user('d')))
    const log = stage.converge(left, right)
    expect([revocation, thief, earlier].map(op => standingIn(log, op))).toEqual([
      'effective',
      'voided',
      'effective'
    ])
    expect(log.standing(thief.id)?.rule).toBe('AU22')
    expect(log.state().device(laptop.device)).toEqual({ user: stage.user('b'), on: false })
    expect(log.state().member(stage.user('b'))?.userKey.stale).toBe(true)

    const sites = apart(stage, 3) as [Site, Site, Site]
    sites[0].act(stage.who('a'), draftBan(stage.user('b')))
    const own = sites[1].act(laptop, draft('nick', { nick: 'x' }))
    const selfRevocation = sites[2].act(stage.who('b'), revoke)
    const banned = stage.converge(...sites)
    expect(standingIn(banned, selfRevocation)).toBe('voided')
    expect(banned.standing(own.id)?.rule).toBe('AU19')
  })

  it('[AU22, ID9] T24: of a revoked device nothing beyond its cut is shown, whatever time it claims', () => {
    const stage = new Stage({ b: 8 })
    const laptop = person('b', 'laptop')
    const added = stage.site.act(laptop, draft('deviceAdd', { credential: laptop.credential }))
    const channel = idAs(
      'c',
      stage.site.act(
        stage.who('o'),
        draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(1) })
      ).id
    )
    const auth = stage.site.log.frontierFor(laptop.device)
    const before = stage.site.now
    const message = (seq: number, at: number): ContentAct => ({
      device: laptop.device,
      seq,
      id: idFromBytes('m', new Uint8Array(32).fill(seq)),
      channel,
      auth,
      at,
      needs: ['SendMessages']
    })
    // What its owner had of it when they put it out: two messages.
    const last = idToBytes(message(2, before).id)
    const row = { device: laptop.device, seq: added.seq, operation: added.id }
    const cut = [{ ...row, contentSeq: 2, envelope: last }]
    const revocation = Uint8Array.from([...idToBytes(stage.user('b')), ...idToBytes(laptop.device)])
    const revoke = stage.site.act(
      stage.who('b'),
      draft('deviceRevoke', { revocation, devices: [laptop.device] }, { cut })
    )
    const judged = (seq: number, at: number) => stage.site.log.judge(message(seq, at))
    expect([judged(1, before), judged(2, before)].map(each => each.kind)).toEqual(['visible', 'visible'])
    // Written later, or said to be from long before.
    for (const at of [stage.site.now + 1, before, 1])
      expect(judged(3, at)).toMatchObject({ kind: 'hidden', rule: 'AU22', by: revoke.id })
    // Another envelope in the place of the last one.
    const other = { ...message(2, before), id: idFromBytes('m', new Uint8Array(32).fill(9)) }
    expect(stage.site.log.judge(other)).toMatchObject({ kind: 'hidden', by: revoke.id })
    // And one that claims to know of the revocation is nobody's.
    const knowing = { ...message(3, before), auth: [revoke.id] }
    expect(stage.site.log.judge(knowing)).toMatchObject({ kind: 'rejected', rule: 'AU35' })
  })

  it('[AU-S37] [AU-S38] [AU39] a fork: both branches count as concurrent, and the device may not extend both', () => {
    const stage = new Stage({ a: 8, x: 0, y: 0 })
    const [left, right] = apart(stage) as [Site, Site]
    const first = left.act(stage.who('a'), draftKick(stage.user('x')))
    const second = right.act(stage.who('a'), draftKick(stage.user('y')))
    expect(first.seq).toBe(second.seq)
    const log = stage.converge(left, right)
    expect([standingIn(log, first), standingIn(log, second)]).toEqual(['effective', 'effective'])
    const both = stage.site.fork().merge(left, right)
    expect(both.refusal(stage.who('a'), draft('nick', { nick: 'n' }))).toBe('AU5')
    // Others may cite both.
    both.act(stage.who('o'), draft('serverSet', { rows: [{ key: 0, value: 'n' }], reason: null }))
  })

  it('[AU-S37] [AU-S38] [AU39] whoever holds both branches has the proof; nobody is put out for it', () => {
    const stage = new Stage({ a: 8 })
    const [left, right] = apart(stage) as [Site, Site]
    const twin = (nick: string) => (site: Site, index: number) =>
      site.act(stage.who('a'), draft('nick', { nick: `${nick}${index}` }))
    const ops = [left, right].map(twin('n'))
    left.act(stage.who('o'), draft('serverSet', { rows: [{ key: 0, value: 'l' }], reason: null }))
    const twice = [left, right].map(twin('m'))
    const forks = (log: AuthorityLog): unknown => log.forks()
    expect([...ops, ...twice].map(op => op.seq)).toEqual([1, 1, 2, 2])
    const log = stage.convergeTo(forks, left, right)
    expect(log.forks().map(fork => [fork.device, fork.seq, fork.operations.length])).toEqual([
      [stage.who('a').device, 1, 2],
      [stage.who('a').device, 2, 2]
    ])
    expect(status(log, stage.user('a'))).toBe('in')
  })

  it('[AU-S37] a cut keeps one branch of a fork', () => {
    const stage = new Stage({ a: 8, x: 0, y: 0 })
    const [left, right] = apart(stage) as [Site, Site]
    const a = stage.who('a')
    const kept = left.act(a, draftKick(stage.user('x')))
    const other = right.act(a, draftKick(stage.user('y')))
    const both = stage.site.fork().merge(left, right)
    const row = { device: a.device, seq: kept.seq, operation: kept.id, contentSeq: null, envelope: null }
    both.act(stage.who('o'), draftBan(a.user, null, [row]))
    const log = stage.converge(both)
    expect([kept, other].map(op => standingIn(log, op))).toEqual(['effective', 'voided'])
    expect([status(log, stage.user('x')), status(log, stage.user('y'))]).toEqual(['out', 'in'])
  })
})

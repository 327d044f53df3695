/** AU-S: kicks, bans and demotions that did not know of each other. */
import { describe, expect, it } from 'vitest'
import {
  draft,
  draftBan,
  draftKick,
  draftRoleAssign,
  draftRoleUnassign,
  draftUnban
} from '../../../src/authority/index.ts'
import { joinDraft, person, START, type Site } from '../cast.ts'
import { Stage, standingIn, apart, move, status, refusing } from '../ladder.ts'

describe('[AU-S] removals', () => {
  it('[AU-S1] [AU19] a stronger demotion stands against the ban that was never allowed', () => {
    const stage = new Stage({ a: 10, b: 8 })
    const [left, right] = apart(stage) as [Site, Site]
    const demotion = left.act(stage.who('a'), draftRoleUnassign(stage.user('b'), stage.role(8)))
    expect(right.refusal(stage.who('b'), draftBan(stage.user('a')))).toBe('AU14')
    const log = stage.converge(left, right)
    expect(standingIn(log, demotion)).toBe('effective')
    expect(log.state().member(stage.user('b'))?.roles).toEqual([])
  })

  it('[AU-S3] each outranking the other on an own branch, with equal strength: both land', () => {
    const stage = new Stage({ a: 8, b: 8 })
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('o'), draftRoleUnassign(stage.user('b'), stage.role(8)))
    const first = left.act(stage.who('a'), draftBan(stage.user('b')))
    right.act(person('o', 'phone'), draftRoleUnassign(stage.user('a'), stage.role(8)))
    const second = right.act(stage.who('b'), draftBan(stage.user('a')))
    // Each was demoted by the owner on the other's branch: the owner's word strikes both bans.
    const log = stage.converge(left, right)
    expect([standingIn(log, first), standingIn(log, second)]).toEqual(['voided', 'voided'])
  })

  it('[AU-S3] by moved roles instead of removals: equal strengths, mutual ban, both land', () => {
    const stage = new Stage({ a: 8, b: 8, c: 20 })
    const laptop = person('o', 'laptop')
    stage.site.act(laptop, draft('deviceAdd', { credential: laptop.credential }))
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('o'), draftRoleAssign(stage.user('a'), stage.role(20)))
    right.act(laptop, draftRoleAssign(stage.user('b'), stage.role(20)))
    const first = left.act(stage.who('a'), draftBan(stage.user('b')))
    const second = right.act(stage.who('b'), draftBan(stage.user('a')))
    const log = stage.converge(left, right)
    expect([standingIn(log, first), standingIn(log, second)]).toEqual(['effective', 'effective'])
    expect([status(log, stage.user('a')), status(log, stage.user('b'))]).toEqual(['banned', 'banned'])
    const repaired = stage.site.fork().merge(left, right)
    repaired.act(stage.who('o'), draftUnban(stage.user('a')))
    expect(status(repaired.log, stage.user('a'))).toBe('out')
  })

  it('[AU-S4] a lift by the owner beats the weaker ban', () => {
    const stage = new Stage({ c: 5, d: 3 })
    stage.role(10)
    const [left, right] = apart(stage) as [Site, Site]
    const weak = left.act(stage.who('c'), draftBan(stage.user('d')))
    right.act(stage.who('o'), draftRoleAssign(stage.user('d'), stage.role(10)))
    const strong = right.act(stage.who('d'), draftBan(stage.user('c')))
    const log = stage.converge(left, right)
    expect([standingIn(log, weak), standingIn(log, strong)]).toEqual(['voided', 'effective'])
    expect([status(log, stage.user('c')), status(log, stage.user('d'))]).toEqual(['banned', 'in'])
  })

  it('[AU-S5] padding with more removals changes nothing', () => {
    const stage = new Stage({ a: 10, b: 8, d: 3, e: 2 })
    const [left, right] = apart(stage) as [Site, Site]
    const ban = left.act(stage.who('a'), draftBan(stage.user('b')))
    const padding = [
      right.act(stage.who('b'), draftKick(stage.user('d'))),
      right.act(stage.who('b'), draftKick(stage.user('e')))
    ]
    const log = stage.converge(left, right)
    expect(standingIn(log, ban)).toBe('effective')
    for (const op of padding) expect(standingIn(log, op)).toBe('voided')
    expect(status(log, stage.user('d'))).toBe('in')
  })

  it('[AU-S6] a cycle of removals through branch ranks: the strongest stands', () => {
    const stage = new Stage({ a: 9, b: 6, c: 3 })
    stage.role(4)
    stage.role(7)
    const sites = apart(stage, 3) as [Site, Site, Site]
    const first = sites[0].act(stage.who('a'), draftBan(stage.user('b')))
    const second = sites[1].act(stage.who('b'), draftBan(stage.user('c')))
    sites[2].act(stage.who('o'), move(stage.role(3), 12))
    const third = sites[2].act(stage.who('c'), draftBan(stage.user('a')))
    const log = stage.converge(...sites)
    expect(standingIn(log, third)).toBe('effective')
    expect(standingIn(log, first)).toBe('voided')
    expect(standingIn(log, second)).toBe('effective')
  })

  it('[AU-S22] ban against unban: equal strength keeps the ban, a stronger unban wins', () => {
    const stage = new Stage({ a: 8, b: 8, x: 0, y: 0 })
    for (const name of ['x', 'y']) stage.site.act(stage.who('a'), draftBan(stage.user(name)))
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('a'), draftUnban(stage.user('x')))
    left.act(stage.who('b'), draft('seal', { user: stage.user('y'), role: null, reason: null }))
    right.act(stage.who('b'), draft('seal', { user: stage.user('x'), role: null, reason: null }))
    right.act(stage.who('o'), draftUnban(stage.user('y')))
    const log = stage.converge(left, right)
    expect([status(log, stage.user('x')), status(log, stage.user('y'))]).toEqual(['banned', 'out'])
  })

  it('[AU24] a stronger kick does not lift a weaker ban; a stronger unban does', () => {
    const stage = new Stage({ a: 8, b: 9, x: 0, y: 0 })
    const sites = apart(stage, 3) as [Site, Site, Site]
    sites[0].act(stage.who('a'), draftBan(stage.user('x')))
    sites[1].act(stage.who('o'), draftKick(stage.user('x')))
    sites[2].act(stage.who('a'), draftBan(stage.user('y')))
    sites[2].act(stage.who('b'), draftUnban(stage.user('y')))
    sites[2].act(stage.who('y'), joinDraft(stage.who('y'), stage.site.invite))
    const log = stage.converge(...sites.slice(0, 2))
    expect(status(log, stage.user('x'))).toBe('banned')
    expect(status(stage.converge(...sites.slice(2)), stage.user('y'))).toBe('in')
  })

  it('[AU-S29] [AU-S30] someone demoted while away: authority is void, member acts stand', () => {
    const stage = new Stage({ a: 8, x: 0 })
    const away = stage.site.fork()
    stage.site.act(stage.who('o'), draftRoleUnassign(stage.user('a'), stage.role(8)))
    const late = away.act(stage.who('a'), draftKick(stage.user('x')))
    const nick = away.act(stage.who('a'), draft('nick', { nick: 'back' }))
    const log = stage.converge(away)
    expect(standingIn(log, late)).toBe('voided')
    expect(standingIn(log, nick)).toBe('effective')
    expect(status(log, stage.user('x'))).toBe('in')
  })

  it('[AU-S52] [AU25] old roles do not revive after kick and re-join', () => {
    const stage = new Stage({ a: 10, b: 5 })
    const site = stage.site.fork()
    site.act(stage.who('a'), draftKick(stage.user('b')))
    site.act(stage.who('b'), joinDraft(stage.who('b'), stage.site.invite))
    const log = stage.converge(site)
    expect(log.state().member(stage.user('b'))).toMatchObject({ status: 'in', roles: [] })
  })

  it('[AU-S2] [AU13] equals cannot ban each other', () => {
    const stage = new Stage({ a: 8, b: 8 })
    const [left, right] = apart(stage) as [Site, Site]
    const bans = [
      left.sign(stage.who('a'), draftBan(stage.user('b'))),
      right.sign(stage.who('b'), draftBan(stage.user('a')))
    ]
    const log = stage.convergeTo(refusing(bans), left, right)
    expect(refusing(bans)(log)).toEqual(['AU14', 'AU14'])
    expect([status(log, stage.user('a')), status(log, stage.user('b'))]).toEqual(['in', 'in'])
  })

  it('[AU-S29] who kept their authority through months away acts from then on; what is stronger stays as it was', () => {
    const stage = new Stage({ a: 8, b: 10, x: 0, y: 0 })
    const [away, here] = apart(stage) as [Site, Site]
    const kept = here.act(stage.who('b'), draftBan(stage.user('x')), { at: START + 180 * 86_400_000 })
    const late = away.act(stage.who('a'), draftKick(stage.user('x')), { at: START + 60_000 })
    const other = away.act(stage.who('a'), draftKick(stage.user('y')), { at: START + 61_000 })
    const back = stage.site.fork().merge(away, here)
    const now = back.act(
      stage.who('a'),
      draft('serverSet', { rows: [{ key: 0, value: 'back' }], reason: null })
    )
    const log = stage.converge(back)
    expect([kept, late, other, now].map(op => standingIn(log, op))).toEqual(Array(4).fill('effective'))
    expect([status(log, stage.user('x')), status(log, stage.user('y'))]).toEqual(['banned', 'out'])
  })
})

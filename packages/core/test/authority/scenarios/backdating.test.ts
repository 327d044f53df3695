/** AU-S: what is signed behind a denial, with padding, puppets and cuts. */
import { describe, expect, it } from 'vitest'
import { idAs, idToBytes } from '../../../src/base/index.ts'
import {
  draft,
  draftBan,
  draftChannelCreate,
  draftKick,
  draftLeave,
  draftRoleAssign,
  draftRoleCreate,
  draftRoleUnassign,
  type AuthorityLog,
  type ContentAct
} from '../../../src/authority/index.ts'
import type { Operation } from '../../../src/graph/index.ts'
import { joinDraft, person, type Site } from '../cast.ts'
import { Stage, standingIn, apart, status, textChannel, message } from '../ladder.ts'

describe('[AU-S] backdating', () => {
  it("[AU-S7] [AU-S8] [AU-S9] [AU18] what a banned admin backdates is void: bans, grants to a puppet, the puppet's acts; leaving has no effect", () => {
    const stage = new Stage({ a: 10, b: 8, d: 3, puppet: 0 })
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('a'), draftBan(stage.user('b')))
    const backdated = right.act(stage.who('b'), draftBan(stage.user('d')))
    const grant = right.act(stage.who('b'), draftRoleAssign(stage.user('puppet'), stage.role(3)))
    const puppets = right.act(stage.who('puppet'), draftRoleCreate({ name: 'p', position: Uint8Array.of(1) }))
    const leave = right.act(stage.who('b'), draftLeave())
    const log = stage.converge(left, right)
    expect([backdated, grant, puppets].map(op => standingIn(log, op))).toEqual(['voided', 'voided', 'voided'])
    expect(log.standing(puppets.id)?.rule).toBe('AU18')
    expect(standingIn(log, leave)).toBe('effective')
    expect([status(log, stage.user('b')), status(log, stage.user('d'))]).toEqual(['banned', 'in'])
  })

  it("[AU-S10] [AU-S11] a ban the owner knew of survives its author's ban; one it did not know of falls", () => {
    const stage = new Stage({ a: 8, x: 0, y: 0 })
    const known = stage.site.act(stage.who('a'), draftBan(stage.user('x')))
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('o'), draftBan(stage.user('a')))
    const unknown = right.act(stage.who('a'), draftBan(stage.user('y')))
    const log = stage.converge(left, right)
    expect([standingIn(log, known), standingIn(log, unknown)]).toEqual(['effective', 'voided'])
    expect([status(log, stage.user('x')), status(log, stage.user('y'))]).toEqual(['banned', 'in'])
  })

  it('[AU19] [AU-P8] what was done while a ban seemed void falls when the ban stands again', () => {
    const stage = new Stage({ a: 10, b: 8, u: 0 })
    const channel = idAs(
      'c',
      stage.site.act(
        stage.who('o'),
        draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(1) })
      ).id
    )
    const sites = apart(stage, 3) as [Site, Site, Site]
    const ban = sites[0].act(stage.who('b'), draftBan(stage.user('u')))
    const demotion = sites[1].act(stage.who('a'), draftRoleUnassign(stage.user('b'), stage.role(8)))
    const seen = stage.site.fork().merge(sites[0], sites[1])
    expect(seen.standing(ban)).toBe('voided')
    const nick = seen.act(stage.who('u'), draft('nick', { nick: 'safe' }))
    const revoke = seen.act(
      stage.who('u'),
      draft('deviceRevoke', { revocation: idToBytes(stage.user('u')), devices: [stage.who('u').device] })
    )
    const act = {
      device: stage.who('u').device,
      seq: 1,
      id: idAs('m', nick.id),
      channel,
      auth: [nick.id],
      at: seen.now,
      needs: ['SendMessages']
    }
    expect(seen.log.judge(act).kind).toBe('visible')
    sites[2].act(stage.who('o'), draftRoleUnassign(stage.user('a'), stage.role(10)))
    const log = stage.converge(seen, sites[2])
    expect([ban, demotion, nick, revoke].map(op => standingIn(log, op))).toEqual([
      'effective',
      'voided',
      'voided',
      'voided'
    ])
    expect(log.standing(nick.id)).toEqual({ standing: 'voided', rule: 'AU19', by: ban.id })
    expect(log.judge(act)).toMatchObject({ kind: 'hidden', by: ban.id })
    expect(status(log, stage.user('u'))).toBe('banned')
  })

  it('[AU40] a seal strikes what the departed backdates, and is never weaker than what it repeats', () => {
    const stage = new Stage({ a: 10, b: 8, x: 0 })
    const away = stage.site.fork()
    stage.site.act(stage.who('b'), draftLeave())
    const seal = draft('seal', { user: stage.user('b'), role: null, reason: null })
    expect(stage.site.refusal(stage.who('x'), seal)).toBe('AU14')
    stage.site.act(stage.who('a'), seal)
    expect(stage.site.refusal(stage.who('b'), seal)).toBe('AU14')
    const late = away.act(stage.who('b'), draftKick(stage.user('x')))
    const log = stage.converge(away)
    expect(standingIn(log, late)).toBe('voided')
    const weak = new Stage({ a: 10, b: 8, x: 0 })
    weak.site.act(weak.who('a'), draftKick(weak.user('x')))
    expect(
      weak.site.refusal(weak.who('b'), draft('seal', { user: weak.user('x'), role: null, reason: null }))
    ).toBe('AU14')
  })

  it("[AU-S23] [AU-S24] a ban beats the target's concurrent join, and a colluder's kick and re-join", () => {
    const stage = new Stage({ a: 10, c: 5, x: 0 })
    stage.site.act(stage.who('x'), draftLeave())
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('a'), draftBan(stage.user('x')))
    const join = right.act(stage.who('x'), joinDraft(stage.who('x'), stage.site.invite))
    right.act(stage.who('c'), draftKick(stage.user('x')))
    const again = right.act(stage.who('x'), joinDraft(stage.who('x'), stage.site.invite))
    const log = stage.converge(left, right)
    expect([standingIn(log, join), standingIn(log, again)]).toEqual(['voided', 'voided'])
    expect(status(log, stage.user('x'))).toBe('banned')
  })

  it("[AU-S51] a ban with an early cut voids the target's later acts, and what rests on them", () => {
    const stage = new Stage({ b: 8, x: 0, y: 0 })
    const early = stage.site.act(stage.who('b'), draftKick(stage.user('y')))
    const grant = stage.site.act(
      stage.who('b'),
      draftRoleCreate({
        name: 'late',
        position: Uint8Array.of(2),
        permissions: ['ManageRoles', 'KickMembers']
      })
    )
    const assign = stage.site.act(stage.who('b'), draftRoleAssign(stage.user('x'), idAs('r', grant.id)))
    const rest = stage.site.act(
      stage.who('x'),
      draftRoleCreate({ name: 'later', position: Uint8Array.of(1) })
    )
    const site = stage.site.fork()
    const b = stage.who('b')
    const ban = site.act(
      stage.who('o'),
      draftBan(b.user, null, [
        { device: b.device, seq: early.seq, operation: early.id, contentSeq: null, envelope: null }
      ])
    )
    const log = stage.converge(site)
    expect([ban, early, grant, assign, rest].map(op => standingIn(log, op))).toEqual([
      'effective',
      'effective',
      'voided',
      'voided',
      'voided'
    ])
  })

  it('[AU-S5] padding changes nothing: the junior who pads falls as the one who does not', () => {
    const outcome = (padding: number): readonly unknown[] => {
      const stage = new Stage({ a: 10, b: 8, d: 3, e: 2 })
      const [left, right] = apart(stage) as [Site, Site]
      const ban = left.act(stage.who('a'), draftBan(stage.user('b')))
      for (let i = 0; i < padding; i++)
        right.act(
          stage.who('b'),
          draft('timeout', { user: stage.user('d'), until: right.now + i + 1, reason: null })
        )
      const kick = right.act(stage.who('b'), draftKick(stage.user('e')))
      const log = stage.converge(left, right)
      return [ban, kick].map(op => standingIn(log, op))
    }
    expect(outcome(0)).toEqual(['effective', 'voided'])
    expect(outcome(6)).toEqual(outcome(0))
  })

  it("[AU-S51] [AU37] what the banned wrote up to the cut's number in the chain stands, on its devices listed", () => {
    const stage = new Stage({ b: 8 })
    const channel = textChannel(stage)
    const b = stage.who('b')
    const laptop = person('b', 'laptop')
    stage.site.act(laptop, draft('deviceAdd', { credential: laptop.credential }))
    const [left, right] = apart(stage) as [Site, Site]
    const acts = [1, 2, 3].flatMap(seq => [
      message(right, b, channel, right.now, seq),
      message(right, laptop, channel, right.now, seq)
    ])
    const joined = stage.joins.get('b') as Operation
    const row = { device: b.device, seq: joined.seq, operation: joined.id, contentSeq: 2 }
    const envelope = idToBytes((acts[2] as ContentAct).id)
    const ban = left.act(stage.who('o'), draftBan(b.user, null, [{ ...row, envelope }]))
    const kinds = (log: AuthorityLog): readonly string[] => acts.map(act => log.judge(act).kind)
    const log = stage.convergeTo(kinds, left, right)
    expect(standingIn(log, ban)).toBe('effective')
    expect(kinds(log)).toEqual(['visible', 'hidden', 'visible', 'hidden', 'hidden', 'hidden'])
  })

  it('[AU-S51] [AU19] of a device that the cut does not list, what the banner knew stands', () => {
    const stage = new Stage({ b: 8, x: 0, y: 0 })
    const b = stage.who('b')
    const laptop = person('b', 'laptop')
    const { site } = stage
    site.act(laptop, draft('deviceAdd', { credential: laptop.credential }))
    const byPhone = site.act(b, draftKick(stage.user('x')))
    const byLaptop = site.act(laptop, draftKick(stage.user('y')))
    const joined = stage.joins.get('b') as Operation
    const row = { device: b.device, seq: joined.seq, operation: joined.id, contentSeq: null, envelope: null }
    site.act(stage.who('o'), draftBan(b.user, null, [row]))
    const log = stage.converge()
    expect([byPhone, byLaptop].map(op => standingIn(log, op))).toEqual(['voided', 'effective'])
  })
})

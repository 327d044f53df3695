/** AU-S: the same outcome for every order of delivery, and the oracle's. */
import { describe, expect, it } from 'vitest'
import { idAs, idToBytes, type UserId } from '../../src/base/index.ts'
import {
  type AuthorityLog,
  draft,
  draftBan,
  draftChannelCreate,
  draftChannelDelete,
  draftInviteCreate,
  draftInviteRevoke,
  draftKick,
  draftLeave,
  draftOverwrite,
  draftRoleAssign,
  draftRoleCreate,
  draftRoleDelete,
  draftRoleEdit,
  draftRoleUnassign,
  draftUnban,
  permissionsToBits
} from '../../src/authority/index.ts'
import type { CutRow, Operation } from '../../src/graph/index.ts'
import { joinDraft, person, type Site, START } from './cast.ts'
import { Stage, standingIn } from './ladder.ts'

const move = (role: ReturnType<Stage['role']>, position: number): ReturnType<typeof draft> =>
  draft('roleMove', { role, position: Uint8Array.of(position), reason: null })
const status = (log: AuthorityLog, user: UserId): string | undefined => log.state().member(user)?.status

/** Two sites that do not hear of each other, then meet. */
function apart(stage: Stage, count = 2): Site[] {
  return Array.from({ length: count }, () => stage.site.fork())
}

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

  it('[AU-S2] [AU13] equals cannot ban each other', () => {
    const stage = new Stage({ a: 8, b: 8 })
    expect(stage.site.refusal(stage.who('a'), draftBan(stage.user('b')))).toBe('AU14')
    expect(stage.site.refusal(stage.who('b'), draftBan(stage.user('a')))).toBe('AU14')
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

  it('[AU-S52] [AU25] old roles do not revive after kick and re-join', () => {
    const stage = new Stage({ a: 10, b: 5 })
    const site = stage.site.fork()
    site.act(stage.who('a'), draftKick(stage.user('b')))
    site.act(stage.who('b'), joinDraft(stage.who('b'), stage.site.invite))
    const log = stage.converge(site)
    expect(log.state().member(stage.user('b'))).toMatchObject({ status: 'in', roles: [] })
  })
})

describe('[AU-S] roles and bits', () => {
  it('[AU-S12] [AU17] a grant falls with its grantor', () => {
    const stage = new Stage({ a: 8, x: 0 })
    stage.role(3)
    const [left, right] = apart(stage) as [Site, Site]
    const grant = left.act(stage.who('a'), draftRoleAssign(stage.user('x'), stage.role(3)))
    right.act(stage.who('o'), draftRoleUnassign(stage.user('a'), stage.role(8)))
    expect(standingIn(stage.converge(left, right), grant)).toBe('voided')
  })

  it('[AU-S13] [AU-S14] deletion by the stronger voids an assignment; of the weaker leaves it dormant', () => {
    const stage = new Stage({ a: 10, b: 8, x: 0 })
    stage.role(3)
    stage.role(4)
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('a'), draftRoleDelete(stage.role(3)))
    const weak = right.act(stage.who('b'), draftRoleAssign(stage.user('x'), stage.role(3)))
    left.act(stage.who('a'), draftRoleDelete(stage.role(4)))
    const strong = right.act(stage.who('o'), draftRoleAssign(stage.user('x'), stage.role(4)))
    const log = stage.converge(left, right)
    expect([standingIn(log, weak), standingIn(log, strong)]).toEqual(['voided', 'effective'])
    expect(log.state().role(stage.role(4))).toBeUndefined()
    expect(log.state().member(stage.user('x'))?.roles).toEqual([])
  })

  it("[AU-S15] the owner's grant wins over a weaker removal of the same", () => {
    const stage = new Stage({ a: 10, b: 8, x: 3 })
    const role = stage.role(3)
    stage.site.act(stage.who('o'), draftRoleUnassign(stage.user('x'), role))
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('o'), draftRoleAssign(stage.user('x'), role))
    right.act(stage.who('a'), draftRoleAssign(stage.user('x'), role))
    right.act(stage.who('a'), draftRoleUnassign(stage.user('x'), role))
    expect(stage.converge(left, right).state().member(stage.user('x'))?.roles).toEqual([role])
  })

  it('[AU-S16] [AU-S17] [AU15] a weaker clear strikes a weaker use, not a stronger one', () => {
    const stage = new Stage({ c: 5, d: 3, x: 0 }, { permissions: { 3: ['ManageRoles'] } })
    const role = stage.role(2, ['KickMembers'])
    stage.site.act(stage.who('o'), draftRoleAssign(stage.user('d'), role))
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('c'), draftRoleEdit(role, { clear: ['KickMembers'] }))
    const used = right.act(stage.who('d'), draftKick(stage.user('x')))
    expect(standingIn(stage.converge(left, right), used)).toBe('voided')

    const other = new Stage({ c: 5, a: 9, x: 0 }, { permissions: { 9: ['ManageRoles'] } })
    const common = other.role(2, ['KickMembers'])
    other.site.act(other.who('o'), draftRoleAssign(other.user('a'), common))
    const [weak, strong] = apart(other) as [Site, Site]
    weak.act(other.who('c'), draftRoleEdit(common, { clear: ['KickMembers'] }))
    const stronger = strong.act(other.who('a'), draftKick(other.user('x')))
    expect(standingIn(other.converge(weak, strong), stronger)).toBe('effective')
  })

  it('[AU-S18] set against clear with equal strength: clear', () => {
    const stage = new Stage({ a: 8, b: 8 })
    const role = stage.role(2, ['KickMembers'])
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('a'), draftRoleEdit(role, { clear: ['KickMembers'] }))
    left.act(stage.who('a'), draftRoleEdit(role, { set: ['BanMembers'] }))
    right.act(stage.who('b'), draftRoleEdit(role, { clear: ['KickMembers'] }))
    right.act(stage.who('b'), draftRoleEdit(role, { set: ['KickMembers'] }))
    expect(stage.converge(left, right).state().role(role)?.permissions).toBe(
      permissionsToBits(['BanMembers'])
    )
  })

  it('[AU-S19] a stronger lowering of a role voids what its holder does to someone between', () => {
    const stage = new Stage({ a: 10, b: 8, c: 5 })
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('a'), move(stage.role(8), 3))
    const kick = right.act(stage.who('b'), draftKick(stage.user('c')))
    const log = stage.converge(left, right)
    expect(standingIn(log, kick)).toBe('voided')
    expect(status(log, stage.user('c'))).toBe('in')
  })

  it('[AU-S20] nobody sets a bit they lack, or assigns a role at or above their own', () => {
    const stage = new Stage({ b: 8, x: 0 })
    const low = stage.role(2, [])
    expect(stage.site.refusal(stage.who('b'), draftRoleEdit(low, { set: ['Administrator'] }))).toBe('AU14')
    expect(stage.site.refusal(stage.who('b'), draftRoleAssign(stage.user('x'), stage.role(8)))).toBe('AU14')
    expect(
      stage.site.refusal(
        stage.who('b'),
        draftRoleCreate({ name: 'p', position: Uint8Array.of(2), permissions: ['ViewAuditLog'] })
      )
    ).toBe('AU14')
    expect(stage.site.refusal(stage.who('b'), draftRoleAssign(stage.user('x'), low))).toBeUndefined()
  })

  it('[AU-S21] of two roles at one position neither manages the other', () => {
    const stage = new Stage({ a: 8 })
    const twin = idAs(
      'r',
      stage.site.act(
        stage.who('o'),
        draftRoleCreate({ name: 'twin', position: Uint8Array.of(8), permissions: ['ManageRoles'] })
      ).id
    )
    stage.enter('b')
    stage.site.act(stage.who('o'), draftRoleAssign(stage.user('b'), twin))
    expect(stage.site.refusal(stage.who('a'), draftRoleDelete(twin))).toBe('AU14')
    expect(stage.site.refusal(stage.who('b'), draftRoleDelete(stage.role(8)))).toBe('AU14')
  })

  it('[AU-S46] [AU27] overwrites of a deleted role are dormant', () => {
    const stage = new Stage({ x: 3 }, { permissions: { 3: [] } })
    const role = stage.role(3)
    const channel = idAs(
      'c',
      stage.site.act(
        stage.who('o'),
        draftChannelCreate({
          kind: 'text',
          name: 'c',
          position: Uint8Array.of(1),
          overwrites: [{ target: role, deny: ['ViewChannel'] }]
        })
      ).id
    )
    expect(stage.site.log.state().permissions(stage.user('x'), channel, START)).toBe(0n)
    stage.site.act(stage.who('o'), draftRoleDelete(role))
    expect(stage.site.log.state().permissions(stage.user('x'), channel, START)).not.toBe(0n)
  })
})

describe('[AU-S] invites', () => {
  it('[AU-S25] an invite closed by its roleless maker voids concurrent joins, and no earlier ones', () => {
    const stage = new Stage({ m: 0 })
    const invite = idAs(
      'i',
      stage.site.act(
        stage.who('m'),
        draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null })
      ).id
    )
    const [y, z] = [person('y'), person('z')]
    stage.site.act(y, joinDraft(y, invite))
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('m'), draftInviteRevoke(invite))
    const join = right.act(z, joinDraft(z, invite))
    const log = stage.converge(left, right)
    expect(standingIn(log, join)).toBe('voided')
    expect([status(log, y.user), status(log, z.user)]).toEqual(['in', undefined])
  })

  it('[AU-S26] [AU26] one use and two joins: exactly one, the lower by (lam, id)', () => {
    const stage = new Stage({})
    const invite = idAs(
      'i',
      stage.site.act(
        stage.who('o'),
        draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null, maxUses: 1 })
      ).id
    )
    const sites = apart(stage, 3)
    const joins = sites.map((site, index) => {
      const who = person(`guest${index}`)
      return site.act(who, joinDraft(who, invite))
    })
    const log = stage.converge(...sites)
    const lowest = [...joins].sort((a, b) => a.lamport - b.lamport || (a.id < b.id ? -1 : 1))[0]
    for (const join of joins) expect(standingIn(log, join)).toBe(join === lowest ? 'effective' : 'voided')
    expect(log.state().invite(invite)?.uses).toBe(1)
  })

  it('[AU-S27] an expired invite admits nobody by ts, and late live arrivals are held', () => {
    const stage = new Stage({})
    const notAfter = stage.site.now + 10_000
    const invite = idAs(
      'i',
      stage.site.act(
        stage.who('o'),
        draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null, notAfter })
      ).id
    )
    const x = person('x')
    const late = stage.site.sign(x, joinDraft(x, invite), { at: notAfter + 1 })
    expect(stage.site.log.add(late, notAfter + 2)).toMatchObject({
      kind: 'rejected',
      refusal: { rule: 'AU14' }
    })
    const forged = stage.site.sign(x, joinDraft(x, invite), { at: notAfter })
    expect(stage.site.log.add(forged, notAfter + 600_001, { live: true })).toMatchObject({ kind: 'held' })
    expect(stage.site.log.add(forged, notAfter + 599_999, { live: true })).toMatchObject({ kind: 'accepted' })
  })

  it('[AU-S28] the inviter banned while the invitee joined: not a member, and what it posted is hidden', () => {
    const stage = new Stage({ m: 0 })
    const channel = idAs(
      'c',
      stage.site.act(
        stage.who('o'),
        draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(1) })
      ).id
    )
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('o'), draftBan(stage.user('m')))
    const invite = idAs(
      'i',
      right.act(stage.who('m'), draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null }))
        .id
    )
    const z = person('z')
    const join = right.act(z, joinDraft(z, invite))
    const act = {
      device: z.device,
      seq: 1,
      id: idAs('m', join.id),
      channel,
      auth: [join.id],
      at: right.now,
      needs: ['SendMessages']
    }
    expect(right.log.judge(act)).toMatchObject({ kind: 'visible', user: z.user })
    const log = stage.converge(left, right)
    expect(status(log, z.user)).toBeUndefined()
    expect(log.judge(act)).toMatchObject({ kind: 'hidden', rule: 'AU36' })
  })

  it('[AU-S28] [AU17] the invited invite nobody once their own admission has fallen', () => {
    const stage = new Stage({ m: 0 })
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('o'), draftBan(stage.user('m')))
    const invite = (who: ReturnType<typeof person>): Operation =>
      right.act(who, draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null }))
    const [z, w] = [person('z'), person('w')]
    const first = invite(stage.who('m'))
    right.act(z, joinDraft(z, idAs('i', first.id)))
    const second = invite(z)
    const join = right.act(w, joinDraft(w, idAs('i', second.id)))
    const log = stage.converge(left, right)
    expect([first, second, join].map(op => standingIn(log, op))).toEqual(['voided', 'voided', 'voided'])
    expect(log.standing(second.id)?.rule).toBe('AU18')
    expect(status(log, w.user)).toBeUndefined()
  })

  it('[AU-S26] [AU17] who came in beyond the uses invites nobody', () => {
    const stage = new Stage({})
    const once = idAs(
      'i',
      stage.site.act(
        stage.who('o'),
        draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null, maxUses: 1 })
      ).id
    )
    const sites = apart(stage) as [Site, Site]
    const chains = sites.map((site, index) => {
      const [guest, friend] = [person(`guest${index}`), person(`friend${index}`)]
      const join = site.act(guest, joinDraft(guest, once))
      const invite = site.act(
        guest,
        draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null })
      )
      return [join, invite, site.act(friend, joinDraft(friend, idAs('i', invite.id)))]
    })
    const log = stage.converge(...sites)
    const fates = chains.map(chain => chain.map(op => standingIn(log, op)))
    expect(fates.sort()).toEqual([
      ['effective', 'effective', 'effective'],
      ['voided', 'voided', 'voided']
    ])
  })
})

describe('[AU-S] ownership and devices', () => {
  it("[AU-S31] [AU21] [AU-S33] [AU-S34] a transfer beats the old owner's and everybody else's ban; the old owner backdates nothing", () => {
    const stage = new Stage({ a: 5, b: 8, x: 0 })
    const sites = apart(stage, 3) as [Site, Site, Site]
    const transfer = sites[0].act(stage.who('o'), stage.transfer('a'))
    sites[0].act(stage.who('a'), draftKick(stage.user('o')))
    const byOwner = sites[1].act(person('o'), draftBan(stage.user('a')))
    const byAdmin = sites[2].act(stage.who('b'), draftBan(stage.user('a')))
    const log = stage.converge(...sites)
    expect([transfer, byOwner, byAdmin].map(op => standingIn(log, op))).toEqual([
      'effective',
      'voided',
      'effective'
    ])
    expect(log.state().owner).toBe(stage.user('a'))
    expect(log.state().ownerGeneration).toBe(1)
    expect(status(log, stage.user('a'))).toBe('in')
    expect(log.state().member(stage.user('a'))?.roles).toEqual([stage.role(5)])
    expect(status(log, stage.user('o'))).toBe('out')
  })

  it('[AU-S32] of two transfers exactly one stands', () => {
    const stage = new Stage({ a: 5, b: 8 })
    const [left, right] = apart(stage) as [Site, Site]
    const first = left.act(stage.who('o'), stage.transfer('a'))
    const second = right.act(stage.who('o'), stage.transfer('b'))
    const log = stage.converge(left, right)
    expect([first, second].filter(op => standingIn(log, op) === 'effective')).toHaveLength(1)
    const lower = [first, second].sort(
      (x, y) => x.lamport - y.lamport || (x.id < y.id ? -1 : 1)
    )[0] as Operation
    expect(standingIn(log, lower)).toBe('effective')
  })

  it("[AU-S35] the owner's two devices act at once: both count", () => {
    const stage = new Stage({})
    const laptop = person('o', 'laptop')
    stage.site.act(laptop, draft('deviceAdd', { credential: laptop.credential }))
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('o'), draft('serverSet', { rows: [{ key: 0, value: 'phone' }], reason: null }))
    right.act(laptop, draft('serverSet', { rows: [{ key: 0, value: 'laptop' }], reason: null }))
    right.act(laptop, draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(1) }))
    const log = stage.converge(left, right)
    expect(log.state().channels()).toHaveLength(1)
    expect(['phone', 'laptop']).toContain(log.state().name)
  })

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
})

describe('[AU-S] timeouts, overwrites and messages', () => {
  function withChannel(positions: Readonly<Record<string, number>>): {
    stage: Stage
    channel: ReturnType<typeof idAs<'c'>>
    created: Operation
  } {
    const stage = new Stage(positions)
    const created = stage.site.act(
      stage.who('o'),
      draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(1) })
    )
    return { stage, channel: idAs('c', created.id), created }
  }

  function message(
    site: Site,
    who: ReturnType<typeof person>,
    channel: ReturnType<typeof idAs<'c'>>,
    at: number,
    seq = 1
  ): Parameters<AuthorityLog['judge']>[0] {
    return {
      device: who.device,
      seq,
      id: idAs('m', site.log.frontierFor(who.device)[0] as Operation['id']),
      channel,
      auth: site.log.frontierFor(who.device),
      at,
      needs: ['SendMessages']
    }
  }

  it('[AU-S43] [AU20] a timeout voids and hides what claims an earlier time, cited or not', () => {
    const { stage, channel } = withChannel({ a: 10, b: 5, x: 0 })
    const [left, right] = apart(stage) as [Site, Site]
    const until = left.now + 60_000
    left.act(stage.who('a'), draft('timeout', { user: stage.user('b'), until, reason: null }))
    const during = right.act(stage.who('b'), draftKick(stage.user('x')), { at: until - 1 })
    const after = right.act(
      stage.who('b'),
      draft('serverSet', { rows: [{ key: 0, value: 'later' }], reason: null }),
      { at: until }
    )
    const acts = [
      message(right, stage.who('b'), channel, until - 1),
      message(right, stage.who('b'), channel, until)
    ]
    const log = stage.converge(left, right)
    expect([standingIn(log, during), standingIn(log, after)]).toEqual(['voided', 'effective'])
    expect(acts.map(act => log.judge(act).kind)).toEqual(['hidden', 'visible'])
    expect(left.refusal(stage.who('b'), draft('nick', { nick: 'n' }))).toBe('AU14')
    const cited = message(left, stage.who('b'), channel, until - 1)
    expect(left.log.judge(cited)).toMatchObject({ kind: 'rejected', rule: 'AU35' })
    expect(left.log.judge({ ...cited, at: until })).toMatchObject({ kind: 'visible' })
  })

  it('[AU-S44] [AU37] a message the banner did not see is hidden, and can be re-admitted', () => {
    const { stage, channel } = withChannel({ a: 10, x: 0 })
    const x = stage.who('x')
    const [left, right] = apart(stage) as [Site, Site]
    const row: CutRow = {
      device: x.device,
      seq: 0,
      operation: stage.joins.get('x')?.id ?? null,
      contentSeq: 3,
      envelope: new Uint8Array(32).fill(3)
    }
    const ban = left.act(stage.who('a'), draftBan(x.user, null, [row]))
    const act = (seq: number): ReturnType<typeof message> => message(right, x, channel, right.now + seq, seq)
    const log = stage.converge(left, right)
    expect([1, 2, 4, 5].map(seq => log.judge(act(seq)).kind)).toEqual([
      'visible',
      'visible',
      'hidden',
      'hidden'
    ])
    // The cut names the envelope itself: another branch of a fork at that seq is beyond it.
    expect(log.judge(act(3))).toMatchObject({ kind: 'hidden', by: ban.id })
    const widened = left.act(
      stage.who('a'),
      draft('cutExtend', {
        denial: ban.id,
        rows: [{ device: x.device, contentSeq: 5, envelope: idToBytes(act(5).id) }],
        reason: null
      })
    )
    const after = stage.converge(left, right)
    expect(standingIn(after, widened)).toBe('effective')
    expect([4, 5, 6].map(seq => after.judge(act(seq)).kind)).toEqual(['visible', 'visible', 'hidden'])
  })

  it('[AU-S45] [AU16] [AU37] an overwrite hides later messages by their claimed time', () => {
    const { stage, channel } = withChannel({ a: 10, x: 0 })
    const [left, right] = apart(stage) as [Site, Site]
    const denial = left.act(
      stage.who('a'),
      draftOverwrite(channel, idAs('r', stage.site.log.server), { deny: ['SendMessages'] })
    )
    const log = stage.converge(left, right)
    expect(log.judge(message(right, stage.who('x'), channel, denial.at)).kind).toBe('visible')
    expect(log.judge(message(right, stage.who('x'), channel, denial.at + 1))).toMatchObject({
      kind: 'hidden',
      rule: 'AU37',
      by: denial.id
    })
    expect(left.log.judge(message(left, stage.who('x'), channel, denial.at)).kind).toBe('rejected')
  })

  it("[AU-S46] a message concurrent with its channel's deletion: earlier ones stay in the archive", () => {
    const { stage, channel } = withChannel({ x: 0 })
    const [left, right] = apart(stage) as [Site, Site]
    const gone = left.act(stage.who('o'), draftChannelDelete(channel))
    const log = stage.converge(left, right)
    expect(log.judge(message(right, stage.who('x'), channel, gone.at)).kind).toBe('visible')
    expect(log.judge(message(right, stage.who('x'), channel, gone.at + 1)).kind).toBe('hidden')
    expect(log.state().channel(channel)).toBeUndefined()
  })

  it('[AU-S48] a timed-out Administrator is exempt', () => {
    const { stage, channel } = withChannel({ a: 10, x: 0 })
    const admin = stage.enter('admin', 5, ['Administrator'])
    const until = stage.site.now + 60_000
    stage.site.act(stage.who('a'), draft('timeout', { user: admin.user, until, reason: null }))
    stage.site.act(
      stage.who('o'),
      draftOverwrite(channel, admin.user, { deny: ['ViewChannel', 'SendMessages'] })
    )
    expect(stage.site.log.judge(message(stage.site, admin, channel, until - 1)).kind).toBe('visible')
    stage.site.act(admin, draftKick(stage.user('x')), { at: until - 1 })
  })

  it("[AU35] needs membership, a device that is on, and the permission, in the message's own past", () => {
    const { stage, channel } = withChannel({ x: 0 })
    const stranger = person('stranger')
    const base = message(stage.site, stage.who('x'), channel, stage.site.now)
    expect(stage.site.log.judge({ ...base, device: stranger.device })).toMatchObject({
      kind: 'rejected',
      rule: 'AU35'
    })
    expect(stage.site.log.judge({ ...base, needs: ['ManageMessages'] })).toMatchObject({
      kind: 'rejected',
      rule: 'AU35'
    })
    expect(stage.site.log.judge({ ...base, auth: [idAs('o', stranger.user)] })).toEqual({
      kind: 'waiting',
      missing: [idAs('o', stranger.user)]
    })
    expect(stage.site.log.judge({ ...base, auth: [] })).toMatchObject({ kind: 'rejected', rule: 'AU34' })
    expect(stage.site.log.judge({ ...base, channel: idAs('c', stage.site.log.server) })).toMatchObject({
      kind: 'visible'
    })
  })
})

describe('[AU-S] synced channels and deletions', () => {
  it('[AU31] a synced channel reads its category, and what moved it there is part of the proof', () => {
    const stage = new Stage({ c: 5, x: 0 })
    const everyone = idAs('r', stage.site.log.server)
    const open = idAs(
      'c',
      stage.site.act(
        stage.who('o'),
        draftChannelCreate({
          kind: 'category',
          name: 'open',
          position: Uint8Array.of(1),
          overwrites: [{ target: everyone, allow: ['ManageMessages'] }]
        })
      ).id
    )
    const plain = idAs(
      'c',
      stage.site.act(
        stage.who('o'),
        draftChannelCreate({ kind: 'category', name: 'plain', position: Uint8Array.of(2) })
      ).id
    )
    const channel = idAs(
      'c',
      stage.site.act(
        stage.who('o'),
        draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(3), parent: plain })
      ).id
    )
    expect(stage.site.log.state().channel(channel)).toMatchObject({ synced: true, overwrites: [] })
    const [left, right] = apart(stage) as [Site, Site]
    left.act(stage.who('o'), draftKick(stage.user('c')))
    const moved = right.act(
      stage.who('c'),
      draft('channelMove', { channel, parent: open, position: Uint8Array.of(3), reason: null })
    )
    expect(
      right.log.state().permissions(stage.user('x'), channel, START) & permissionsToBits(['ManageMessages'])
    ).not.toBe(0n)
    const x = stage.who('x')
    const act = {
      device: x.device,
      seq: 1,
      id: idAs('m', moved.id),
      channel,
      auth: right.log.frontierFor(x.device),
      at: right.now,
      needs: ['ManageMessages']
    }
    expect(right.log.judge(act).kind).toBe('visible')
    const log = stage.converge(left, right)
    expect(standingIn(log, moved)).toBe('voided')
    // AU38: deleting another's message needs ManageMessages, by what its author had seen and by what is known now.
    expect(log.judge(act)).toMatchObject({ kind: 'hidden', rule: 'AU36' })
    expect(log.judge({ ...act, auth: log.frontierFor(x.device) })).toMatchObject({
      kind: 'rejected',
      rule: 'AU35'
    })
  })

  it("[AU38] deleting another's message needs ManageMessages", () => {
    const stage = new Stage({ a: 10, x: 0 })
    const channel = idAs(
      'c',
      stage.site.act(
        stage.who('o'),
        draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(1) })
      ).id
    )
    const act = (name: string): Parameters<AuthorityLog['judge']>[0] => ({
      device: stage.who(name).device,
      seq: 1,
      id: idAs('m', stage.user(name)),
      channel,
      auth: stage.site.log.frontierFor(stage.who(name).device),
      at: stage.site.now,
      needs: ['ManageMessages']
    })
    expect([stage.site.log.judge(act('a')).kind, stage.site.log.judge(act('x')).kind]).toEqual([
      'visible',
      'rejected'
    ])
  })
})

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

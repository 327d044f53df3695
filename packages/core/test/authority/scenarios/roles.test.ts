/** AU-S: roles, bits and positions. */
import { describe, expect, it } from 'vitest'
import { idAs } from '../../../src/base/index.ts'
import {
  draftChannelCreate,
  draftKick,
  draftRoleAssign,
  draftRoleCreate,
  draftRoleDelete,
  draftRoleEdit,
  draftRoleUnassign,
  permissionsToBits
} from '../../../src/authority/index.ts'
import { START, type Site } from '../cast.ts'
import { Stage, standingIn, apart, move, status, refusing } from '../ladder.ts'

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

  it('[AU-S20] nobody sets a bit they lack, or assigns a role at or above their own', () => {
    const stage = new Stage({ b: 8, x: 0 })
    const low = stage.role(2, [])
    const { site } = stage
    const b = stage.who('b')
    const tries = [
      draftRoleEdit(low, { set: ['Administrator'] }),
      draftRoleAssign(stage.user('x'), stage.role(8)),
      draftRoleCreate({ name: 'p', position: Uint8Array.of(2), permissions: ['ViewAuditLog'] }),
      draftRoleCreate({ name: 'p', position: Uint8Array.of(8), permissions: [] }),
      move(low, 8)
    ].map(what => site.fork().sign(b, what))
    const fine = site.act(b, draftRoleAssign(stage.user('x'), low))
    const log = stage.convergeTo(refusing(tries))
    expect(refusing(tries)(log)).toEqual(tries.map(() => 'AU14'))
    expect(standingIn(log, fine)).toBe('effective')
  })

  it('[AU-S21] of two roles at one position neither manages the other', () => {
    const stage = new Stage({ a: 8, b: 0 })
    const { site } = stage
    const what = draftRoleCreate({ name: 'twin', position: Uint8Array.of(8), permissions: ['ManageRoles'] })
    const twin = idAs('r', site.act(stage.who('o'), what).id)
    site.act(stage.who('o'), draftRoleAssign(stage.user('b'), twin))
    const tries = [
      site.fork().sign(stage.who('a'), draftRoleDelete(twin)),
      site.fork().sign(stage.who('b'), draftRoleDelete(stage.role(8))),
      site.fork().sign(stage.who('a'), draftKick(stage.user('b')))
    ]
    const log = stage.convergeTo(refusing(tries))
    expect(refusing(tries)(log)).toEqual(['AU14', 'AU14', 'AU14'])
  })
})

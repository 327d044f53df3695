/** AU15 to AU17 as facts about single operations: what they rely on, and what supports them. */
import { describe, expect, it } from 'vitest'
import { type ChannelId, idAs, type RoleId } from '../../src/base/index.ts'
import {
  draft,
  draftBan,
  draftChannelCreate,
  draftChannelDelete,
  draftInviteCreate,
  draftKick,
  draftOverwrite,
  draftRoleAssign,
  draftRoleUnassign,
  draftUnban,
  everyoneRole,
  type PermissionName,
  permissionsToBits,
  resolveBatch
} from '../../src/authority/index.ts'
import { assignmentCell, channelCell, inviteCell, overwriteCell, roleCell } from '../../src/authority/cell.ts'
import type { Judged } from '../../src/authority/reader.ts'
import type { Operation } from '../../src/graph/index.ts'
import { fakeDeps, joinDraft, type Site, START } from './cast.ts'
import { Stage, textChannel } from './ladder.ts'

const MANAGE_CHANNELS = 4
const rename = (channel: ChannelId): ReturnType<typeof draft> =>
  draft('channelEdit', { channel, rows: [{ key: 0, value: 'n' }], reason: null })

function known(site: Site, op: Operation): Judged['known'] {
  return (resolveBatch(fakeDeps, site.operations).judged.get(op.id) as Judged).known
}

describe('what a proof relies on', () => {
  it('[AU16] the deciding layer and those above it, written or not; with Administrator none of them', () => {
    const stage = new Stage({ a: 5, b: 6 }, { permissions: { 6: ['Administrator'] } })
    const channel = textChannel(stage)
    const { site } = stage
    const own = overwriteCell(channel, stage.user('a'), MANAGE_CHANNELS)
    const ofRole = overwriteCell(channel, stage.role(5), MANAGE_CHANNELS)
    const ofAll = overwriteCell(channel, everyoneRole(site.log.server), MANAGE_CHANNELS)
    const base = known(site, site.act(stage.who('a'), rename(channel)))
    expect(base.cells).toEqual(expect.arrayContaining([own, ofRole, ofAll]))
    const allow = site.act(
      stage.who('o'),
      draftOverwrite(channel, stage.role(5), { allow: ['ManageChannels'] })
    )
    const layered = known(site, site.act(stage.who('a'), rename(channel)))
    expect(layered.cells).toEqual(expect.arrayContaining([own, ofRole, roleCell(stage.role(5), 'exists')]))
    expect(layered.cells).not.toContain(ofAll)
    expect(layered.supp).toContain(allow.id)
    const admin = known(site, site.act(stage.who('b'), rename(channel)))
    expect(admin.cells.filter(cell => cell.startsWith('ow|'))).toEqual([])
  })

  it('[AU15] the best of several roles: the highest weakest writer, then the lower id', () => {
    const stage = new Stage({ a: 9, x: 0 }, { permissions: { 9: ['ManageRoles', 'KickMembers'] } })
    const { site } = stage
    const [weak, strong] = [stage.role(2, ['KickMembers']), stage.role(3, ['KickMembers'])]
    stage.enter('b')
    site.act(stage.who('a'), draftRoleAssign(stage.user('b'), weak))
    site.act(stage.who('o'), draftRoleAssign(stage.user('b'), strong))
    const kick = known(site, site.act(stage.who('b'), draftKick(stage.user('x'))))
    const join = idAs('o', (stage.joins.get('b') as Operation).id)
    expect(kick.cells).toContain(assignmentCell(join, strong))
    expect(kick.cells).not.toContain(assignmentCell(join, weak))
  })

  it('[AU17] opening a thread again relies on its not being locked; a lock strikes it', () => {
    const stage = new Stage({ a: 8, x: 0 })
    const channel = textChannel(stage)
    const made = stage.site.act(
      stage.who('x'),
      draft('threadCreate', { parent: channel, private: 0, name: 't' })
    )
    const thread = idAs('c', made.id)
    const [left, right] = [stage.site.fork(), stage.site.fork()]
    left.act(stage.who('a'), draft('threadEdit', { thread, rows: [{ key: 2, value: 1 }], reason: null }))
    const edit = draft('threadEdit', { thread, rows: [{ key: 1, value: 1 }], reason: null })
    const archived = right.act(stage.who('x'), edit)
    expect(known(right, archived).cells).toContain(channelCell(thread, 'locked'))
    expect(stage.converge(left, right).standing(archived.id)).toMatchObject({
      standing: 'voided',
      rule: 'AU19'
    })
  })

  it('[AU17] [AU18] a plain invite rests on its author’s join and has its strength; one with roles has its own', () => {
    const stage = new Stage({ a: 8 })
    const low = stage.role(2, [])
    const { site } = stage
    const key = { signPublicKey: new Uint8Array(32), boxPublicKey: null }
    const invite = (roles: readonly RoleId[]): Judged['known'] =>
      known(site, site.act(stage.who('a'), draftInviteCreate({ ...key, roles })))
    const join = (stage.joins.get('a') as Operation).id
    expect(invite([])).toMatchObject({ strength: '0', supp: expect.arrayContaining([join]) as unknown })
    expect(invite([low]).supp).not.toContain(join)
    expect(invite([low]).strength > '1').toBe(true)
    const opened = site.operations.at(-1) as Operation
    expect(known(site, opened).writes[0]?.cell).toBe(inviteCell(idAs('i', opened.id)))
  })

  it('[AU31] a channel whose category is gone reads its own overwrites again', () => {
    const stage = new Stage({ x: 0 })
    const { site } = stage
    const o = stage.who('o')
    const everyone = everyoneRole(site.log.server)
    const deny: readonly PermissionName[] = ['SendMessages']
    const above = {
      kind: 'category',
      name: 'k',
      position: Uint8Array.of(1),
      overwrites: [{ target: everyone, deny }]
    } as const
    const category = idAs('c', site.act(o, draftChannelCreate(above)).id)
    const below = { kind: 'text', name: 'c', position: Uint8Array.of(1), parent: category } as const
    const channel = idAs('c', site.act(o, draftChannelCreate(below)).id)
    const send = permissionsToBits(deny)
    const sends = (): boolean => (site.log.state().permissions(stage.user('x'), channel, START) & send) !== 0n
    expect(sends()).toBe(false)
    site.act(o, draftChannelDelete(category))
    expect(sends()).toBe(true)
  })

  it('[AU12] a cut is extended by whoever could deny now, for its target’s devices, and only forwards', () => {
    const stage = new Stage({ a: 8, b: 5, x: 0, y: 0 })
    const { site } = stage
    const [x, y] = [stage.who('x'), stage.who('y')]
    const joined = stage.joins.get('x') as Operation
    const kept = { device: x.device, seq: joined.seq, operation: joined.id }
    const row = { ...kept, contentSeq: 3, envelope: new Uint8Array(32) }
    const ban = site.act(stage.who('a'), draftBan(x.user, null, [row]))
    const plain = site.act(stage.who('a'), draftBan(y.user))
    const extend = (
      denial: Operation,
      device: typeof x.device,
      contentSeq: number
    ): ReturnType<typeof draft> =>
      draft('cutExtend', {
        denial: denial.id,
        rows: [{ device, contentSeq, envelope: new Uint8Array(32) }],
        reason: null
      })
    const refusal = (who: string, what: ReturnType<typeof draft>): string | undefined =>
      site.fork().refusal(stage.who(who), what)
    expect(refusal('a', extend(ban, x.device, 3))).toBe('AU14')
    expect(refusal('a', extend(ban, y.device, 4))).toBe('AU14')
    expect(refusal('a', extend(plain, y.device, 4))).toBe('AU14')
    expect(refusal('b', extend(ban, x.device, 4))).toBe('AU14')
    expect(refusal('a', extend(ban, x.device, 4))).toBeUndefined()
    site.act(stage.who('o'), extend(ban, x.device, 9))
    expect(refusal('a', extend(ban, x.device, 9))).toBe('AU14')
  })

  it('[AU12] taking an overwrite’s allow back is a denial, leaving open what was denied is none', () => {
    const stage = new Stage({ a: 10, b: 8 })
    const channel = textChannel(stage)
    const { site } = stage
    const ofRole = (bits: Parameters<typeof draftOverwrite>[2]): ReturnType<typeof draft> =>
      draftOverwrite(channel, stage.role(8), bits)
    site.act(stage.who('o'), ofRole({ allow: ['ManageChannels'], deny: ['ManageMessages'] }))
    const [left, right] = [site.fork(), site.fork()]
    const taken = left.act(stage.who('o'), ofRole({ none: ['ManageChannels', 'ManageMessages'] }))
    expect(known(left, taken).writes.map(each => each.denial)).toEqual([true, false])
    const used = right.act(stage.who('b'), rename(channel))
    expect(stage.converge(left, right).standing(used.id)).toMatchObject({ standing: 'voided', by: taken.id })
  })

  it('[AU17] a join after a ban rests on the unban: it falls with it', () => {
    const stage = new Stage({ a: 10, b: 8, x: 0 })
    const { site } = stage
    const x = stage.who('x')
    site.act(stage.who('o'), draftBan(x.user))
    const [left, right] = [site.fork(), site.fork()]
    const unban = right.act(stage.who('b'), draftUnban(x.user))
    const join = right.act(x, joinDraft(x, stage.site.invite))
    left.act(stage.who('a'), draftRoleUnassign(stage.user('b'), stage.role(8)))
    const log = stage.converge(left, right)
    expect([unban, join].map(op => log.standing(op.id)?.rule)).toEqual(['AU19', 'AU18'])
    expect(log.state().member(x.user)?.status).toBe('banned')
  })
})

import { describe, expect, it } from 'vitest'
import { draftBan, draftChannelCreate, draftRoleAssign, draftRoleCreate } from '../../src/authority/index.ts'
import { idAs } from '../../src/base/index.ts'
import { converge, found, joinDraft, person, together } from './cast.ts'

describe('authority', () => {
  it('first', () => {
    const [o, a, b] = [person('o'), person('a'), person('b')]
    const site = found(o)
    site.act(a, joinDraft(a, site.invite))
    site.act(b, joinDraft(b, site.invite))
    const role = site.act(o, draftRoleCreate({ name: 'mod', position: Uint8Array.of(10), permissions: ['BanMembers', 'KickMembers', 'ManageChannels', 'ManageRoles'] }))
    const r = idAs('r', role.id)
    site.act(o, draftRoleAssign(a.user, r))
    expect(site.log.state().member(a.user)?.roles).toEqual([r])
    site.act(a, draftChannelCreate({ kind: 'text', name: 'general', position: Uint8Array.of(5) }))
    expect(site.log.state().channels().map(c => c.name)).toEqual(['general'])
    const left = site.fork(), right = site.fork()
    const ban = left.act(a, draftBan(b.user))
    right.act(o, draftRoleAssign(b.user, r))
    const { common, late } = together(site, left, right)
    const log = converge(common, late)
    expect(log.state().member(b.user)?.status).toBe('banned')
    expect(log.standing(ban.id)).toEqual({ standing: 'effective' })
  })
})

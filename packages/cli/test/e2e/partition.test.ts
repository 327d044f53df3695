/**
 * Daemons that a network parts. What they moderate meanwhile comes together afterwards in one state.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditJson, OperationJson, StateJson } from '@xcord/sdk'
import {
  agree,
  closeHome,
  community,
  heal,
  home,
  LONG,
  openHome,
  part,
  type Peer,
  role,
  stateOf,
  xcord
} from './parted.ts'

beforeEach(openHome)
afterEach(closeHome)

describe('a network parts the server', () => {
  test(
    '[AU19, AU23, AU-P1] an admin is banned here while there they ban and demote: one state, shown by all',
    async () => {
      const [ada, grace, alan, eve] = (await community('ada', 'grace', 'alan', 'eve')) as [
        Peer,
        Peer,
        Peer,
        Peer
      ]
      // Grace is a deputy who makes eve an admin; alan moderates. The first is the lowest.
      await role(ada, 'deputy', ['BanMembers', 'ManageRoles', 'ManageChannels', 'ViewAuditLog'], 'grace')
      await role(ada, 'admin', ['BanMembers', 'ManageRoles', 'ManageChannels'])
      await role(ada, 'mod', ['KickMembers'], 'alan')
      await agree(ada, grace, alan, eve)
      await xcord(grace, 'role', 'grant', 'admin', '@eve', '--reason', 'a good hand')
      const before = await agree(ada, grace, alan, eve)

      await part([ada, alan], [grace, eve])
      const through = [ada, grace, alan, eve].map(each => each.forwarder.bytes)
      const [ban] = await xcord<OperationJson>(ada, 'member', 'ban', '@eve', '--reason', 'sold the list')
      await xcord(alan, 'send', '#general', 'quiet here')
      await xcord(eve, 'role', 'revoke', 'mod', '@alan', '--reason', 'mine now')
      await xcord(eve, 'member', 'ban', '@alan', '--reason', 'in my way')
      await xcord(eve, 'channel', 'create', 'eves')
      await xcord(grace, 'channel', 'create', 'graces')
      const here = await agree(ada, alan)
      const there = await agree(grace, eve)
      expect(new Set([before.stateHash, here.stateHash, there.stateHash]).size).toBe(3)
      expect([ada, grace, alan, eve].map(each => each.forwarder.bytes)).toEqual(through)

      await heal(ada, grace, alan, eve)
      const after = await agree(ada, grace, alan)
      expect([here.stateHash, there.stateHash]).not.toContain(after.stateHash)
      for (const peer of [ada, grace, alan]) {
        const members = await xcord<{ name: string; roles: string[] }>(peer, 'member', 'list')
        expect(members.map(each => each.name).sort()).toEqual(['ada', 'alan', 'grace'])
        expect(members.find(each => each.name === 'alan')?.roles).toHaveLength(1)
        const channels = await xcord<{ name: string }>(peer, 'channel', 'list')
        expect(channels.map(each => each.name).sort()).toEqual(['general', 'graces'])
      }
      // What eve did fell to the ban, and every reader of the log is told so.
      for (const peer of [ada, grace]) {
        const voided = await xcord<AuditJson>(peer, 'audit', 'list', '--voided')
        expect(voided.map(each => [each.action, each.rule, each.by]).sort()).toEqual([
          ['channel:create', 'AU19', ban?.operation],
          ['member:ban', 'AU19', ban?.operation],
          ['role:revoke', 'AU19', ban?.operation]
        ])
        expect(voided.map(each => each.reason).sort()).toEqual(['in my way', 'mine now', null].sort())
      }
      const log = await home.xcord(['audit', 'list', '--voided', '--action', 'member', '--profile', 'ada'])
      expect(log.out).toMatch(/eve +member:ban +\S+ +voided by AU19 +in my way/)
      await xcord(alan, 'send', '#general', 'still here')
    },
    LONG
  )

  test(
    '[AU13, AU24] three peers, each alone: equals and stronger at once end alike everywhere, restarts included',
    async () => {
      const [ada, grace, alan] = (await community('ada', 'grace', 'alan')) as [Peer, Peer, Peer]
      const powers = ['ManageRoles', 'ManageChannels', 'ModerateMembers', 'ManageServer']
      await role(ada, 'left', powers, 'grace')
      await role(ada, 'right', powers, 'alan')
      await role(ada, 'crew', [])
      await agree(ada, grace, alan)

      await part([ada], [grace], [alan])
      await xcord(ada, 'role', 'edit', 'crew', '--name', 'watch', '--allow', 'KickMembers')
      await xcord(ada, 'role', 'revoke', 'left', '@grace', '--reason', 'sleepy')
      await xcord(grace, 'channel', 'edit', '#general', '--topic', 'left was here')
      await xcord(grace, 'member', 'nick', '@grace', 'Captain')
      await xcord(alan, 'channel', 'edit', '#general', '--topic', 'right was here')
      await xcord(alan, 'server', 'edit', '--description', 'by alan')
      const apart = await Promise.all([ada, grace, alan].map(stateOf))
      expect(new Set(apart.map(each => each.stateHash)).size).toBe(3)

      await heal(ada, grace, alan)
      const after = await agree(ada, grace, alan)
      for (const peer of [ada, grace, alan]) {
        const [server] = await xcord<{ description: string }>(peer, 'server', 'show')
        const [general] = await xcord<{ topic: string }>(peer, 'channel', 'list')
        const members = await xcord<{ name: string; nick: string | null; roles: string[] }>(
          peer,
          'member',
          'list'
        )
        expect([server?.description, general?.topic]).toEqual(['by alan', 'right was here'])
        // A name of one's own rests on no role: it stands though the role was taken.
        expect(members.find(each => each.nick === 'Captain')?.roles).toEqual([])
      }
      expect(await alan.daemon.stop()).toBe(0)
      const [alone] = await xcord<StateJson>(alan, 'state', 'heads', 'Engine')
      expect(alone).toEqual(after)
    },
    LONG
  )
})

/** The key ring over the real log and real identities: first contact, restricted channels, bans. */
import { describe, expect, it } from 'vitest'
import { idAs, idFromBytes, idToBytes, type ChannelId } from '../base/index.ts'
import {
  draft,
  draftBan,
  draftChannelCreate,
  draftInviteRevoke,
  draftRoleAssign,
  draftRoleCreate,
  draftRoleEdit,
  draftRoleUnassign,
  everyoneRole
} from '../authority/index.ts'
import { type Operation, readEnvelope } from '../graph/index.ts'
import { createAccount } from '../identity/index.ts'
import { heldInvite, inviteKeys } from './invite-link.ts'
import { seeded, suite } from './peers.fixture.ts'
import { createPeer, found, type Peer, time } from './real-peers.fixture.ts'

describe('key ring over the real authority', () => {
  it('[IV3, EK10] a joiner by link reads the past with nobody online, writes, and is read', () => {
    const { ada, general, join } = found()
    const before = ada.send(general, 'before')
    const grace = join(2)
    expect(grace.opens(ada, before)).toBe(true)
    const hers = grace.send(general, 'hello')
    ada.meet(grace)
    expect(ada.opens(grace, hers)).toBe(true)
    expect(ada.ring.safety(ada.ring.chooseEpoch(general, time.now) as never)).toEqual({ safe: true })
  })

  it('[EK9, EK17] a ban rotates keys and topic; the banned opens nothing later, the rest all', () => {
    const { ada, general, join } = found()
    const [grace, alan] = [join(2), join(3)] as [Peer, Peer]
    const topic = ada.ring.currentTopic()?.topic
    ada.operate(draftBan(alan.account.user))
    ada.rotate()
    expect(ada.ring.currentTopic()?.topic).not.toBe(topic)
    const later = ada.send(general, 'later')
    for (const peer of [grace, alan]) peer.meet(ada)
    expect([grace.opens(ada, later), alan.opens(ada, later)]).toEqual([true, false])
    expect(ada.ring.rotationsDue(time.now)).toEqual([])
  })

  it('[IV3] after a ban the old link still admits, and a member grants what it no longer opens', () => {
    const { ada, general, join } = found()
    const alan = join(3)
    ada.operate(draftBan(alan.account.user))
    ada.rotate()
    const later = ada.send(general, 'later')
    const grace = join(2)
    expect(grace.opens(ada, later)).toBe(false)
    expect(grace.ring.currentTopic()).toBeDefined()
    ada.grant()
    grace.meet(ada)
    expect(grace.opens(ada, later)).toBe(true)
    const hers = grace.send(general, 'hello')
    ada.meet(grace)
    expect(ada.opens(grace, hers)).toBe(true)
  })

  it('[EK7, EK8] a channel of a role follows assignments', () => {
    const { ada, join } = found()
    const [grace, alan] = [join(2), join(3)] as [Peer, Peer]
    const crew = idAs('r', ada.operate(draftRoleCreate({ name: 'crew', position: Uint8Array.of(5) })).id)
    const cabin = idAs(
      'c',
      ada.operate(
        draftChannelCreate({
          kind: 'text',
          name: null,
          position: Uint8Array.of(2),
          overwrites: [
            { target: everyoneRole(ada.log.server), deny: ['ViewChannel'] },
            { target: crew, allow: ['ViewChannel', 'SendMessages'] }
          ]
        })
      ).id
    )
    for (const peer of [grace, alan]) ada.operate(draftRoleAssign(peer.account.user, crew))
    const both = ada.send(cabin, 'both')
    for (const peer of [grace, alan]) peer.meet(ada)
    expect([grace.opens(ada, both), alan.opens(ada, both)]).toEqual([true, true])
    ada.operate(draftRoleUnassign(alan.account.user, crew))
    ada.rotate()
    const one = ada.send(cabin, 'one')
    for (const peer of [grace, alan]) peer.meet(ada)
    expect([grace.opens(ada, one), alan.opens(ada, one)]).toEqual([true, false])
    const stranger = join(4)
    expect([stranger.opens(ada, both), stranger.opens(ada, one)]).toEqual([false, false])
  })

  it('[EK7, EK8] a private thread has keys of its own, for who is in it and who manages threads', () => {
    const { ada, general, join } = found()
    const [grace, alan, mod] = [join(2), join(3), join(4)] as [Peer, Peer, Peer]
    const everyone = everyoneRole(ada.log.server)
    ada.operate(draftRoleEdit(everyone, { set: ['CreatePrivateThreads'] }))
    const keeper = idAs(
      'r',
      ada.operate(
        draftRoleCreate({ name: 'keeper', position: Uint8Array.of(5), permissions: ['ManageThreads'] })
      ).id
    )
    ada.operate(draftRoleAssign(mod.account.user, keeper))
    grace.meet(ada)
    const nook = idAs(
      'c',
      grace.operate(draft('threadCreate', { parent: general, private: 1, name: null })).id
    )
    const all = [ada, alan, mod]
    const meet = (): void => {
      for (const peer of all) peer.meet(grace)
    }
    const first = grace.send(nook, 'first')
    meet()
    expect(all.map(peer => peer.opens(grace, first))).toEqual([true, false, true])
    grace.operate(draft('threadMember', { thread: nook, user: alan.account.user, member: 1 }))
    const second = grace.send(nook, 'second')
    meet()
    expect(all.map(peer => peer.opens(grace, second))).toEqual([true, true, true])
    // Out of the thread, or without the role that opens it, one reads nothing that is written later.
    grace.operate(draft('threadMember', { thread: nook, user: alan.account.user, member: 0 }))
    const third = grace.send(nook, 'third')
    meet()
    expect(all.map(peer => peer.opens(grace, third))).toEqual([true, false, true])
    ada.operate(draftRoleEdit(keeper, { clear: ['ManageThreads'] }))
    grace.meet(ada)
    const fourth = grace.send(nook, 'fourth')
    meet()
    expect(all.map(peer => peer.opens(grace, fourth))).toEqual([true, false, false])
  })

  it('[EN6, EK12] a public thread has the key of its channel, which whoever writes in threads may make', () => {
    const { ada, join } = found()
    const grace = join(2)
    const everyone = everyoneRole(ada.log.server)
    const news = idAs(
      'c',
      ada.operate(
        draftChannelCreate({
          kind: 'announcement',
          name: 'news',
          position: Uint8Array.of(3),
          overwrites: [{ target: everyone, deny: ['SendMessages'] }]
        })
      ).id
    )
    ada.operate(draftRoleEdit(everyone, { set: ['CreatePrivateThreads'] }))
    grace.meet(ada)
    const thread = (hidden: number): ChannelId =>
      idAs('c', grace.operate(draft('threadCreate', { parent: news, private: hidden, name: 't' })).id)
    const [open, closed] = [thread(0), thread(1)] as [ChannelId, ChannelId]
    const outcome = (named: ChannelId, key: ChannelId): string | undefined => {
      const sent = grace.send(key, 'hi', named)
      ada.meet(grace)
      const read = readEnvelope(suite, sent)
      const result = read.ok ? ada.ring.open(read.value) : undefined
      return result?.kind === 'opened' ? result.opened.channel : result?.kind
    }
    expect(outcome(open, news)).toBe(open)
    for (const [named, key] of [
      [closed, news],
      [open, closed],
      [news, open]
    ] as const)
      expect(outcome(named, key)).toBe('refused')
    expect(outcome(idFromBytes('c', new Uint8Array(32)), news)).toMatch(/^c0+$/)
  })

  it('[IV5] closing the invite rotates; its secret opens nothing later', () => {
    const { ada, general, secret, invite, join } = found()
    const grace = join(2)
    ada.operate(draftInviteRevoke(idAs('i', invite.id)))
    ada.rotate()
    const later = ada.send(general, 'later')
    const outsider = createAccount(suite, seeded(9), time.now, {})
    const holder = createPeer(outsider, [...ada.log.operations()][0] as Operation, 10, () => [
      heldInvite(idAs('i', invite.id), inviteKeys(suite, secret))
    ])
    holder.meet(ada)
    grace.meet(ada)
    expect([grace.opens(ada, later), holder.opens(ada, later)]).toEqual([true, false])
    expect(idToBytes(ada.log.server)).toHaveLength(32)
  })
})

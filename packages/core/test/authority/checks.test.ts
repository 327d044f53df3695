/** AU12: the checks of the kind table that random histories seldom come near, each refused and each let by. */
import { describe, expect, it } from 'vitest'
import { idAs, idToBytes, type InviteId } from '../../src/base/index.ts'
import {
  draft,
  draftBan,
  draftChannelCreate,
  draftInviteCreate,
  draftInviteRevoke,
  draftJoin,
  draftKick,
  draftLeave,
  draftOverwrite,
  draftRoleCreate,
  draftRoleEdit,
  everyoneRole,
  type OperationDraft
} from '../../src/authority/index.ts'
import { joinDraft, person, userKeyOf } from './cast.ts'
import { move, Stage, textChannel } from './ladder.ts'

const KEY = { signPublicKey: new Uint8Array(32), boxPublicKey: null }

describe('[AU12] checks', () => {
  /** Asks on a copy, so that nothing is changed. */
  const asks = (stage: Stage, name: string, what: OperationDraft): string | undefined =>
    stage.site.fork().refusal(stage.who(name), what)

  it('[AU12] 1: who is in, banned, not named, late, or brings an older user key does not join', () => {
    const stage = new Stage({ x: 0, y: 0 })
    const { site } = stage
    const open = (init: object): InviteId =>
      idAs('i', site.act(stage.who('o'), draftInviteCreate({ ...KEY, ...init })).id)
    const [named, expired] = [open({ user: stage.user('y') }), open({ notAfter: site.now })]
    expect(asks(stage, 'x', joinDraft(stage.who('x'), site.invite))).toBe('AU14')
    site.act(stage.who('x'), draftLeave())
    expect(asks(stage, 'x', joinDraft(stage.who('x'), named))).toBe('AU14')
    expect(asks(stage, 'x', joinDraft(stage.who('x'), expired))).toBe('AU14')
    expect(asks(stage, 'x', joinDraft(stage.who('x'), site.invite))).toBeUndefined()
    const entry = Uint8Array.from([
      ...idToBytes(stage.user('x')),
      3,
      ...userKeyOf(stage.who('x'), 3).boxPublicKey
    ])
    site.act(stage.who('x'), joinDraft(stage.who('x'), site.invite))
    site.act(stage.who('x'), draft('identityEntry', { entry }))
    const older = Uint8Array.from([
      ...idToBytes(stage.user('x')),
      2,
      ...userKeyOf(stage.who('x'), 2).boxPublicKey
    ])
    expect(asks(stage, 'x', draft('identityEntry', { entry: older }))).toBe('AU14')
    site.act(stage.who('x'), draftLeave())
    const again = (generation: number): OperationDraft =>
      draftJoin({
        invite: site.invite,
        credential: stage.who('x').credential,
        userKey: userKeyOf(stage.who('x'), generation),
        signature: new Uint8Array(64)
      })
    expect(asks(stage, 'x', again(2))).toBe('AU14')
    expect(asks(stage, 'x', again(3))).toBeUndefined()
    site.act(stage.who('o'), draftBan(stage.user('x')))
    expect(asks(stage, 'x', again(3))).toBe('AU14')
  })

  it('[AU12] 4: a device is added with its own certificate, once, by somebody who is in', () => {
    const stage = new Stage({ x: 0 })
    const laptop = person('x', 'laptop')
    const stranger = person('stranger')
    const add = (credential: Uint8Array): OperationDraft => draft('deviceAdd', { credential })
    const { site } = stage
    expect(site.fork().refusal(laptop, add(stage.who('x').credential))).toBe('AU14')
    expect(site.fork().refusal(stranger, add(stranger.credential))).toBe('AU14')
    site.act(laptop, add(laptop.credential))
    expect(site.fork().refusal(laptop, add(laptop.credential))).toBe('AU5')
  })

  it('[AU12] 2, 20, 21, 24: the owner neither leaves nor is put out, nobody twice; nobody seals what holds not', () => {
    const stage = new Stage({ a: 10, b: 8, x: 0 })
    const seal = (name: string): OperationDraft =>
      draft('seal', { user: stage.user(name), role: null, reason: null })
    expect(asks(stage, 'o', draftLeave())).toBe('AU14')
    for (const what of [draftKick, draftBan]) expect(asks(stage, 'a', what(stage.user('o')))).toBe('AU14')
    expect(asks(stage, 'a', draftBan(stage.user('a')))).toBe('AU14')
    expect(asks(stage, 'a', seal('x'))).toBe('AU14')
    stage.site.act(stage.who('b'), draftBan(stage.user('x')))
    expect(asks(stage, 'a', draftBan(stage.user('x')))).toBe('AU14')
    expect(asks(stage, 'a', draftKick(stage.user('x')))).toBe('AU14')
    expect(asks(stage, 'a', seal('x'))).toBeUndefined()
  })

  it('[AU12] 23: a timeout of 28 days and no longer', () => {
    const stage = new Stage({ a: 10, x: 0 })
    const { site } = stage
    const at = site.now + 1_000
    const timeout = (until: number): OperationDraft =>
      draft('timeout', { user: stage.user('x'), until, reason: null })
    expect(asks(stage, 'a', timeout(at + 28 * 86_400_000))).toBeUndefined()
    expect(asks(stage, 'a', timeout(at + 28 * 86_400_000 + 1))).toBe('AU14')
  })

  it('[AU12] 17: one closes one’s own invite, others’ with ManageServer, each once', () => {
    const stage = new Stage({ a: 8, x: 0, y: 0 })
    const invite = idAs('i', stage.site.act(stage.who('x'), draftInviteCreate(KEY)).id)
    expect(asks(stage, 'y', draftInviteRevoke(invite))).toBe('AU14')
    for (const name of ['x', 'a']) expect(asks(stage, name, draftInviteRevoke(invite))).toBeUndefined()
    stage.site.act(stage.who('x'), draftInviteRevoke(invite))
    expect(asks(stage, 'a', draftInviteRevoke(invite))).toBe('AU14')
  })

  it('[AU12] 33, 34: @everyone has bits only and stays at the bottom; notaries are the owner’s; edits change something', () => {
    const stage = new Stage({ a: 10 })
    const everyone = everyoneRole(stage.site.log.server)
    const low = stage.role(2, ['KickMembers'])
    const notary = draft('roleEdit', {
      role: low,
      rows: [{ key: 4, value: 1 }],
      set: 0n,
      clear: 0n,
      reason: null
    })
    expect(asks(stage, 'a', draftRoleEdit(everyone, { name: 'all' }))).toBe('AU14')
    expect(asks(stage, 'a', draftRoleEdit(everyone, { clear: ['SendMessages'] }))).toBeUndefined()
    expect(asks(stage, 'a', move(everyone, 3))).toBe('AU14')
    expect(asks(stage, 'a', notary)).toBe('AU14')
    expect(asks(stage, 'o', notary)).toBeUndefined()
    expect(asks(stage, 'a', draftRoleEdit(low, { set: ['KickMembers'] }))).toBe('AU14')
    expect(asks(stage, 'a', move(low, 2))).toBe('AU14')
    const bottom = { name: 'r', position: new Uint8Array(0), permissions: [] }
    expect(asks(stage, 'a', draftRoleCreate(bottom))).toBe('AU14')
  })

  it('[AU12] 48, 50, 53: parents are categories, the synced have no overwrites, server bits stand in none', () => {
    const stage = new Stage({ a: 10 })
    const channel = textChannel(stage)
    const everyone = everyoneRole(stage.site.log.server)
    const category = draftChannelCreate({ kind: 'category', name: 'k', position: Uint8Array.of(1) })
    const under = idAs('c', stage.site.act(stage.who('o'), category).id)
    const below = (parent: typeof channel, synced?: boolean): OperationDraft =>
      draftChannelCreate({
        kind: 'text',
        name: 'c',
        position: Uint8Array.of(1),
        parent,
        ...(synced === undefined ? {} : { synced })
      })
    expect(asks(stage, 'a', below(channel))).toBe('AU14')
    expect(asks(stage, 'a', below(under))).toBeUndefined()
    const moved = draft('channelMove', { channel, parent: channel, position: Uint8Array.of(1), reason: null })
    expect(asks(stage, 'a', moved)).toBe('AU14')
    expect(asks(stage, 'o', draftOverwrite(channel, everyone, { deny: ['KickMembers'] }))).toBe('AU14')
    const synced = idAs('c', stage.site.act(stage.who('o'), below(under, true)).id)
    expect(asks(stage, 'o', draftOverwrite(synced, everyone, { deny: ['SendMessages'] }))).toBe('AU14')
    expect(asks(stage, 'o', draftOverwrite(under, everyone, { deny: ['SendMessages'] }))).toBeUndefined()
  })

  it('[AU12] 65, 66, 67: policy, protocol and ownership are the owner’s; suites and versions only grow', () => {
    const stage = new Stage({ a: 10, x: 0 })
    const policy = (key: number, value: number): OperationDraft =>
      draft('policySet', { rows: [{ key, value }], reason: null })
    const raise = (version: number): OperationDraft => draft('protoRaise', { version, reason: null })
    expect(asks(stage, 'a', policy(5, 1))).toBe('AU14')
    expect(asks(stage, 'a', raise(2))).toBe('AU14')
    expect(asks(stage, 'a', stage.transfer('x'))).toBe('AU14')
    expect(asks(stage, 'o', policy(4, 1))).toBe('AU14')
    expect(asks(stage, 'o', policy(0, 0))).toBe('AU14')
    expect(asks(stage, 'o', policy(0, 2))).toBeUndefined()
    expect(asks(stage, 'o', raise(1))).toBe('AU14')
    expect(asks(stage, 'o', stage.transfer('o'))).toBe('AU14')
    expect(asks(stage, 'o', stage.transfer('x'))).toBeUndefined()
  })
})

/** Threads by the rules alone (AU12 7, 8, 52, 54; AU32; AU35): who makes, edits, joins and writes, in every order. */
import { beforeEach, describe, expect, it } from 'vitest'
import { type ChannelId, idAs, type MessageId } from '../../src/base/index.ts'
import {
  type ContentVerdict,
  draft,
  draftChannelCreate,
  draftChannelDelete,
  draftKick,
  draftOverwrite,
  draftRoleAssign,
  draftRoleCreate,
  draftRoleEdit,
  everyoneRole,
  permissionsToBits
} from '../../src/authority/index.ts'
import { found, joinDraft, person, type Site } from './cast.ts'
import { converge, together } from './converge.ts'

const [ada, grace, alan, mod] = ['ada', 'grace', 'alan', 'mod'].map(name => person(name)) as [
  ReturnType<typeof person>,
  ReturnType<typeof person>,
  ReturnType<typeof person>,
  ReturnType<typeof person>
]
const THREADING = permissionsToBits([
  'ViewChannel',
  'SendMessages',
  'SendMessagesInThreads',
  'CreatePublicThreads',
  'CreatePrivateThreads'
])

let site: Site
let general: ChannelId
let forum: ChannelId

beforeEach(() => {
  const base = found(ada, { everyone: THREADING })
  site = base
  for (const who of [grace, alan, mod]) site.act(who, joinDraft(who, base.invite))
  const make = (kind: 'text' | 'forum', at: number): ChannelId =>
    idAs('c', site.act(ada, draftChannelCreate({ kind, name: kind, position: Uint8Array.of(at) })).id)
  general = make('text', 1)
  forum = make('forum', 2)
  const role = idAs(
    'r',
    site.act(
      ada,
      draftRoleCreate({ name: 'mod', position: Uint8Array.of(9), permissions: ['ManageThreads'] })
    ).id
  )
  site.act(ada, draftRoleAssign(mod.user, role))
})

const thread = (who: typeof ada, parent = general, hidden = false): ChannelId =>
  idAs('c', site.act(who, draft('threadCreate', { parent, private: hidden ? 1 : 0, name: 't' })).id)
const edit = (id: ChannelId, ...rows: { key: number; value: number | string }[]): ReturnType<typeof draft> =>
  draft('threadEdit', { thread: id, rows, reason: null })
const archive = (id: ChannelId, on = 1): ReturnType<typeof draft> => edit(id, { key: 1, value: on })
const member = (id: ChannelId, who: typeof ada, on = 1): ReturnType<typeof draft> =>
  draft('threadMember', { thread: id, user: who.user, member: on })
const says = (who: typeof ada, channel: ChannelId, on: Site = site): ContentVerdict['kind'] =>
  on.log.judge({
    device: who.device,
    seq: 1,
    id: 'mx' as MessageId,
    channel,
    auth: on.log.frontierFor(who.device, channel),
    at: (on.now += 1_000),
    needs: ['SendMessages']
  }).kind

describe('threads', () => {
  it('[AU12] a text channel has public and private ones, a forum public posts, by their permissions', () => {
    const open = thread(grace)
    expect(site.log.state().channel(open)).toMatchObject({
      kind: 'thread',
      name: 't',
      parent: general,
      thread: { private: false, archived: false, locked: false, creator: grace.user, members: [] }
    })
    const hidden = thread(grace, general, true)
    expect(site.log.state().channel(hidden)?.thread?.members).toEqual([grace.user])
    thread(grace, forum)
    expect(site.refusal(grace, draft('threadCreate', { parent: forum, private: 1, name: 't' }))).toBe('AU14')
    expect(site.refusal(grace, draft('threadCreate', { parent: open, private: 0, name: 't' }))).toBe('AU14')
    for (const [channel, bit, closed] of [
      [general, 'CreatePublicThreads', 0],
      [general, 'CreatePrivateThreads', 1],
      [forum, 'SendMessages', 0]
    ] as const) {
      site.act(ada, draftOverwrite(channel, everyoneRole(site.log.server), { deny: [bit] }))
      expect(
        site.refusal(grace, draft('threadCreate', { parent: channel, private: closed, name: 't' }))
      ).toBe('AU14')
    }
  })

  it('[AU12, AU32] its creator renames and archives it until it is locked; whoever may write opens it again', () => {
    const id = thread(grace)
    site.act(grace, edit(id, { key: 0, value: 'ours' }, { key: 1, value: 1 }))
    expect(site.log.state().channel(id)).toMatchObject({ name: 'ours', thread: { archived: true } })
    expect(site.refusal(alan, edit(id, { key: 0, value: 'mine' }))).toBe('AU14')
    expect(site.refusal(alan, edit(id, { key: 0, value: 'mine' }, { key: 1, value: 0 }))).toBe('AU14')
    site.act(alan, archive(id, 0))
    expect(site.log.state().channel(id)?.thread?.archived).toBe(false)
    expect(site.refusal(alan, archive(id))).toBe('AU14')
    expect(site.refusal(grace, edit(id, { key: 2, value: 1 }))).toBe('AU14')
    site.act(mod, edit(id, { key: 1, value: 1 }, { key: 2, value: 1 }, { key: 3, value: 30 }))
    expect(site.log.state().channel(id)).toMatchObject({
      slowModeSeconds: 30,
      thread: { archived: true, locked: true }
    })
    for (const who of [grace, alan]) expect(site.refusal(who, archive(id, 0))).toBe('AU14')
    site.act(mod, archive(id, 0))
    expect(site.refusal(grace, draft('threadDelete', { thread: id, reason: null }))).toBe('AU14')
    site.act(mod, draft('threadDelete', { thread: id, reason: null }))
    expect(site.log.state().channel(id)).toBeUndefined()
  })

  it('[AU12, AU32] a private one is entered by its members and by ManageThreads, left by oneself', () => {
    const id = thread(grace, general, true)
    expect(site.refusal(alan, member(id, alan))).toBe('AU14')
    expect(site.refusal(alan, archive(id, 0))).toBe('AU14')
    site.act(grace, archive(id))
    expect([says(alan, id), says(grace, id), says(mod, id)]).toEqual(['rejected', 'visible', 'visible'])
    site.act(grace, member(id, alan))
    expect(site.refusal(grace, member(id, alan))).toBe('AU14')
    expect(says(alan, id)).toBe('visible')
    site.act(alan, archive(id, 0))
    site.act(alan, member(id, alan, 0))
    expect(says(alan, id)).toBe('rejected')
    expect(site.refusal(alan, member(thread(grace), alan))).toBe('AU14')
    site.act(mod, member(id, mod))
    expect(site.log.state().channel(id)?.thread?.members).toEqual([grace.user, mod.user].sort())
  })

  it('[AU32, AU35] SendMessagesInThreads writes, a lock leaves ManageThreads, the parent takes all along', () => {
    const id = thread(grace)
    site.act(ada, draftOverwrite(general, everyoneRole(site.log.server), { deny: ['SendMessages'] }))
    expect([says(alan, id), says(alan, general)]).toEqual(['visible', 'rejected'])
    site.act(mod, edit(id, { key: 2, value: 1 }))
    expect([says(alan, id), says(grace, id), says(mod, id)]).toEqual(['rejected', 'rejected', 'visible'])
    site.act(mod, edit(id, { key: 2, value: 0 }))
    site.act(ada, draftOverwrite(general, everyoneRole(site.log.server), { deny: ['SendMessagesInThreads'] }))
    expect(says(alan, id)).toBe('rejected')
    site.act(ada, draftChannelDelete(general))
    expect(site.log.state().channel(id)).toBeUndefined()
    expect(says(mod, id)).toBe('rejected')
  })

  it('[AU24, AU36] a lock strikes what was written and reopened beside it, in every order', () => {
    const id = thread(grace)
    site.act(grace, archive(id))
    const beside = site.fork()
    const reopened = beside.act(alan, archive(id, 0))
    const said = {
      device: alan.device,
      seq: 1,
      id: 'mx' as MessageId,
      channel: id,
      auth: beside.log.frontierFor(alan.device),
      at: beside.now + 5_000,
      needs: ['SendMessages']
    }
    expect(beside.log.judge(said).kind).toBe('visible')
    const locking = site.fork()
    locking.act(mod, edit(id, { key: 2, value: 1 }))
    const { common, late } = together(site, beside, locking)
    const log = converge(common, late)
    expect(log.standing(reopened.id)).toMatchObject({ standing: 'voided', rule: 'AU19' })
    expect(log.state().channel(id)?.thread).toMatchObject({ archived: true, locked: true })
    expect(log.judge(said).kind).toBe('hidden')
  })

  it('[EK8] ManageThreads, which opens private ones, is not taken without a loss', () => {
    const role = site.log.state().member(mod.user)?.roles[0]
    if (role === undefined) throw new Error('no role')
    const lossesOf = (what: ReturnType<typeof draft>): unknown => {
      const result = site.add(site.sign(ada, what))
      return result.kind === 'accepted' ? result.losses.map(({ channel, role: of }) => [channel, of]) : result
    }
    expect(lossesOf(draftOverwrite(general, role, { allow: ['ManageThreads'] }))).toEqual([])
    expect(lossesOf(draftOverwrite(general, role, { none: ['ManageThreads'] }))).toEqual([[general, role]])
    expect(lossesOf(draftRoleEdit(role, { clear: ['ManageThreads'] }))).toEqual([[undefined, role]])
  })

  it('[AU19] who is put out takes along whom they let into a private one', () => {
    const id = thread(grace, general, true)
    const beside = site.fork()
    beside.act(grace, member(id, alan))
    const kicking = site.fork()
    kicking.act(ada, draftKick(grace.user))
    const { common, late } = together(site, beside, kicking)
    expect(converge(common, late).state().channel(id)?.thread?.members).toEqual([grace.user])
  })
})

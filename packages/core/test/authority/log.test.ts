import { describe, expect, it } from 'vitest'
import { idAs, idFromBytes, type MessageId } from '../../src/base/index.ts'
import {
  type AddResult,
  draft,
  draftBan,
  draftChannelCreate,
  draftChannelEdit,
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
  everyoneRole,
  positionBetween,
  comparePositions,
  createAuthorityLog
} from '../../src/authority/index.ts'
import type { Operation } from '../../src/graph/index.ts'
import { OrphanPool, ORPHANS_PER_PEER_MAX } from '../../src/graph/index.ts'
import { fakeDeps, found, joinDraft, person, type Site, START } from './cast.ts'
import { Stage } from './ladder.ts'

type Accepted = Extract<AddResult, { kind: 'accepted' }>
const FAR = 8_000_000_000_000_000

/** What adding says. */
function addTo(site: Site, who: ReturnType<typeof person>, what: ReturnType<typeof draft>): Accepted {
  const result = site.add(site.sign(who, what))
  if (result.kind !== 'accepted') throw new Error(JSON.stringify(result))
  return result
}

describe('AuthorityLog: what an operation changed', () => {
  const stage = new Stage({ a: 10, x: 3 })
  const { site } = stage
  const o = stage.who('o')
  const types = (result: Accepted): string[] => result.changes.map(change => change.type)

  it('[AU24] names each object once', () => {
    const guest = person('guest')
    expect(types(addTo(site, guest, joinDraft(guest, stage.site.invite)))).toEqual(['member:join'])
    expect(types(addTo(site, guest, draft('nick', { nick: 'G' })))).toEqual(['member:update'])
    expect(types(addTo(site, guest, draftLeave()))).toEqual(['member:leave'])
    addTo(site, guest, joinDraft(guest, stage.site.invite))
    expect(types(addTo(site, o, draftKick(guest.user)))).toEqual(['member:kick'])
    expect(types(addTo(site, o, draftBan(guest.user)))).toEqual(['member:ban'])
    expect(types(addTo(site, o, draft('unban', { user: guest.user, reason: null })))).toEqual([
      'member:unban'
    ])
    expect(
      types(
        addTo(site, o, draft('timeout', { user: stage.user('x'), until: site.now + 5_000, reason: null }))
      )
    ).toEqual(['member:timeout'])
    expect(types(addTo(site, o, draftRoleUnassign(stage.user('x'), stage.role(3))))).toEqual([
      'member:update'
    ])
    const role = addTo(
      site,
      o,
      draftRoleCreate({ name: 'new', position: Uint8Array.of(2), permissions: ['ViewChannel'] })
    )
    expect(types(role)).toEqual(['role:create'])
    const id = idAs('r', role.operation.id)
    expect(types(addTo(site, o, draftRoleEdit(id, { set: ['SendMessages'], name: 'newer' })))).toEqual([
      'role:update'
    ])
    expect(types(addTo(site, o, draftRoleDelete(id)))).toEqual(['role:delete'])
    const channel = addTo(
      site,
      o,
      draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(1) })
    )
    expect(types(channel)).toEqual(['channel:create'])
    expect(
      types(addTo(site, o, draftChannelEdit(idAs('c', channel.operation.id), { name: 'd', topic: 't' })))
    ).toEqual(['channel:update'])
    expect(
      types(addTo(site, o, draftInviteCreate({ signPublicKey: new Uint8Array(32), boxPublicKey: null })))
    ).toEqual(['invite:create'])
    expect(types(addTo(site, o, draftInviteRevoke(stage.site.invite)))).toEqual(['invite:revoke'])
    expect(
      types(addTo(site, o, draft('serverSet', { rows: [{ key: 0, value: 'other' }], reason: null })))
    ).toEqual(['server:update'])
  })
})

describe('AuthorityLog: flips', () => {
  it('[AU23] a late ban voids what rests on it, and says so; whose ban falls gets it back', () => {
    const stage = new Stage({ a: 10, b: 8, x: 0 })
    stage.role(3)
    const [left, right] = [stage.site.fork(), stage.site.fork()]
    const ban = left.act(stage.who('a'), draftBan(stage.user('b')))
    const assign = right.act(stage.who('b'), draftRoleAssign(stage.user('x'), stage.role(3)))
    const third = stage.site.fork()
    const demotion = third.act(stage.who('o'), draftRoleUnassign(stage.user('a'), stage.role(10)))
    expect(right.log.state().member(stage.user('x'))?.roles).toEqual([stage.role(3)])
    const first = right.add(ban) as Accepted
    expect(first.changes).toContainEqual({
      type: 'operation:void',
      operation: assign.id,
      rule: 'AU19',
      by: ban.id
    })
    expect(first.changes).toContainEqual({ type: 'member:update', user: stage.user('x'), operation: ban.id })
    expect(right.log.state().member(stage.user('x'))?.roles).toEqual([])
    expect(first.losses).toContainEqual({ operation: ban.id, lamport: ban.lamport, users: [stage.user('b')] })
    expect(first.losses).toContainEqual({
      operation: ban.id,
      lamport: ban.lamport,
      users: [stage.user('x')],
      role: stage.role(3)
    })
    expect(first.rejudge.devices.map(each => each.device).sort()).toEqual(
      [stage.who('b').device, stage.who('x').device].sort()
    )
    const second = right.add(demotion) as Accepted
    expect(second.changes).toContainEqual({
      type: 'operation:void',
      operation: ban.id,
      rule: 'AU19',
      by: demotion.id
    })
    expect(second.changes).toContainEqual({
      type: 'operation:restore',
      operation: assign.id,
      rule: 'AU23',
      by: null
    })
    expect(second.changes).toContainEqual({
      type: 'member:join',
      user: stage.user('b'),
      operation: demotion.id
    })
    expect(right.log.state().member(stage.user('x'))?.roles).toEqual([stage.role(3)])
  })
})

describe('AuthorityLog: content to judge again', () => {
  it('[AU37] of a device that ran twice the other envelope at the number of the cut is, too', () => {
    const stage = new Stage({ x: 3 })
    const { device } = stage.who('x')
    const auth = stage.site.log.heads()
    const place = { device, seq: 9, channel: idAs('c', stage.site.server), auth, at: stage.site.now }
    const [named, other] = [1, 2].map(fill => idFromBytes('m', new Uint8Array(32).fill(fill)))
    const judge = (id = named) => stage.site.log.judge({ ...place, id: id as MessageId, needs: [] })
    expect([judge(named).kind, judge(other).kind]).toEqual(['visible', 'visible'])
    const [last] = stage.site.log.operations().filter(each => each.device === device)
    const cut = {
      device,
      seq: last?.seq ?? 0,
      operation: last?.id ?? null,
      contentSeq: 9,
      envelope: new Uint8Array(32).fill(1)
    }
    const { rejudge } = addTo(stage.site, stage.who('o'), draftKick(stage.user('x'), null, [cut]))
    expect([judge(named).kind, judge(other).kind]).toEqual(['visible', 'hidden'])
    expect(rejudge.devices).toEqual([{ device, aboveSeq: 8 }])
  })
})

describe('[EK8] losses', () => {
  it('[EK8] are counted effective or void, and known to frontiers that hold them', () => {
    const stage = new Stage({ a: 10, b: 8, x: 0, y: 0 })
    const before = stage.site.log.heads()
    const known = stage.site.act(stage.who('a'), draftKick(stage.user('x')))
    const left = stage.site.fork()
    const voided = stage.site.fork().act(stage.who('b'), draftKick(stage.user('y')))
    left.act(stage.who('o'), draftBan(stage.user('b')))
    left.add(voided)
    expect(left.standing(voided)).toBe('voided')
    const outside = (frontier: readonly Operation['id'][]): Set<string> =>
      new Set(left.log.lossesOutside(frontier).map(loss => loss.operation))
    expect(outside(before)).toContain(known.id)
    expect(outside([known.id])).not.toContain(known.id)
    expect(outside([known.id])).toContain(voided.id)
    expect(outside(left.log.heads()).size).toBe(0)
    const leave = left.act(stage.who('y'), draftLeave())
    expect(outside(left.log.heads())).toEqual(new Set([leave.id]))
    expect(outside(left.log.frontier() as readonly Operation['id'][]).size).toBe(0)
  })

  it('[EK8] by what is taken: bits of reading, overwrites, invites, roles', () => {
    const stage = new Stage({ x: 3 })
    const { site } = stage
    const o = stage.who('o')
    const channel = idAs(
      'c',
      site.act(o, draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(1) })).id
    )
    const losses = (what: ReturnType<typeof draft>): object[] =>
      addTo(site, o, what).losses.map(({ operation: _operation, lamport: _lamport, ...rest }) => rest)
    const role = stage.role(3)
    expect(losses(draftRoleEdit(role, { clear: ['ManageNicknames'] }))).toEqual([])
    expect(losses(draftRoleEdit(role, { clear: ['ViewChannel'] }))).toEqual([{ users: [], role }])
    expect(
      losses(draftOverwrite(channel, everyoneRole(site.log.server), { deny: ['AddReactions'] }))
    ).toEqual([])
    expect(losses(draftOverwrite(channel, everyoneRole(site.log.server), { deny: ['ViewChannel'] }))).toEqual(
      [{ users: [], channel, role: everyoneRole(site.log.server) }]
    )
    expect(losses(draftOverwrite(channel, stage.user('x'), { deny: ['ViewChannel'] }))).toEqual([
      { users: [stage.user('x')], channel }
    ])
    expect(losses(draftInviteRevoke(stage.site.invite))).toEqual([{ users: [], invite: stage.site.invite }])
    expect(losses(draftRoleUnassign(stage.user('x'), role))).toEqual([{ users: [stage.user('x')], role }])
    expect(losses(stage.transfer('x'))).toEqual([{ users: [o.user] }])
  })
})

describe('AuthorityLog: placing and asking', () => {
  it('[AU28] permits answers as the rules will, and names the missing permission', () => {
    const stage = new Stage({ a: 10, x: 0 })
    const { log } = stage.site
    expect(log.permits(stage.who('a').device, draftKick(stage.user('x')), stage.site.now)).toEqual({
      ok: true
    })
    expect(
      log.permits(
        stage.who('x').device,
        draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(1) }),
        stage.site.now
      )
    ).toMatchObject({ ok: false, rule: 'AU14', permission: 'ManageChannels' })
    expect(log.permits(person('stranger').device, draftLeave(), stage.site.now)).toMatchObject({ ok: false })
    expect(log.count()).toBe([...log.operations()].length)
  })

  it('[AU8] place cites the joins of those it names, so that naming works at once', () => {
    const stage = new Stage({})
    for (let i = 0; i < 40; i++) stage.enter(`guest${i}`)
    const last = stage.joins.get('guest39') as Operation
    const placed = stage.site.log.place(
      stage.who('o').device,
      draftKick(stage.user('guest39')),
      stage.site.now
    )
    expect(placed.refs).toContain(last.id)
    expect(placed.refs).toHaveLength(16)
    stage.site.act(stage.who('o'), draftKick(stage.user('guest39')))
  })

  it("[AU34] a device's frontier holds its own newest operation and stays within 16", () => {
    const stage = new Stage({})
    const sites = Array.from({ length: 20 }, (_, i) => {
      const who = stage.enter(`m${i}`, 5)
      return { who, site: stage.site.fork() }
    })
    for (const { who, site } of sites)
      site.act(who, draft('serverSet', { rows: [{ key: 0, value: who.name }], reason: null }))
    for (const { site } of sites) stage.site.merge(site)
    expect(stage.site.log.heads().length).toBeGreaterThan(16)
    for (const who of [...sites.map(each => each.who), stage.who('o')]) {
      const frontier = stage.site.log.frontierFor(who.device)
      expect(frontier.length).toBeLessThanOrEqual(16)
      const newest = [...stage.site.log.operations()]
        .filter(op => op.device === who.device)
        .at(-1) as Operation
      expect(stage.site.log.covers(frontier, newest.id)).toBe(true)
    }
    for (const { who } of sites)
      stage.site.act(who, draft('serverSet', { rows: [{ key: 0, value: 'again' }], reason: null }))
    for (let i = 0; i < 3; i++)
      stage.site.act(stage.who('o'), draft('serverSet', { rows: [{ key: 0, value: 'more' }], reason: null }))
    expect(stage.site.log.heads()).toHaveLength(1)
  })

  it("[AU48] states are values: an older one stays as it was, a frontier's is the same object", () => {
    const stage = new Stage({ x: 0 })
    const before = stage.site.log.state()
    const heads = stage.site.log.frontier() as readonly Operation['id'][]
    const [hash, kept] = [before.hash(), stage.site.log.stateAt(heads)]
    stage.site.act(stage.who('o'), draftKick(stage.user('x')))
    expect(before.member(stage.user('x'))?.status).toBe('in')
    expect(before.hash()).toEqual(hash)
    expect(stage.site.log.state()).not.toBe(before)
    expect(stage.site.log.stateAt(heads)).toBe(kept)
    expect(kept?.hash()).toEqual(hash)
    expect(stage.site.log.stateAt([idAs('o', stage.user('x'))])).toBeUndefined()
  })

  it('[AU36] names the same cause whatever came first', () => {
    const stage = new Stage({ a: 10, b: 9, x: 0 })
    const channel = idAs(
      'c',
      stage.site.act(
        stage.who('o'),
        draftChannelCreate({ kind: 'text', name: 'c', position: Uint8Array.of(1) })
      ).id
    )
    const kicks = ['a', 'b'].map(name => stage.site.fork().act(stage.who(name), draftKick(stage.user('x'))))
    const act = {
      device: stage.who('x').device,
      seq: 1,
      id: idAs('m', stage.user('x')),
      channel,
      auth: stage.site.log.frontierFor(stage.who('x').device),
      at: stage.site.now + 60_000,
      needs: ['SendMessages']
    }
    const verdicts = [kicks, [...kicks].reverse()].map(order => {
      const site = stage.site.fork()
      for (const kick of order) site.add(kick)
      return site.log.judge(act)
    })
    expect(verdicts[0]).toEqual(verdicts[1])
    expect(verdicts[0]).toMatchObject({ kind: 'hidden', by: kicks[0]?.id })
  })

  it('[AU1] a log begins with a genesis and nothing else', () => {
    const site = found(person('o'))
    expect(() => createAuthorityLog(fakeDeps, site.operations[1] as Operation)).toThrow(TypeError)
  })
})

describe('[AU9] bounded waiting', () => {
  it("[AU9] one peer's orphans push out only their own", () => {
    const site = found(person('o'))
    const base = site.operations[1] as Operation
    const pool = new OrphanPool()
    const orphan = (n: number, peer: string): Operation => ({
      ...base,
      id: `o${peer}${n}` as Operation['id']
    })
    pool.add(orphan(0, 'good'), [`omissing` as Operation['id']], 'good')
    for (let n = 0; n < 3 * ORPHANS_PER_PEER_MAX; n++)
      pool.add(orphan(n, 'bad'), [`omissing${n}` as Operation['id']], 'bad')
    expect(pool.size).toBe(ORPHANS_PER_PEER_MAX + 1)
    expect(pool.arrived('omissing' as Operation['id'])).toHaveLength(1)
    expect(pool.missing()).toHaveLength(ORPHANS_PER_PEER_MAX)
  })

  it('[AU-S40] an orphan chain of thousands is placed without recursion once its root arrives', () => {
    const site = found(person('o'))
    const source = site.fork()
    for (let i = 0; i < 400; i++)
      source.act(person('o'), draft('serverSet', { rows: [{ key: 0, value: `n${i}` }], reason: null }))
    const target = site.fork()
    for (const op of [...source.operations].reverse()) target.log.add(op, FAR)
    expect(target.log.drain(FAR)).toHaveLength(399)
    expect(target.log.count()).toBe(source.log.count())
    expect(target.now).toBeGreaterThan(START)
  })
})

describe('[AU11] positions', () => {
  it('[AU11] there is room between any two, until sixteen bytes are full', () => {
    let seed = 7
    const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
    const list: Uint8Array[] = []
    for (let i = 0; i < 2_000; i++) {
      const at = Math.floor(random() * (list.length + 1))
      const made = positionBetween(
        list[at - 1] ?? new Uint8Array(0),
        list[at] ?? null,
        Math.floor(random() * 256)
      )
      if (made === undefined) continue
      expect(made.length).toBeLessThanOrEqual(16)
      expect(made.at(-1)).not.toBe(0)
      if (at > 0) expect(comparePositions(list[at - 1] as Uint8Array, made)).toBeLessThan(0)
      if (at < list.length) expect(comparePositions(made, list[at] as Uint8Array)).toBeLessThan(0)
      list.splice(at, 0, made)
    }
    expect(list.length).toBeGreaterThan(1_900)
  })
})

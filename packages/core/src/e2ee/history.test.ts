import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ChannelId, idAs, idFromBytes, type KeyId, type RoleId } from '../base/index.ts'
import { sealBack } from './derive.ts'
import { signKeyRecord } from './key-record.ts'
import { createPeer, createTown, type Peer, person, suite, type Town, welcome } from './peers.fixture.ts'
import { reach, secretsOf } from './reach.fixture.ts'
import { mayRead } from './readers.ts'

const RUNS = Number(process.env['XCORD_RUNS'] ?? 40)
const DAY = 86_400_000

/** A hostile client's question: it asks for what an honest one knows to be none of its business. */
function ask(town: Town, peer: Peer, keyId: KeyId): void {
  const record = signKeyRecord(suite, peer.signingKey, {
    server: town.world.server,
    frontier: peer.log.heads().slice(0, 16),
    body: { kind: 'cannotOpen', keyId }
  })
  peer.ring.add(record.bytes, 0)
  town.published.push(record)
}

function join(town: Town, name: string): void {
  const who = person(name)
  town.founder.log.act(who.device, {
    do: 'join',
    user: who.user,
    device: who.device,
    box: who.userKey(1).boxPublicKey
  })
}

const opens = (town: Town, peer: Peer, keyId: KeyId): boolean => reach(town, secretsOf(peer)).has(keyId)

function village(mode: readonly number[]): { town: Town; ada: Peer; grace: Peer; channel: ChannelId } {
  const town = createTown()
  const ada = town.founder
  ada.sendKey(town.meta)
  const channel = idAs('c', ada.act({ do: 'channel', roles: 'all' }))
  ada.act({ do: 'history', channel, mode })
  const grace = welcome(town, 'grace', 2)
  return { town, ada, grace, channel }
}

describe('history', () => {
  it('[EK15] T8: in mode join a newcomer opens nothing from before, however it asks; those who were there do', () => {
    const { town, ada, grace, channel } = village([1])
    const before = ada.sendKey(channel)
    grace.meet(ada)
    const zoe = welcome(town, 'zoe', 7)
    expect(ada.sendKey(channel)).not.toBe(before)
    zoe.meet(ada)
    expect(zoe.ring.planCannotOpen(before)).toBeUndefined()
    ask(town, zoe, before)
    for (const peer of [ada, grace]) {
      peer.meet(zoe)
      peer.meet(ada)
      peer.grant()
    }
    expect([opens(town, zoe, before), opens(town, grace, before)]).toEqual([false, true])
    expect(opens(town, zoe, ada.sendKey(channel))).toBe(true)
  })

  it('[EK15] a grant across the beginning of somebody counts for nobody', () => {
    const { town, ada, grace, channel } = village([1])
    const before = ada.sendKey(channel)
    grace.meet(ada)
    const zoe = welcome(town, 'zoe', 7)
    grace.meet(zoe)
    const planned = grace.ring.planGrants(grace.random, [
      {
        keyId: before,
        recipient: { user: zoe.user, generation: 1 },
        publicKey: zoe.userKey(1).boxPublicKey,
        asked: true
      }
    ])
    const record = planned.kind === 'plan' ? planned.plan.records[0] : undefined
    if (record === undefined) throw new Error('no grant')
    ada.ring.add(record.bytes, 0)
    expect(ada.ring.standing(record.id)).toMatchObject({ kind: 'invalid', rule: 'EK12' })
  })

  it('[EK15] the mode in force at sending governs: what was join stays closed once all is set', () => {
    const { town, ada, channel } = village([1])
    const before = ada.sendKey(channel)
    ada.act({ do: 'history', channel, mode: [0] })
    const open = ada.sendKey(channel)
    const zoe = welcome(town, 'zoe', 7)
    const reached = reach(town, secretsOf(zoe))
    expect([reached.has(before), reached.has(open)]).toEqual([false, true])
  })

  it('[EK15] T8: window gives its days by who may share them, and an epoch lasts a day', () => {
    const { town, ada, grace, channel } = village([2, 3])
    const days = [0, 1, 2, 3, 4, 5].map(day => {
      const keyId = ada.sendKey(channel, day * DAY)
      expect(ada.ring.chooseEpoch(channel, day * DAY + DAY - 1)).toBe(keyId)
      return keyId
    })
    expect(new Set(days).size).toBe(6)
    grace.meet(ada)
    join(town, 'zoe')
    grace.meet(ada)
    expect(grace.ring.grantsDue(5 * DAY).filter(each => days.includes(each.keyId))).toEqual([])
    ada.grant(5 * DAY)
    const zoe = createPeer(town, 'zoe', 7)
    expect(days.map(keyId => opens(town, zoe, keyId))).toEqual([false, false, true, true, true, true])
  })

  it("[EK15] a window epoch of another's making is given as far as its claimed past shows it to be young", () => {
    const { town, ada, grace, channel } = village([2, 3])
    grace.meet(ada)
    const hers = grace.sendKey(channel)
    ada.meet(grace)
    join(town, 'zoe')
    expect(ada.ring.grantsDue(DAY).some(each => each.keyId === hers)).toBe(true)
    expect(ada.ring.grantsDue(5 * DAY).some(each => each.keyId === hers)).toBe(false)
  })

  it('[EK15] whatever happens in a channel of mode join, nobody opens what was sent while they could not read', () => {
    type Step = readonly [what: number, who: number]
    const names = ['grace', 'alan', 'zoe'] as const
    const play = (steps: readonly Step[]): readonly string[] => {
      const { town, ada, channel } = village([1])
      const people = names.map((name, index) =>
        name === 'grace' ? welcome(town, name, 20) : createPeer(town, name, 20 + index)
      )
      const sent: { keyId: KeyId; out: readonly Peer[]; closed: boolean }[] = []
      const isIn = (peer: Peer): boolean => ada.log.state().member(peer.user)?.status === 'in'
      for (const [what, who] of steps) {
        const peer = people[who] as Peer
        if (what === 0 && !isIn(peer)) join(town, peer.name)
        if (what === 1 && isIn(peer)) ada.act({ do: 'kick', user: peer.user })
        if (what === 2 || what === 3) {
          const closed = ada.log.state().channel(channel)?.history[0] === 1
          const keyId = ada.sendKey(channel)
          sent.push({
            keyId,
            closed,
            out: people.filter(each => !mayRead(ada.log.state(), channel, each.user))
          })
        }
        if (what === 4) ada.act({ do: 'history', channel, mode: [who % 2] })
        if (what === 5) ada.rotate()
        if (what === 6) ada.grant()
      }
      for (const peer of people) {
        peer.meet(ada)
        for (const { keyId } of sent) ask(town, peer, keyId)
        ada.meet(peer)
      }
      ada.grant()
      const late = new Map(people.map(peer => [peer, reach(town, secretsOf(peer))]))
      return sent.flatMap(({ keyId, out, closed }) =>
        out.filter(peer => closed && late.get(peer)?.has(keyId)).map(peer => `${peer.name} opens ${keyId}`)
      )
    }
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(6), fc.nat(2)), { minLength: 8, maxLength: 24 }),
        steps => void expect(play(steps)).toEqual([])
      ),
      { numRuns: RUNS, seed: Number(process.env['XCORD_SEED'] ?? 1) }
    )
  }, 600_000)
})

describe('cuts', () => {
  interface Hall {
    readonly town: Town
    readonly ada: Peer
    readonly grace: Peer
    readonly role: RoleId
    readonly lost: ChannelId
    readonly kept: ChannelId
  }

  /** A role that reads two channels, held by Grace. */
  function hall(): Hall {
    const town = createTown()
    const ada = town.founder
    ada.sendKey(town.meta)
    const role = idAs('r', ada.act({ do: 'role', bits: 0n }))
    const lost = idAs('c', ada.act({ do: 'channel', roles: [role] }))
    const kept = idAs('c', ada.act({ do: 'channel', roles: [role] }))
    const grace = welcome(town, 'grace', 2)
    ada.act({ do: 'assign', user: grace.user, role })
    return { town, ada, grace, role, lost, kept }
  }
  const keysFor = (town: Town, role: RoleId): readonly KeyId[] =>
    town.published.flatMap(({ body }) => (body.kind === 'role' && body.role === role ? [body.keyId] : []))

  it('[EK16] T16: who gets a role after it lost a channel opens nothing of it, and all that the role still reads', () => {
    const { town, ada, role, lost, kept } = hall()
    const [secret, shared] = [ada.sendKey(lost), ada.sendKey(kept)]
    ada.act({ do: 'view', channel: lost, target: role, allow: false })
    ada.rotate()
    const later = ada.sendKey(kept)
    const zoe = welcome(town, 'zoe', 7)
    ada.act({ do: 'assign', user: zoe.user, role })
    ada.grant()
    zoe.meet(ada)
    for (const keyId of [...keysFor(town, role), secret]) ask(town, zoe, keyId)
    ada.meet(zoe)
    ada.grant()
    const reached = reach(town, secretsOf(zoe))
    expect([secret, shared, later].map(keyId => reached.has(keyId))).toEqual([false, true, true])
  })

  it('[EK16] the device that acted relinks the channels left, in the batch of the role key', () => {
    const { ada, role, lost, kept } = hall()
    ada.sendKey(lost)
    const shared = ada.sendKey(kept)
    ada.act({ do: 'view', channel: lost, target: role, allow: false })
    const planned = ada.ring.planRotations(ada.random, 0)
    if (planned.kind !== 'plan') throw new Error(planned.kind)
    const epochs = planned.plan.records.flatMap(({ body }) => (body.kind === 'epoch' ? [body] : []))
    expect(epochs.map(each => [each.channel, each.back.map(link => link.keyId)])).toEqual([[kept, [shared]]])
    ada.use(planned.plan)
    expect(ada.ring.chooseEpoch(kept, 0)).toBe(epochs[0]?.keyId)
    expect(ada.ring.rotationsDue(0)).toEqual([])
  })

  it('[EK16] T23: a role key that links across a cut does not count, until whose cut is known it waits', () => {
    const { town, ada, grace, role, lost } = hall()
    ada.sendKey(lost)
    const old = keysFor(town, role).at(-1) as KeyId
    const seed = ada.seeds.find(each => each.keyId === old)?.seed as Uint8Array
    const cut = ada.act({ do: 'view', channel: lost, target: role, allow: false })
    ada.rotate()
    const made = town.published.findLast(({ body }) => body.kind === 'role' && body.role === role)
    if (made?.body.kind !== 'role') throw new Error('no role key')
    expect(made.body.back).toEqual([])
    const forged = signKeyRecord(suite, ada.signingKey, {
      server: town.world.server,
      frontier: [cut],
      body: { ...made.body, back: [sealBack(suite, seed, { keyId: old, seed })] }
    })
    grace.meet(ada, { operations: false })
    grace.ring.add(forged.bytes, 0)
    expect(grace.ring.standing(forged.id)).toEqual({ kind: 'waiting' })
    grace.meet(ada, { records: false })
    expect(grace.ring.standing(forged.id)).toMatchObject({ kind: 'invalid', rule: 'EK16' })
  })

  it('[EK16] closing a channel to @everyone cuts too; newcomers find older topics handed on', () => {
    const town = createTown()
    const ada = town.founder
    const role = idAs('r', ada.act({ do: 'role', bits: 0n }))
    const open = idAs('c', ada.act({ do: 'channel', roles: 'all' }))
    const closed = idAs('c', ada.act({ do: 'channel', roles: 'all' }))
    const [meta, before, secret] = [ada.sendKey(town.meta), ada.sendKey(open), ada.sendKey(closed)]
    const grace = welcome(town, 'grace', 2)
    ada.act({ do: 'kick', user: grace.user })
    ada.rotate()
    ada.act({ do: 'view', channel: closed, target: town.everyone, allow: false })
    ada.act({ do: 'view', channel: closed, target: role, allow: true })
    ada.rotate()
    const zoe = welcome(town, 'zoe', 7)
    for (const keyId of [...keysFor(town, town.everyone), secret]) ask(town, zoe, keyId)
    ada.meet(zoe)
    ada.grant()
    const reached = reach(town, secretsOf(zoe))
    expect([meta, before, secret].map(keyId => reached.has(keyId))).toEqual([true, true, false])
    zoe.meet(ada)
    const tags = (peer: Peer): readonly string[] =>
      ada.ring.topics(0).map(topic => String(peer.ring.topicOf(topic.tag)?.tag))
    expect(tags(zoe)).toEqual(tags(ada))
    expect(ada.ring.topicSecrets().known).toHaveLength(3)
    expect(zoe.ring.topicSecrets().known).toHaveLength(3)
    expect(zoe.ring.topics(2 * DAY).map(each => each.topic)).toEqual([ada.ring.currentTopic()?.topic])
  })

  it('[EK12] role keys that name each other as earlier make nobody reason in circles', () => {
    const { town, ada, grace } = hall()
    grace.meet(ada)
    const base = town.published.find(({ body }) => body.kind === 'role' && body.role === town.everyone)
    if (base?.body.kind !== 'role') throw new Error('no key')
    const body = base.body
    const ids = [11, 22].map(each => idFromBytes('e', new Uint8Array(16).fill(each)))
    const forged = ids.map((keyId, index) =>
      signKeyRecord(suite, grace.signingKey, {
        server: town.world.server,
        frontier: grace.log.heads(),
        body: { ...body, keyId, after: [ids[1 - index] as KeyId], back: [] }
      })
    )
    for (const record of forged) ada.ring.add(record.bytes, 0)
    expect(forged.some(({ id }) => ada.ring.standing(id).kind === 'invalid')).toBe(true)
  })
})

import { describe, expect, it } from 'vitest'
import { idAs, idFromBytes, type ChannelId, type KeyId, type RoleId } from '../base/index.ts'
import { EnvelopeType, linkAfter, readEnvelope } from '../graph/index.ts'
import {
  createPeer,
  createTown,
  holdInvite,
  inviteSecret,
  person,
  type Peer,
  suite,
  type Town,
  welcome
} from './peers.fixture.ts'
import type { Payload } from './payload.ts'

const say = (content: string): Payload => ({
  thread: null,
  at: 1,
  auth: [],
  parents: [],
  body: {
    kind: 'message',
    content,
    replyTo: null,
    mentions: { users: [], roles: [], everyone: false },
    attachments: []
  }
})
const DAY = 86_400_000

function send(peer: Peer, channel: ChannelId, content = 'hi'): { keyId: KeyId; bytes: Uint8Array } {
  const keyId = peer.sendKey(channel)
  const envelope = peer.ring.seal({
    random: peer.random,
    type: EnvelopeType.chat,
    keyId,
    link: linkAfter(undefined),
    payload: say(content)
  })
  return { keyId, bytes: envelope.bytes }
}

function opens(peer: Peer, bytes: Uint8Array): boolean {
  const read = readEnvelope(suite, bytes)
  return read.ok && peer.ring.open(read.value).kind === 'opened'
}

function village(): { town: Town; ada: Peer; grace: Peer; alan: Peer; general: ChannelId } {
  const town = createTown()
  const ada = town.founder
  ada.sendKey(town.meta)
  const general = idAs('c', ada.act({ do: 'channel', roles: 'all' }))
  const grace = welcome(town, 'grace', 2)
  const alan = welcome(town, 'alan', 3)
  for (const peer of [grace, alan, ada]) for (const other of [grace, alan, ada]) peer.meet(other)
  return { town, ada, grace, alan, general }
}

const roleOf = (id: string): RoleId => idAs('r', id as KeyId)

describe('key ring', () => {
  it('[EK10] opens for every member what one of them sends, and uses one epoch again', () => {
    const { ada, grace, alan, general } = village()
    const first = send(grace, general)
    for (const peer of [ada, alan]) peer.meet(grace)
    expect([opens(ada, first.bytes), opens(alan, first.bytes)]).toEqual([true, true])
    expect(send(ada, general).keyId).toBe(first.keyId)
  })

  it('[EK9] T2: who was banned reads nothing later, from all bytes there are; the rest reads on', () => {
    const { ada, grace, alan, general } = village()
    send(ada, general)
    for (const peer of [grace, alan]) peer.meet(ada)
    ada.act({ do: 'ban', user: alan.user })
    ada.rotate()
    const later = send(ada, general)
    alan.meet(ada)
    grace.meet(ada)
    expect([opens(grace, later.bytes), opens(alan, later.bytes)]).toEqual([true, false])
  })

  it("[EK9] T4: after concurrent bans nothing goes under either remover's key", () => {
    const { town, ada, grace, alan, general } = village()
    const zoe = welcome(town, 'zoe', 9)
    for (const peer of [grace, alan, ada]) peer.meet(zoe)
    ada.act({ do: 'ban', user: alan.user })
    ada.rotate()
    const byAda = send(ada, general)
    grace.act({ do: 'ban', user: zoe.user })
    const byGrace = send(grace, general)
    ada.meet(grace)
    grace.meet(ada)
    const merged = send(ada, general)
    expect([byAda.keyId, byGrace.keyId]).not.toContain(merged.keyId)
    for (const out of [alan, zoe]) {
      out.meet(ada)
      expect(opens(out, merged.bytes)).toBe(false)
    }
    grace.meet(ada)
    expect(opens(grace, merged.bytes)).toBe(true)
  })

  it('[EK8] T5: a grant unseen, the removal of its recipient seen: the old key is not used', () => {
    const { town, ada, grace, general } = village()
    const before = send(ada, general)
    grace.meet(ada)
    const zoe = person('zoe')
    const join = grace.log.act(zoe.device, {
      do: 'join',
      user: zoe.user,
      device: zoe.device,
      box: zoe.userKey(1).boxPublicKey
    })
    grace.grant()
    grace.act({ do: 'ban', user: zoe.user })
    ada.meet(grace, { records: false })
    expect(ada.log.has(join)).toBe(true)
    expect(ada.ring.isSafe(before.keyId)).toBe(false)
    expect(send(ada, general).keyId).not.toBe(before.keyId)
    expect(town.published.some(record => record.body.kind === 'grant')).toBe(true)
  })

  it('[EK10] T6: of two epochs at once all read both and choose the same later', () => {
    const { ada, grace, alan, general } = village()
    const a = send(ada, general)
    const g = send(grace, general)
    expect(a.keyId).not.toBe(g.keyId)
    for (const peer of [ada, grace, alan]) for (const other of [ada, grace, alan]) peer.meet(other)
    for (const peer of [ada, grace, alan])
      expect([opens(peer, a.bytes), opens(peer, g.bytes)]).toEqual([true, true])
    const chosen = new Set([ada, grace, alan].map(peer => peer.ring.chooseEpoch(general, 0)))
    expect([...chosen]).toEqual([[a.keyId, g.keyId].sort()[0]])
  })

  it('[EK17] T7: away for 40 rotations and three topics, one opens everything from records alone', () => {
    const { town, ada, alan, general } = village()
    const sent = [send(ada, general)]
    alan.meet(ada)
    const topics = new Set([ada.ring.currentTopic()?.topic])
    for (let n = 0; n < 40; n++) {
      const who = person(`visitor${n}`)
      ada.log.act(who.device, {
        do: 'join',
        user: who.user,
        device: who.device,
        box: who.userKey(1).boxPublicKey
      })
      ada.act({ do: n % 16 === 0 ? 'kick' : 'leave', user: who.user })
      ada.rotate()
      topics.add(ada.ring.currentTopic()?.topic)
      sent.push(send(ada, general))
    }
    expect(topics.size).toBe(4)
    const records = [...ada.ring.records()].reverse()
    for (const id of ada.log.heads()) alan.log.learn(id)
    for (const record of records) alan.ring.add(record.bytes, 0)
    expect(sent.filter(each => !opens(alan, each.bytes))).toEqual([])
    expect(alan.ring.currentTopic()?.topic).toBe(ada.ring.currentTopic()?.topic)
    expect(town.published.length).toBeGreaterThan(80)
  })

  it('[EK17] keeps the topic on a leave, draws a new one on a kick, and hears the old one for a day', () => {
    const { ada, grace, alan } = village()
    const first = ada.ring.currentTopic()?.topic
    ada.log.act(grace.device, { do: 'leave', user: grace.user })
    ada.rotate(1_000)
    expect(ada.ring.currentTopic()?.topic).toBe(first)
    ada.act({ do: 'kick', user: alan.user })
    ada.rotate(2_000)
    const second = ada.ring.currentTopic()?.topic
    expect(second).not.toBe(first)
    expect(ada.ring.topics(2_000).map(each => each.topic)).toEqual([second, first])
    expect(ada.ring.topics(2_000 + DAY).map(each => each.topic)).toEqual([second])
    expect(ada.ring.topicSecrets().known).toHaveLength(2)
  })

  it('[IV3] T9: the holder of an open link reads with nobody online, joins and grants itself', () => {
    const { town, ada, general } = village()
    const invite = ada.act({ do: 'invite', box: suite.x25519PublicKey(inviteSecret(1)) })
    ada.grant()
    const before = send(ada, general)
    const zoe = createPeer(town, 'zoe', 7, [], [holdInvite(invite, 1)])
    zoe.meet(ada)
    expect(opens(zoe, before.bytes)).toBe(true)
    zoe.log.act(zoe.device, {
      do: 'join',
      user: zoe.user,
      device: zoe.device,
      box: zoe.userKey(1).boxPublicKey
    })
    expect(zoe.grant()).toBe(1)
    const hers = send(zoe, general, 'hello')
    ada.meet(zoe)
    expect(opens(ada, hers.bytes)).toBe(true)
    expect(send(zoe, general).keyId).toBe(before.keyId)
  })

  it('[IV5] closing an open invite rotates: its holder opens nothing later', () => {
    const { town, ada, general } = village()
    const invite = ada.act({ do: 'invite', box: suite.x25519PublicKey(inviteSecret(2)) })
    ada.grant()
    send(ada, general)
    ada.act({ do: 'close', invite: idAs('i', invite) })
    ada.rotate()
    const later = send(ada, general)
    const holder = createPeer(town, 'mallory', 8, [], [holdInvite(invite, 2)])
    holder.meet(ada)
    expect(opens(holder, later.bytes)).toBe(false)
  })

  it('[EK7] seals a restricted channel to its role and to nobody else', () => {
    const { ada, grace, alan } = village()
    const crew = roleOf(ada.act({ do: 'role', bits: 0n }))
    ada.act({ do: 'assign', user: grace.user, role: crew })
    const secret = idAs('c', ada.act({ do: 'channel', roles: [crew] }))
    const sent = send(ada, secret)
    for (const peer of [grace, alan]) peer.meet(ada)
    expect([opens(grace, sent.bytes), opens(alan, sent.bytes)]).toEqual([true, false])
    ada.act({ do: 'assign', user: alan.user, role: crew })
    ada.grant()
    alan.meet(ada)
    expect(opens(alan, sent.bytes)).toBe(true)
    ada.act({ do: 'unassign', user: grace.user, role: crew })
    ada.rotate()
    const later = send(ada, secret)
    for (const peer of [grace, alan]) peer.meet(ada)
    expect([opens(grace, later.bytes), opens(alan, later.bytes)]).toEqual([false, true])
  })

  it('[EK7] a restricted channel that all members happen to read stays closed to the next member', () => {
    const { town, ada, grace, alan } = village()
    const crew = roleOf(ada.act({ do: 'role', bits: 0n }))
    for (const { user } of [grace, alan]) ada.act({ do: 'assign', user, role: crew })
    const secret = idAs('c', ada.act({ do: 'channel', roles: [crew] }))
    const sent = send(ada, secret)
    const zoe = welcome(town, 'zoe', 6)
    expect(opens(zoe, sent.bytes)).toBe(false)
    for (const peer of [grace, alan]) {
      peer.meet(ada)
      expect(opens(peer, sent.bytes)).toBe(true)
    }
  })

  it('[EK10] makes an epoch after a widening, and links the past in mode all', () => {
    const { ada, grace } = village()
    const secret = idAs('c', ada.act({ do: 'channel', roles: [] }))
    const old = send(ada, secret)
    ada.act({ do: 'view', channel: secret, target: grace.user, allow: true })
    const next = send(ada, secret)
    expect(next.keyId).not.toBe(old.keyId)
    grace.meet(ada)
    expect([opens(grace, old.bytes), opens(grace, next.bytes)]).toEqual([true, true])
  })

  it('[EK15] T8: in mode join a newcomer opens nothing older', () => {
    const { ada, grace, alan } = village()
    const secret = idAs('c', ada.act({ do: 'channel', roles: [] }))
    ada.act({ do: 'history', channel: secret, mode: [1] })
    ada.act({ do: 'view', channel: secret, target: alan.user, allow: true })
    const old = send(ada, secret)
    ada.act({ do: 'view', channel: secret, target: grace.user, allow: true })
    const next = send(ada, secret)
    for (const peer of [grace, alan]) peer.meet(ada)
    expect([opens(grace, old.bytes), opens(grace, next.bytes)]).toEqual([false, true])
    expect([opens(alan, old.bytes), opens(alan, next.bytes)]).toEqual([true, true])
  })

  it('[EK11] renews an epoch after 7 days, and a role key after 30, by whoever manages roles', () => {
    const { ada, grace, general } = village()
    const first = send(ada, general).keyId
    expect(ada.ring.chooseEpoch(general, 7 * DAY - 1)).toBe(first)
    expect(ada.ring.chooseEpoch(general, 7 * DAY)).toBeUndefined()
    expect(ada.ring.rotationsDue(30 * DAY)).toMatchObject([{ cause: 'age', mayRotate: true }])
    expect(grace.ring.rotationsDue(30 * DAY)).toMatchObject([{ cause: 'age', mayRotate: false }])
    const topic = ada.ring.currentTopic()?.topic
    ada.rotate(30 * DAY)
    expect(ada.ring.currentTopic()?.topic).not.toBe(topic)
  })

  it('[EK11] renews an epoch after 4,096 messages', () => {
    const { ada, general } = village()
    const keyId = ada.sendKey(general)
    for (let seq = 1; seq <= 4_096; seq++) {
      expect(ada.ring.chooseEpoch(general, 0)).toBe(keyId)
      ada.ring.seal({
        random: ada.random,
        type: EnvelopeType.chat,
        keyId,
        link: { seq, prev: new Uint8Array(24).fill(seq > 1 ? 1 : 0) },
        payload: say('x')
      })
    }
    expect(ada.ring.chooseEpoch(general, 0)).toBeUndefined()
  })

  it('[EK14] cannotOpen asks once; a holder re-seals once', () => {
    const { ada, grace, general } = village()
    const secret = idAs('c', ada.act({ do: 'channel', roles: [] }))
    const { keyId, bytes } = send(ada, secret)
    ada.act({ do: 'view', channel: secret, target: grace.user, allow: true })
    grace.meet(ada)
    const question = grace.ring.planCannotOpen(keyId)
    if (question === undefined) throw new Error('no question')
    grace.use(question)
    expect(grace.ring.planCannotOpen(keyId)).toBeUndefined()
    ada.meet(grace)
    expect(ada.ring.grantsDue(0)).toMatchObject([{ keyId, asked: true }])
    ada.grant()
    expect(ada.ring.grantsDue(0)).toEqual([])
    grace.meet(ada)
    expect(opens(grace, bytes)).toBe(true)
    expect(general).toBeDefined()
  })

  it('[EK7] leaves out an account whose device was revoked until it renews its user key', () => {
    const { ada, grace, general } = village()
    ada.act({ do: 'revoke', device: grace.device, user: grace.user })
    ada.rotate()
    const sent = send(ada, general)
    grace.meet(ada)
    expect(opens(grace, sent.bytes)).toBe(false)
    ada.act({ do: 'renew', user: grace.user, generation: 2, box: grace.userKey(2).boxPublicKey })
    ada.grant()
    grace.meet(ada)
    grace.ring.unlock({ userKeys: [grace.userKey(1), grace.userKey(2)] })
    expect(opens(grace, sent.bytes)).toBe(true)
  })

  it('[EK13] restores without opening a box, and resolves keys as before', () => {
    const { ada, grace, general } = village()
    const sent = send(ada, general)
    grace.meet(ada)
    const topic = grace.ring.currentTopic()?.topic
    grace.restart()
    expect(opens(grace, sent.bytes)).toBe(true)
    expect(grace.ring.currentTopic()?.topic).toBe(topic)
    expect(send(grace, general).keyId).toBe(sent.keyId)
  })

  it("[EK10] tells that a message's own frontier made its epoch unsafe", () => {
    const { ada, alan, general } = village()
    const { keyId } = send(ada, general)
    const before = ada.log.heads()
    ada.act({ do: 'ban', user: alan.user })
    expect(ada.ring.wasSafe(keyId, before)).toBe(true)
    expect(ada.ring.wasSafe(keyId, ada.log.heads())).toBe(false)
    expect(ada.ring.wasSafe(keyId, [idFromBytes('o', new Uint8Array(32).fill(9))])).toBeUndefined()
  })

  it('[EN2] tells foreign tags, missing keys and topic keys apart', () => {
    const { town, ada, general } = village()
    const stranger = createTown('eve', 99)
    stranger.founder.sendKey(stranger.meta)
    const sent = readEnvelope(suite, send(ada, general).bytes)
    if (!sent.ok) throw new Error(sent.reason)
    expect(stranger.founder.ring.resolveKey(sent.value).kind).toBe('foreign')
    expect(ada.ring.resolveKey(sent.value)).toMatchObject({ kind: 'epoch', channel: general })
    const late = welcome(town, 'late', 5)
    send(ada, general)
    const hidden = idAs('c', ada.act({ do: 'channel', roles: [] }))
    const closed = readEnvelope(suite, send(ada, hidden).bytes)
    if (!closed.ok) throw new Error(closed.reason)
    expect(late.ring.resolveKey(closed.value).kind).toBe('missing')
    const record = ada.ring.seal({
      random: ada.random,
      type: EnvelopeType.key,
      keyId: 'topic',
      link: linkAfter(undefined),
      payload: {
        ...say(''),
        body: { kind: 'keyRecord', record: (ada.ring.records()[0] as { bytes: Uint8Array }).bytes }
      }
    })
    expect(late.ring.resolveKey(record).kind).toBe('topic')
    expect(late.ring.open(record).kind).toBe('opened')
  })
})

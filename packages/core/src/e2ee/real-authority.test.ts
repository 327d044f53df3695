/** The key ring over the real log and real identities: first contact, restricted channels, bans. */
import { describe, expect, it } from 'vitest'
import { idAs, idFromBytes, idToBytes, type ChannelId } from '../base/index.ts'
import {
  authorityDeps,
  type AuthorityLog,
  createAuthorityLog,
  draft,
  draftBan,
  draftChannelCreate,
  draftInviteCreate,
  draftInviteRevoke,
  draftJoin,
  draftRoleAssign,
  draftRoleCreate,
  draftRoleEdit,
  draftRoleUnassign,
  everyoneRole,
  type OperationDraft,
  signGenesis
} from '../authority/index.ts'
import { type Operation, readEnvelope, signOperation, linkAfter, verifyEnvelope } from '../graph/index.ts'
import { type Account, createAccount } from '../identity/index.ts'
import type { HeldInvite, KeyRing } from './contract.ts'
import { heldInvite, inviteKeys, signJoinWith } from './invite-link.ts'
import { createKeyRing } from './key-ring.ts'
import { seeded, suite } from './peers.fixture.ts'

const deps = authorityDeps(suite)
let clock = 1_700_000_000_000

interface Peer {
  readonly account: Account
  readonly log: AuthorityLog
  readonly ring: KeyRing
  operate(draft: OperationDraft): Operation
  meet(other: Peer): void
  /** Under a channel's key; `thread` is the thread named inside. */
  send(channel: ChannelId, content: string, thread?: ChannelId): Uint8Array
  opens(from: Peer, bytes: Uint8Array): boolean
  rotate(): void
  grant(): void
}

function createPeer(
  account: Account,
  genesis: Operation,
  seed: number,
  invites: (log: AuthorityLog) => readonly HeldInvite[],
  known: readonly Operation[] = []
): Peer {
  const random = seeded(seed)
  const log = createAuthorityLog(deps, genesis)
  for (const operation of known) log.add(operation, clock)
  const { device } = account
  const ring = createKeyRing({
    suite,
    server: log.server,
    log,
    user: account.user,
    device: device.device,
    signingKey: device.signingKey,
    userKeys: account.userKeys,
    invites: invites(log)
  })
  const apply = (result: ReturnType<KeyRing['planGrants']>): void => {
    if (result.kind !== 'plan') throw new Error(result.kind)
    for (const each of ring.apply(result.plan, clock))
      if (each.kind === 'rejected') throw new Error(each.refusal.reason)
  }
  return {
    account,
    log,
    ring,
    operate: draft => {
      const operation = signOperation(suite, device.signingKey, log.place(device.device, draft, ++clock))
      const result = log.add(operation, clock)
      if (result.kind !== 'accepted') throw new Error(JSON.stringify(result))
      return operation
    },
    meet: other => {
      for (const operation of other.log.operations()) log.add(operation, clock)
      for (const record of other.ring.records()) ring.add(record.bytes, clock)
    },
    send: (channel, content, thread) => {
      const choice = ring.epochFor(random, channel, ++clock)
      if (choice.kind === 'plan') apply(choice)
      if (choice.kind !== 'plan' && choice.kind !== 'key') throw new Error(JSON.stringify(choice))
      const body = {
        kind: 'message',
        content,
        replyTo: null,
        mentions: { users: [], roles: [], everyone: false },
        attachments: []
      } as const
      const payload = {
        thread: thread ?? null,
        at: clock,
        auth: log.frontierFor(device.device),
        parents: [],
        body
      }
      return ring.seal({ random, type: 1, keyId: choice.keyId, link: linkAfter(undefined), payload }).bytes
    },
    opens: (from, bytes) => {
      const envelope = readEnvelope(suite, bytes)
      return (
        envelope.ok &&
        verifyEnvelope(suite, envelope.value, from.account.device.device).ok &&
        ring.open(envelope.value).kind === 'opened'
      )
    },
    rotate: () => {
      apply(ring.planRotations(random, clock))
    },
    grant: () => {
      apply(ring.planGrants(random, ring.grantsDue(clock)))
    }
  }
}

const userKeyOf = (account: Account): { generation: number; boxPublicKey: Uint8Array } => {
  const { generation, boxPublicKey } = account.userKeys.at(-1) as Account['userKeys'][number]
  return { generation, boxPublicKey }
}

/** A server of Ada's with a channel and an open invite. */
function found(): {
  ada: Peer
  general: ChannelId
  secret: Uint8Array
  join: (seed: number) => Peer
  invite: Operation
} {
  const account = createAccount(suite, seeded(1), clock, {})
  const genesis = signGenesis(suite, account.device.signingKey, account.device.device, {
    name: 'Difference Engine',
    credential: account.credential,
    userKey: userKeyOf(account),
    nonce: new Uint8Array(16),
    at: clock
  })
  const ada = createPeer(account, genesis, 101, () => [])
  const general = idAs(
    'c',
    ada.operate(draftChannelCreate({ kind: 'text', name: 'general', position: Uint8Array.of(1) })).id
  )
  ada.send(general, 'first')
  const secret = new Uint8Array(16).fill(7)
  const keys = inviteKeys(suite, secret)
  const invite = ada.operate(
    draftInviteCreate({ signPublicKey: keys.signingKey.publicKey, boxPublicKey: keys.boxPublicKey })
  )
  ada.grant()
  const join = (seed: number): Peer => {
    const joiner = createAccount(suite, seeded(seed), clock, {})
    const peer = createPeer(joiner, genesis, seed + 100, () => [heldInvite(idAs('i', invite.id), keys)], [
      ...ada.log.operations()
    ])
    for (const record of ada.ring.records()) peer.ring.add(record.bytes, clock)
    peer.operate(
      draftJoin({
        invite: idAs('i', invite.id),
        credential: joiner.credential,
        userKey: userKeyOf(joiner),
        signature: signJoinWith(suite, keys, peer.log.server, joiner.user, userKeyOf(joiner))
      })
    )
    peer.grant()
    ada.meet(peer)
    return peer
  }
  return { ada, general, secret, join, invite }
}

describe('key ring over the real authority', () => {
  it('[IV3, EK10] a joiner by link reads the past with nobody online, writes, and is read', () => {
    const { ada, general, join } = found()
    const before = ada.send(general, 'before')
    const grace = join(2)
    expect(grace.opens(ada, before)).toBe(true)
    const hers = grace.send(general, 'hello')
    ada.meet(grace)
    expect(ada.opens(grace, hers)).toBe(true)
    expect(ada.ring.safety(ada.ring.chooseEpoch(general, clock) as never)).toEqual({ safe: true })
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
    expect(ada.ring.rotationsDue(clock)).toEqual([])
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
    const outsider = createAccount(suite, seeded(9), clock, {})
    const holder = createPeer(outsider, [...ada.log.operations()][0] as Operation, 10, () => [
      heldInvite(idAs('i', invite.id), inviteKeys(suite, secret))
    ])
    holder.meet(ada)
    grace.meet(ada)
    expect([grace.opens(ada, later), holder.opens(ada, later)]).toEqual([true, false])
    expect(idToBytes(ada.log.server)).toHaveLength(32)
  })
})

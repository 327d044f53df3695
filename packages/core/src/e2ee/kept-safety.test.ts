/** What is kept of EK9 against those who say later what unmakes it: random histories of the honest never do. */
import { describe, expect, it } from 'vitest'
import { idAs, idToBytes, type KeyId } from '../base/index.ts'
import { BoxKind, sealBox, sealBoxes } from '../crypto/index.ts'
import type { KeyRecordBody } from './contract.ts'
import { userRid } from './derive.ts'
import { signKeyRecord } from './key-record.ts'
import { safetyOf } from './kept-safety.ts'
import { createTown, type Peer, person, suite, type Town, welcome } from './peers.fixture.ts'
import { bothAnswers } from './plain.fixture.ts'
import { ridAsKey } from './rid.ts'
import { safetyIn, wholeView } from './safety.ts'

const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const stranger = suite.x25519PublicKey(bytes(9))

function seedOf(peer: Peer, keyId: KeyId): Uint8Array {
  const opened = peer.state.seeds.get(keyId)
  if (opened === undefined) throw new Error('not held')
  return opened.seed
}

/** A second record of a key that the author holds, with one box, for whomever. */
function again(by: Peer, keyId: KeyId, rid: Uint8Array): Uint8Array {
  const body = by.state.keys.get(keyId)?.records[0]?.record.body as KeyRecordBody & { boxes: Uint8Array }
  const purpose = { kind: BoxKind[body.kind as 'role'], keyId: idToBytes(keyId) }
  const boxes = sealBoxes(suite, bytes(3), [{ rid, publicKey: stranger }], purpose, seedOf(by, keyId))
  return sign(by, { ...body, boxes } as KeyRecordBody)
}

const sign = (by: Peer, body: KeyRecordBody): Uint8Array =>
  signKeyRecord(suite, by.signingKey, {
    server: by.log.server,
    frontier: by.log.frontier() as NonNullable<ReturnType<typeof by.log.frontier>>,
    body
  }).bytes

function begin(): { town: Town; ada: Peer; mallory: Peer; epoch: KeyId; role: KeyId } {
  const town = createTown()
  const ada = town.founder
  ada.sendKey(town.meta)
  const mallory = welcome(town, 'mallory', 2)
  const epoch = ada.sendKey(town.meta)
  mallory.meet(ada)
  const role = [...ada.state.keys.values()].find(entry => entry.scope.kind === 'role')?.keyId as KeyId
  expect([safetyOf(ada.state, epoch).safe, safetyOf(ada.state, role).safe]).toEqual([true, true])
  return { town, ada, mallory, epoch, role }
}

function bothSay(peer: Peer, keyId: KeyId): boolean {
  const kept = safetyOf(peer.state, keyId)
  expect(kept).toEqual(safetyIn(peer.state, keyId, wholeView(peer.state)))
  return kept.safe
}

describe('[EK9] a safe key is looked at again', () => {
  it('[EK9] when somebody announces it again, for a stranger', () => {
    const { ada, mallory, epoch } = begin()
    ada.ring.add(again(mallory, epoch, bytes(200).subarray(0, 16)), 0)
    expect(bothSay(ada, epoch)).toBe(false)
  })

  it('[EK9] when a key that it is sealed to is announced again, for a stranger', () => {
    const { ada, mallory, epoch, role } = begin()
    ada.ring.add(again(mallory, role, bytes(200).subarray(0, 16)), 0)
    expect([bothSay(ada, epoch), bothSay(ada, role)]).toEqual([false, false])
  })

  it('[EK9, EK14] when it is granted to a user key of which its owner had a newer one', () => {
    const { town, ada, mallory, role } = begin()
    const grace = person('grace')
    const join = {
      do: 'join',
      user: grace.user,
      device: grace.device,
      box: grace.userKey(1).boxPublicKey
    } as const
    ada.log.act(grace.device, join)
    ada.log.act(grace.device, {
      do: 'renew',
      user: grace.user,
      generation: 2,
      box: grace.userKey(2).boxPublicKey
    })
    mallory.meet(ada)
    expect(bothSay(ada, role)).toBe(true)
    const secret = bytes(5)
    const ephemeral = { secret, publicKey: suite.x25519PublicKey(secret) }
    const recipient = { rid: userRid(grace.user, 1), publicKey: grace.userKey(1).boxPublicKey }
    const purpose = { kind: BoxKind.grant, keyId: idToBytes(role) }
    const box = sealBox(suite, ephemeral, recipient, purpose, seedOf(mallory, role)) as Uint8Array
    const body = { kind: 'grant', keyId: role, ephemeral: ephemeral.publicKey, box } as const
    expect(ada.ring.add(sign(mallory, body), 0).kind).toBe('accepted')
    expect(bothSay(ada, role)).toBe(false)
    const [kept, plain] = bothAnswers(ada.state, [town.meta], 0)
    expect(kept).toEqual(plain)
  })

  it('[EK9] when a key is announced under the name that a recipient was found by', () => {
    const { town, ada, mallory } = begin()
    const planned = ada.ring.planEveryone(ada.random)
    if (planned.kind !== 'plan') throw new Error(planned.kind)
    ada.use(planned.plan)
    mallory.meet(ada)
    const role = planned.plan.seeds[0]?.keyId as KeyId
    expect(bothSay(ada, role)).toBe(true)
    const body = ada.state.keys.get(role)?.records[0]?.record.body as KeyRecordBody
    const named = { ...body, keyId: ridAsKey(userRid(mallory.user, 1)), after: [], back: [] }
    expect(ada.ring.add(sign(mallory, named as KeyRecordBody), 0).kind).toBe('accepted')
    expect(bothSay(ada, role)).toBe(false)
    const [kept, plain] = bothAnswers(ada.state, [town.meta], 0)
    expect(kept).toEqual(plain)
  })

  it('[EK9] when who has a box of it is given a role that may not read there, which takes nothing away', () => {
    const { town, ada, mallory } = begin()
    const barred = idAs('r', ada.act({ do: 'role', bits: 0n }))
    const channel = idAs('c', ada.act({ do: 'channel', roles: 'all' }))
    ada.act({ do: 'view', channel, target: barred, allow: false })
    ada.act({ do: 'view', channel, target: town.everyone, allow: true })
    const other = welcome(town, 'grace', 3)
    ada.act({ do: 'assign', user: other.user, role: barred })
    const epoch = ada.sendKey(channel)
    expect(bothSay(ada, epoch)).toBe(true)
    ada.act({ do: 'assign', user: mallory.user, role: barred })
    expect(bothSay(ada, epoch)).toBe(false)
    const [kept, plain] = bothAnswers(ada.state, [town.meta, channel], 0)
    expect(kept).toEqual(plain)
  })

  it('[EK7, EK9] when a role that it is sealed to is given to who is kept out of the channel', () => {
    const { town, ada, mallory } = begin()
    const crew = idAs('r', ada.act({ do: 'role', bits: 0n }))
    const cabin = idAs('c', ada.act({ do: 'channel', roles: [crew] }))
    const grace = welcome(town, 'grace', 3)
    ada.act({ do: 'assign', user: grace.user, role: crew })
    ada.act({ do: 'view', channel: cabin, target: mallory.user, allow: false })
    const epoch = ada.sendKey(cabin)
    expect(bothSay(ada, epoch)).toBe(true)
    ada.act({ do: 'assign', user: mallory.user, role: crew })
    expect(bothSay(ada, epoch)).toBe(false)
  })

  it('[EK14] and a grant that came before what its author knew counts once that is here', () => {
    const { town, ada, mallory } = begin()
    const alan = person('alan')
    const join = {
      do: 'join',
      user: alan.user,
      device: alan.device,
      box: alan.userKey(1).boxPublicKey
    } as const
    // Known to mallory, and granted by her.
    mallory.log.act(alan.device, join)
    expect(bothAnswers(ada.state, [town.meta], 0)[0]).toBeDefined()
    expect(mallory.grant()).toBeGreaterThan(0)
    ada.meet(mallory, { operations: false })
    ada.ring.grantsDue(0)
    ada.meet(mallory)
    expect(ada.ring.grantsDue(0)).toEqual([])
    const [kept, plain] = bothAnswers(ada.state, [town.meta], 0)
    expect(kept).toEqual(plain)
  })
})

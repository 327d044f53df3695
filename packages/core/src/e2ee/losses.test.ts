import { beforeEach, describe, expect, it } from 'vitest'
import { type ChannelId, idAs, type KeyId, type RoleId } from '../base/index.ts'
import { BoxKind, sealBoxes } from '../crypto/index.ts'
import { idToBytes } from '../base/index.ts'
import type { Act } from './authority.fixture.ts'
import { commitOf, keyIdOf, userRid } from './derive.ts'
import { signKeyRecord } from './key-record.ts'
import { createTown, inviteSecret, type Peer, person, suite, type Town, welcome } from './peers.fixture.ts'

/**
 * Somebody is let in, granted a key, and put out again by Grace. Ada hears of the operations and not of the
 * grant, so the boxes she knows show nothing: what was lost must do (EK8).
 */
describe('losses seen without the grants they follow', () => {
  let town: Town
  let ada: Peer
  let grace: Peer
  let zoe: Peer
  let crew: RoleId
  let other: RoleId
  let general: ChannelId
  let cabin: ChannelId
  let attic: ChannelId
  let keys: { everyone: KeyId; crew: KeyId; general: KeyId; cabin: KeyId; attic: KeyId; meta: KeyId }

  const roleKey = (role: RoleId): KeyId =>
    ada.ring.keys().find(key => key.scope.kind === 'role' && key.scope.role === role)?.keyId as KeyId
  /** Which keys are safe for Ada after Grace acted, and Ada heard of it without records. */
  function safeAfter(...acts: readonly Act[]): string[] {
    for (const act of acts) grace.act(act)
    ada.meet(grace, { records: false })
    return Object.entries(keys)
      .filter(([, keyId]) => ada.ring.isSafe(keyId))
      .map(([name]) => name)
      .sort()
  }

  beforeEach(() => {
    town = createTown()
    ada = town.founder
    ada.sendKey(town.meta)
    crew = idAs('r', ada.act({ do: 'role', bits: 0n }))
    other = idAs('r', ada.act({ do: 'role', bits: 0n }))
    general = idAs('c', ada.act({ do: 'channel', roles: 'all' }))
    cabin = idAs('c', ada.act({ do: 'channel', roles: [crew] }))
    attic = idAs('c', ada.act({ do: 'channel', roles: [] }))
    grace = welcome(town, 'grace', 2)
    zoe = welcome(town, 'zoe', 3)
    ada.act({ do: 'assign', user: grace.user, role: crew })
    ada.act({ do: 'view', channel: attic, target: grace.user, allow: true })
    keys = {
      general: ada.sendKey(general),
      cabin: ada.sendKey(cabin),
      attic: ada.sendKey(attic),
      meta: ada.sendKey(town.meta),
      everyone: roleKey(town.everyone),
      crew: roleKey(crew)
    }
    grace.meet(ada)
    expect(safeAfter()).toEqual(['attic', 'cabin', 'crew', 'everyone', 'general', 'meta'])
  })

  it('[EK8] a member: every key, as any role might have been granted', () => {
    expect(safeAfter({ do: 'kick', user: zoe.user })).toEqual([])
  })

  it('[EK8] a device: every key', () => {
    expect(safeAfter({ do: 'revoke', device: zoe.device, user: zoe.user })).toEqual([])
  })

  it('[EK8] an assignment: the role, and every channel not open to all', () => {
    expect(
      safeAfter({ do: 'assign', user: zoe.user, role: crew }, { do: 'unassign', user: zoe.user, role: crew })
    ).toEqual(['everyone', 'general', 'meta'])
  })

  it('[EK8] an assignment to another role: channels not open to all, but not this role', () => {
    expect(
      safeAfter(
        { do: 'assign', user: zoe.user, role: other },
        { do: 'unassign', user: zoe.user, role: other }
      )
    ).toEqual(['crew', 'everyone', 'general', 'meta'])
  })

  it('[EK8] an overwrite for a member: that channel alone', () => {
    expect(
      safeAfter(
        { do: 'view', channel: attic, target: zoe.user, allow: true },
        { do: 'view', channel: attic, target: zoe.user, allow: false }
      )
    ).toEqual(['cabin', 'crew', 'everyone', 'general', 'meta'])
  })

  it('[EK8, EK16] an overwrite for a role: that channel, and the role, whose keys lead back into it', () => {
    expect(
      safeAfter(
        { do: 'view', channel: attic, target: crew, allow: true },
        { do: 'view', channel: attic, target: crew, allow: false }
      )
    ).toEqual(['everyone', 'general', 'meta'])
  })

  it('[EK8, IV5] an open invite: @everyone and all that is open to it, not what is closed', () => {
    const id = grace.act({ do: 'invite', box: suite.x25519PublicKey(inviteSecret(1)) })
    expect(safeAfter({ do: 'close', invite: idAs('i', id) })).toEqual(['attic', 'cabin', 'crew'])
  })

  it('[EK9] a box or grant for somebody who may not read makes a key unsafe, though no loss is unseen', () => {
    const seed = new Uint8Array(32).fill(7)
    const keyId = keyIdOf(suite, town.world.server, { kind: 'epoch', channel: cabin }, seed)
    const boxes = [ada, person('outsider'), zoe].map(who =>
      sealBoxes(
        suite,
        new Uint8Array(32).fill(8),
        [{ rid: userRid(who.user, 1), publicKey: who.userKey(1).boxPublicKey }],
        { kind: BoxKind.epoch, keyId: idToBytes(keyId) },
        seed
      )
    )
    const safe = boxes.map(each => {
      const reader = welcome(town, 'reader', 9)
      const record = signKeyRecord(suite, ada.signingKey, {
        server: town.world.server,
        frontier: ada.log.heads(),
        body: {
          kind: 'epoch',
          channel: cabin,
          keyId,
          commit: commitOf(suite, seed),
          mode: { mode: 'all' },
          after: [],
          boxes: each,
          back: []
        }
      })
      reader.ring.add(record.bytes, 0)
      return reader.ring.safety(keyId)
    })
    expect(safe.map(each => each.safe)).toEqual([true, false, false])
    expect(safe[1]).toMatchObject({ rule: 'EK9' })
  })
})

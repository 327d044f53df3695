import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idAs, idFromBytes, idToBytes, KEY_RECORD_BYTES_MAX, type KeyId } from '../base/index.ts'
import { BoxKind, SIGNATURE_CONTEXTS, sealBoxes, signBytes } from '../crypto/index.ts'
import { encodeCbor, decodeCbor, type CborValue } from '../encoding/index.ts'
import { encodeChannelName, readChannelName } from './channel-name.ts'
import type { KeyRecord, KeyRecordBody } from './contract.ts'
import {
  boxSecretOf,
  bucketOf,
  commitOf,
  gateKeyOf,
  keyIdOf,
  metaChannel,
  sealTopicSecret,
  topicOfShard,
  userRid
} from './derive.ts'
import { readKeyRecord, signKeyRecord, verifyKeyRecord } from './key-record.ts'
import { createPeer, createTown, type Peer, person, suite, type Town, welcome } from './peers.fixture.ts'
import { decodeStoredSeed, encodeStoredSeed } from './stored-seed.ts'

const fill = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value)
const server = idFromBytes('s', fill(1))
const role = idFromBytes('r', fill(2))
const channel = idFromBytes('c', fill(3))
const frontier = [idFromBytes('o', fill(4))]
const signer = suite.signingKey(fill(5))
const keyId = idFromBytes('e', fill(6, 16))
const boxes = fill(7)
const bodies: readonly KeyRecordBody[] = [
  { kind: 'bucket', role, k: 3, index: 5, keyId, boxPublicKey: fill(8), after: [keyId], boxes },
  {
    kind: 'role',
    role,
    k: 0,
    keyId,
    boxPublicKey: fill(8),
    after: [],
    boxes,
    back: [{ keyId, sealed: fill(9, 48) }],
    gatePublicKey: fill(1),
    topicBox: fill(2, 48)
  },
  { kind: 'epoch', channel, keyId, commit: fill(8), mode: { mode: 'all' }, after: [], boxes, back: [] },
  { kind: 'epoch', channel, keyId, commit: fill(8), mode: { mode: 'join' }, after: [], boxes, back: [] },
  {
    kind: 'epoch',
    channel,
    keyId,
    commit: fill(8),
    mode: { mode: 'window', days: 30 },
    after: [],
    boxes,
    back: []
  },
  { kind: 'grant', keyId, ephemeral: fill(8), box: fill(9, 64) },
  { kind: 'cannotOpen', keyId }
]
const signed = (
  value: readonly CborValue[],
  context: (typeof SIGNATURE_CONTEXTS)[number] = 'key'
): Uint8Array => encodeCbor([...value, signBytes(suite, signer, context, encodeCbor(value))])
const parts = (body: KeyRecordBody): CborValue[] => {
  const decoded = decodeCbor(signKeyRecord(suite, signer, { server, frontier, body }).bytes)
  return decoded.ok ? (decoded.value as CborValue[]).slice(0, -1) : []
}
const ruleOf = (bytes: Uint8Array): string => {
  const read = readKeyRecord(suite, bytes)
  if (!read.ok) return read.rule
  return verifyKeyRecord(suite, read.value) ? 'accepted' : 'signature'
}
const epoch = bodies[2] as KeyRecordBody

describe('key record', () => {
  it('[EK1] all five kinds come back as written, under one id whatever the signature', () => {
    for (const body of bodies) {
      const record = signKeyRecord(suite, signer, { server, frontier, body })
      expect(readKeyRecord(suite, record.bytes)).toMatchObject({
        ok: true,
        value: { server, frontier, body, id: record.id }
      })
      expect(ruleOf(record.bytes)).toBe('accepted')
    }
  })

  it("[EK1] T29: no other context's signature serves", () => {
    for (const context of SIGNATURE_CONTEXTS)
      expect(ruleOf(signed(parts(epoch), context)), context).toBe(
        context === 'key' ? 'accepted' : 'signature'
      )
  })

  it('[EK1, EN15] T30: another version, suite or kind; unsorted lists; broken boxes; no frontier', () => {
    const with_ = (index: number, value: CborValue): Uint8Array =>
      signed(parts(epoch).map((each, at) => (at === index ? value : each)))
    const body = (index: number, value: CborValue): Uint8Array =>
      with_(
        6,
        (parts(epoch)[6] as CborValue[]).map((each, at) => (at === index ? value : each))
      )
    expect([with_(0, 2), with_(1, 2), with_(3, 7), with_(3, 0)].map(ruleOf)).toEqual([
      'EN15',
      'EN15',
      'EN15',
      'EN15'
    ])
    expect(ruleOf(with_(5, []))).toBe('EK1')
    expect(ruleOf(with_(5, [fill(2), fill(1)]))).toBe('EK1')
    expect(
      [
        body(5, fill(1, 33)),
        body(5, fill(1, 31)),
        body(3, [3]),
        body(3, [2, 0]),
        body(3, [0, 0]),
        body(4, [fill(2, 16), fill(1, 16)])
      ].map(ruleOf)
    ).toEqual(['EK1', 'EK1', 'EK1', 'EK1', 'EK1', 'EK1'])
  })

  it('[EK1] is at most 60 KiB; arbitrary bytes give a verdict', () => {
    expect(ruleOf(fill(1, KEY_RECORD_BYTES_MAX + 1))).toBe('EK1')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        expect(ruleOf(bytes)).not.toBe('accepted')
      }),
      { numRuns: 500, seed: 1 }
    )
  })

  it('[EK2] seeds are stored and come back, out of JSON', () => {
    for (const scope of [
      { kind: 'role', role } as const,
      { kind: 'epoch', channel } as const,
      { kind: 'bucket', role, index: 3 } as const
    ]) {
      const stored = { keyId, scope, seed: fill(4) }
      const back = decodeStoredSeed(encodeStoredSeed(stored))
      if (!back.ok) throw new Error(back.reason)
      expect([back.value.keyId, back.value.scope, back.value.seed]).toEqual([keyId, scope, fill(4)])
      expect(JSON.stringify(back.value)).not.toContain('seed')
    }
    expect(decodeStoredSeed(fill(1, 20)).ok).toBe(false)
  })

  it('[EK5] a bucket is the top bits of a hash, even over accounts', () => {
    const counts = new Map<number, number>()
    for (let n = 0; n < 800; n++) {
      const index = bucketOf(suite, role, idFromBytes('u', suite.sha256(Uint8Array.of(n & 255, n >> 8))), 3)
      counts.set(index, (counts.get(index) ?? 0) + 1)
    }
    expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(Math.max(...counts.values())).toBeLessThan(150)
  })

  it('[EK18] shards have topics of their own: 32 characters of base32', () => {
    const names = [0, 1, 2].map(shard => topicOfShard(suite, fill(1), shard))
    expect(new Set(names).size).toBe(3)
    expect(names.every(name => /^[a-z2-7]{32}$/.test(name))).toBe(true)
  })

  it("[EK19] a sealed channel name is its device's", () => {
    const bytes = encodeChannelName(suite, signer, { channel, revision: 3, name: 'cabal', topic: null })
    expect(readChannelName(suite, bytes)).toEqual({
      ok: true,
      value: { channel, device: idFromBytes('d', signer.publicKey), revision: 3, name: 'cabal', topic: null }
    })
    const altered = bytes.slice()
    altered[altered.length - 1] = (altered[altered.length - 1] as number) ^ 1
    expect(readChannelName(suite, altered)).toMatchObject({ ok: false, rule: 'EK19' })
    expect(metaChannel(server).slice(1)).toBe(server.slice(1))
  })
})

/** A founder, a member, and a way to make records the planner would not make. */
function forge(): {
  town: Town
  ada: Peer
  grace: Peer
  general: ReturnType<typeof metaChannel>
  as: (peer: Peer, body: KeyRecordBody) => KeyRecord
} {
  const town = createTown()
  const ada = town.founder
  ada.sendKey(town.meta)
  const general = idAs('c', ada.act({ do: 'channel', roles: 'all' }))
  const grace = welcome(town, 'grace', 2)
  ada.sendKey(general)
  grace.meet(ada)
  return {
    town,
    ada,
    grace,
    general,
    as: (peer, body) =>
      signKeyRecord(suite, peer.signingKey, { server: town.world.server, frontier: peer.log.heads(), body })
  }
}
const outcome = (peer: Peer, record: KeyRecord): string => {
  const result = peer.ring.add(record.bytes, 0)
  if (result.kind === 'rejected') return result.refusal.rule
  if (result.kind === 'known') return 'known'
  const standing = peer.ring.standing(record.id)
  return standing.kind === 'invalid' ? standing.rule : standing.kind
}

describe('refusals of a key ring', () => {
  const seed = fill(0x31)
  const scope = (channel: ReturnType<typeof metaChannel>): { kind: 'epoch'; channel: typeof channel } => ({
    kind: 'epoch',
    channel
  })
  const epochFor = (
    town: Town,
    peer: Peer,
    channel: ReturnType<typeof metaChannel>,
    over: Partial<Extract<KeyRecordBody, { kind: 'epoch' }>> = {}
  ): KeyRecordBody => {
    const keyId = keyIdOf(suite, town.world.server, scope(channel), seed)
    const boxes = sealBoxes(
      suite,
      fill(0x41),
      [{ rid: userRid(peer.user, 1), publicKey: peer.userKey(1).boxPublicKey }],
      { kind: BoxKind.epoch, keyId: idToBytes(keyId) },
      seed
    )
    return {
      kind: 'epoch',
      channel,
      keyId,
      commit: commitOf(suite, seed),
      mode: { mode: 'all' },
      after: [],
      boxes,
      back: [],
      ...over
    }
  }

  it('[EK2] T22: a wrong commitment, key id or box key is refused by whoever opens the box', () => {
    const { town, ada, grace, general, as } = forge()
    expect(outcome(grace, as(ada, epochFor(town, grace, general, { commit: fill(9) })))).toBe('EK2')
    const other = keyIdOf(suite, town.world.server, scope(general), fill(0x32))
    expect(outcome(grace, as(ada, epochFor(town, grace, general, { keyId: other })))).toBe('valid') // a box for another key id does not open
    expect(grace.ring.keys().find(key => key.keyId === other)?.opened).toBe(false)
    expect(outcome(grace, as(ada, epochFor(town, grace, general)))).toBe('valid')
    const roleId = keyIdOf(suite, town.world.server, { kind: 'role', role: town.everyone }, seed)
    const boxes = sealBoxes(
      suite,
      fill(0x42),
      [{ rid: userRid(grace.user, 1), publicKey: grace.userKey(1).boxPublicKey }],
      { kind: BoxKind.role, keyId: idToBytes(roleId) },
      seed
    )
    const good = {
      kind: 'role',
      role: town.everyone,
      k: 0,
      keyId: roleId,
      boxPublicKey: suite.x25519PublicKey(boxSecretOf(suite, 'role', seed)),
      after: [],
      boxes,
      back: [],
      gatePublicKey: gateKeyOf(suite, seed).publicKey,
      topicBox: sealTopicSecret(suite, seed, fill(1))
    } as const
    expect(outcome(grace, as(ada, { ...good, boxPublicKey: fill(9) }))).toBe('EK2')
    expect(outcome(grace, as(ada, { ...good, gatePublicKey: fill(9) }))).toBe('EK2')
    expect(outcome(grace, as(ada, { ...good, topicBox: fill(9, 48) }))).toBe('EK2')
    expect(outcome(grace, as(ada, { ...good, gatePublicKey: null, topicBox: null }))).toBe('EK12')
    expect(outcome(grace, as(ada, good))).toBe('valid')
  })

  it('[EK2] T22: of two commitments under one key id the seed decides, in either order', () => {
    const { town, ada, grace, general, as } = forge()
    const zoe = welcome(town, 'zoe', 5)
    grace.meet(ada, { records: false })
    const fake = as(zoe, epochFor(town, zoe, general, { commit: fill(9), boxes: fill(7) }))
    const real = as(ada, epochFor(town, grace, general))
    expect([outcome(grace, fake), outcome(grace, real)]).toEqual(['valid', 'valid'])
    expect(grace.ring.standing(fake.id).kind).toBe('invalid')
    zoe.meet(ada)
    const late = createPeer(town, 'grace', 6, ada.log.heads())
    expect([outcome(late, real), outcome(late, fake)]).toEqual(['valid', 'EK2'])
  })

  it('[EK3] T22: a box moved to another recipient, record or kind does not open', () => {
    const { town, ada, grace, general, as } = forge()
    const body = epochFor(town, grace, general) as Extract<KeyRecordBody, { kind: 'epoch' }>
    const moved = body.boxes.slice()
    moved.set(userRid(person('zoe').user, 1), 32)
    const boxed: readonly [string, KeyRecordBody][] = [
      ['recipient', { ...body, boxes: moved }],
      ['record', { ...epochFor(town, grace, town.meta), boxes: body.boxes } as KeyRecordBody],
      [
        'kind',
        {
          kind: 'grant',
          keyId: body.keyId,
          ephemeral: body.boxes.slice(0, 32),
          box: body.boxes.slice(32, 96)
        }
      ]
    ]
    for (const [name, each] of boxed) {
      const result = grace.ring.add(as(ada, each).bytes, 0)
      expect(result.kind === 'accepted' ? result.seeds : result, name).toEqual([])
    }
  })

  it('[EK3] T21: a recipient whose key gives an all-zero secret gets no box', () => {
    const out = sealBoxes(
      suite,
      fill(1),
      [
        { rid: fill(1, 16), publicKey: fill(0) },
        { rid: fill(2, 16), publicKey: suite.x25519PublicKey(fill(2)) }
      ],
      { kind: BoxKind.epoch, keyId: fill(1, 16) },
      fill(3)
    )
    expect(out).toHaveLength(32 + 64)
  })

  it('[EK12] T23: an epoch by somebody who may not send there, or by a stranger', () => {
    const { town, ada, grace, as } = forge()
    const hidden = idAs('c', ada.act({ do: 'channel', roles: [] }))
    grace.meet(ada)
    expect(outcome(ada, as(grace, epochFor(town, grace, hidden)))).toBe('EK12')
    const eve = createPeer(town, 'eve', 9, ada.log.heads())
    expect(outcome(ada, as(eve, epochFor(town, eve, town.meta)))).toBe('EK12')
  })

  it('[EK4, EK12] T23: a role key by a non-holder, or by a member while a safe key was known to it', () => {
    const { town, ada, grace, as } = forge()
    const crew = idAs('r', ada.act({ do: 'role', bits: 0n }))
    grace.meet(ada)
    const heads = ada.ring
      .keys()
      .filter(key => key.scope.kind === 'role' && key.safety.safe)
      .map(key => key.keyId)
    const roleKey = (of: typeof crew, after: readonly KeyId[]): KeyRecordBody => {
      const keyId = keyIdOf(suite, town.world.server, { kind: 'role', role: of }, seed)
      const every = of === town.everyone
      return {
        kind: 'role',
        role: of,
        k: 0,
        keyId,
        boxPublicKey: suite.x25519PublicKey(boxSecretOf(suite, 'role', seed)),
        after,
        boxes: fill(7),
        back: [],
        gatePublicKey: every ? gateKeyOf(suite, seed).publicKey : null,
        topicBox: every ? sealTopicSecret(suite, seed, fill(1)) : null
      }
    }
    expect(outcome(ada, as(grace, roleKey(crew, [])))).toBe('EK12')
    expect(heads).toHaveLength(1)
    expect(outcome(ada, as(grace, roleKey(town.everyone, heads)))).toBe('EK12')
    expect(outcome(ada, as(grace, roleKey(town.everyone, [keyId])))).toBe('waiting')
    expect(outcome(grace, as(ada, roleKey(town.everyone, heads)))).toBe('valid')
  })

  it('[EK12] T23: a grant to an outsider or to a stale user key', () => {
    const { town, ada, grace, as } = forge()
    const known = ada.ring.keys().find(key => key.scope.kind === 'role')?.keyId as KeyId
    const grantTo = (user: ReturnType<typeof person>): KeyRecordBody => ({
      kind: 'grant',
      keyId: known,
      ephemeral: fill(8),
      box: Uint8Array.from([...userRid(user.user, 1), ...fill(9, 48)])
    })
    expect(outcome(ada, as(grace, grantTo(person('outsider'))))).toBe('EK12')
    expect(outcome(ada, as(ada, grantTo(grace)))).toBe('valid')
    ada.act({ do: 'revoke', device: grace.device, user: grace.user })
    expect(
      outcome(
        ada,
        as(ada, {
          ...grantTo(grace),
          ephemeral: fill(10),
          box: Uint8Array.from([...userRid(grace.user, 1), ...fill(8, 48)])
        } as KeyRecordBody)
      )
    ).toBe('EK12')
    expect(town.published.length).toBeGreaterThan(0)
  })

  it("[EK6] gate and topic are in @everyone's key and opened by its holders", () => {
    const { ada, grace } = forge()
    expect(grace.ring.gateKey()?.publicKey).toEqual(ada.ring.currentTopic()?.gatePublicKey)
    expect(grace.ring.currentTopic()?.topicSecret).toEqual(ada.ring.currentTopic()?.topicSecret)
    expect(JSON.stringify(grace.ring.currentTopic())).not.toContain('topicSecret')
  })

  it('[EK16] a role that lost a channel gets a new key before it is used again', () => {
    const { ada, grace } = forge()
    const crew = idAs('r', ada.act({ do: 'role', bits: 0n }))
    ada.act({ do: 'assign', user: grace.user, role: crew })
    const first = idAs('c', ada.act({ do: 'channel', roles: [crew] }))
    ada.sendKey(first)
    expect(ada.ring.rotationsDue(0)).toEqual([])
    ada.act({ do: 'view', channel: first, target: crew, allow: false })
    expect(ada.ring.rotationsDue(0)).toMatchObject([{ role: crew, cause: 'loss', mayRotate: true }])
  })

  it('[EK1] T19: a record of another server, or altered, is refused and changes nothing', () => {
    const { ada, grace, general, town } = forge()
    const before = grace.ring.records().length
    const foreign = signKeyRecord(suite, ada.signingKey, {
      server,
      frontier: ada.log.heads(),
      body: epochFor(town, grace, general)
    })
    expect(outcome(grace, foreign)).toBe('EK1')
    const { bytes } = ada.ring.records()[0] as KeyRecord
    const altered = bytes.slice()
    altered[altered.length - 1] = (altered[altered.length - 1] as number) ^ 1
    const fresh = createPeer(town, 'grace', 4, ada.log.heads())
    expect(fresh.ring.add(altered, 0)).toMatchObject({ kind: 'rejected', refusal: { rule: 'EK1' } })
    expect([grace.ring.records().length, fresh.ring.records().length]).toEqual([before, 0])
  })
})

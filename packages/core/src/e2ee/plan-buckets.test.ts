import { describe, expect, it } from 'vitest'
import { type KeyId, LOCKBOXES_MAX, type RoleId } from '../base/index.ts'
import { readBoxes } from '../crypto/index.ts'
import { signKeyRecord } from './key-record.ts'
import { createPeer, createTown, type Peer, person, suite, type Town } from './peers.fixture.ts'
import { bucketBits } from './plan-buckets.ts'
import { reach, secretsOf } from './reach.fixture.ts'
import { bucketIndex } from './readers.ts'

function join(town: Town, name: string): void {
  const who = person(name)
  town.founder.log.act(who.device, {
    do: 'join',
    user: who.user,
    device: who.device,
    box: who.userKey(1).boxPublicKey
  })
}

/** A server of 300: more than single boxes serve. */
function large(): { town: Town; ada: Peer; everyone: RoleId } {
  const town = createTown()
  for (let n = 1; n < 300; n++) join(town, `member${n}`)
  town.founder.sendKey(town.meta)
  return { town, ada: town.founder, everyone: town.everyone }
}
const bucketsIn = (town: Town, from = 0): readonly number[] =>
  town.published.slice(from).flatMap(({ body }) => (body.kind === 'bucket' ? [body.index] : []))

describe('buckets', () => {
  it('[EK5] are for more than 256, as few as keep about 96 in each, and stay while 48 to 192 are', () => {
    expect([2, 256, 257, 385, 1_000, 10_000, 40_000].map(n => bucketBits(n, 0))).toEqual([
      0, 0, 2, 3, 4, 7, 9
    ])
    expect([bucketBits(500, 2), bucketBits(800, 2), bucketBits(300, 3), bucketBits(200, 2)]).toEqual([
      2, 4, 2, 0
    ])
  })

  it('[EK5] T3: a removal makes one bucket and the role anew; the rest reads on, the removed does not', () => {
    const { town, ada, everyone } = large()
    expect(bucketsIn(town)).toEqual([0, 1, 2, 3])
    const before = ada.sendKey(town.meta)
    const out = createPeer(town, 'member7', 7)
    const from = town.published.length
    ada.act({ do: 'ban', user: out.user })
    ada.rotate()
    expect(bucketsIn(town, from)).toEqual([bucketIndex(suite, everyone, out.user, 2)])
    const made = town.published.slice(from)
    const boxes = made.flatMap(({ body }) =>
      'boxes' in body ? [...(readBoxes(body.boxes, LOCKBOXES_MAX)?.rids() ?? [])] : []
    )
    expect(boxes.length).toBeLessThan(130)
    const later = ada.sendKey(town.meta)
    const opened = (peer: Peer): readonly boolean[] => {
      const reached = reach(town, secretsOf(peer))
      return [before, later].map(keyId => reached.has(keyId))
    }
    expect(opened(out)).toEqual([true, false])
    for (const name of ['member8', 'member9', 'member10', 'member11'])
      expect(opened(createPeer(town, name, 9))).toEqual([true, true])
    const grace = createPeer(town, 'member8', 8)
    grace.meet(ada)
    expect(grace.ring.chooseEpoch(town.meta, 0)).toBe(later)
  })

  it('[EK5, EK14] who joins is granted its bucket, and the next role key reaches it without a box of its own', () => {
    const { town, ada } = large()
    join(town, 'zoe')
    const from = town.published.length
    expect(ada.grant()).toBe(1)
    const grant = town.published[from]?.body
    expect(
      grant?.kind === 'grant' && ada.ring.keys().find(key => key.keyId === grant.keyId)?.scope.kind
    ).toBe('bucket')
    expect(ada.ring.grantsDue(0)).toEqual([])
    ada.act({ do: 'ban', user: person('member3').user })
    ada.rotate()
    const later = ada.sendKey(town.meta)
    expect(reach(town, secretsOf(createPeer(town, 'zoe', 5))).has(later)).toBe(true)
    expect(ada.ring.grantsDue(0)).toEqual([])
  })

  it('[EK9] a role key sealed to a bucket that lost somebody is not safe, whoever sealed it', () => {
    const { town, ada } = large()
    const keyId = town.published.find(({ body }) => body.kind === 'role')?.body.keyId as KeyId
    expect(ada.ring.isSafe(keyId)).toBe(true)
    ada.act({ do: 'kick', user: person('member5').user })
    expect(ada.ring.isSafe(keyId)).toBe(false)
  })

  it('[EK5, EK12] a bucket beyond its 2^k, or with somebody else inside, does not count', () => {
    const { town, ada, everyone } = large()
    const made = town.published.find(({ body }) => body.kind === 'bucket')?.body
    if (made?.kind !== 'bucket') throw new Error('no bucket')
    // Somebody of another bucket, who cannot look inside.
    const other = [1, 2, 3, 4, 5, 6, 7, 8].find(
      n => bucketIndex(suite, everyone, person(`member${n}`).user, 2) !== made.index
    )
    const sign = (over: object): string => {
      const record = signKeyRecord(suite, ada.signingKey, {
        server: town.world.server,
        frontier: ada.log.heads(),
        body: { ...made, ...over }
      })
      const grace = createPeer(town, `member${other}`, 8, ada.log.heads())
      grace.ring.add(record.bytes, 0)
      const standing = grace.ring.standing(record.id)
      return standing.kind === 'valid' ? String(grace.ring.isSafe(record.body.keyId)) : standing.kind
    }
    expect(sign({})).toBe('true')
    expect(sign({ index: 5 })).toBe('invalid')
    expect(sign({ index: 1 })).toBe('false')
  })
})

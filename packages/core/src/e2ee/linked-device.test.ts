import { describe, expect, it } from 'vitest'
import { createKeyRing } from './key-ring.ts'
import { createPeer, createTown, person, suite } from './peers.fixture.ts'

describe('a linked device', () => {
  it('[EK7, ID10] T10: opens every key of before by the user key it was given; nobody makes one for it', () => {
    const town = createTown()
    const ada = town.founder
    const grace = person('grace')
    ada.act({ do: 'join', user: grace.user, device: grace.device, box: grace.userKey(1).boxPublicKey })
    const first = ada.sendKey(town.meta)
    const desk = createPeer(town, 'grace', 2)
    desk.meet(ada)
    ada.act({ do: 'role', bits: 0n })
    const alan = person('alan')
    ada.act({ do: 'join', user: alan.user, device: alan.device, box: alan.userKey(1).boxPublicKey })
    ada.sendKey(town.meta)
    ada.act({ do: 'ban', user: alan.user })
    ada.rotate()
    const last = ada.sendKey(town.meta)
    desk.meet(ada)
    const published = town.published.length

    // Of Grace, with keys of its own, the seeds of her user keys, and the records that anybody serves.
    const phone = createKeyRing({
      suite,
      server: town.world.server,
      log: desk.log,
      user: grace.user,
      device: person('phone').device,
      signingKey: person('phone').signingKey,
      userKeys: [grace.userKey(1)],
      invites: []
    })
    for (const { bytes } of town.published) phone.add(bytes, 0)
    const held = (ring: typeof phone): readonly string[] =>
      ring
        .keys()
        .filter(({ keyId }) => ring.lack(keyId) === undefined)
        .map(({ keyId }) => keyId)
        .sort()
    expect(held(phone)).toEqual(held(desk.ring))
    expect(held(phone)).toEqual(expect.arrayContaining([first, last]))
    expect(phone.chooseEpoch(town.meta, 0)).toBe(last)
    expect([ada, desk].map(({ ring }) => [ring.rotationsDue(0), ring.grantsDue(0)])).toEqual([
      [[], []],
      [[], []]
    ])
    expect(phone.rotationsDue(0)).toEqual([])
    expect(town.published).toHaveLength(published)
  })
})

/** Coverage under random histories (EK8–EK12): a few here, ten thousand in the project `histories`. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { idAs, type UserId } from '../base/index.ts'
import type { KeyRecord } from './contract.ts'
import { holdCoverage, NAMES, play, step } from './coverage.fixture.ts'
import { createPeer, createTown, type Peer, person } from './peers.fixture.ts'

const RUNS = Number(process.env['XCORD_RUNS'] ?? 40)

describe('coverage', () => {
  it('[EK9] T17: nothing goes under a key that the removed, pooling all they have, can open; every reader reads in the end', () => {
    holdCoverage(RUNS, Number(process.env['XCORD_SEED'] ?? 1))
  }, 600_000)

  it('[EK9] the same histories leak where the newest key is used without asking: the model can fail', () => {
    let leaked = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 45 }), steps => {
        leaked += play(steps, true).leaks.length
      }),
      { numRuns: 20, seed: 2 }
    )
    expect(leaked).toBeGreaterThan(0)
  })

  it('[EK10] T17: any delivery order of records gives the same safe set and choice', () => {
    const town = createTown()
    const ada = town.founder
    const general = idAs('c', ada.act({ do: 'channel', roles: 'all' }))
    const users: UserId[] = []
    for (const name of NAMES.slice(1)) {
      const who = person(name)
      users.push(who.user)
      ada.log.act(who.device, {
        do: 'join',
        user: who.user,
        device: who.device,
        box: who.userKey(1).boxPublicKey
      })
      ada.sendKey(general)
      ada.grant()
    }
    for (const user of users.slice(3)) {
      ada.act({ do: 'ban', user })
      ada.rotate()
      ada.sendKey(general)
    }
    const answers = (peer: Peer): unknown => ({
      safe: peer.ring
        .keys()
        .filter(key => key.safety.safe)
        .map(key => key.keyId)
        .sort(),
      choice: peer.ring.chooseEpoch(general, 0),
      topic: peer.ring.currentTopic()?.topic
    })
    const wanted = answers(ada)
    fc.assert(
      fc.property(
        fc.shuffledSubarray(ada.ring.records() as KeyRecord[], { minLength: ada.ring.records().length }),
        fc.boolean(),
        (records, late) => {
          const grace = createPeer(town, 'grace', 2, late ? [] : ada.log.heads())
          for (const record of records) grace.ring.add(record.bytes, 0)
          if (late) for (const id of ada.log.heads()) grace.log.learn(id)
          expect(answers(grace)).toEqual(wanted)
        }
      ),
      { numRuns: RUNS * 5, seed: 3 }
    )
  })
})

import { beforeAll, describe, expect, test } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import type { Suite } from '../crypto/index.ts'
import { appendDevice, appendRevocation, appendRevokeAll, appendUserKey, type DeviceSecret } from './index.ts'
import { castLog, isActive, type LogCast } from './log.fixture.ts'

let suite: Suite
let cast: LogCast
beforeAll(async () => {
  suite = await createNodeSuite()
  cast = castLog(suite, 'ada')
})

describe('[ID5] conflicts', () => {
  test('revocation voids what the device signed concurrently, and spares what the revoker had seen', () => {
    const log = cast.newLog()
    const [thief, early, late] = [cast.newDevice(), cast.newDevice(), cast.newDevice()]
    appendDevice(suite, log, cast.root, thief, { manage: true })
    appendDevice(suite, log, thief, early, { manage: false })
    const attack = cast.branch(log, copy => {
      appendDevice(suite, copy, thief, late, { manage: true })
      appendRevocation(suite, copy, late, early.device)
    })
    const revocation = cast.branch(log, copy => {
      appendRevocation(suite, copy, cast.root, thief.device)
    })
    const merged = cast.inEveryOrder(log, [...attack, ...revocation])
    expect([thief, early, late].map(device => isActive(merged, device))).toEqual([false, true, false])
  })

  test('devices revoking each other: the shorter path stands', () => {
    const log = cast.newLog()
    const [first, second] = [cast.newDevice(), cast.newDevice()]
    appendDevice(suite, log, cast.root, first, { manage: true })
    appendDevice(suite, log, first, second, { manage: true })
    const merged = cast.inEveryOrder(log, [
      ...cast.branch(log, copy => {
        appendRevocation(suite, copy, first, second.device)
      }),
      ...cast.branch(log, copy => {
        appendRevocation(suite, copy, second, first.device)
      })
    ])
    expect([first, second].map(device => isActive(merged, device))).toEqual([true, false])
  })

  test('at equal paths the lower device id stands', () => {
    const log = cast.newLog()
    const pair = [cast.newDevice(), cast.newDevice()].sort((a, b) => (a.device < b.device ? -1 : 1)) as [
      DeviceSecret,
      DeviceSecret
    ]
    for (const device of pair) appendDevice(suite, log, cast.root, device, { manage: true })
    const merged = cast.inEveryOrder(log, [
      ...cast.branch(log, copy => {
        appendRevocation(suite, copy, pair[0], pair[1].device)
      }),
      ...cast.branch(log, copy => {
        appendRevocation(suite, copy, pair[1], pair[0].device)
      })
    ])
    expect(pair.map(device => isActive(merged, device))).toEqual([true, false])
  })

  test('the root beats devices: it breaks a duel in favour of the junior', () => {
    const log = cast.newLog()
    const [thief, own] = [cast.newDevice(), cast.newDevice()]
    appendDevice(suite, log, cast.root, thief, { manage: true })
    appendDevice(suite, log, thief, own, { manage: true })
    const merged = cast.inEveryOrder(log, [
      ...cast.branch(log, copy => {
        appendRevocation(suite, copy, thief, own.device)
      }),
      ...cast.branch(log, copy => {
        appendRevocation(suite, copy, own, thief.device)
      }),
      ...cast.branch(log, copy => {
        appendRevocation(suite, copy, cast.root, thief.device)
      })
    ])
    expect([thief, own].map(device => isActive(merged, device))).toEqual([false, true])
  })

  test('three devices in a circle: the most senior revocation stands, and with it what follows', () => {
    const log = cast.newLog()
    const three = [cast.newDevice(), cast.newDevice(), cast.newDevice()].sort((a, b) =>
      a.device < b.device ? -1 : 1
    ) as [DeviceSecret, DeviceSecret, DeviceSecret]
    for (const device of three) appendDevice(suite, log, cast.root, device, { manage: true })
    const [a, b, c] = three
    const merged = cast.inEveryOrder(log, [
      ...cast.branch(log, copy => {
        appendRevocation(suite, copy, a, b.device)
      }),
      ...cast.branch(log, copy => {
        appendRevocation(suite, copy, b, c.device)
      }),
      ...cast.branch(log, copy => {
        appendRevocation(suite, copy, c, a.device)
      })
    ])
    // a's stands first; so b's falls; so c's stands.
    expect(three.map(device => isActive(merged, device))).toEqual([false, false, true])
  })

  test('revokeAll turns off all that did not know of it, and what comes after stands', () => {
    const log = cast.newLog()
    const [known, concurrent, after] = [cast.newDevice(), cast.newDevice(), cast.newDevice()]
    appendDevice(suite, log, cast.root, known, { manage: true })
    const merged = cast.inEveryOrder(log, [
      ...cast.branch(log, copy => {
        appendDevice(suite, copy, known, concurrent, { manage: true })
      }),
      ...cast.branch(log, copy => {
        appendRevokeAll(suite, copy, cast.root)
        appendDevice(suite, copy, cast.root, after, { manage: true })
      })
    ])
    expect([known, concurrent, after].map(device => isActive(merged, device))).toEqual([false, false, true])
    appendUserKey(suite, cast.random, merged, after)
    expect(merged.state().userKey?.stale).toBe(false)
  })
})

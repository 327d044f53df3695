import { beforeAll, describe, expect, test } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import type { Suite } from '../crypto/index.ts'
import {
  appendDevice,
  appendRevocation,
  appendRevokeAll,
  appendUserKey,
  copyIdentityLog,
  createAccount,
  createCredential,
  createIdentityProof,
  createRevocation,
  type DeviceSecret,
  type IdentityLog,
  proveEnrolment,
  signEntry,
  verifyCredential,
  verifyIdentityEntry,
  verifyRevocation
} from './index.ts'
import { addAll, castLog, type LogCast, rootOf, seededRandom } from './log.fixture.ts'

let suite: Suite
let cast: LogCast
beforeAll(async () => {
  suite = await createNodeSuite()
  cast = castLog(suite, 'ada')
})

describe('[ID6] certificates', () => {
  function chain(length: number): { log: IdentityLog; devices: DeviceSecret[] } {
    const log = cast.newLog()
    const devices: DeviceSecret[] = []
    for (let step = 0; step < length; step++) {
      const device = cast.newDevice()
      appendDevice(suite, log, devices.at(-1) ?? cast.root, device, {
        manage: true,
        name: new Uint8Array(44 + 48)
      })
      devices.push(device)
    }
    return { log, devices }
  }

  test('the longest path with the longest names fits 2 KiB and verifies; a longer one is refused', () => {
    const { log, devices } = chain(4)
    const last = devices[3] as DeviceSecret
    const bytes = createCredential(log, last.device)
    expect(bytes.length).toBeLessThanOrEqual(2048)
    const verified = verifyCredential(suite, bytes, { user: log.user, device: last.device, log })
    expect(verified).toMatchObject({
      ok: true,
      value: {
        user: log.user,
        device: last.device,
        deviceBoxPublicKey: last.boxPublicKey,
        manage: true,
        head: log.head()
      }
    })
    expect(() => appendDevice(suite, log, last, cast.newDevice(), { manage: false })).toThrow(/ID6/)
  })

  test('the shortest path is taken', () => {
    const {
      log,
      devices: [a, b]
    } = chain(2)
    const merged = copyIdentityLog(suite, log)
    // The root enrols b too, knowing only of a: a shorter path to the same device.
    const short = cast.newLog()
    appendDevice(suite, short, cast.root, b as DeviceSecret, { manage: true })
    addAll(
      merged,
      short.entries().map(({ bytes }) => bytes)
    )
    expect(merged.pathTo((b as DeviceSecret).device)).toHaveLength(1)
    expect(merged.pathTo((a as DeviceSecret).device)).toHaveLength(1)
  })

  test('it names the newest user key its holder knew', () => {
    const account = createAccount(suite, seededRandom(suite, 'certificate'), 0)
    const verified = verifyCredential(suite, account.credential)
    expect(verified).toMatchObject({
      ok: true,
      value: { userKey: { generation: 1, boxPublicKey: account.userKeys[0]?.boxPublicKey } }
    })
  })

  test('another user, another device, a known revocation, a broken path, flipped bits: refused', () => {
    const {
      log,
      devices: [a, b]
    } = chain(2) as { log: IdentityLog; devices: [DeviceSecret, DeviceSecret] }
    const bytes = createCredential(log, b.device)
    expect(verifyCredential(suite, bytes, { user: rootOf(suite, 'eve').user })).toMatchObject({
      ok: false,
      rule: 'ID6'
    })
    expect(verifyCredential(suite, bytes, { device: a.device })).toMatchObject({ ok: false, rule: 'ID6' })
    const later = copyIdentityLog(suite, log)
    appendRevocation(suite, later, cast.root, b.device)
    expect(verifyCredential(suite, bytes, { log })).toMatchObject({ ok: true })
    expect(verifyCredential(suite, bytes, { log: later })).toMatchObject({ ok: false, rule: 'ID6' })
    // Up to the path's end every bit is signed or part of the user id; head and user key are their carrier's.
    const signed = bytes.length - 34 - 1
    for (let bit = 0; bit < signed * 8; bit += 5) {
      const altered = bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
      expect(verifyCredential(suite, altered, { user: log.user }).ok, `bit ${bit}`).toBe(false)
    }
    expect(verifyCredential(suite, new Uint8Array(2049))).toMatchObject({ ok: false, rule: 'ID6' })
    // A device without manage above another.
    const plain = cast.newLog()
    const c = cast.newDevice()
    appendDevice(suite, plain, cast.root, c, { manage: false })
    const forged = signEntry(suite, c.signingKey, {
      user: plain.user,
      parents: plain.heads(),
      lamport: 2,
      body: {
        kind: 'addDevice',
        device: a.device,
        boxPublicKey: a.boxPublicKey,
        caps: 0,
        name: null,
        proof: proveEnrolment(suite, a.signingKey, plain.user, a.boxPublicKey, 0)
      }
    })
    const proof = createIdentityProof(plain, plain.head())
    expect(verifyIdentityEntry(suite, proof)).toMatchObject({ ok: true })
    expect(plain.add(forged)).toMatchObject({ ok: false, rule: 'ID5' })
  })

  test('[ID9] revocations and entries prove themselves to who holds no log', () => {
    const {
      log,
      devices: [a, b]
    } = chain(2) as { log: IdentityLog; devices: [DeviceSecret, DeviceSecret] }
    expect(createRevocation(log, b.device)).toBeUndefined()
    appendRevocation(suite, log, a, b.device)
    const proof = createRevocation(log, b.device) as Uint8Array
    expect(verifyRevocation(suite, proof, { user: log.user, device: b.device })).toMatchObject({
      ok: true,
      value: { target: b.device }
    })
    expect(verifyRevocation(suite, proof, { device: a.device })).toMatchObject({ ok: false, rule: 'ID9' })
    expect(verifyRevocation(suite, proof, { user: rootOf(suite, 'eve').user })).toMatchObject({
      ok: false,
      rule: 'ID9'
    })
    const key = appendUserKey(suite, cast.random, log, a)
    const entry = verifyIdentityEntry(suite, createIdentityProof(log, log.head()), { user: log.user })
    expect(entry).toMatchObject({
      ok: true,
      value: { body: { kind: 'userKey', boxPublicKey: key.boxPublicKey } }
    })
    expect(verifyRevocation(suite, createIdentityProof(log, log.head()))).toMatchObject({
      ok: false,
      rule: 'ID9'
    })
    appendRevokeAll(suite, log, cast.root)
    expect(verifyRevocation(suite, createIdentityProof(log, log.head()), { device: a.device })).toMatchObject(
      { ok: true, value: { target: 'all' } }
    )
  })
})

import { beforeAll, describe, expect, test } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { idToBytes } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../encoding/index.ts'
import {
  appendDevice,
  appendEntry,
  appendMoved,
  appendRevocation,
  appendUserKey,
  createAccount,
  createIdentityLog,
  decodeIdentityLog,
  type DeviceSecret,
  encodeIdentityLog,
  type IdentityBody,
  type IdentityLog,
  openDeviceName,
  proveEnrolment,
  signEntry
} from './index.ts'
import { castLog, type LogCast, rootOf, saying, seededRandom } from './log.fixture.ts'

let suite: Suite
let cast: LogCast
beforeAll(async () => {
  suite = await createNodeSuite()
  cast = castLog(suite, 'ada')
})

describe('[ID4] entries', () => {
  test('an account is a genesis, a device and a user key', () => {
    const account = createAccount(suite, seededRandom(suite, 'one'), 1_000, { deviceName: 'laptop' })
    expect(account.log.entries().map(({ body }) => body.kind)).toEqual(['addDevice', 'userKey'])
    const state = account.log.state()
    expect(state.device(account.device.device)).toMatchObject({ active: true, manage: true, revokedBy: [] })
    expect(state.userKey).toMatchObject({
      generation: 1,
      stale: false,
      boxPublicKey: account.userKeys[0]?.boxPublicKey
    })
    expect(
      openDeviceName(suite, account.userKeys, state.device(account.device.device)?.name as Uint8Array)
    ).toBe('laptop')
    expect(Object.keys(account)).not.toContain('phrase')
  })

  test('any order of arrival gives one state; what lacks its parents waits', () => {
    const log = cast.newLog()
    const [a, b] = [cast.newDevice(), cast.newDevice()]
    appendDevice(suite, log, cast.root, a, { manage: true })
    appendUserKey(suite, cast.random, log, cast.root)
    appendDevice(suite, log, a, b, { manage: false })
    appendRevocation(suite, log, a, b.device)
    const entries = log.entries().map(({ bytes }) => bytes)
    expect(saying(cast.inEveryOrder(cast.newLog(), entries))).toEqual(saying(log))
    const late = cast.newLog()
    expect(late.add(entries[3] as Uint8Array)).toMatchObject({
      ok: true,
      value: { kind: 'orphan', missing: [log.entries()[2]?.id] }
    })
    expect(late.missing()).toEqual([log.entries()[2]?.id])
    expect(late.entries()).toEqual([])
    expect(late.add(entries[0] as Uint8Array)).toMatchObject({ value: { kind: 'accepted', released: [] } })
    expect(late.add(entries[0] as Uint8Array)).toMatchObject({ value: { kind: 'known' } })
  })

  test('the id leaves the signature out: a second signature makes no second entry', () => {
    const entry = appendDevice(suite, cast.newLog(), cast.root, cast.newDevice(), { manage: true })
    const decoded = decodeCbor(entry.bytes)
    const unsigned = encodeCbor((decoded.ok ? (decoded.value as CborValue[]) : []).slice(0, 7))
    expect(idToBytes(entry.id)).toEqual(suite.sha256(unsigned))
  })

  test('every flipped bit is refused, and nothing changes', () => {
    const log = cast.newLog()
    appendDevice(suite, log, cast.root, cast.newDevice(), { manage: true })
    const target = cast.newLog()
    const { bytes } = log.entries()[0] as { bytes: Uint8Array }
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const added = target.add(bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)))
      expect(added.ok, `bit ${bit}`).toBe(false)
    }
    expect(target.entries()).toEqual([])
  })

  test("T25: without the new device's consent, or with another's, it is not enrolled", () => {
    const log = cast.newLog()
    const [a, b] = [cast.newDevice(), cast.newDevice()]
    const body = (proof: Uint8Array, caps = 1): IdentityBody => ({
      kind: 'addDevice',
      device: a.device,
      boxPublicKey: a.boxPublicKey,
      caps,
      name: null,
      proof
    })
    const add = (of: IdentityBody): unknown =>
      log.add(
        signEntry(suite, cast.root.signingKey, { user: log.user, parents: log.heads(), lamport: 1, body: of })
      )
    const good = proveEnrolment(suite, a.signingKey, log.user, a.boxPublicKey, 1)
    expect(add(body(new Uint8Array(64)))).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add(body(proveEnrolment(suite, b.signingKey, log.user, a.boxPublicKey, 1)))).toMatchObject({
      ok: false,
      rule: 'ID4'
    })
    expect(
      add(body(proveEnrolment(suite, a.signingKey, rootOf(suite, 'eve').user, a.boxPublicKey, 1)))
    ).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add(body(proveEnrolment(suite, a.signingKey, log.user, b.boxPublicKey, 1)))).toMatchObject({
      ok: false,
      rule: 'ID4'
    })
    expect(add(body(good, 0))).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add(body(good))).toMatchObject({ ok: true, value: { kind: 'accepted' } })
  })

  test('T25: a device key of small or mixed order is refused by CR5', () => {
    const log = cast.newLog()
    const smallOrder = `d${'0'.repeat(52)}` as DeviceSecret['device']
    const body: IdentityBody = {
      kind: 'addDevice',
      device: smallOrder,
      boxPublicKey: new Uint8Array(32),
      caps: 0,
      name: null,
      proof: new Uint8Array(64)
    }
    expect(
      log.add(
        signEntry(suite, cast.root.signingKey, { user: log.user, parents: log.heads(), lamport: 1, body })
      )
    ).toMatchObject({ ok: false, rule: 'CR5' })
  })

  test('signers: strangers, devices without manage, and the revoked are refused', () => {
    const log = cast.newLog()
    const [manager, plain, revoked, fresh] = [
      cast.newDevice(),
      cast.newDevice(),
      cast.newDevice(),
      cast.newDevice()
    ]
    appendDevice(suite, log, cast.root, manager, { manage: true })
    appendDevice(suite, log, manager, plain, { manage: false })
    appendDevice(suite, log, manager, revoked, { manage: true })
    appendRevocation(suite, log, manager, revoked.device)
    for (const signer of [fresh, plain, revoked, rootOf(suite, 'eve')]) {
      expect(() => appendDevice(suite, log, signer, fresh, { manage: false })).toThrow(/ID5/)
    }
    expect(() => appendEntry(suite, log, manager, { kind: 'revokeAll' })).toThrow(/ID5/)
    expect(() => appendDevice(suite, log, manager, revoked, { manage: true })).toThrow(
      /enrolled or revoked before/
    )
    expect(() => appendDevice(suite, log, manager, plain, { manage: true })).toThrow(
      /enrolled or revoked before/
    )
  })

  test('lamport, parents and identity must fit', () => {
    const log = cast.newLog()
    const other = createIdentityLog(suite, rootOf(suite, 'eve').genesis)
    const body: IdentityBody = { kind: 'revokeAll' }
    const add = (draft: Partial<Parameters<typeof signEntry>[2]>): unknown =>
      log.add(
        signEntry(suite, cast.root.signingKey, {
          user: log.user,
          parents: log.heads(),
          lamport: 1,
          body,
          ...draft
        })
      )
    expect(add({ lamport: 2 })).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add({ lamport: 0 })).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add({ user: other.user })).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add({ parents: [] })).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add({ parents: [...log.heads(), ...log.heads()] })).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add({})).toMatchObject({ ok: true })
  })

  test('the whole log travels as bytes; a gap refuses it', () => {
    const log = cast.newLog()
    const device = cast.newDevice()
    appendDevice(suite, log, cast.root, device, { manage: true })
    appendUserKey(suite, cast.random, log, device)
    const read = decodeIdentityLog(suite, encodeIdentityLog(log))
    expect(read.ok && saying(read.value)).toEqual(saying(log))
    const gap = {
      ...log,
      genesis: log.genesis,
      entries: () => log.entries().slice(1)
    } as unknown as IdentityLog
    expect(decodeIdentityLog(suite, encodeIdentityLog(gap))).toMatchObject({ ok: false, rule: 'ID4' })
    expect(decodeIdentityLog(suite, encodeIdentityLog(log).subarray(0, -1))).toMatchObject({
      ok: false,
      rule: 'ID4'
    })
  })
})

test('[ID12] a successor needs both roots', () => {
  const log = cast.newLog()
  const next = rootOf(suite, 'grace')
  const device = cast.newDevice()
  appendDevice(suite, log, cast.root, device, { manage: true })
  appendMoved(suite, log, cast.root, next)
  expect(log.state().moved).toBe(next.user)
  const moved = log.entries().at(-1)?.body
  if (moved?.kind !== 'moved') throw new Error('not moved')
  expect(() =>
    appendEntry(suite, log, cast.root, { ...moved, successor: rootOf(suite, 'eve').genesis.bytes })
  ).toThrow(/ID12/)
  expect(() => appendEntry(suite, log, cast.root, { ...moved, proof: new Uint8Array(64) })).toThrow(/ID12/)
  expect(() => appendEntry(suite, log, device, moved)).toThrow(/ID5/)
  expect(() => appendMoved(suite, log, cast.root, cast.root)).toThrow(/ID12/)
  expect(idToBytes(log.user)).toHaveLength(32)
})

import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { idToBytes, type Random } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../encoding/index.ts'
import {
  appendDevice, appendEntry, appendMoved, appendRevocation, appendRevokeAll, appendUserKey, copyIdentityLog, createAccount, createCredential,
  createDevice, createIdentityLog, createIdentityProof, createPhrase, createRevocation, decodeIdentityLog, type DeviceSecret, encodeIdentityLog,
  type IdentityBody, type IdentityLog, openDeviceName, openUserKeys, proveEnrolment, readEntry, type RootSecret, rootFromPhrase, sealUserKey,
  signEntry, userKeyRecipients, createUserKey, verifyCredential, verifyIdentityEntry, verifyRevocation
} from './index.ts'

function seeded(seed: string): Random {
  let counter = 0
  return {
    bytes: length => {
      const out = new Uint8Array(length)
      for (let at = 0; at < length; at += 32) out.set(createHash('sha256').update(`${seed}/${counter++}`).digest().subarray(0, length - at), at)
      return out
    }
  }
}

let suite: Suite
let random: Random
let root: RootSecret
beforeAll(async () => {
  suite = await createNodeSuite()
  random = seeded('log')
  root = makeRoot('ada')
})

function makeRoot(seed: string): RootSecret {
  const made = rootFromPhrase(suite, createPhrase(seeded(seed)))
  if (!made.ok) throw new Error(made.reason)
  return made.value
}

const newLog = (): IdentityLog => createIdentityLog(suite, root.genesis)
const newDevice = (): DeviceSecret => createDevice(suite, random)

/** Everything said by a log, comparable. */
function saying(log: IdentityLog): unknown {
  const { devices, userKeys, moved } = log.state()
  return { devices, userKeys, moved, heads: log.heads(), head: log.head(), standing: log.entries().map(({ id }) => log.state().standing(id)) }
}

/** A branch that others do not know of: what `write` adds, as bytes. */
function branch(log: IdentityLog, write: (copy: IdentityLog) => void): Uint8Array[] {
  const copy = copyIdentityLog(suite, log)
  write(copy)
  return copy.entries().filter(({ id }) => !log.has(id)).map(({ bytes }) => bytes)
}

function addAll(log: IdentityLog, entries: readonly Uint8Array[]): void {
  for (const entry of entries) {
    const added = log.add(entry)
    if (!added.ok) throw new Error(`${added.rule}: ${added.reason}`)
  }
}

function orders<T>(items: readonly T[]): T[][] {
  return items.length <= 1 ? [[...items]] : items.flatMap((item, at) => orders([...items.slice(0, at), ...items.slice(at + 1)]).map(rest => [item, ...rest]))
}

/** A log in every order of arrival says the same. */
function inEveryOrder(log: IdentityLog, entries: readonly Uint8Array[]): IdentityLog {
  const outcomes = orders(entries).map(order => {
    const copy = copyIdentityLog(suite, log)
    addAll(copy, order)
    return copy
  })
  for (const outcome of outcomes) expect(saying(outcome)).toEqual(saying(outcomes[0] as IdentityLog))
  return outcomes[0] as IdentityLog
}

const active = (log: IdentityLog, device: DeviceSecret): boolean => log.state().device(device.device)?.active === true

describe('[ID4] entries', () => {
  test('an account is a genesis, a device and a user key', () => {
    const account = createAccount(suite, seeded('one'), 1_000, { deviceName: 'laptop' })
    expect(account.log.entries().map(({ body }) => body.kind)).toEqual(['addDevice', 'userKey'])
    const state = account.log.state()
    expect(state.device(account.device.device)).toMatchObject({ active: true, manage: true, revokedBy: [] })
    expect(state.userKey).toMatchObject({ generation: 1, stale: false, boxPublicKey: account.userKeys[0]?.boxPublicKey })
    expect(openDeviceName(suite, account.userKeys, state.device(account.device.device)?.name as Uint8Array)).toBe('laptop')
    expect(Object.keys(account)).not.toContain('phrase')
  })

  test('any order of arrival gives one state; what lacks its parents waits', () => {
    const log = newLog()
    const [a, b] = [newDevice(), newDevice()]
    appendDevice(suite, log, root, a, { manage: true })
    appendUserKey(suite, random, log, root)
    appendDevice(suite, log, a, b, { manage: false })
    appendRevocation(suite, log, a, b.device)
    const entries = log.entries().map(({ bytes }) => bytes)
    expect(saying(inEveryOrder(newLog(), entries))).toEqual(saying(log))
    const late = newLog()
    expect(late.add(entries[3] as Uint8Array)).toMatchObject({ ok: true, value: { kind: 'orphan', missing: [log.entries()[2]?.id] } })
    expect(late.missing()).toEqual([log.entries()[2]?.id])
    expect(late.entries()).toEqual([])
    expect(late.add(entries[0] as Uint8Array)).toMatchObject({ value: { kind: 'accepted', released: [] } })
    expect(late.add(entries[0] as Uint8Array)).toMatchObject({ value: { kind: 'known' } })
  })

  test('the id leaves the signature out: a second signature makes no second entry', () => {
    const entry = appendDevice(suite, newLog(), root, newDevice(), { manage: true })
    const decoded = decodeCbor(entry.bytes)
    const unsigned = encodeCbor((decoded.ok ? decoded.value as CborValue[] : []).slice(0, 7))
    expect(idToBytes(entry.id)).toEqual(suite.sha256(unsigned))
  })

  test('every flipped bit is refused, and nothing changes', () => {
    const log = newLog()
    appendDevice(suite, log, root, newDevice(), { manage: true })
    const target = copyIdentityLog(suite, newLog())
    const { bytes } = log.entries()[0] as { bytes: Uint8Array }
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const added = target.add(bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)))
      expect(added.ok, `bit ${bit}`).toBe(false)
    }
    expect(target.entries()).toEqual([])
  })

  test('T25: without the new device\'s consent, or with another\'s, it is not enrolled', () => {
    const log = newLog()
    const [a, b] = [newDevice(), newDevice()]
    const body = (proof: Uint8Array, caps = 1): IdentityBody => ({ kind: 'addDevice', device: a.device, boxPublicKey: a.boxPublicKey, caps, name: null, proof })
    const add = (of: IdentityBody): unknown => log.add(signEntry(suite, root.signingKey, { user: log.user, parents: log.heads(), lamport: 1, body: of }))
    const good = proveEnrolment(suite, a.signingKey, log.user, a.boxPublicKey, 1)
    expect(add(body(new Uint8Array(64)))).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add(body(proveEnrolment(suite, b.signingKey, log.user, a.boxPublicKey, 1)))).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add(body(proveEnrolment(suite, a.signingKey, makeRoot('eve').user, a.boxPublicKey, 1)))).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add(body(proveEnrolment(suite, a.signingKey, log.user, b.boxPublicKey, 1)))).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add(body(good, 0))).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add(body(good))).toMatchObject({ ok: true, value: { kind: 'accepted' } })
  })

  test('T25: a device key of small or mixed order is refused by CR5', () => {
    const log = newLog()
    const smallOrder = `d${'0'.repeat(52)}` as DeviceSecret['device']
    const body: IdentityBody = { kind: 'addDevice', device: smallOrder, boxPublicKey: new Uint8Array(32), caps: 0, name: null, proof: new Uint8Array(64) }
    expect(log.add(signEntry(suite, root.signingKey, { user: log.user, parents: log.heads(), lamport: 1, body }))).toMatchObject({ ok: false, rule: 'CR5' })
  })

  test('signers: strangers, devices without manage, and the revoked are refused', () => {
    const log = newLog()
    const [manager, plain, revoked, fresh] = [newDevice(), newDevice(), newDevice(), newDevice()]
    appendDevice(suite, log, root, manager, { manage: true })
    appendDevice(suite, log, manager, plain, { manage: false })
    appendDevice(suite, log, manager, revoked, { manage: true })
    appendRevocation(suite, log, manager, revoked.device)
    for (const signer of [fresh, plain, revoked, makeRoot('eve')]) {
      expect(() => appendDevice(suite, log, signer, fresh, { manage: false })).toThrow(/ID5/)
    }
    expect(() => appendEntry(suite, log, manager, { kind: 'revokeAll' })).toThrow(/ID5/)
    expect(() => appendDevice(suite, log, manager, revoked, { manage: true })).toThrow(/enrolled or revoked before/)
    expect(() => appendDevice(suite, log, manager, plain, { manage: true })).toThrow(/enrolled or revoked before/)
  })

  test('lamport, parents and identity must fit', () => {
    const log = newLog()
    const other = createIdentityLog(suite, makeRoot('eve').genesis)
    const body: IdentityBody = { kind: 'revokeAll' }
    const add = (draft: Partial<Parameters<typeof signEntry>[2]>): unknown =>
      log.add(signEntry(suite, root.signingKey, { user: log.user, parents: log.heads(), lamport: 1, body, ...draft }))
    expect(add({ lamport: 2 })).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add({ lamport: 0 })).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add({ user: other.user })).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add({ parents: [] })).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add({ parents: [...log.heads(), ...log.heads()] })).toMatchObject({ ok: false, rule: 'ID4' })
    expect(add({})).toMatchObject({ ok: true })
  })

  test('the whole log travels as bytes; a gap refuses it', () => {
    const log = newLog()
    const device = newDevice()
    appendDevice(suite, log, root, device, { manage: true })
    appendUserKey(suite, random, log, device)
    const read = decodeIdentityLog(suite, encodeIdentityLog(log))
    expect(read.ok && saying(read.value)).toEqual(saying(log))
    const gap = { ...log, genesis: log.genesis, entries: () => log.entries().slice(1) } as unknown as IdentityLog
    expect(decodeIdentityLog(suite, encodeIdentityLog(gap))).toMatchObject({ ok: false, rule: 'ID4' })
    expect(decodeIdentityLog(suite, encodeIdentityLog(log).subarray(0, -1))).toMatchObject({ ok: false, rule: 'ID4' })
  })
})

describe('[ID5] conflicts', () => {
  test('revocation voids what the device signed concurrently, and spares what the revoker had seen', () => {
    const log = newLog()
    const [thief, early, late] = [newDevice(), newDevice(), newDevice()]
    appendDevice(suite, log, root, thief, { manage: true })
    appendDevice(suite, log, thief, early, { manage: false })
    const attack = branch(log, copy => {
      appendDevice(suite, copy, thief, late, { manage: true })
      appendRevocation(suite, copy, late, early.device)
    })
    const revocation = branch(log, copy => {
      appendRevocation(suite, copy, root, thief.device)
    })
    const merged = inEveryOrder(log, [...attack, ...revocation])
    expect([thief, early, late].map(device => active(merged, device))).toEqual([false, true, false])
  })

  test('devices revoking each other: the shorter path stands', () => {
    const log = newLog()
    const [first, second] = [newDevice(), newDevice()]
    appendDevice(suite, log, root, first, { manage: true })
    appendDevice(suite, log, first, second, { manage: true })
    const merged = inEveryOrder(log, [
      ...branch(log, copy => { appendRevocation(suite, copy, first, second.device) }),
      ...branch(log, copy => { appendRevocation(suite, copy, second, first.device) })
    ])
    expect([first, second].map(device => active(merged, device))).toEqual([true, false])
  })

  test('at equal paths the lower device id stands', () => {
    const log = newLog()
    const pair = [newDevice(), newDevice()].sort((a, b) => (a.device < b.device ? -1 : 1)) as [DeviceSecret, DeviceSecret]
    for (const device of pair) appendDevice(suite, log, root, device, { manage: true })
    const merged = inEveryOrder(log, [
      ...branch(log, copy => { appendRevocation(suite, copy, pair[0], pair[1].device) }),
      ...branch(log, copy => { appendRevocation(suite, copy, pair[1], pair[0].device) })
    ])
    expect(pair.map(device => active(merged, device))).toEqual([true, false])
  })

  test('the root beats devices: it breaks a duel in favour of the junior', () => {
    const log = newLog()
    const [thief, own] = [newDevice(), newDevice()]
    appendDevice(suite, log, root, thief, { manage: true })
    appendDevice(suite, log, thief, own, { manage: true })
    const merged = inEveryOrder(log, [
      ...branch(log, copy => { appendRevocation(suite, copy, thief, own.device) }),
      ...branch(log, copy => { appendRevocation(suite, copy, own, thief.device) }),
      ...branch(log, copy => { appendRevocation(suite, copy, root, thief.device) })
    ])
    expect([thief, own].map(device => active(merged, device))).toEqual([false, true])
  })

  test('three devices in a circle: the most senior revocation stands, and with it what follows', () => {
    const log = newLog()
    const three = [newDevice(), newDevice(), newDevice()].sort((a, b) => (a.device < b.device ? -1 : 1)) as [DeviceSecret, DeviceSecret, DeviceSecret]
    for (const device of three) appendDevice(suite, log, root, device, { manage: true })
    const [a, b, c] = three
    const merged = inEveryOrder(log, [
      ...branch(log, copy => { appendRevocation(suite, copy, a, b.device) }),
      ...branch(log, copy => { appendRevocation(suite, copy, b, c.device) }),
      ...branch(log, copy => { appendRevocation(suite, copy, c, a.device) })
    ])
    // a's stands first; so b's falls; so c's stands.
    expect(three.map(device => active(merged, device))).toEqual([false, false, true])
  })

  test('revokeAll turns off all that did not know of it, and what comes after stands', () => {
    const log = newLog()
    const [known, concurrent, after] = [newDevice(), newDevice(), newDevice()]
    appendDevice(suite, log, root, known, { manage: true })
    const merged = inEveryOrder(log, [
      ...branch(log, copy => { appendDevice(suite, copy, known, concurrent, { manage: true }) }),
      ...branch(log, copy => {
        appendRevokeAll(suite, copy, root)
        appendDevice(suite, copy, root, after, { manage: true })
      })
    ])
    expect([known, concurrent, after].map(device => active(merged, device))).toEqual([false, false, true])
    appendUserKey(suite, random, merged, after)
    expect(merged.state().userKey?.stale).toBe(false)
  })
})

describe('[ID6] certificates', () => {
  function chain(length: number): { log: IdentityLog; devices: DeviceSecret[] } {
    const log = newLog()
    const devices: DeviceSecret[] = []
    for (let step = 0; step < length; step++) {
      const device = newDevice()
      appendDevice(suite, log, devices.at(-1) ?? root, device, { manage: true, name: new Uint8Array(44 + 48) })
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
    expect(verified).toMatchObject({ ok: true, value: { user: log.user, device: last.device, deviceBoxPublicKey: last.boxPublicKey, manage: true, head: log.head() } })
    expect(() => appendDevice(suite, log, last, newDevice(), { manage: false })).toThrow(/ID6/)
  })

  test('the shortest path is taken', () => {
    const { log, devices: [a, b] } = chain(2)
    const merged = copyIdentityLog(suite, log)
    // The root enrols b too, knowing only of a: a shorter path to the same device.
    const short = newLog()
    appendDevice(suite, short, root, b as DeviceSecret, { manage: true })
    addAll(merged, short.entries().map(({ bytes }) => bytes))
    expect(merged.pathTo((b as DeviceSecret).device)).toHaveLength(1)
    expect(merged.pathTo((a as DeviceSecret).device)).toHaveLength(1)
  })

  test('it names the newest user key its holder knew', () => {
    const account = createAccount(suite, seeded('certificate'), 0)
    const verified = verifyCredential(suite, account.credential)
    expect(verified).toMatchObject({ ok: true, value: { userKey: { generation: 1, boxPublicKey: account.userKeys[0]?.boxPublicKey } } })
  })

  test('another user, another device, a known revocation, a broken path, flipped bits: refused', () => {
    const { log, devices: [a, b] } = chain(2) as { log: IdentityLog; devices: [DeviceSecret, DeviceSecret] }
    const bytes = createCredential(log, b.device)
    expect(verifyCredential(suite, bytes, { user: makeRoot('eve').user })).toMatchObject({ ok: false, rule: 'ID6' })
    expect(verifyCredential(suite, bytes, { device: a.device })).toMatchObject({ ok: false, rule: 'ID6' })
    const later = copyIdentityLog(suite, log)
    appendRevocation(suite, later, root, b.device)
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
    const plain = newLog()
    const c = newDevice()
    appendDevice(suite, plain, root, c, { manage: false })
    const forged = signEntry(suite, c.signingKey, {
      user: plain.user, parents: plain.heads(), lamport: 2,
      body: { kind: 'addDevice', device: a.device, boxPublicKey: a.boxPublicKey, caps: 0, name: null, proof: proveEnrolment(suite, a.signingKey, plain.user, a.boxPublicKey, 0) }
    })
    const proof = createIdentityProof(plain, plain.head())
    expect(verifyIdentityEntry(suite, proof)).toMatchObject({ ok: true })
    expect(plain.add(forged)).toMatchObject({ ok: false, rule: 'ID5' })
  })

  test('[ID9] revocations and entries prove themselves to who holds no log', () => {
    const { log, devices: [a, b] } = chain(2) as { log: IdentityLog; devices: [DeviceSecret, DeviceSecret] }
    expect(createRevocation(log, b.device)).toBeUndefined()
    appendRevocation(suite, log, a, b.device)
    const proof = createRevocation(log, b.device) as Uint8Array
    expect(verifyRevocation(suite, proof, { user: log.user, device: b.device })).toMatchObject({ ok: true, value: { target: b.device } })
    expect(verifyRevocation(suite, proof, { device: a.device })).toMatchObject({ ok: false, rule: 'ID9' })
    expect(verifyRevocation(suite, proof, { user: makeRoot('eve').user })).toMatchObject({ ok: false, rule: 'ID9' })
    const key = appendUserKey(suite, random, log, a)
    const entry = verifyIdentityEntry(suite, createIdentityProof(log, log.head()), { user: log.user })
    expect(entry).toMatchObject({ ok: true, value: { body: { kind: 'userKey', boxPublicKey: key.boxPublicKey } } })
    expect(verifyRevocation(suite, createIdentityProof(log, log.head()))).toMatchObject({ ok: false, rule: 'ID9' })
    appendRevokeAll(suite, log, root)
    expect(verifyRevocation(suite, createIdentityProof(log, log.head()), { device: a.device })).toMatchObject({ ok: true, value: { target: 'all' } })
  })
})

describe('[ID7] user keys', () => {
  test('each device and the phrase open the newest, and walk back', () => {
    const account = createAccount(suite, seeded('uk'), 0)
    const log = account.log
    const second = newDevice()
    appendDevice(suite, log, account.device, second, { manage: false })
    const two = appendUserKey(suite, random, log, account.device, account.userKeys[0])
    const three = appendUserKey(suite, random, log, account.device, two)
    for (const opener of [account.device, second]) {
      expect(openUserKeys(suite, log.entries(), opener).map(({ generation, seed }) => [generation, seed])).toEqual([
        [1, account.userKeys[0]?.seed], [2, two.seed], [3, three.seed]
      ])
    }
    expect(openUserKeys(suite, log.entries(), newDevice())).toEqual([])
    expect(log.state().userKey).toMatchObject({ generation: 3, stale: false })
    appendRevocation(suite, log, account.device, second.device)
    expect(log.state().userKey).toMatchObject({ generation: 3, stale: true })
    appendUserKey(suite, random, log, account.device, three)
    expect(log.state().userKey).toMatchObject({ generation: 4, stale: false })
    expect(openUserKeys(suite, log.entries(), second).map(({ generation }) => generation)).toEqual([1, 2, 3])
  })

  test('generations follow each other; only the root may leap', () => {
    const account = createAccount(suite, seeded('leap'), 0)
    const { log, device } = account
    expect(() => appendUserKey(suite, random, log, device, undefined, 3)).toThrow(/ID7/)
    expect(() => appendUserKey(suite, random, log, device, undefined, 1)).toThrow(/ID7/)
    const phraseRoot = rootFromPhrase(suite, account.phrase)
    if (!phraseRoot.ok) throw new Error(phraseRoot.reason)
    expect(() => appendUserKey(suite, random, log, phraseRoot.value, undefined, 1)).toThrow(/ID7/)
    appendUserKey(suite, random, log, phraseRoot.value, undefined, 30_000_000)
    expect(log.state().userKey?.generation).toBe(30_000_000)
    appendUserKey(suite, random, log, device)
    expect(log.state().userKey?.generation).toBe(30_000_001)
  })

  test('T22: a body whose key id or public key is not the seed\'s does not open', () => {
    const account = createAccount(suite, seeded('liar'), 0)
    const key = createUserKey(suite, random, 2)
    const honest = sealUserKey(suite, random, key, userKeyRecipients(account.log))
    const entry = (body: IdentityBody): Parameters<typeof openUserKeys>[1] => [{ ...account.log.entries()[0]!, body }]
    expect(openUserKeys(suite, entry(honest), account.device)).toHaveLength(1)
    expect(openUserKeys(suite, entry({ ...honest, boxPublicKey: new Uint8Array(32) }), account.device)).toEqual([])
    expect(openUserKeys(suite, entry({ ...honest, keyId: new Uint8Array(16) }), account.device)).toEqual([])
  })
})

test('[ID12] a successor needs both roots', () => {
  const log = newLog()
  const next = makeRoot('grace')
  const device = newDevice()
  appendDevice(suite, log, root, device, { manage: true })
  appendMoved(suite, log, root, next)
  expect(log.state().moved).toBe(next.user)
  const moved = log.entries().at(-1)?.body
  if (moved?.kind !== 'moved') throw new Error('not moved')
  expect(() => appendEntry(suite, log, root, { ...moved, successor: makeRoot('eve').genesis.bytes })).toThrow(/ID12/)
  expect(() => appendEntry(suite, log, root, { ...moved, proof: new Uint8Array(64) })).toThrow(/ID12/)
  expect(() => appendEntry(suite, log, device, moved)).toThrow(/ID5/)
  expect(() => appendMoved(suite, log, root, root)).toThrow(/ID12/)
  expect(idToBytes(log.user)).toHaveLength(32)
})

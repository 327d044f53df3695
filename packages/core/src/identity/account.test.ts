import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import { systemRandom } from '../adapters/runtime-node/index.ts'
import { idFromBytes } from '../base/index.ts'
import { paddedLength, type Suite } from '../crypto/index.ts'
import { decodeCbor, encodeCbor, type CborValue } from '../encoding/index.ts'
import {
  type Account,
  appendDevice,
  appendRevocation,
  type BackupContents,
  compareProfiles,
  createAccount,
  createDevice,
  decodeIdentityLog,
  encodeIdentityLog,
  type NewAccount,
  openBackup,
  openDeviceName,
  readProfile,
  recoverAccount,
  refreshAccount,
  renewUserKey,
  type RootSecret,
  rootFromPhrase,
  safetyNumber,
  sealBackup,
  signProfile,
  verifyCredential
} from './index.ts'

const MINUTE_MS = 60_000
const NOW = 1_764_000_000_000
let suite: Suite
let account: NewAccount
let root: RootSecret
beforeAll(async () => {
  suite = await createNodeSuite()
  account = createAccount(suite, systemRandom, NOW, { deviceName: 'laptop' })
  const read = rootFromPhrase(suite, account.phrase)
  if (!read.ok) throw new Error(read.reason)
  root = read.value
})

function recovered(verdict: ReturnType<typeof recoverAccount>): Account {
  if (!verdict.ok) throw new Error(verdict.reason)
  return verdict.value
}

describe('[ID11] return by phrase', () => {
  test('with the log: same user, new device, every user key, old device still on', () => {
    const later = renewUserKey(suite, systemRandom, account)
    expect(later.userKeys.map(({ generation }) => generation)).toEqual([1, 2])
    const back = recovered(
      recoverAccount(suite, systemRandom, NOW, account.phrase, { log: account.log, deviceName: 'phone' })
    )
    expect(back.user).toBe(account.user)
    expect(back.device.device).not.toBe(account.device.device)
    expect(back.userKeys.map(({ seed }) => seed)).toEqual(later.userKeys.map(({ seed }) => seed))
    const state = back.log.state()
    expect(state.devices.filter(({ active }) => active)).toHaveLength(2)
    expect(openDeviceName(suite, later.userKeys, state.device(back.device.device)?.name as Uint8Array)).toBe(
      'phone'
    )
    expect(
      verifyCredential(suite, back.credential, {
        user: account.user,
        device: back.device.device,
        log: back.log
      })
    ).toMatchObject({ ok: true })
    expect(account.log.entries().length).toBeLessThan(back.log.entries().length)
  })

  test('T12: with revokeOthers the old device is off, and a new user key excludes it', () => {
    const back = recovered(
      recoverAccount(suite, systemRandom, NOW, account.phrase, { log: account.log, revokeOthers: true })
    )
    expect(
      back.log
        .state()
        .devices.filter(({ active }) => active)
        .map(({ device }) => device)
    ).toEqual([back.device.device])
    expect(back.log.state().userKey?.stale).toBe(false)
    const old = { ...account, device: account.device, log: back.log }
    expect(refreshAccount(suite, old).userKeys.at(-1)?.generation).toBeLessThan(
      back.userKeys.at(-1)?.generation as number
    )
  })

  test('by phrase alone: a generation that counts over those it cannot see, and merges', () => {
    const back = recovered(recoverAccount(suite, systemRandom, NOW, account.phrase, { revokeOthers: true }))
    expect(back.user).toBe(account.user)
    expect(back.userKeys.map(({ generation }) => generation)).toEqual([NOW / MINUTE_MS])
    const merged = decodeIdentityLog(suite, encodeIdentityLog(account.log))
    if (!merged.ok) throw new Error(merged.reason)
    for (const { bytes } of back.log.entries()) expect(merged.value.add(bytes).ok).toBe(true)
    expect(merged.value.state().userKey?.generation).toBe(NOW / MINUTE_MS)
    expect(merged.value.state().device(account.device.device)?.active).toBe(false)
    expect(merged.value.state().device(back.device.device)?.active).toBe(true)
    const again = recovered(recoverAccount(suite, systemRandom, NOW, account.phrase, { log: merged.value }))
    expect(again.userKeys.map(({ generation }) => generation)).toContain(1)
  })

  test('a stale user key is renewed on return', () => {
    const log = createAccountLog()
    const back = recovered(recoverAccount(suite, systemRandom, NOW, log.phrase, { log: log.log }))
    expect(back.log.state().userKey).toMatchObject({ generation: 2, stale: false })
    expect(back.userKeys).toHaveLength(2)
  })

  function createAccountLog(): NewAccount {
    const made = createAccount(suite, systemRandom, NOW)
    const lost = createDevice(suite, systemRandom)
    appendDevice(suite, made.log, made.device, lost, { manage: false })
    appendRevocation(suite, made.log, made.device, lost.device)
    return made
  }

  test("a wrong phrase and another's log are refused", () => {
    expect(recoverAccount(suite, systemRandom, NOW, 'abandon')).toMatchObject({ ok: false, rule: 'ID1' })
    const other = createAccount(suite, systemRandom, NOW)
    expect(recoverAccount(suite, systemRandom, NOW, account.phrase, { log: other.log })).toMatchObject({
      ok: false,
      rule: 'ID11'
    })
  })
})

describe('[ID11] backup file', () => {
  const contents = (): BackupContents => ({
    log: encodeIdentityLog(account.log),
    servers: [
      { server: idFromBytes('s', new Uint8Array(32).fill(1)), addresses: ['/ip4/127.0.0.1/tcp/4001'] }
    ],
    userKeys: account.userKeys,
    contacts: [{ user: idFromBytes('u', new Uint8Array(32).fill(2)), name: 'Grace' }],
    extensions: [['note', Uint8Array.of(1)]]
  })

  test('opens with the phrase alone, padded, without device secrets', () => {
    const bytes = sealBackup(suite, systemRandom, root, contents())
    const opened = openBackup(suite, root, bytes)
    if (!opened.ok) throw new Error(opened.reason)
    const { userKeys, ...rest } = contents()
    expect(opened.value).toMatchObject(rest)
    expect(opened.value.userKeys.map(({ seed }) => seed)).toEqual(userKeys.map(({ seed }) => seed))
    const decoded = decodeCbor(bytes)
    const sealed = (decoded.ok ? (decoded.value as CborValue[]) : [])[5] as Uint8Array
    expect(paddedLength(sealed.length - 16 - 1)).toBe(sealed.length - 16)
    const padded = suite.xchachaOpen(
      root.backupKey,
      (decoded.ok ? (decoded.value as CborValue[]) : [])[4] as Uint8Array,
      encodeCbor((decoded.ok ? (decoded.value as CborValue[]) : []).slice(0, 4)),
      sealed
    ) as Uint8Array
    for (const secret of [account.device.signSeed, account.device.boxSecret])
      expect(Buffer.from(padded).includes(Buffer.from(secret))).toBe(false)
    expect(Buffer.from(padded).includes(Buffer.from(account.userKeys[0]!.seed))).toBe(true)
  })

  test('another phrase, altered or cut bytes, newer version: refused', () => {
    const bytes = sealBackup(suite, systemRandom, root, contents())
    const other = rootFromPhrase(suite, createAccount(suite, systemRandom, NOW).phrase)
    if (!other.ok) throw new Error(other.reason)
    expect(openBackup(suite, other.value, bytes)).toMatchObject({ ok: false, rule: 'ID11' })
    for (const at of [0, 5, 14, 15, 20, 60, 90, bytes.length - 1]) {
      expect(
        openBackup(
          suite,
          root,
          bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
        ),
        String(at)
      ).toMatchObject({ ok: false, rule: 'ID11' })
    }
    expect(openBackup(suite, root, bytes.subarray(0, -1))).toMatchObject({ ok: false, rule: 'ID11' })
    const decoded = decodeCbor(bytes)
    const newer = encodeCbor(
      (decoded.ok ? (decoded.value as CborValue[]) : []).map((item, at) => (at === 1 ? 2 : item))
    )
    const refusal = openBackup(suite, root, newer)
    expect(!refusal.ok && refusal.reason).toContain('version 2')
  })
})

test('[ID8] the safety number is the same on both sides, by the definition', () => {
  const [a, b] = [account.user, createAccount(suite, systemRandom, NOW).user]
  expect(safetyNumber(suite, a, b)).toBe(safetyNumber(suite, b, a))
  expect(safetyNumber(suite, a, b)).toMatch(/^\d{5}( \d{5}){11}$/)
  const user = idFromBytes('u', new Uint8Array(32))
  const digest = createHash('sha256').update('xcord/v1/safety\0').update(new Uint8Array(32)).digest()
  const groups = Array.from({ length: 6 }, (_, i) =>
    String(digest.readUIntBE(i * 5, 5) % 100_000).padStart(5, '0')
  )
  expect(safetyNumber(suite, user, user)).toBe([...groups, ...groups].join(' '))
})

describe('[ID13] profile', () => {
  test('signed by a device, read by anyone, newest counts', () => {
    const secret = new Uint8Array(32).fill(7)
    const bytes = signProfile(suite, account.user, account.device, {
      revision: 2,
      name: 'Ada',
      avatar: [new Uint8Array(32), 5],
      inboxSecret: secret
    })
    const read = readProfile(suite, bytes, { user: account.user, device: account.device.device })
    if (!read.ok) throw new Error(read.reason)
    expect(read.value).toMatchObject({
      user: account.user,
      revision: 2,
      name: 'Ada',
      avatar: [new Uint8Array(32), 5]
    })
    expect(read.value.inboxSecret).toEqual(secret)
    expect(Object.keys(read.value)).not.toContain('inboxSecret')
    const older = readProfile(
      suite,
      signProfile(suite, account.user, account.device, { revision: 1, name: 'Ada' })
    )
    expect(older.ok && compareProfiles(read.value, older.value)).toBeGreaterThan(0)
  })

  test('wrong user, wrong device, flipped bits, names out of bounds: refused', () => {
    const bytes = signProfile(suite, account.user, account.device, { revision: 1, name: 'Ada' })
    expect(readProfile(suite, bytes, { user: idFromBytes('u', new Uint8Array(32)) })).toMatchObject({
      ok: false,
      rule: 'ID13'
    })
    expect(readProfile(suite, bytes, { device: idFromBytes('d', new Uint8Array(32)) })).toMatchObject({
      ok: false,
      rule: 'ID13'
    })
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      expect(
        readProfile(
          suite,
          bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
        ).ok,
        `bit ${bit}`
      ).toBe(false)
    }
    expect(() => signProfile(suite, account.user, account.device, { revision: 1, name: '' })).toThrow(
      RangeError
    )
    expect(() =>
      signProfile(suite, account.user, account.device, { revision: 1, name: 'a'.repeat(101) })
    ).toThrow(RangeError)
  })
})

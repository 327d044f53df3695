/** docs/spec/vectors/identity, read as another implementation would read them. */
import { readFileSync } from 'node:fs'
import { fromString, toString } from 'uint8arrays'
import { beforeAll, expect, test } from 'vitest'
import { buildIdentityVectors } from '../../scripts/vectors-identity.ts'
import { createNodeSuite } from '../adapters/crypto-node/index.ts'
import type { DeviceId, UserId, Verdict } from '../base/index.ts'
import type { Suite } from '../crypto/index.ts'
import {
  accountFromKeyStore,
  createIdentityLog,
  decodeIdentityLog,
  deviceFromSeeds,
  encodeIdentityLog,
  LINK_SIGNS,
  linkedAccount,
  LinkTaker,
  parseLinkCode,
  type IdentityLog,
  openBackup,
  openDeviceName,
  openKeyStore,
  openUserKeys,
  readGenesis,
  readProfile,
  type RootSecret,
  rootFromPhrase,
  safetyNumber,
  verifyCredential,
  verifyIdentityEntry,
  verifyRevocation
} from './index.ts'

const hex = (text: string): Uint8Array => fromString(text, 'hex')
const toHex = (bytes: Uint8Array): string => toString(bytes, 'hex')
function read<T>(name: string): T {
  return JSON.parse(
    readFileSync(new URL(`../../../../docs/spec/vectors/identity/${name}.json`, import.meta.url), 'utf8')
  ) as T
}
function taken<T>(verdict: Verdict<T>): T {
  if (!verdict.ok) throw new Error(`${verdict.rule}: ${verdict.reason}`)
  return verdict.value
}

let suite: Suite
beforeAll(async () => {
  suite = await createNodeSuite()
})

test('[ID4] the files are what the generator writes', async () => {
  for (const [name, content] of Object.entries(await buildIdentityVectors()))
    expect(JSON.parse(JSON.stringify(content)), name).toEqual(read(name))
})

test('[ID1] [ID2] phrases.json', () => {
  interface Phrases {
    valid: {
      phrase: string
      rootPublicKey: string
      recoverySecret: string
      recoveryPublicKey: string
      backupKey: string
      genesis: string
      user: string
    }[]
    refuse: { note: string; phrase: string; rule: string }[]
    refuseGenesis: { note: string; genesis: string; rule: string }[]
  }
  const vectors = read<Phrases>('phrases')
  for (const each of vectors.valid) {
    const root = taken(rootFromPhrase(suite, each.phrase))
    expect(
      [
        root.signingKey.publicKey,
        root.recoverySecret,
        root.genesis.recoveryPublicKey,
        root.backupKey,
        root.genesis.bytes
      ].map(toHex)
    ).toEqual([each.rootPublicKey, each.recoverySecret, each.recoveryPublicKey, each.backupKey, each.genesis])
    expect(root.user).toBe(each.user)
    expect(taken(readGenesis(suite, hex(each.genesis))).user).toBe(each.user)
  }
  for (const { note, phrase, rule } of vectors.refuse)
    expect(rootFromPhrase(suite, phrase), note).toMatchObject({ ok: false, rule })
  for (const { note, genesis, rule } of vectors.refuseGenesis)
    expect(readGenesis(suite, hex(genesis)), note).toMatchObject({ ok: false, rule })
})

test('[ID4] [ID5] logs.json, forwards and backwards', () => {
  interface State {
    devices: object[]
    userKey: object | null
    moved: string | null
    heads: string[]
    head: string
    voided: string[]
  }
  const vectors = read<{
    valid: { note: string; log: string; state: State }[]
    refuse: { note: string; log: string; entry: string; rule: string }[]
  }>('logs')
  const check = (log: IdentityLog, expected: State, note: string): void => {
    const state = log.state()
    expect(
      state.devices.map(({ device, active, manage }) => ({ device, active, manage })),
      note
    ).toEqual(expected.devices)
    expect(
      state.userKey === undefined
        ? null
        : {
            generation: state.userKey.generation,
            boxPublicKey: toHex(state.userKey.boxPublicKey),
            stale: state.userKey.stale
          },
      note
    ).toEqual(expected.userKey)
    expect([state.moved ?? null, log.heads(), log.head()], note).toEqual([
      expected.moved,
      expected.heads,
      expected.head
    ])
    expect(
      log
        .entries()
        .filter(({ id }) => state.standing(id) === 'voided')
        .map(({ id }) => id),
      note
    ).toEqual(expected.voided)
  }
  for (const { note, log: bytes, state } of vectors.valid) {
    const log = taken(decodeIdentityLog(suite, hex(bytes)))
    check(log, state, note)
    expect(toHex(encodeIdentityLog(log))).toBe(bytes)
    const backwards = createIdentityLog(suite, log.genesis)
    for (const entry of [...log.entries()].reverse()) backwards.add(entry.bytes)
    check(backwards, state, note)
  }
  for (const { note, log, entry, rule } of vectors.refuse) {
    expect(taken(decodeIdentityLog(suite, hex(log))).add(hex(entry)), note).toMatchObject({ ok: false, rule })
  }
})

test('[ID6] [ID9] certificates.json', () => {
  interface Certificates {
    certificates: {
      certificate: string
      user: UserId
      device: DeviceId
      boxPublicKey: string
      manage: boolean
      userKey: number | null
    }[]
    refuseCertificates: { note: string; certificate: string; rule: string }[]
    revocations: { proof: string; user: UserId; device: DeviceId }[]
    proofs: { proof: string; user: UserId; kind: string }[]
    refuseRevocations: { note: string; proof: string; device: DeviceId; rule: string }[]
  }
  const vectors = read<Certificates>('certificates')
  for (const { certificate, user, device, boxPublicKey, manage, userKey } of vectors.certificates) {
    const verified = taken(verifyCredential(suite, hex(certificate), { user, device }))
    expect([
      toHex(verified.deviceBoxPublicKey),
      verified.manage,
      verified.userKey?.generation ?? null
    ]).toEqual([boxPublicKey, manage, userKey])
  }
  for (const { note, certificate, rule } of vectors.refuseCertificates)
    expect(verifyCredential(suite, hex(certificate)), note).toMatchObject({ ok: false, rule })
  for (const { proof, user, device } of vectors.revocations)
    expect(taken(verifyRevocation(suite, hex(proof), { user, device })).target).toBe(device)
  for (const { proof, user, kind } of vectors.proofs)
    expect(taken(verifyIdentityEntry(suite, hex(proof), { user })).body.kind).toBe(kind)
  for (const { note, proof, device, rule } of vectors.refuseRevocations)
    expect(verifyRevocation(suite, hex(proof), { device }), note).toMatchObject({ ok: false, rule })
})

interface Sealed {
  account: {
    phrase: string
    user: UserId
    device: DeviceId
    signSeed: string
    boxSecret: string
    log: string
    userKeySeed: string
    deviceName: string
    certificate: string
  }
  keyStore: {
    bytes: string
    password: string
    keyFile: string
    masterKey: string
    epoch: number
    created: number
    slots: number[]
  }
  keychain: {
    bytes: string
    account: string
    key: string
    masterKey: string
    epoch: number
    slots: number[]
    refuse: { note: string; bytes: string; key: string; rule: string }[]
  }
  refuseKeyStores: { note: string; bytes: string; password: string; rule: string }[]
  backup: { bytes: string; servers: number; contacts: string[] }
  refuseBackups: { note: string; bytes: string; rule: string }[]
  profile: { bytes: string; user: UserId; device: DeviceId; revision: number; name: string }
  refuseProfiles: { note: string; bytes: string; rule: string }[]
  safety: { a: UserId; b: UserId; number: string }[]
}

test('[ID7] [ID11] [KS1] sealed.json: account, key store, backup', () => {
  const { account, keyStore, refuseKeyStores, backup, refuseBackups } = read<Sealed>('sealed')
  const root: RootSecret = taken(rootFromPhrase(suite, account.phrase))
  const device = deviceFromSeeds(suite, hex(account.signSeed), hex(account.boxSecret))
  const log = taken(decodeIdentityLog(suite, hex(account.log)))
  expect([root.user, device.device]).toEqual([account.user, account.device])
  for (const opener of [root, device]) {
    const keys = openUserKeys(suite, log.entries(), opener)
    expect(keys.map(({ seed }) => toHex(seed))).toEqual([account.userKeySeed])
    expect(openDeviceName(suite, keys, log.state().device(account.device)?.name as Uint8Array)).toBe(
      account.deviceName
    )
  }
  for (const unlock of [
    { password: keyStore.password },
    { keyFile: hex(keyStore.keyFile) },
    { recoverySecret: root.recoverySecret }
  ]) {
    const store = taken(openKeyStore(suite, hex(keyStore.bytes), unlock))
    expect([toHex(store.masterKey), store.epoch, store.created, store.slots]).toEqual([
      keyStore.masterKey,
      keyStore.epoch,
      keyStore.created,
      keyStore.slots
    ])
    expect(toHex(taken(accountFromKeyStore(suite, store.contents)).credential)).toBe(account.certificate)
  }
  for (const { note, bytes, password, rule } of refuseKeyStores)
    expect(openKeyStore(suite, hex(bytes), { password }), note).toMatchObject({ ok: false, rule })
  const opened = taken(openBackup(suite, root, hex(backup.bytes)))
  expect([opened.servers.length, opened.contacts.map(({ name }) => name), toHex(opened.log)]).toEqual([
    backup.servers,
    backup.contacts,
    account.log
  ])
  for (const { note, bytes, rule } of refuseBackups)
    expect(openBackup(suite, root, hex(bytes)), note).toMatchObject({ ok: false, rule })
})

test('[KS11] sealed.json: the keychain opens what the password does', () => {
  const { keyStore, keychain } = read<Sealed>('sealed')
  for (const unlock of [{ keychain: hex(keychain.key) }, { password: keyStore.password }]) {
    const store = taken(openKeyStore(suite, hex(keychain.bytes), unlock))
    expect([toHex(store.id), toHex(store.masterKey), store.epoch, store.slots]).toEqual([
      keychain.account,
      keychain.masterKey,
      keychain.epoch,
      keychain.slots
    ])
  }
  expect(keychain.masterKey).toBe(keyStore.masterKey)
  for (const { note, bytes, key, rule } of keychain.refuse)
    expect(openKeyStore(suite, hex(bytes), { keychain: hex(key) }), note).toMatchObject({ ok: false, rule })
})

test('[ID8] [ID13] sealed.json: profile, safety number', () => {
  const { profile, refuseProfiles, safety } = read<Sealed>('sealed')
  expect(
    taken(readProfile(suite, hex(profile.bytes), { user: profile.user, device: profile.device }))
  ).toMatchObject({ revision: profile.revision, name: profile.name })
  for (const { note, bytes, rule } of refuseProfiles)
    expect(readProfile(suite, hex(bytes)), note).toMatchObject({ ok: false, rule })
  for (const { a, b, number } of safety) expect(safetyNumber(suite, a, b)).toBe(number)
})

test('[ID10] links.json', () => {
  interface Links {
    code: string
    oldDevice: DeviceId
    newSignSeed: string
    newBoxSecret: string
    user: UserId
    signs: string[]
    shown: string[]
    frames: string[]
    log: string
    refuseCodes: { note: string; code: string; rule: string }[]
    refuseAtNew: { note: string; step: number; frame: string; rule: string }[]
  }
  const vectors = read<Links>('links')
  expect(vectors.signs).toEqual(LINK_SIGNS.map(each => each.name))
  for (const { note, code, rule } of vectors.refuseCodes)
    expect(parseLinkCode(code), note).toMatchObject({ ok: false, rule })
  const code = taken(parseLinkCode(vectors.code))
  const device = deviceFromSeeds(suite, hex(vectors.newSignSeed), hex(vectors.newBoxSecret))
  const frame = (step: number): Uint8Array => hex(vectors.frames[step - 1] as string)
  // The new device's nonce is in frame 4: played as its randomness, it answers as it did.
  const nonce = frame(4).slice(4, 20)
  const begin = (): LinkTaker => {
    const taker = new LinkTaker(
      suite,
      { bytes: () => nonce.slice() },
      { code, device, old: vectors.oldDevice }
    )
    expect(toHex(taken(taker.commit(frame(1))))).toBe(vectors.frames[1])
    return taker
  }
  const taker = begin()
  expect(toHex(taken(taker.reveal(frame(3))))).toBe(vectors.frames[3])
  expect(taken(taker.prove(frame(5))).signs.map(each => each.name)).toEqual(vectors.shown)
  expect(toHex(taker.consent({ manage: true, name: 'phone' }))).toBe(vectors.frames[5])
  const contents = taken(taker.take(frame(7)))
  expect(toHex(contents.log)).toBe(vectors.log)
  expect(taken(linkedAccount(suite, device, vectors.user, contents, 0)).user).toBe(vectors.user)
  for (const { note, step, frame: bad, rule } of vectors.refuseAtNew) {
    const fresh = begin()
    const refused =
      step === 3
        ? fresh.reveal(hex(bad))
        : step === 5
          ? (taken(fresh.reveal(frame(3))), fresh.prove(hex(bad)))
          : (taken(fresh.reveal(frame(3))), taken(fresh.prove(frame(5))), fresh.take(hex(bad)))
    expect(refused, note).toMatchObject({ ok: false, rule })
  }
})

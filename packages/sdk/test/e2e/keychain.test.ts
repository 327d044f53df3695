/** A profile on disk that the system's keychain opens (KS11), with a keychain in memory. */
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createMemoryKeychain, type MemoryKeychain } from '@xcord/core/adapters/memory'
import { type Client, createClient, isXcordError, verifyBackup, verifyProfile } from '@xcord/sdk'
import { folder, memory } from '@xcord/sdk/node'
import { until } from './peers.fixture.ts'

const [OLD, NEW] = ['correct horse', 'battery staple'] as const

let home: string
let client: Client | undefined
let keychain: MemoryKeychain
const reported: unknown[] = []
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'xcord-test-'))
  keychain = createMemoryKeychain()
  reported.length = 0
})
afterEach(async () => {
  await client?.close()
  await rm(home, { recursive: true, force: true })
})

const keyStore = (): string => join(home, 'ada', 'keystore')

async function open(password?: string): Promise<Client> {
  await client?.close()
  client = undefined
  client = await createClient({
    profile: { name: 'ada' },
    store: folder(join(home, 'ada'), { keychain, ...(password === undefined ? {} : { password }) }),
    network: false
  })
  client.on('error', ({ error }) => void reported.push(error))
  return client
}

/** Enabled, and closed again. */
async function enabled(): Promise<void> {
  const ada = await open(OLD)
  expect(await ada.keychain?.enable(OLD)).toMatchObject({ enabled: true, opens: true, cause: null })
}

const doctor = async (): Promise<object | undefined> =>
  (await client?.doctor())?.checks.find(each => each.check === 'keychain')

it('[KS11] opens without a password once it is enabled, and not before or after', async () => {
  const ada = await open(OLD)
  expect(ada.keychain?.enabled).toBe(false)
  expect(await ada.keychain?.status()).toMatchObject({ enabled: false, opens: false, cause: null })
  expect(await doctor()).toBeUndefined()
  await expect(open()).rejects.toMatchObject({ code: 'XCORD_KEYSTORE_LOCKED' })

  await open(OLD)
  const before = await readFile(keyStore())
  await expect(client?.keychain?.enable('not this one')).rejects.toMatchObject({
    code: 'XCORD_KEYSTORE_REFUSED'
  })
  expect([await readFile(keyStore()), keychain.kept.size]).toEqual([before, 0])
  const { id } = (await enabled(), (await open()).identity)
  expect(await doctor()).toMatchObject({ ok: true })
  expect(keychain.kept.size).toBe(1)

  // Another password leaves it; only the profile that asks for the keychain is opened by it.
  await client?.changePassword(OLD, NEW)
  expect((await open()).identity.id).toBe(id)
  await client?.close()
  await expect(createClient({ store: folder(join(home, 'ada')), network: false })).rejects.toMatchObject({
    code: 'XCORD_KEYSTORE_LOCKED'
  })

  await open()
  expect(await client?.keychain?.disable()).toMatchObject({ enabled: false, opens: false })
  expect([keychain.kept.size, await doctor()]).toEqual([0, undefined])
  await expect(open()).rejects.toMatchObject({ code: 'XCORD_KEYSTORE_LOCKED' })
  expect((await open(NEW)).identity.id).toBe(id)
})

it('[KS11] an entry that is gone or altered, or a keychain that does not answer: told, and nothing is lost', async () => {
  await enabled()
  const [[account, key]] = [...keychain.kept] as [[string, Uint8Array]]
  const cases = [
    [
      'missing',
      () => void keychain.kept.delete(account),
      { code: 'XCORD_KEYCHAIN_MISMATCH', details: { found: 'nothing' } }
    ],
    [
      'altered',
      () => void keychain.kept.set(account, new Uint8Array(32)),
      { code: 'XCORD_KEYCHAIN_MISMATCH', details: { found: 'another' } }
    ],
    [
      'unavailable',
      () => void (keychain.reason = 'it is locked'),
      { code: 'XCORD_KEYCHAIN_UNAVAILABLE', details: { reason: 'it is locked' } }
    ]
  ] as const
  for (const [cause, befall, error] of cases) {
    await client?.close()
    const bytes = await readFile(keyStore())
    befall()
    await expect(open(), cause).rejects.toMatchObject(error)
    expect(await readFile(keyStore())).toEqual(bytes)
    const ada = await open(OLD)
    expect(await ada.keychain?.status()).toMatchObject({ enabled: true, opens: false, cause })
    expect(await doctor()).toMatchObject({
      ok: false,
      cause,
      remedy: expect.stringContaining('enable') as unknown
    })
    keychain.reason = undefined
    keychain.kept.set(account, key)
    expect((await open()).keychain?.enabled).toBe(true)
  }
  // Set up anew: another key, and the one before opens nothing.
  await enabled()
  expect(keychain.kept.get(account)).not.toEqual(key)
  keychain.kept.set(account, key)
  await expect(open()).rejects.toMatchObject({ details: { found: 'another' } })

  // Taken off though the keychain does not answer.
  await open(OLD)
  keychain.reason = 'it is locked'
  expect(await client?.keychain?.disable()).toMatchObject({ enabled: false, cause: 'unavailable' })
  await expect(open()).rejects.toMatchObject({ code: 'XCORD_KEYSTORE_LOCKED' })
  await open(OLD)
  // And refused where it is to be given: neither side changes.
  await expect(client?.keychain?.enable(OLD)).rejects.toMatchObject({ code: 'XCORD_KEYCHAIN_UNAVAILABLE' })
  expect(client?.keychain?.enabled).toBe(false)
})

it('[KS11] [KS9] an older key store that is put back is told of as ever, whatever the keychain holds', async () => {
  const copy = join(home, 'copy')
  await open(OLD)
  await client?.close()
  await copyFile(keyStore(), copy)
  await enabled()
  await client?.close()
  // From before the keychain: the password opens it, and it is reported.
  await copyFile(copy, keyStore())
  await expect(open()).rejects.toMatchObject({ code: 'XCORD_KEYSTORE_LOCKED' })
  await open(OLD)
  await until('it is reported', () => reported.length === 1)
  expect(reported[0]).toMatchObject({ code: 'XCORD_KEYSTORE_OLDER', details: { epoch: 1, seen: 2 } })
  // Enabling writes it, twice even, and does not make it the newest: that takes another password.
  const older = async (): Promise<object | undefined> =>
    (await client?.doctor())?.checks.find(each => each.check === 'keystore')
  await client?.keychain?.enable(OLD)
  await client?.keychain?.enable(OLD)
  expect(await older()).toMatchObject({ ok: false, cause: 'older-copy' })
  await open()
  await until('it is reported at the next opening', () => reported.length === 2)
  await client?.changePassword(OLD, NEW)
  expect(await older()).toMatchObject({ ok: true })
  await open()
  expect(await older()).toMatchObject({ ok: true })
  await client?.changePassword(NEW, OLD)

  // From before it was enabled anew: its slot wants another key.
  await client?.close()
  await copyFile(keyStore(), copy)
  await enabled()
  await client?.close()
  await copyFile(copy, keyStore())
  await expect(open()).rejects.toSatisfy(error => isXcordError(error, 'XCORD_KEYCHAIN_MISMATCH'))
  await open(OLD)
  await until('it is reported again', () => reported.length === 3)
})

it('[KS11] verifying a profile and a backup takes the keychain, too', async () => {
  await enabled()
  const kept: Uint8Array[] = []
  for await (const piece of client?.backup() ?? []) kept.push(piece.slice())
  const pieces = (): Readable => Readable.from(kept)
  await client?.close()
  const path = join(home, 'ada')
  expect(await verifyProfile(path, { keychain })).toMatchObject({ valid: true, locked: false })
  expect(await verifyProfile(path)).toMatchObject({ valid: true, locked: true })
  expect(await verifyBackup(pieces(), { path, keychain })).toMatchObject({ valid: true })
  keychain.kept.clear()
  expect(await verifyProfile(path, { keychain })).toMatchObject({ valid: true, locked: true })
  await expect(verifyBackup(pieces(), { path, keychain })).rejects.toMatchObject({
    code: 'XCORD_KEYCHAIN_MISMATCH'
  })
})

it('[KS11] a profile without a password has nothing to be beside, and one in memory no keychain', async () => {
  await open()
  await expect(client?.keychain?.enable('')).rejects.toMatchObject({ code: 'XCORD_USAGE' })
  expect(keychain.kept.size).toBe(0)
  await client?.close()
  client = await createClient({ profile: { name: 'ada' }, store: memory(), network: false })
  expect(client.keychain).toBeUndefined()
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isXcordError } from '../../base/index.ts'
import {
  lockProfile,
  readKeyStoreFile,
  systemClock,
  systemRandom,
  systemTimers,
  writeKeyStoreFile
} from './index.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'xcord-runtime-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('did not fail')
    },
    (error: unknown) => error
  )
}

test("clock, chance and timers are the system's", async () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000)
  expect(systemRandom.bytes(32)).toHaveLength(32)
  expect(systemRandom.bytes(32)).not.toEqual(systemRandom.bytes(32))
  await new Promise<void>(resolve => systemTimers.after(1, resolve))
  let ran = false
  const cancel = systemTimers.after(0, () => {
    ran = true
  })
  // Longer than setTimeout holds: must not fire at once.
  const cancelLong = systemTimers.after(2 ** 33, () => {
    ran = true
  })
  cancel()
  await new Promise<void>(resolve => systemTimers.after(5, resolve))
  expect(ran).toBe(false)
  cancelLong()
})

test('[KS6] the key-store file is replaced whole, owner-only, without leftovers', async () => {
  const path = join(directory, 'keys')
  expect(await readKeyStoreFile(path)).toBeUndefined()
  await writeKeyStoreFile(path, Uint8Array.of(1, 2, 3))
  expect(await readKeyStoreFile(path)).toEqual(Uint8Array.of(1, 2, 3))
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  // A crash left a half-written temporary file, open to others.
  await writeFile(`${path}.tmp`, 'half', { mode: 0o644 })
  await writeKeyStoreFile(path, Uint8Array.of(4))
  expect(await readKeyStoreFile(path)).toEqual(Uint8Array.of(4))
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readdir(directory)).toEqual(['keys'])
})

test('[KS6] a write that fails leaves the old file', async () => {
  const path = join(directory, 'keys')
  await writeKeyStoreFile(path, Uint8Array.of(1))
  await mkdir(join(`${path}.tmp`, 'in the way'), { recursive: true })
  const error = await failure(writeKeyStoreFile(path, Uint8Array.of(2)))
  expect(isXcordError(error, 'XCORD_STORE_FAILED')).toBe(true)
  expect(await readKeyStoreFile(path)).toEqual(Uint8Array.of(1))
  const missing = await failure(writeKeyStoreFile(join(directory, 'no', 'keys'), Uint8Array.of(2)))
  expect(isXcordError(missing, 'XCORD_STORE_FAILED')).toBe(true)
})

test('[KS6] what cannot be a key store is not read', async () => {
  const path = join(directory, 'keys')
  await writeFile(path, new Uint8Array(262_145))
  expect(await failure(readKeyStoreFile(path))).toMatchObject({ code: 'XCORD_KEYSTORE_INVALID' })
  expect(await failure(readKeyStoreFile(directory))).toMatchObject({ code: 'XCORD_STORE_FAILED' })
})

test('[KS6] a profile has one owner, in this process too', async () => {
  const path = join(directory, 'profile')
  const lock = await lockProfile(path)
  expect((await stat(path)).mode & 0o777).toBe(0o700)
  expect(await failure(lockProfile(path))).toMatchObject({
    code: 'XCORD_PROFILE_IN_USE',
    details: { path, pid: process.pid }
  })
  // The refused attempt must not have loosened the hold.
  expect(await failure(lockProfile(path))).toMatchObject({ code: 'XCORD_PROFILE_IN_USE' })
  await lock.release()
  await lock.release()
  await using again = await lockProfile(path)
  expect(again.path).toBe(path)
})

const HOLDER = `
  const { lockProfile } = await import(process.argv[1])
  await lockProfile(process.argv[2])
  // A refused second attempt closes its descriptor, which must not free the first.
  await lockProfile(process.argv[2]).catch(() => {})
  // Nor must the garbage collector, where nothing refers to the lock any more.
  for (let i = 0; i < 3; i++) {
    await new Promise(resolve => setImmediate(resolve))
    globalThis.gc()
  }
  console.log('held')
  setInterval(() => {}, 1e6)
`

test('[KS6] another process is named, and SIGKILL frees the profile at once', async () => {
  const path = join(directory, 'profile')
  const holder = spawn(
    process.execPath,
    [
      '--conditions=xcord-source',
      '--expose-gc',
      '--input-type=module',
      '-e',
      HOLDER,
      new URL('./profile-lock.ts', import.meta.url).href,
      path
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  )
  try {
    await once(holder.stdout, 'data')
    const error = await failure(lockProfile(path))
    expect(error).toMatchObject({ code: 'XCORD_PROFILE_IN_USE', details: { path, pid: holder.pid } })
    expect(error instanceof Error && error.message).toContain(String(holder.pid))
    const ended = once(holder, 'exit')
    holder.kill('SIGKILL')
    await ended
    expect(await readFile(join(path, 'profile.pid'), 'utf8')).toBe(`${holder.pid}\n`)
    await using lock = await lockProfile(path)
    expect(await readFile(join(lock.path, 'profile.pid'), 'utf8')).toBe(`${process.pid}\n`)
  } finally {
    holder.kill('SIGKILL')
  }
})

test('[KS6] of many that start at once after a crash, one gets the profile', async () => {
  const path = join(directory, 'profile')
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockProfile(path)))
  const locks = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  expect(locks).toHaveLength(1)
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'XCORD_PROFILE_IN_USE' })
  await locks[0]?.release()
})

test('[KS6] a directory that cannot be locked is a failure of the world, with its sentence', async () => {
  await writeFile(join(directory, 'file'), '')
  expect(await failure(lockProfile(join(directory, 'file', 'profile')))).toMatchObject({
    code: 'XCORD_STORE_FAILED'
  })
  const garbage = join(directory, 'garbage')
  await mkdir(garbage)
  await writeFile(join(garbage, 'profile.lock'), 'not a database, and longer than a header '.repeat(40))
  await chmod(join(garbage, 'profile.lock'), 0o600)
  expect(await failure(lockProfile(garbage))).toMatchObject({ code: 'XCORD_STORE_FAILED' })
})

test('randomness of any length comes in pieces of its own', () => {
  const lengths = Array.from(
    { length: 2_000 },
    (_, index) => [24, 32, 1, 500, 513, 5_000][index % 6] as number
  )
  const drawn = lengths.map(length => systemRandom.bytes(length))
  expect(drawn.map(each => each.length)).toEqual(lengths)
  const pieces = drawn
    .filter(each => each.length >= 24)
    .map(each => Buffer.from(each.subarray(0, 24)).toString('hex'))
  expect(new Set(pieces).size).toBe(pieces.length)
  expect(drawn.every(each => each.length < 24 || each.some(byte => byte !== 0))).toBe(true)
  const first = drawn[0] as Uint8Array
  expect(first.buffer.byteLength).toBe(first.length)
})

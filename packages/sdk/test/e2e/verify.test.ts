/** A profile's folder, damaged in every way that files can be, and what verification says of it (ND41). */
import { chmod, cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type VerifyCode, verifyProfile } from '@xcord/sdk'
import { type Cast, createCast } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  cast = await createCast()
})
afterEach(async () => {
  await cast.end()
})

/** A profile that was closed, with a server and some messages. */
async function profile(password?: string): Promise<string> {
  const client = await cast.open('ada', { network: false, ...(password === undefined ? {} : { password }) })
  const server = await client.servers.create({ name: 'Engine' })
  for (let i = 0; i < 20; i++) await server.channel('general').send(`message ${i}`)
  await client.close()
  return join(cast.home, 'ada')
}

async function flip(path: string, at: (length: number) => number): Promise<void> {
  const bytes = await readFile(path)
  const place = at(bytes.length)
  bytes[place] = (bytes[place] as number) ^ 1
  await writeFile(path, bytes)
}

async function logOf(path: string): Promise<string> {
  const name = (await readdir(join(path, 'database'))).find(each => each.endsWith('.log'))
  return join(path, 'database', name as string)
}

const DAMAGES: readonly (readonly [string, VerifyCode, (path: string) => Promise<void>])[] = [
  [
    'a flipped byte in the key store',
    'keystore-damaged',
    async path => await flip(join(path, 'keystore'), n => n - 60)
  ],
  ['a key store cut short', 'keystore-damaged', async path => await truncate(join(path, 'keystore'), 100)],
  ['no key store', 'keystore-missing', async path => await rm(join(path, 'keystore'))],
  [
    'another key file',
    'keystore-damaged',
    async path => await writeFile(join(path, 'key'), new Uint8Array(32))
  ],
  [
    'a key store that others read',
    'keystore-exposed',
    async path => await chmod(join(path, 'keystore'), 0o644)
  ],
  ['no database', 'database-missing', async path => await rm(join(path, 'database'), { recursive: true })],
  ['a flipped byte in the log', 'log-damaged', async path => await flip(await logOf(path), () => 40)],
  ['no manifest', 'store-unreadable', async path => await rm(join(path, 'database', 'CURRENT'))],
  [
    'a flipped byte in the backup file',
    'backup-damaged',
    async path => await flip(join(path, 'backup'), n => n - 5)
  ]
]

describe('[ND41] verifyProfile', () => {
  it('[ND41] a folder that nobody touched is whole, and stays as it was', async () => {
    const path = await profile()
    const before = (await readdir(join(path, 'database'))).sort()
    const found = await verifyProfile(path)
    expect(found).toMatchObject({ valid: true, complete: true, locked: false, problems: [] })
    expect(found.servers).toMatchObject([{ messages: 20 }])
    expect((await readdir(join(path, 'database'))).sort()).toEqual(before)
    await expect(verifyProfile(join(cast.home, 'nobody'))).rejects.toMatchObject({ code: 'XCORD_NO_PROFILE' })
  })

  it('[ND41] every damage to its files has its code', async () => {
    const path = await profile()
    for (const [what, code, damage] of DAMAGES) {
      const copy = join(cast.home, 'copy')
      await cp(path, copy, { recursive: true })
      await damage(copy)
      const found = await verifyProfile(copy)
      expect(
        found.problems.map(each => each.code),
        what
      ).toContain(code)
      expect(found.valid, what).toBe(false)
      await rm(copy, { recursive: true })
    }
  })

  it('[ND41] a flipped bit anywhere in the blocks of a table is found, also where no row in force lies', async () => {
    const path = await profile()
    // Opened and closed again: rows that were written in the log are then in tables.
    const again = await cast.open('ada', { network: false })
    await again.close()
    const tables = (await readdir(join(path, 'database'))).filter(each => each.endsWith('.ldb'))
    expect(tables.length).toBeGreaterThan(0)
    expect((await verifyProfile(path)).problems).toEqual([])
    const table = join(path, 'database', tables[0] as string)
    for (const part of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      await flip(table, length => Math.floor((length - 60) * part))
      expect(
        (await verifyProfile(path)).problems.map(each => each.code),
        `at ${part}`
      ).toContainEqual(expect.stringMatching(/^(table-damaged|store-unreadable)$/))
      await flip(table, length => Math.floor((length - 60) * part))
    }
  })

  it('[ND41] a locked one is looked at as far as can be, and not while it is open', async () => {
    const path = await profile('a long password')
    expect(await verifyProfile(path)).toMatchObject({
      valid: true,
      locked: true,
      complete: false,
      servers: []
    })
    expect(await verifyProfile(path, { password: 'a long password' })).toMatchObject({
      valid: true,
      locked: false,
      complete: true
    })
    await expect(verifyProfile(path, { password: 'another one' })).rejects.toMatchObject({
      code: 'XCORD_KEYSTORE_REFUSED'
    })
    await flip(await logOf(path), () => 40)
    expect((await verifyProfile(path)).problems).toMatchObject([{ code: 'log-damaged' }])
    const open = await createCast()
    try {
      const client = await open.open('grace', { network: false })
      await expect(verifyProfile(join(open.home, 'grace'))).rejects.toMatchObject({
        code: 'XCORD_PROFILE_IN_USE'
      })
      await client.close()
    } finally {
      await open.end()
    }
  })
})

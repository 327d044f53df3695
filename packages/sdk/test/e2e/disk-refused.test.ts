/** Stores that cannot be opened are refused in one sentence and left as they are. */
import { createHash } from 'node:crypto'
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { isXcordError } from '@xcord/core'
import { openLevelStore } from '@xcord/core/adapters/level'
import { type Cast, createCast, texts } from './peers.fixture.ts'

let cast: Cast
beforeEach(async () => {
  // A damaged row that only the background reads is told of, and keeps nobody from reading messages.
  cast = await createCast(error => isXcordError(error) && error.code === 'XCORD_STORE_CORRUPT')
})
afterEach(async () => {
  await cast.end()
})

/** A profile with something in it, closed. */
async function profile(messages = 3): Promise<{ readonly database: string }> {
  const ada = await cast.open('ada')
  const server = await ada.servers.create({ name: 'Engine' })
  for (let i = 0; i < messages; i++) await server.channel('general').send(`kept ${i}`)
  await ada.close()
  return { database: join(cast.home, 'ada', 'database') }
}

async function digest(path: string, skip: RegExp): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(path)).sort())
    if (!skip.test(name)) hash.update(name).update(await readFile(join(path, name)))
  return hash.digest('hex')
}

/** Where the database's header lies (DB7). */
const HEADER = Uint8Array.of(0, ...Buffer.from('xcord-db'))

async function setHeader(
  database: string,
  change: (header: Uint8Array) => Uint8Array | undefined
): Promise<Uint8Array> {
  const store = await openLevelStore(database)
  const before = (await store.get(HEADER)) ?? new Uint8Array()
  await store.write([{ key: HEADER, value: change(before.slice()) }])
  await store.close()
  return before
}

async function rows(database: string): Promise<number> {
  const store = await openLevelStore(database)
  let count = 0
  for await (const _ of store.scan({})) count++
  await store.close()
  return count
}

/** Opens ada and reads all she holds: every message as it was written. */
async function readAll(): Promise<void> {
  const ada = await cast.open('ada')
  try {
    const [server] = ada.servers.all
    if (server === undefined) return
    for await (const message of server.channel('general').history({ limit: 100 }))
      expect(message.content).toMatch(/^kept \d+$/)
  } finally {
    await ada.close()
  }
}

/** A copy of the database, to begin from again. */
async function keep(database: string): Promise<string> {
  const backup = join(cast.home, 'backup')
  await cp(database, backup, { recursive: true })
  return backup
}

async function dataFiles(database: string): Promise<readonly string[]> {
  const names = (await readdir(database)).filter(each => /\.(ldb|sst|log)$/.test(each))
  const sizes = await Promise.all(names.map(async each => (await readFile(join(database, each))).length))
  return names.filter((_, index) => (sizes[index] ?? 0) > 0)
}

/** All values as they lie in the files, in order of their keys. */
async function storedValues(database: string): Promise<readonly Uint8Array[]> {
  const copy = `${database}-read`
  await cp(database, copy, { recursive: true })
  const store = await openLevelStore(copy)
  const values: Uint8Array[] = []
  for await (const [, value] of store.scan({})) values.push(value)
  await store.close()
  await rm(copy, { recursive: true })
  return values
}

/** The database as it was, but for four bytes at each of the places in one file. */
async function damage(
  { database, backup, name }: { readonly database: string; readonly backup: string; readonly name: string },
  places: readonly number[]
): Promise<void> {
  const altered = await readFile(join(backup, name))
  for (const at of places) for (let i = at; i < at + 4; i++) altered[i] = (altered[i] ?? 0) ^ 0xff
  await rm(database, { recursive: true })
  await cp(backup, database, { recursive: true })
  await writeFile(join(database, name), altered)
}

/** What becomes of a damaged profile; anything but these two fails the test. */
async function outcome(): Promise<'read' | 'refused'> {
  try {
    await readAll()
    return 'read'
  } catch (error) {
    expect(error).toMatchObject({
      code: 'XCORD_STORE_CORRUPT',
      message: expect.stringMatching(/^[A-Z].*\.$/) as string
    })
    return 'refused'
  }
}

describe('a profile that cannot be opened', () => {
  it('[DB7] written by a newer version: refused with both versions, untouched, and opens again with the right one', async () => {
    const { database } = await profile()
    const before = await setHeader(database, header => {
      header[0] = 2
      return header
    })
    const count = await rows(database)
    await expect(cast.open('ada')).rejects.toMatchObject({
      code: 'XCORD_NEWER_VERSION',
      details: { found: 2, supported: 1 },
      message: expect.stringMatching(
        /^The store was written by a newer XCord \(version 2; this one knows 1\)\. Nothing was changed: update XCord to open it\.$/
      ) as string
    })
    expect(await rows(database)).toBe(count)
    await setHeader(database, () => before)
    expect(await texts((await cast.open('ada')).servers.all[0] as never)).toEqual([
      'kept 0',
      'kept 1',
      'kept 2'
    ])
  })

  it('[DB7] with its header gone or altered: corrupt, in one sentence', async () => {
    const { database } = await profile()
    const before = await setHeader(database, header => {
      header[header.length - 1] = (header.at(-1) as number) ^ 1
      return header
    })
    const corrupt = {
      code: 'XCORD_STORE_CORRUPT',
      message: expect.stringMatching(/^The header of the store does not open: .*\.$/) as string
    }
    await expect(cast.open('ada')).rejects.toMatchObject(corrupt)
    await setHeader(database, () => undefined)
    await expect(cast.open('ada')).rejects.toMatchObject({ code: 'XCORD_STORE_CORRUPT' })
    await setHeader(database, () => before)
    expect(await texts((await cast.open('ada')).servers.all[0] as never)).toHaveLength(3)
  })

  it.each([
    ['MANIFEST', /^MANIFEST-/],
    ['CURRENT', /^CURRENT$/]
  ])('[DB2] with a damaged %s: corrupt, in one sentence, nothing rewritten', async (_, file) => {
    const { database } = await profile()
    const name = (await readdir(database)).find(each => file.test(each)) as string
    const whole = await readFile(join(database, name))
    await writeFile(join(database, name), Buffer.alloc(whole.length, 0x5a))
    const before = await digest(database, /^(LOG|LOCK)/)
    await expect(cast.open('ada')).rejects.toMatchObject({
      code: 'XCORD_STORE_CORRUPT',
      message: expect.stringMatching(/ is damaged and cannot be read\. Restore a backup of it\.$/) as string
    })
    expect(await digest(database, /^(LOG|LOCK)/)).toBe(before)
    await writeFile(join(database, name), whole)
    expect(await texts((await cast.open('ada')).servers.all[0] as never)).toHaveLength(3)
  })

  it('[DB2, DB5] with bits turned in its tables: refused or read as it was, never read wrong', async () => {
    const { database } = await profile(400)
    // Opening writes what was in the log into a table.
    await (await openLevelStore(database)).close()
    const backup = await keep(database)
    const names = await dataFiles(backup)
    expect(names).toHaveLength(1)
    for (const name of names) {
      const file = await readFile(join(backup, name))
      let end = 0
      const middles = (await storedValues(backup)).map(value => {
        const at = file.indexOf(value, end)
        end = at + value.length
        return at + Math.floor(value.length / 2)
      })
      // Where a table lies differs by profile: these three may be rows that nobody reads here.
      for (const part of [0.1, 0.5, 0.9]) {
        await damage({ database, backup, name }, [middles[Math.floor(middles.length * part)] as number])
        await outcome()
      }
      await damage({ database, backup, name }, middles)
      expect(await outcome()).toBe('refused')
    }
  })

  it('[DB2] with bits turned in its log: refused, and not opened without its newest writes', async () => {
    const { database } = await profile(100)
    const backup = await keep(database)
    const [name = ''] = await dataFiles(backup)
    expect(name).toMatch(/\.log$/)
    const size = (await readFile(join(backup, name))).length
    for (const part of [0.1, 0.5, 0.9]) {
      await damage({ database, backup, name }, [Math.floor(size * part)])
      expect(await outcome()).toBe('refused')
    }
    await damage({ database, backup, name }, [])
    expect(await outcome()).toBe('read')
  })
})

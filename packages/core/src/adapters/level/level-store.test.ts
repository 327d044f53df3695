import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Store } from '../../store/index.ts'
import { storeContract } from '../../store/store.contract.ts'
import { levelError } from './level-errors.ts'
import { openLevelStore } from './level-store.ts'

const made: string[] = []
async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'xcord-level-'))
  made.push(path)
  return path
}
afterEach(async () => {
  await Promise.all(made.splice(0).map(path => rm(path, { recursive: true, force: true })))
})

storeContract({
  name: 'level',
  runs: Number(process.env.XCORD_RUNS ?? 40),
  create: async () => {
    const path = await directory()
    let store: Store = await openLevelStore(path)
    return {
      store,
      reopen: async () => {
        store = await openLevelStore(path)
        return store
      },
      destroy: () => store.close()
    }
  }
})

/** Whether these bytes lie in any file below a folder. */
async function liesIn(path: string, bytes: Uint8Array): Promise<boolean> {
  for (const name of await readdir(path))
    if ((await readFile(join(path, name))).includes(Buffer.from(bytes))) return true
  return false
}

describe('level store', () => {
  it('[DB2] one that lost the pointer to its files is refused, not begun anew', async () => {
    const path = await directory()
    const store = await openLevelStore(path)
    await store.write([{ key: Uint8Array.of(1), value: Uint8Array.of(2) }])
    await store.close()
    await rm(join(path, 'CURRENT'))
    await expect(openLevelStore(path)).rejects.toMatchObject({ code: 'XCORD_STORE_CORRUPT' })
  })

  it('[DB13] deleted bytes are in no file once their range is compacted', async () => {
    const path = await directory()
    const store = await openLevelStore(path)
    const secret = new TextEncoder().encode('what should leave the disk for good')
    const rows = Array.from({ length: 50 }, (_, at) => ({ key: Uint8Array.of(1, at), value: secret }))
    await store.write([...rows, { key: Uint8Array.of(2), value: Uint8Array.of(9) }])
    expect(await liesIn(path, secret)).toBe(true)
    await store.write(rows.map(({ key }) => ({ key, value: undefined })))
    expect(await liesIn(path, secret)).toBe(true)
    await store.compact?.(Uint8Array.of(1))
    expect(await liesIn(path, secret)).toBe(false)
    expect(await store.get(Uint8Array.of(2))).toEqual(Uint8Array.of(9))
    await store.close()
  })

  it('[DB2] a damaged database is XCORD_STORE_CORRUPT, not an engine error', async () => {
    const path = await directory()
    const store = await openLevelStore(path)
    await store.write([{ key: Uint8Array.of(1), value: Uint8Array.of(1) }])
    await store.close()
    const manifest = (await readdir(path)).find(name => name.startsWith('MANIFEST')) as string
    await writeFile(join(path, manifest), 'not a manifest at all, by any reading of it')
    await expect(openLevelStore(path)).rejects.toMatchObject({ code: 'XCORD_STORE_CORRUPT' })
  })

  it('[DB2] a path that cannot be a directory is XCORD_STORE_FAILED', async () => {
    const path = join(await directory(), 'file')
    await writeFile(path, '')
    await expect(openLevelStore(path)).rejects.toMatchObject({
      code: 'XCORD_STORE_FAILED',
      details: { operation: 'open' }
    })
  })

  it("[DB2] maps the engine's failures by what they say, causes included", () => {
    const because = (message: string, code?: string): Error =>
      Object.assign(new Error(message), code === undefined ? {} : { code })
    const nested = new Error('Database failed to open', {
      cause: because('IO error: lock /x/LOCK: already held by process', 'LEVEL_LOCKED')
    })
    expect(levelError(nested, 'open', '/x').code).toBe('XCORD_PROFILE_IN_USE')
    expect(
      levelError(because('IO error: /x/000003.log: No space left on device', 'LEVEL_IO_ERROR'), 'write', '/x')
        .code
    ).toBe('XCORD_DISK_FULL')
    expect(levelError(because('mkdir failed', 'ENOSPC'), 'open', '/x').code).toBe('XCORD_DISK_FULL')
    expect(
      levelError(because('Corruption: block checksum mismatch', 'LEVEL_CORRUPTION'), 'read', '/x').code
    ).toBe('XCORD_STORE_CORRUPT')
    expect(levelError(because('Database is not open', 'LEVEL_DATABASE_NOT_OPEN'), 'read', '/x').code).toBe(
      'XCORD_CLOSED'
    )
    expect(levelError(because('Input/output error', 'LEVEL_IO_ERROR'), 'write', '/x')).toMatchObject({
      code: 'XCORD_STORE_FAILED',
      details: { operation: 'write' }
    })
  })
})

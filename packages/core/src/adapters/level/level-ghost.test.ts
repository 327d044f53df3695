/* eslint-disable @typescript-eslint/no-unnecessary-type-assertion, @typescript-eslint/await-thenable -- level's overloads do not fit a spy */
/** A write that was refused and is there all the same after LevelDB replayed its log: an fsync that failed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Level } from 'level'
import { afterEach, expect, it, vi } from 'vitest'
import { openLevelStore } from './level-store.ts'

afterEach(() => vi.restoreAllMocks())

const key = Uint8Array.of(1)

/** The next write reaches the log and fails; opening again brings it back. */
function failSyncOnce(): void {
  const { batch, open } = Level.prototype
  const lost: (readonly [Uint8Array, Uint8Array])[] = []
  const failing = {
    put: (...row: (typeof lost)[number]) => lost.push(row),
    write: () =>
      Promise.reject(
        Object.assign(new Error('IO error: fdatasync: Input/output error'), { code: 'LEVEL_IO_ERROR' })
      )
  }
  vi.spyOn(Level.prototype, 'batch').mockImplementationOnce((() => failing) as never)
  vi.spyOn(Level.prototype, 'open').mockImplementation(async function (this: Level<Uint8Array, Uint8Array>) {
    await (open as unknown as () => Promise<void>).apply(this)
    const rows = lost.splice(0).map(([rowKey, value]) => ({ type: 'put', key: rowKey, value }))
    if (rows.length > 0) await batch.apply(this, [rows] as never)
  } as never)
}

it('[DB2] a refused write that comes back makes the next one fail once, so that its maker looks again', async () => {
  const path = await mkdtemp(join(tmpdir(), 'xcord-ghost-'))
  const store = await openLevelStore(path)
  try {
    await store.write([{ key, value: Uint8Array.of(10) }])
    failSyncOnce()
    await expect(store.write([{ key, value: Uint8Array.of(11) }])).rejects.toMatchObject({
      code: 'XCORD_STORE_FAILED'
    })
    expect(await store.get(key)).toEqual(Uint8Array.of(10))
    await expect(store.write([{ key, value: Uint8Array.of(12) }])).rejects.toMatchObject({
      code: 'XCORD_STORE_FAILED',
      message: expect.stringContaining('turned out to be stored') as string
    })
    expect(await store.get(key)).toEqual(Uint8Array.of(11))
    await store.write([{ key, value: Uint8Array.of(13) }])
    expect(await store.get(key)).toEqual(Uint8Array.of(13))
  } finally {
    await store.close()
    await rm(path, { recursive: true, force: true })
  }
})

import { describe, expect, it } from 'vitest'
import { storeContract } from '../../store/store.contract.ts'
import { createMemoryStore, type MemoryStore } from './memory-store.ts'
import { OrderedBytes } from './memory-store-keys.ts'

const key = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 255)
const put = (n: number, value = n & 255) => ({ key: key(n), value: Uint8Array.of(value) })

storeContract({
  name: 'memory',
  runs: Number(process.env.XCORD_RUNS ?? 200),
  create: async () => {
    let store: MemoryStore = createMemoryStore()
    const first = store
    return {
      store: first,
      reopen: async () => {
        store = store.reopen()
        return store
      },
      destroy: () => store.close()
    }
  }
})

async function keysOf(store: MemoryStore): Promise<number[]> {
  const out: number[] = []
  for await (const [found] of store.scan({})) out.push(((found[0] as number) << 8) | (found[1] as number))
  return out
}

describe('memory store faults', () => {
  it('[DB12] a crash loses what was not synced, and a later sync keeps what came before it', async () => {
    const store = createMemoryStore()
    await store.write([put(1)])
    await store.write([put(2)], { sync: false })
    await store.write([put(3)])
    await store.write([put(1, 9), put(4)], { sync: false })
    await store.write([{ key: key(2), value: undefined }], { sync: false })
    expect(store.unsynced).toBe(2)
    store.crash()
    const after = store.reopen()
    expect(await keysOf(after)).toEqual([1, 2, 3])
    expect(await after.get(key(1))).toEqual(Uint8Array.of(1))
    await expect(store.get(key(1))).rejects.toMatchObject({ code: 'XCORD_CLOSED' })
  })

  it('[DB12] a crash may keep a prefix of the unsynced batches, each whole', async () => {
    const store = createMemoryStore()
    for (let n = 1; n <= 4; n++) await store.write([put(n), put(n + 10)], { sync: false })
    store.crash({ keepUnsynced: 2 })
    expect(await keysOf(store.reopen())).toEqual([1, 2, 11, 12])
  })

  it('[DB12] a write under way at the crash never reports', async () => {
    let release: () => void = () => undefined
    const store = createMemoryStore({
      beforeWrite: () =>
        new Promise(resolve => {
          release = () => resolve(undefined)
        })
    })
    let reported = false
    const writing = store.write([put(1)])
    void writing.then(
      () => {
        reported = true
      },
      () => {
        reported = true
      }
    )
    await Promise.resolve()
    await Promise.resolve()
    store.crash()
    release()
    const after = store.reopen({})
    await after.write([put(2)])
    expect(reported).toBe(false)
    expect(await keysOf(after)).toEqual([2])
  })

  it('[DB12] the nth write fails, with nothing of it kept; a late failure keeps it', async () => {
    const store = createMemoryStore({
      beforeWrite: ({ number }) => (number === 2 ? 'fail' : number === 3 ? 'fail-late' : undefined)
    })
    await store.write([put(1)])
    await expect(store.write([put(2)])).rejects.toMatchObject({ code: 'XCORD_STORE_FAILED' })
    await expect(store.write([put(3)])).rejects.toMatchObject({ code: 'XCORD_STORE_FAILED' })
    await store.write([put(4)])
    expect(await keysOf(store)).toEqual([1, 3, 4])
    expect(store.writes).toBe(4)
  })

  it('[DB12] a full disk refuses what does not fit and takes it after something is deleted', async () => {
    const store = createMemoryStore({ capacityBytes: 6 })
    await store.write([put(1), put(2)])
    await expect(store.write([put(3)])).rejects.toMatchObject({ code: 'XCORD_DISK_FULL' })
    expect(await keysOf(store)).toEqual([1, 2])
    await store.write([{ key: key(1), value: undefined }])
    await store.write([put(3)])
    expect(store.bytes).toBe(6)
    expect(await keysOf(store)).toEqual([2, 3])
  })

  it('[DB1] keeps order over many chunks', () => {
    const map = new OrderedBytes()
    const names = Array.from({ length: 5_000 }, (_, i) =>
      String.fromCharCode((i * 7919) % 256, ((i * 7919) >> 8) % 256)
    )
    for (const name of names) map.set(name, new Uint8Array())
    const sorted = [...new Set(names)].sort()
    expect(map.entries({ reverse: false, limit: Infinity }).map(([name]) => name)).toEqual(sorted)
    for (const name of sorted.filter((_, i) => i % 3 !== 0)) map.delete(name)
    const left = sorted.filter((_, i) => i % 3 === 0)
    expect(map.entries({ reverse: true, limit: Infinity }).map(([name]) => name)).toEqual(left.reverse())
    for (const name of left) map.delete(name)
    expect(map.size).toBe(0)
    map.set('a', new Uint8Array())
    expect(map.entries({ reverse: true, limit: 5 })).toHaveLength(1)
  })
})

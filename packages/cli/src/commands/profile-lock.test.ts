import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Client } from '@xcord/sdk'
import { createProfileLock, type ProfileLock } from './profile-lock.ts'

const IDLE_MS = 600_000

let closed: number
let faults: unknown[]
let open: (password: string) => Promise<Client>
beforeEach(() => {
  vi.useFakeTimers()
  closed = 0
  faults = []
  open = () => Promise.resolve(client())
})
afterEach(() => {
  vi.useRealTimers()
})

const client = (): Client => ({ close: () => Promise.resolve(void closed++) }) as unknown as Client

function lockAfter(idleMs: number | null): ProfileLock {
  return createProfileLock({
    client: client(),
    open: async password => await open(password),
    idleMs,
    opened: () => undefined,
    fault: error => faults.push(error)
  })
}

describe('a profile that locks itself', () => {
  it('[KS8] after so long without a request, and each request begins the time anew', async () => {
    const lock = lockAfter(IDLE_MS)
    const gone = lock.untilLocked()
    await vi.advanceTimersByTimeAsync(IDLE_MS - 1)
    lock.touch()
    await vi.advanceTimersByTimeAsync(IDLE_MS - 1)
    expect([lock.locked(), closed, gone.aborted]).toEqual([false, 0, false])
    await vi.advanceTimersByTimeAsync(1)
    expect([lock.locked(), closed, gone.aborted]).toEqual([true, 1, true])
    expect(() => lock.client).toThrow(expect.objectContaining({ code: 'XCORD_KEYSTORE_LOCKED' }))
    // A request to a locked profile wakes nothing.
    lock.touch()
    await vi.advanceTimersByTimeAsync(10 * IDLE_MS)
    expect([closed, faults]).toEqual([1, []])
  })

  it('[KS8] again after it was unlocked, and stays locked by a wrong password', async () => {
    const lock = lockAfter(IDLE_MS)
    await vi.advanceTimersByTimeAsync(IDLE_MS)
    open = () => Promise.reject(new Error('wrong'))
    await expect(lock.unlock('not this one')).rejects.toThrow('wrong')
    expect(lock.locked()).toBe(true)
    open = () => Promise.resolve(client())
    await lock.unlock('this one')
    expect([lock.locked(), lock.untilLocked().aborted]).toEqual([false, false])
    await vi.advanceTimersByTimeAsync(IDLE_MS)
    expect([lock.locked(), closed]).toEqual([true, 2])
  })

  it('[KS8] never, unless it was asked to', async () => {
    const lock = lockAfter(null)
    await vi.advanceTimersByTimeAsync(1_000 * IDLE_MS)
    expect(lock.locked()).toBe(false)
    await lock.close()
    expect(closed).toBe(1)
  })
})

/**
 * The lock of a profile that a daemon serves (KS8): locking closes the client, which overwrites its keys and closes
 * databases and network; unlocking opens another one. Requests in between are told XCORD_KEYSTORE_LOCKED.
 */
import { XcordError } from '@xcord/core'
import type { Client } from '@xcord/sdk'

export interface ProfileLock {
  /** XCORD_KEYSTORE_LOCKED while there is none. */
  readonly client: Client
  readonly locked: () => boolean
  /** Aborts when what is open now is locked. */
  readonly untilLocked: () => AbortSignal
  lock(): Promise<void>
  unlock(password: string): Promise<void>
  /** Somebody asked for something: the time until it locks itself begins anew. */
  touch(): void
  close(): Promise<void>
}

/**
 * Watches over an open client.
 *
 * @param init.idleMs - Locks itself after so long without a request; null never does.
 */
export function createProfileLock(init: {
  readonly client: Client
  readonly open: (password: string) => Promise<Client>
  readonly idleMs: number | null
  /** After it opened, for listeners. */
  readonly opened: (client: Client) => void
  readonly fault: (error: unknown) => void
}): ProfileLock {
  let current: Client | undefined = init.client
  let turn: Promise<unknown> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let gone = new AbortController()

  /** One after the other: a lock that meets an unlock waits for it. */
  const inTurn = async (run: () => Promise<void>): Promise<void> => {
    const running = turn.then(run)
    turn = running.catch(() => undefined)
    await running
  }
  const lock = async (): Promise<void> => {
    clearTimeout(timer)
    const open = current
    current = undefined
    gone.abort()
    await open?.close()
  }
  const touch = (): void => {
    clearTimeout(timer)
    if (init.idleMs === null || current === undefined) return
    timer = setTimeout(() => void inTurn(lock).catch(init.fault), init.idleMs)
    timer.unref()
  }
  init.opened(init.client)
  touch()
  return {
    get client() {
      if (current !== undefined) return current
      throw new XcordError('XCORD_KEYSTORE_LOCKED', 'This profile is locked: "xcord unlock" opens it.', {})
    },
    locked: () => current === undefined,
    untilLocked: () => gone.signal,
    lock: async () => await inTurn(lock),
    unlock: async password =>
      await inTurn(async () => {
        if (current !== undefined) return
        current = await init.open(password)
        gone = new AbortController()
        init.opened(current)
        touch()
      }),
    touch,
    close: async () => await inTurn(lock)
  }
}

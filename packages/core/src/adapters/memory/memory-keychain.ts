/** A keychain in memory, for tests: what a system's does, and what befalls one. */
import { type Keychain, XcordError } from '../../base/index.ts'

export interface MemoryKeychain extends Keychain {
  readonly kept: Map<string, Uint8Array>
  /** Set: every call fails with this reason, as one that is locked does. */
  reason: string | undefined
}

export function createMemoryKeychain(): MemoryKeychain {
  const kept = new Map<string, Uint8Array>()
  const answer = async <T>(give: () => T): Promise<T> => {
    const { reason } = keychain
    if (reason !== undefined)
      throw new XcordError('XCORD_KEYCHAIN_UNAVAILABLE', `The keychain cannot be used: ${reason}.`, {
        reason
      })
    return await Promise.resolve(give())
  }
  const keychain: MemoryKeychain = {
    kept,
    reason: undefined,
    read: async account => await answer(() => kept.get(account)?.slice()),
    write: async (account, key) => await answer(() => void kept.set(account, key.slice())),
    remove: async account => await answer(() => void kept.delete(account))
  }
  return keychain
}

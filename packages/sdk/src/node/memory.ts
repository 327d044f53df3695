/** A profile that lives and dies with the process. */
import { createMemoryStore } from '@xcord/core/adapters/memory'
import type { OpenableStore, OpenProfile, ProfileInit } from '../profile-store.ts'
import type { ProfileStore } from '../types.ts'
import { makeAccount } from './identity.ts'

/** Keeps everything in memory: for tests, demos and throw-away bots. */
export function memory(): ProfileStore {
  const place: OpenableStore = {
    kind: 'memory',
    open: (init: ProfileInit): Promise<OpenProfile> => {
      const { account, name } = makeAccount({ ...init, name: init.name ?? 'someone' }, 'memory')
      return Promise.resolve({
        account,
        name,
        masterKey: init.random.bytes(32),
        store: createMemoryStore(),
        release: () => Promise.resolve()
      })
    }
  }
  return place
}

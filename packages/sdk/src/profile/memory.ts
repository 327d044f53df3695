/** A profile that lives and dies with the process. */
import { createMemoryStore } from '@xcord/core/adapters/memory'
import type { OpenableStore, OpenProfile, ProfileInit } from '../profile-store.ts'
import type { ProfileStore } from '../types.ts'
import { beginProfile } from './begin.ts'

/** Keeps everything in memory: for tests, demos and throw-away bots. */
export function memory(): ProfileStore {
  const place: OpenableStore = {
    kind: 'memory',
    exists: () => Promise.resolve(false),
    open: (init: ProfileInit): Promise<OpenProfile> => {
      const { account, name, backupKey, servers } = beginProfile(
        { ...init, name: init.name ?? 'someone' },
        'memory'
      )
      return Promise.resolve({
        account,
        name,
        backupKey,
        servers,
        masterKey: init.random.bytes(32),
        store: createMemoryStore(),
        saveAccount: () => Promise.resolve(),
        release: () => Promise.resolve()
      })
    }
  }
  return place
}

/** `createClient` for Node: key store, LevelDB, libp2p. */
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { createMediaEngine } from '@xcord/core/adapters/media-node'
import { systemClock, systemRandom, systemTimers } from '@xcord/core/adapters/runtime-node'
import { openClient, type Platform, profileInit } from '../open-client.ts'
import { memory } from '../profile/memory.ts'
import type { OpenableStore } from '../profile-store.ts'
import type { Client, ClientInit } from '../types.ts'
import { keepBackup } from './backup-file.ts'
import { deviceName } from './device-name.ts'
import { transportOf } from './transport.ts'

let warned = false

/** The platform of a Node process. */
export const nodePlatform: Platform = {
  clock: systemClock,
  random: systemRandom,
  timers: systemTimers,
  deviceName: deviceName(),
  manages: true,
  createSuite: createNodeSuite,
  transportOf: async (init, suite, device) =>
    await transportOf(init.network ?? {}, suite, device, init.iceServers),
  createMedia: createMediaEngine,
  keepBackup: (path, account, fault) => keepBackup({ path, account, timers: systemTimers, fault })
}

/** The store given, or memory with one warning a process. */
function placeOf(init: ClientInit): OpenableStore {
  if (init.store !== undefined) return init.store as OpenableStore
  if (!warned)
    console.warn(
      'xcord: no store given, so this identity lives in memory and ends with the process. Pass store: folder(path).'
    )
  warned = true
  return memory() as OpenableStore
}

/**
 * Opens a profile (making its identity where there is none) and goes online, unless told not to.
 *
 * Errors: XCORD_NO_PROFILE, XCORD_KEYSTORE_REFUSED, XCORD_KEYSTORE_INVALID, XCORD_NEWER_VERSION, XCORD_PROFILE_IN_USE,
 * XCORD_PHRASE_INVALID, XCORD_PORT_IN_USE, XCORD_ADDRESS_INVALID, XCORD_DISK_FULL, XCORD_STORE_CORRUPT.
 *
 * @example
 * await using client = await createClient({ profile: { name: 'Ada' }, store: folder('./ada') })
 */
export async function createClient(init: ClientInit = {}): Promise<Client> {
  // A third of a second of loading, beside the profile's opening; offline, and for whoever makes no client, none.
  if (init.network !== false) import('@xcord/core/adapters/libp2p').catch(() => undefined)
  return await openClient(nodePlatform, init, placeOf(init))
}

/** What making a profile gives. */
export interface MadeProfile {
  readonly identity: string
  readonly name: string
}

/** Makes (or by a phrase recovers) an identity without going online. XCORD_PROFILE_EXISTS where there is one. */
export async function createProfile(
  init: Required<Pick<ClientInit, 'profile' | 'store'>> & Pick<ClientInit, 'phrase' | 'onPhrase'>
): Promise<MadeProfile> {
  const opening = await profileInit(nodePlatform, init)
  const profile = await (init.store as OpenableStore).open(opening)
  await profile.store.close()
  await profile.release()
  return { identity: profile.account.user, name: profile.name }
}

/** `createClient` for Node: key store, LevelDB, libp2p. */
import { XcordError } from '@xcord/core'
import { createNodeSuite } from '@xcord/core/adapters/crypto-node'
import { createMediaEngine } from '@xcord/core/adapters/media-node'
import { systemClock, systemRandom, systemTimers } from '@xcord/core/adapters/runtime-node'
import { createNode } from '@xcord/core/node'
import { createClientOver } from '../client.ts'
import type { OpenableStore, OpenProfile, ProfileInit } from '../profile-store.ts'
import type { Client, ClientInit } from '../types.ts'
import { type BackupFile, keepBackup } from './backup-file.ts'
import { memory } from './memory.ts'
import { transportOf } from './transport.ts'

let warned = false

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

/** What opening a profile takes, from what the caller gave. */
export async function profileInit(init: ClientInit): Promise<ProfileInit> {
  return {
    suite: await createNodeSuite(),
    random: systemRandom,
    at: systemClock.now(),
    name: init.profile?.name,
    phrase: init.phrase,
    onPhrase: init.onPhrase,
    backup: init.backup,
    revokeOthers: init.revokeOthers
  }
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
  const opening = await profileInit(init)
  const profile = await placeOf(init).open(opening)
  try {
    return await connect(init, opening, profile)
  } catch (error) {
    await profile.store.close().catch(() => undefined)
    await profile.release()
    throw error
  }
}

async function connect(init: ClientInit, { suite }: ProfileInit, profile: OpenProfile): Promise<Client> {
  const transport = await transportOf(init.network ?? {}, suite, profile.account.device)
  const opened: { client?: Client } = {}
  const node = await createNode({
    suite,
    clock: systemClock,
    random: systemRandom,
    timers: systemTimers,
    store: profile.store,
    masterKey: profile.masterKey,
    account: profile.account,
    ...(profile.backupKey === undefined ? {} : { backupKey: profile.backupKey }),
    returnTo: profile.servers,
    saveAccount: async account => await profile.saveAccount(account),
    name: profile.name,
    transport,
    bootstrap: init.bootstrap ?? [],
    media: init.media ?? createMediaEngine(),
    iceServers: init.iceServers ?? [],
    onFault: error => reportFault(opened.client, error)
  })
  const path = init.backupFile ?? profile.backupPath
  const backup: BackupFile | undefined =
    path === undefined || init.backupFile === false || path === false
      ? undefined
      : keepBackup({
          path,
          account: node.own,
          timers: systemTimers,
          fault: error => reportFault(opened.client, error)
        })
  const client = createClientOver(node, {
    changePassword: async (old, next) => {
      if (profile.changePassword === undefined)
        throw new XcordError('XCORD_USAGE', 'A profile in memory has no password.', { argument: 'password' })
      await profile.changePassword(old, next)
    },
    close: async () => {
      await backup?.close()
      await node.close()
      await profile.release()
    }
  })
  opened.client = client
  return client
}

function reportFault(client: Client | undefined, error: unknown): void {
  if (client === undefined) console.error('xcord:', error)
  else (client as Client & { fault?: (error: unknown) => void }).fault?.(error)
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
  const opening = await profileInit(init)
  const profile = await (init.store as OpenableStore).open(opening)
  await profile.store.close()
  await profile.release()
  return { identity: profile.account.user, name: profile.name }
}

/** From an open profile to a running client, on any platform. */
import { type Clock, type Random, type Timers, XcordError } from '@xcord/core'
import type { Account } from '@xcord/core/identity'
import { type AccountDevices, createNode } from '@xcord/core/node'
import type { Suite } from '@xcord/core/crypto'
import type { Transport } from '@xcord/core/net'
import type { MediaPort } from '@xcord/core/voice'
import { createClientOver } from './client.ts'
import type { OpenableStore, OpenProfile, ProfileInit } from './profile-store.ts'
import type { Client, ClientInit } from './types.ts'

/** Something that is to be closed before the profile is. */
export interface Closable {
  close(): Promise<void>
}

/** What a platform brings. */
export interface Platform {
  readonly clock: Clock
  readonly random: Random
  readonly timers: Timers
  readonly deviceName: string
  /** ID5: whether a device that is linked here may link and revoke others, unless told otherwise. */
  readonly manages: boolean
  createSuite(): Promise<Suite>
  transportOf(
    init: Pick<ClientInit, 'network' | 'iceServers'>,
    suite: Suite,
    device: Account['device']
  ): Promise<Transport>
  createMedia(): MediaPort
  /** Keeps the backup file fresh where the platform has files. */
  keepBackup?(
    path: string,
    account: Pick<AccountDevices, 'backup' | 'onChange'>,
    fault: (error: unknown) => void
  ): Closable
}

/** What opening a profile takes, from what the caller gave. */
export async function profileInit(platform: Platform, init: ClientInit): Promise<ProfileInit> {
  return {
    suite: await platform.createSuite(),
    random: platform.random,
    at: platform.clock.now(),
    name: init.profile?.name,
    deviceName: platform.deviceName,
    phrase: init.phrase,
    onPhrase: init.onPhrase,
    backup: init.backup,
    revokeOthers: init.revokeOthers
  }
}

/** Opens the profile and starts its peer. */
export async function openClient(
  platform: Platform,
  init: ClientInit,
  place: OpenableStore
): Promise<Client> {
  const opening = await profileInit(platform, init)
  const profile = await place.open(opening)
  try {
    return await connect(platform, init, opening, profile)
  } catch (error) {
    await profile.store.close().catch(() => undefined)
    await profile.release()
    throw error
  }
}

async function connect(
  platform: Platform,
  init: ClientInit,
  { suite }: ProfileInit,
  profile: OpenProfile
): Promise<Client> {
  const transport = await platform.transportOf(init, suite, profile.account.device)
  const opened: { client?: Client } = {}
  const node = await createNode({
    suite,
    clock: platform.clock,
    random: platform.random,
    timers: platform.timers,
    store: profile.store,
    masterKey: profile.masterKey,
    account: profile.account,
    ...(profile.backupKey === undefined ? {} : { backupKey: profile.backupKey }),
    returnTo: profile.servers,
    ...(profile.home === undefined ? {} : { home: profile.home }),
    ...(profile.keyStore === undefined ? {} : { keyStore: profile.keyStore }),
    saveAccount: async account => await profile.saveAccount(account),
    name: profile.name,
    transport,
    bootstrap: init.bootstrap ?? [],
    presence: init.network !== false,
    media: init.media ?? platform.createMedia(),
    iceServers: init.iceServers ?? [],
    ...(init.sync?.budget === undefined ? {} : { syncBudget: init.sync.budget }),
    onFault: error => reportFault(opened.client, error)
  })
  const path = init.backupFile ?? profile.backupPath
  const backup =
    path === undefined || path === false
      ? undefined
      : platform.keepBackup?.(path, node.own, error => reportFault(opened.client, error))
  const client = createClientOver(node, {
    keychain: profile.keychain?.(async () => await node.own.keyStoreWritten()),
    changePassword: async (old, next) => {
      if (profile.changePassword === undefined)
        throw new XcordError('XCORD_USAGE', 'A profile in memory has no password.', { argument: 'password' })
      await profile.changePassword(old, next)
      await node.own.passwordChanged()
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

/** The account at work: its devices, who is added and who is put out, and what servers are told of it. */
import { type DeviceId, isXcordError, type ServerId, XcordError } from '../../base/index.ts'
import { utf8 } from '../../encoding/index.ts'
import type { Operation } from '../../graph/index.ts'
import {
  type Account,
  appendRevocation,
  appendUserKey,
  type BackupContents,
  type BackupServer,
  encodeIdentityLog,
  type IdentitySigner,
  openDeviceName,
  rootFromPhrase,
  sealBackup
} from '../../identity/index.ts'
import type { Connection } from '../../net/index.ts'
import type { Database } from '../../store/index.ts'
import { type AccountKeeper, keepAccount } from './account-keeper.ts'
import { KeyStoreWatch, olderKeyStore, type OlderKeyStore } from './key-store-epoch.ts'
import { announceIdentity, entriesToldBy, tellsIdentity } from './announce-identity.ts'
import type { NodeInit } from '../contract.ts'
import { decodeHome, encodeHome } from './home-row.ts'
import { giveAccount } from './link-device.ts'
import type { CompareSigns } from './link-stream.ts'
import { joined } from '../node-parts.ts'
import { createOwnDevices, type OwnDevices } from './own-devices.ts'
import type { ReplicaRegistry } from '../registry.ts'
import type { LiveReplica } from '../replica/replica.ts'
import { serveReturns } from '../joining/return-service.ts'
import { serverTable } from '../replica/tables.ts'
import { isUserKeyOver } from './user-key-age.ts'

/** A device of the account, as its own devices see it. */
export interface OwnDevice {
  readonly device: DeviceId
  /** As it was called when it was enrolled; a short form of its id where it was not, or nothing here opens the name. */
  readonly name: string
  /** May enrol and revoke others (ID5). */
  readonly manage: boolean
  readonly active: boolean
  /** Ms since the Unix epoch; null of other devices: a log has no clock. */
  readonly addedAt: number | null
}

export interface AccountDevices {
  /** Reads as the account of this moment. */
  readonly account: Account
  /** Every device that was ever enrolled, the active ones first. */
  list(): readonly OwnDevice[]
  /**
   * Revokes a device and renews the user key (ID9), tells every server at once and the other devices as they are met.
   * By this device, or by the 24 words where it may not.
   * XCORD_DEVICE_NOT_FOUND, XCORD_DEVICE_REVOKED, XCORD_PERMISSION_DENIED, XCORD_PHRASE_INVALID.
   */
  revoke(device: DeviceId, options?: { readonly phrase?: string }): Promise<void>
  /**
   * Adds the device that shows this code (ID10), once somebody said that both screens show the same signs.
   * XCORD_LINK_INVALID, XCORD_LINK_REFUSED, XCORD_NO_PEER, XCORD_PERMISSION_DENIED.
   */
  link(code: string, compare: CompareSigns, signal: AbortSignal): Promise<DeviceId>
  /** The backup file as it would be now (ID11); undefined where this device has no backup key. */
  backup(): Uint8Array | undefined
  /** Servers that this device is to come back to, and that nobody gave yet. */
  returning(): readonly ServerId[]
  /** Servers this device is part of, and where their members are. */
  servers(): readonly BackupServer[]
  /** Calls back after the identity log, our name or the list of servers changed; returns its removal. */
  onChange(listener: () => void): () => void
  /** KS9: set while the key store is an older copy than one that was seen here. */
  readonly olderKeyStore: OlderKeyStore | undefined
  /** The owner gave the key store another password: the copy at hand is the newest from here on (KS9). */
  passwordChanged(): Promise<void>
  /** Our name is another: backups bring it along. */
  renamed(): void
  /** The key store was written for another reason; its epoch is noted (KS9). */
  keyStoreWritten(): Promise<void>
  // The node's own calls.
  start(): void
  meet(connection: Connection): void
  /** A server takes us as a member: whatever it has still to be told. */
  joined(replica: LiveReplica): void
  heard(replica: LiveReplica, accepted: readonly Operation[]): void
  /** Renews the user key where it is due (ID7). */
  maintain(): Promise<void>
  stop(): Promise<void>
}

/** What the account needs of the node around it. */
export interface AccountHost {
  registry(): ReplicaRegistry
  addresses(server: ServerId): readonly string[]
  import(pieces: AsyncIterable<Uint8Array>): Promise<ServerId>
  /** What we are called. */
  name(): string
  fault(error: unknown): void
}

/** Puts the account to work. */
export function createAccountDevices(init: NodeInit, database: Database, host: AccountHost): AccountDevices {
  return new LiveAccountDevices(init, database, host)
}

class LiveAccountDevices implements AccountDevices {
  readonly account: Account
  readonly #init: NodeInit
  readonly #host: AccountHost
  readonly #database: Database
  readonly #keeper: AccountKeeper
  readonly #own: OwnDevices
  readonly #keyStore: KeyStoreWatch | undefined
  readonly #listeners = new Set<() => void>()
  readonly #known = new Set<ServerId>()

  constructor(init: NodeInit, database: Database, host: AccountHost) {
    const { suite, transport, timers } = init
    this.#init = init
    this.#host = host
    this.#database = database
    this.#keyStore = init.keyStore && new KeyStoreWatch(database, init.keyStore)
    this.#keeper = keepAccount({
      suite,
      account: init.account,
      save: async account => {
        await init.saveAccount?.(account)
        await this.#keyStore?.note()
      },
      changed: () => this.#changed()
    })
    this.account = this.#keeper.account
    this.#own = createOwnDevices({
      suite,
      transport,
      timers,
      keeper: this.#keeper,
      servers: () => this.servers(),
      holds: async server => {
        const row = await database.table(serverTable).get([server])
        return row !== undefined && row.status !== 'imported'
      },
      import: pieces => host.import(pieces),
      fault: error => host.fault(error)
    })
    serveReturns({
      suite,
      transport,
      account: this.account,
      replica: server => host.registry().replicas.get(server)
    })
  }

  list(): readonly OwnDevice[] {
    return listDevices(this.#init, this.account)
  }

  async revoke(device: DeviceId, options: { readonly phrase?: string } = {}): Promise<void> {
    const { suite, random } = this.#init
    checkTarget(this.account, device)
    const signer = signerOf(this.#init, this.account, options.phrase)
    await this.#keeper.change(log => {
      appendRevocation(suite, log, signer, device)
      appendUserKey(suite, random, log, signer, this.account.userKeys.at(-1))
    })
    await Promise.all(this.#members().map(async each => await this.#announce(each)))
  }

  async link(code: string, compare: CompareSigns, signal: AbortSignal): Promise<DeviceId> {
    const { suite, random, transport } = this.#init
    signerOf(this.#init, this.account, undefined)
    const rest = (): ReturnType<typeof restOf> => {
      const { servers, extensions } = this.#rest()
      const { device } = this.account.device
      const home = encodeHome({ device, addresses: transport.addresses() })
      return { servers, extensions: [...extensions, [ACCOUNT_ROWS.home, home]] }
    }
    return await giveAccount({ suite, random, transport, keeper: this.#keeper, rest }, code, compare, signal)
  }

  backup(): Uint8Array | undefined {
    const { suite, random, backupKey } = this.#init
    if (backupKey === undefined) return undefined
    const { user, log, userKeys } = this.account
    const contents = { log: encodeIdentityLog(log), userKeys, contacts: [] }
    return sealBackup(suite, random, { user, backupKey }, { ...contents, ...this.#rest() })
  }

  renamed(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #rest(): ReturnType<typeof restOf> {
    return restOf(this.#init, this.#host.name(), this.servers())
  }

  returning(): readonly ServerId[] {
    return this.#own.wanted()
  }

  servers(): readonly BackupServer[] {
    return this.#members().map(({ server }) => ({ server, addresses: this.#host.addresses(server) }))
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** In no server yet, only the device that linked this one can tell of any: once there is one, its members are met. */
  #goHome(): void {
    const home = decodeHome(this.#init.home)
    if (home === undefined || this.#members().length > 0) return
    if (this.account.log.state().device(home.device)?.active !== true) return
    this.#init.transport.keep(home.device, home.addresses)
  }

  start(): void {
    this.#own.want(this.#init.returnTo ?? [])
    this.#goHome()
    this.#keyStore?.note().then(
      () => {
        const { olderKeyStore: older } = this
        // Told once whoever opened the profile can listen.
        if (older !== undefined) this.#init.timers.after(0, () => this.#host.fault(olderKeyStore(older)))
      },
      (error: unknown) => this.#host.fault(error)
    )
  }

  get olderKeyStore(): OlderKeyStore | undefined {
    return this.#keyStore?.older
  }

  async passwordChanged(): Promise<void> {
    await this.#keyStore?.note(true)
  }

  async keyStoreWritten(): Promise<void> {
    await this.#keyStore?.note()
  }

  meet(connection: Connection): void {
    this.#own.meet(connection)
  }

  joined(replica: LiveReplica): void {
    void this.#announce(replica)
    this.#note(replica)
  }

  heard(replica: LiveReplica, accepted: readonly Operation[]): void {
    if (replica.current.isMember()) this.#note(replica)
    else this.#known.delete(replica.server)
    if (accepted.some(each => tellsIdentity(replica.current, each)))
      this.#own.absorb(entriesToldBy(replica.current))
  }

  async maintain(): Promise<void> {
    const { suite, random, clock } = this.#init
    const state = this.account.log.state().device(this.account.device.device)
    // Another device of the account does it, one that may.
    if (state?.active !== true || !state.manage) return
    if (!(await isUserKeyOver(this.#database, this.account, clock.now()))) return
    await this.#keeper.change(
      log => void appendUserKey(suite, random, log, this.account.device, this.account.userKeys.at(-1))
    )
  }

  async stop(): Promise<void> {
    await this.#own.stop()
  }

  #members(): readonly LiveReplica[] {
    return joined(this.#host.registry())
  }

  #changed(): void {
    this.#own.tell()
    // What new user keys open is opened at once; what servers are owed is told soon, by whoever of us comes first.
    for (const replica of this.#members()) void this.#announce(replica)
    for (const listener of [...this.#listeners]) listener()
  }

  async #announce(replica: LiveReplica): Promise<void> {
    await replica.do(announceIdentity).catch((error: unknown) => {
      // Timed out, or not heard of our enrolment yet: it is told at the next look.
      if (!isXcordError(error, 'XCORD_PERMISSION_DENIED')) this.#host.fault(error)
    })
  }

  /** A server that is ours from now on: the other devices are to follow, and it may know more of us than we do. */
  #note(replica: LiveReplica): void {
    if (this.#known.has(replica.server)) return
    this.#known.add(replica.server)
    this.#own.absorb(entriesToldBy(replica.current))
    for (const listener of [...this.#listeners]) listener()
    this.#own.tell()
  }
}

/** Rows of what a backup, or a linked device, gets beside the identity. */
export const ACCOUNT_ROWS = { name: 'name', backupKey: 'backup-key', home: 'home' } as const
const SERVERS_MAX = 1_024
const ADDRESSES_MAX = 8

function restOf(
  { backupKey }: NodeInit,
  name: string,
  servers: readonly BackupServer[]
): Pick<BackupContents, 'servers' | 'extensions'> {
  return {
    servers: servers
      .slice(0, SERVERS_MAX)
      .map(({ server, addresses }) => ({ server, addresses: addresses.slice(0, ADDRESSES_MAX) })),
    extensions: [
      ...(backupKey === undefined ? [] : [[ACCOUNT_ROWS.backupKey, backupKey] as const]),
      [ACCOUNT_ROWS.name, utf8(name)] as const
    ]
  }
}

function listDevices({ suite }: NodeInit, account: Account): readonly OwnDevice[] {
  const { device: self } = account.device
  return account.log
    .state()
    .devices.map(({ device, name, manage, active }) => ({
      device,
      name:
        (name === null ? undefined : openDeviceName(suite, account.userKeys, name)) ??
        (device === self ? 'this device' : device.slice(0, 9)),
      manage,
      active,
      addedAt: device === self ? account.created : null
    }))
    .sort((a, b) => Number(b.active) - Number(a.active))
}

function checkTarget(account: Account, device: DeviceId): void {
  if (device === account.device.device)
    throw new XcordError('XCORD_CONFLICT', 'A device does not revoke itself: do it on another one.', {
      operation: device,
      rule: 'ID9'
    })
  const known = account.log.state().device(device)
  if (known === undefined)
    throw new XcordError('XCORD_DEVICE_NOT_FOUND', 'This identity has no such device.', { device })
  if (!known.active)
    throw new XcordError('XCORD_DEVICE_REVOKED', 'That device was revoked before.', { device })
}

/** Who signs for the account: the root, where its words are given, else this device. */
function signerOf({ suite }: NodeInit, account: Account, phrase: string | undefined): IdentitySigner {
  if (phrase === undefined) {
    const state = account.log.state().device(account.device.device)
    if (state?.active === true && state.manage) return account.device
    throw new XcordError(
      'XCORD_PERMISSION_DENIED',
      'This device may not manage the others. Do it on one that may, or give the 24 words.',
      { rule: 'ID5', action: 'device' }
    )
  }
  const root = rootFromPhrase(suite, phrase)
  if (!root.ok || root.value.user !== account.user) {
    const reason = root.ok ? 'they are of another identity' : root.reason
    throw new XcordError('XCORD_PHRASE_INVALID', `These are not the 24 words: ${reason}.`, { reason })
  }
  return root.value
}

/** People one knows beside servers: their identity logs, prekeys and addresses; who is blocked. */
import type { DeviceId, UserId } from '../../base/index.ts'
import type { Suite } from '../../crypto/index.ts'
import { type Directory, type Prekey, readPrekey } from '../../conversation/index.ts'
import {
  type Account,
  copyIdentityLog,
  decodeIdentityLog,
  encodeIdentityLog,
  type IdentityLog
} from '../../identity/index.ts'
import type { Batch, Database } from '../../store/index.ts'
import { type ContactRow, contactTable, prekeyTable } from './conversation-tables.ts'

/** Devices whose addresses are kept of one person. */
const PLACES_MAX = 64
const ADDRESSES_MAX = 8

interface Contact {
  log: IdentityLog | undefined
  readonly places: Map<DeviceId, readonly string[]>
  blocked: boolean
  verified: { readonly at: number; readonly devices: readonly DeviceId[] | null } | undefined
}

const devicesOf = (log: IdentityLog): readonly DeviceId[] =>
  log
    .state()
    .devices.filter(({ active }) => active)
    .map(({ device }) => device)
    .slice(0, PLACES_MAX)

/** Everybody known. Changes are staged into a batch and count at once: a failed batch loses no more than news. */
export class Contacts implements Directory {
  readonly #suite: Suite
  readonly #account: Account
  readonly #contacts = new Map<UserId, Contact>()
  readonly #prekeys = new Map<DeviceId, Prekey>()

  constructor(suite: Suite, account: Account) {
    this.#suite = suite
    this.#account = account
  }

  static async load(suite: Suite, account: Account, database: Database): Promise<Contacts> {
    const contacts = new Contacts(suite, account)
    for await (const { value } of database.table(contactTable).scan()) {
      const log = value.log === null ? undefined : decodeIdentityLog(suite, value.log)
      contacts.#contacts.set(value.user as UserId, {
        log: log?.ok === true ? log.value : undefined,
        places: new Map(value.places.map(each => [each.device as DeviceId, each.addresses])),
        blocked: value.blocked,
        verified:
          value.verifiedAt === null
            ? undefined
            : { at: value.verifiedAt, devices: value.verifiedDevices as readonly DeviceId[] | null }
      })
    }
    for await (const { value } of database.table(prekeyTable).scan()) {
      const read = readPrekey(suite, value.bytes)
      if (read.ok) contacts.#prekeys.set(read.value.device, read.value)
    }
    return contacts
  }

  log(user: UserId): IdentityLog | undefined {
    return user === this.#account.user ? this.#account.log : this.#contacts.get(user)?.log
  }

  prekey(device: DeviceId): Prekey | undefined {
    return this.#prekeys.get(device)
  }

  /** Whose device it is, by the logs known. */
  userOf(device: DeviceId): UserId | undefined {
    for (const user of [this.#account.user, ...this.#contacts.keys()])
      if (this.log(user)?.state().device(device) !== undefined) return user
    return undefined
  }

  places(user: UserId): ReadonlyMap<DeviceId, readonly string[]> {
    return this.#contacts.get(user)?.places ?? new Map<DeviceId, readonly string[]>()
  }

  isBlocked(user: UserId): boolean {
    return this.#contacts.get(user)?.blocked === true
  }

  blocked(): readonly UserId[] {
    return [...this.#contacts].filter(([, each]) => each.blocked).map(([user]) => user)
  }

  block(batch: Batch, user: UserId, blocked: boolean): void {
    this.#of(user).blocked = blocked
    this.#put(batch, user)
  }

  /**
   * Joins what is told of somebody with what is held. Own entries come by other ways (ND19).
   *
   * @returns Whether anything was new.
   */
  learn(batch: Batch, told: IdentityLog): boolean {
    if (told.user === this.#account.user) return false
    const contact = this.#of(told.user)
    const before = contact.log?.entries().length ?? -1
    const log = contact.log === undefined ? told : copyIdentityLog(this.#suite, contact.log)
    for (const entry of told.entries()) log.add(entry.bytes)
    if (log.entries().length === before) return false
    contact.log = log
    // What was compared before any device was known holds for those that are known first.
    const { verified } = contact
    if (verified?.devices === null) contact.verified = { ...verified, devices: devicesOf(log) }
    this.#put(batch, told.user)
    return true
  }

  /** Whether the owner compared the numbers, and which devices came since (ID14). */
  verified(user: UserId): { readonly at: number; readonly added: readonly DeviceId[] } | undefined {
    const contact = this.#contacts.get(user)
    if (contact?.verified === undefined) return undefined
    const { at, devices } = contact.verified
    const now = contact.log === undefined ? [] : devicesOf(contact.log)
    return { at, added: devices === null ? [] : now.filter(each => !devices.includes(each)) }
  }

  verify(batch: Batch, user: UserId, at: number | null): void {
    const contact = this.#of(user)
    const devices = contact.log === undefined ? null : devicesOf(contact.log)
    contact.verified = at === null ? undefined : { at, devices }
    this.#put(batch, user)
  }

  /** Everybody verified. */
  allVerified(): readonly UserId[] {
    return [...this.#contacts].filter(([, each]) => each.verified !== undefined).map(([user]) => user)
  }

  note(batch: Batch, user: UserId, device: DeviceId, addresses: readonly string[]): void {
    if (user === this.#account.user || addresses.length === 0) return
    const { places } = this.#of(user)
    if (places.get(device)?.join() === addresses.join() || (!places.has(device) && places.size >= PLACES_MAX))
      return
    places.set(device, addresses.slice(0, ADDRESSES_MAX))
    this.#put(batch, user)
  }

  /** Keeps a prekey of an active device, if it is newer than the one held. Gives it where it was. */
  take(batch: Batch, bytes: Uint8Array): Prekey | undefined {
    const read = readPrekey(this.#suite, bytes)
    if (!read.ok || read.value.device === this.#account.device.device) return undefined
    const { device, user, n } = read.value
    if (this.log(user)?.state().device(device)?.active !== true) return undefined
    const held = this.#prekeys.get(device)
    if (held !== undefined && held.n >= n) return undefined
    this.#prekeys.set(device, read.value)
    batch.put(prekeyTable, [device], { version: 1, bytes })
    return read.value
  }

  #of(user: UserId): Contact {
    let contact = this.#contacts.get(user)
    if (contact === undefined)
      this.#contacts.set(
        user,
        (contact = { log: undefined, places: new Map(), blocked: false, verified: undefined })
      )
    return contact
  }

  #put(batch: Batch, user: UserId): void {
    const { log, places, blocked, verified } = this.#of(user)
    const row: ContactRow = {
      version: 1,
      user,
      log: log === undefined ? null : encodeIdentityLog(log),
      places: [...places].map(([device, addresses]) => ({ device, addresses })),
      blocked,
      verifiedAt: verified?.at ?? null,
      verifiedDevices: verified?.devices ?? null
    }
    batch.put(contactTable, [user], row)
  }
}

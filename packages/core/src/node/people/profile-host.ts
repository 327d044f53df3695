/** Profiles at work (ND60–ND63): ours is kept, sealed and said; those of others are shown. */
import {
  type BlobId,
  isXcordError,
  NAME_BYTES_MAX,
  type ServerId,
  type Timers,
  type UserId,
  XcordError
} from '../../base/index.ts'
import {
  ATTACHMENT_BYTES_MAX,
  AVATAR_BYTES_MAX,
  prepareAvatar,
  type SealedAvatar
} from '../../attachment/index.ts'
import { utf8 } from '../../encoding/index.ts'
import type { Account } from '../../identity/index.ts'
import type { Database } from '../../store/index.ts'
import type { Blobs } from '../files/blobs.ts'
import type { LiveReplica } from '../replica/replica.ts'
import type { Turn } from '../replica/turn.ts'
import type { Work } from '../replica/work.ts'
import { Avatars, shelfOf, type Worn } from './avatars.ts'
import { openOwnProfile, type OwnProfile } from './own-profile.ts'
import type {
  AvatarPicture,
  AvatarReport,
  ProfileChange,
  ProfileReport,
  Profiles
} from './profile-contract.ts'

/** What could not be said, or fetched of another device of ours, is tried again after so long. */
const AGAIN_MS = 60_000
/** ND62: changes in an hour; each is kept by every member. */
const CHANGES_MAX = 20
const HOUR_MS = 3_600_000

export interface ProfileHostInit {
  readonly account: Account
  readonly database: Database
  readonly timers: Timers
  readonly blobs: Blobs
  /** SY19: a picture of ours that another device set waits for a budget. */
  readonly line: { isSpent(): boolean }
  now(): number
  /** Servers that are shown. */
  replicas(): readonly LiveReplica[]
  fault(error: unknown): void
}

/** Reads our own profile; `name` where none was ever kept. */
export async function openProfiles(init: ProfileHostInit, name: string): Promise<ProfileHost> {
  const host = new ProfileHost(init, await openOwnProfile(init.account, init.database, name))
  await init.blobs.store.tidyAvatars((user, blob) => host.isWorn(user, blob))
  return host
}

export class ProfileHost implements Profiles {
  readonly #init: ProfileHostInit
  readonly #own: OwnProfile
  readonly #avatars: Avatars
  readonly #telling = new Set<ServerId>()
  #changes: number[] = []
  #setting: Promise<unknown> = Promise.resolve()
  #again: (() => void) | undefined
  readonly #renamed = new Set<() => void>()
  #fetching = false
  /** A picture is being sealed: it is worn by nobody yet. */
  #sealing = false
  #closed = false

  constructor(init: ProfileHostInit, own: OwnProfile) {
    this.#init = init
    this.#own = own
    this.#avatars = new Avatars({ user: init.account.user, blobs: init.blobs, now: () => init.now() })
  }

  get name(): string {
    return this.#own.name
  }

  own(): ProfileReport {
    return { name: this.#own.name, avatar: reportOf(this.#own.avatar) }
  }

  async set(change: ProfileChange): Promise<ProfileReport> {
    const name = change.name === undefined ? undefined : requireName(change.name)
    const picture =
      change.avatar === undefined || change.avatar === null ? change.avatar : requirePicture(change.avatar)
    // One after the other: each builds on the one before.
    const setting = this.#setting.then(async () => {
      const before = this.name
      await this.#set(name, picture).finally(() => (this.#sealing = false))
      if (before !== this.name) this.#tellRenamed()
    })
    this.#setting = setting.catch(() => undefined)
    await setting
    return this.own()
  }

  async #set(
    name: string | undefined,
    picture: ReturnType<typeof requirePicture> | null | undefined
  ): Promise<void> {
    const { account, blobs } = this.#init
    const shelf = shelfOf(account.user)
    const unchanged = picture === undefined || (picture === null && this.#own.avatar === null)
    if ((name === undefined || name === this.#own.name) && unchanged) return
    this.#countChange()
    this.#sealing = true
    let { avatar } = this.#own
    if (picture !== undefined)
      avatar = picture === null ? null : await blobs.keepAvatar(shelf, account.user, picture)
    await this.#own.set({ name: name ?? this.#own.name, avatar })
    this.#sealing = false
    await Promise.all(this.#init.replicas().map(async each => await this.#tellIn(each)))
    await this.#tidy(account.user)
  }

  #tellRenamed(): void {
    for (const listener of [...this.#renamed]) listener()
  }

  #countChange(): void {
    const now = this.#init.now()
    this.#changes = this.#changes.filter(at => at > now - HOUR_MS && at <= now)
    if (this.#changes.length >= CHANGES_MAX)
      throw new XcordError(
        'XCORD_LIMIT',
        'The profile was changed too often in this hour. Try again later.',
        {
          what: 'changes of the profile in an hour',
          limit: CHANGES_MAX,
          actual: CHANGES_MAX + 1
        }
      )
    this.#changes.push(now)
  }

  /** Fetches what is lacking since the last time; calls back after our name changed. Returns the end of both. */
  start(renamed: () => void): () => void {
    this.#renamed.add(renamed)
    this.#fetchOwn()
    return () => this.#renamed.delete(renamed)
  }

  /** Says our profile in a server, in a turn of it. */
  readonly tell = (work: Work): void => this.#own.tell(work)

  /** After every turn, and when a server comes: is there something to say, or to learn of our other devices? */
  look(replica: LiveReplica): void {
    if (this.#closed || replica.imported || this.#telling.has(replica.server)) return
    if (this.#own.duty(replica.current) === 'nothing') return
    this.#tellIn(replica).catch((error: unknown) => this.#init.fault(error))
  }

  /** A turn was committed. */
  turnDone(replica: LiveReplica, { events }: Turn): void {
    this.look(replica)
    for (const { type, refs } of events)
      if (type === 'member:update')
        this.#tidy(refs[0] as UserId).catch((error: unknown) => this.#init.fault(error))
  }

  /** A server that takes nothing now is asked again later. */
  async #tellIn(replica: LiveReplica): Promise<void> {
    const { server } = replica
    if (this.#closed || replica.imported) return
    this.#telling.add(server)
    const before = this.own()
    try {
      await replica.do(this.tell)
      this.#telling.delete(server)
    } catch (error) {
      this.#later()
      if (!isXcordError(error)) throw error
    }
    const { name, avatar } = this.own()
    if (before.name === name && before.avatar?.blob === avatar?.blob) return
    // Another device of ours changed it: the other servers are looked at, and its picture is ours to give.
    if (before.name !== name) this.#tellRenamed()
    for (const each of this.#init.replicas()) this.look(each)
    this.#fetchOwn()
  }

  #later(): void {
    if (this.#closed) return
    this.#again ??= this.#init.timers.after(AGAIN_MS, () => {
      this.#again = undefined
      this.#telling.clear()
      for (const replica of this.#init.replicas()) this.look(replica)
      this.#fetchOwn()
    })
  }

  /** Kept by each of our devices, so that it is given while the one that set it is away. */
  #fetchOwn(): void {
    const worn = this.#wornBy(this.#init.account.user)
    if (worn === undefined || this.#fetching || this.#closed) return
    this.#fetching = true
    const fetching = async (): Promise<void> => {
      if (await this.#avatars.isHeld(worn)) return
      if (this.#init.line.isSpent()) this.#later()
      else await this.#avatars.picture(worn)
    }
    fetching()
      .catch((error: unknown) => {
        if (isXcordError(error)) this.#later()
        else this.#init.fault(error)
      })
      .finally(() => (this.#fetching = false))
  }

  close(): void {
    this.#closed = true
    this.#again?.()
  }

  // Of others.

  isWorn(user: UserId, blob: BlobId): boolean {
    if (user === this.#init.account.user && this.#own.avatar?.blob === blob) return true
    return this.#init.replicas().some(each => each.current.profiles.get(user)?.avatar?.blob === blob)
  }

  /** Where a blob lies that somebody in this server wears. */
  shelfIn(replica: LiveReplica, blob: BlobId): ServerId | undefined {
    for (const [user, { avatar }] of replica.current.profiles) if (avatar?.blob === blob) return shelfOf(user)
    return undefined
  }

  avatarOf(user: UserId, server?: ServerId): AvatarReport | null {
    return reportOf(this.#wornBy(user, server)?.avatar ?? null)
  }

  async picture(
    user: UserId,
    { server, signal }: NonNullable<Parameters<Profiles['picture']>[1]> = {}
  ): Promise<AvatarPicture | undefined> {
    const worn = this.#wornBy(user, server)
    if (worn === undefined) return undefined
    return await abortable(this.#avatars.picture(worn), signal)
  }

  /** What somebody wears, and who else may have it: members of every server where it is the same. */
  #wornBy(user: UserId, server?: ServerId): Worn | undefined {
    const replicas = this.#init.replicas()
    const asked = server === undefined ? replicas : replicas.filter(each => each.server === server)
    const avatar = user === this.#init.account.user ? this.#own.avatar : newestIn(asked, user)
    if (avatar === null) return undefined
    const places = replicas.flatMap(each => {
      const known = each.current.profiles.get(user)
      return known?.avatar?.blob === avatar.blob && !each.imported
        ? [{ server: each.server, device: known.device }]
        : []
    })
    return { user, avatar, places }
  }

  /** Avatars of theirs that they wear no more. */
  async #tidy(user: UserId): Promise<void> {
    if (this.#sealing && user === this.#init.account.user) return
    await this.#init.blobs.store.tidyAvatars((...worn) => this.isWorn(...worn), shelfOf(user))
  }
}

/** What the highest profile of somebody says, in some servers: they may not have heard of the newest in all. */
function newestIn(replicas: readonly LiveReplica[], user: UserId): SealedAvatar | null {
  const known = replicas.flatMap(each => each.current.profiles.get(user) ?? [])
  return known.sort((a, b) => b.revision - a.revision)[0]?.avatar ?? null
}

function reportOf(avatar: SealedAvatar | null): AvatarReport | null {
  return avatar === null ? null : { blob: avatar.blob, type: avatar.type, size: avatar.size }
}

/** @throws TypeError, RangeError for a name that no profile has. */
function requireName(text: string): string {
  const name = text.normalize('NFC').trim()
  if (name === '' || !name.isWellFormed()) throw new TypeError('a name needs a letter')
  const { length } = utf8(name)
  if (length > NAME_BYTES_MAX) throw new RangeError(`a name takes at most ${NAME_BYTES_MAX} bytes`)
  return name
}

/** XCORD_LIMIT, XCORD_ATTACHMENT_INVALID. */
function requirePicture(bytes: Uint8Array): {
  readonly bytes: Uint8Array
  readonly type: SealedAvatar['type']
} {
  const tooLarge = (actual: number): XcordError<'XCORD_LIMIT'> =>
    new XcordError('XCORD_LIMIT', `An avatar has at most ${AVATAR_BYTES_MAX.toLocaleString('en')} bytes.`, {
      what: 'bytes of an avatar',
      limit: AVATAR_BYTES_MAX,
      actual
    })
  if (!(bytes instanceof Uint8Array)) throw new TypeError('an avatar is bytes')
  if (bytes.length > ATTACHMENT_BYTES_MAX) throw tooLarge(bytes.length)
  const prepared = prepareAvatar(bytes.slice())
  if (!prepared.ok)
    throw new XcordError('XCORD_ATTACHMENT_INVALID', `This cannot be an avatar: ${prepared.reason}.`, {
      name: 'avatar',
      rule: prepared.rule
    })
  if (prepared.value.bytes.length > AVATAR_BYTES_MAX) throw tooLarge(prepared.value.bytes.length)
  return prepared.value
}

/** The caller's wait ends; what is under way goes on, for others who wait. */
async function abortable<T>(running: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await running
  let off: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(new XcordError('XCORD_ABORTED', 'Fetching the avatar was stopped.', {}))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
    off = () => signal.removeEventListener('abort', stop)
  })
  try {
    return await Promise.race([running, aborted])
  } finally {
    off?.()
    running.catch(() => undefined)
  }
}

/** Pictures of people (AT9): fetched when somebody asks for one, each once, and no more than a member may make us fetch. */
import { type BlobId, type DeviceId, idAs, type ServerId, type UserId, XcordError } from '../../base/index.ts'
import { checkPicture, type SealedAvatar } from '../../attachment/index.ts'
import { concatBytes } from '../../encoding/index.ts'
import type { Blobs } from '../files/blobs.ts'
import type { AvatarPicture } from './profile-contract.ts'

/** AT9: other pictures of one person that are fetched at once, and one more each minute. */
const FETCHED_MAX = 8
const FETCH_MS = 60_000
/** Fetched at one time: members answer two questions of ours at once (AT6). */
const AT_ONCE_MAX = 2
/** Pictures that were refused and are not asked for again; people whose fetches are counted. */
const REMEMBERED_MAX = 1_024

export interface AvatarsInit {
  readonly user: UserId
  readonly blobs: Pick<Blobs, 'read' | 'store'>
  now(): number
}

/** Who wears what, and of which servers members may have it. */
export interface Worn {
  readonly user: UserId
  readonly avatar: SealedAvatar
  readonly places: readonly { readonly server: ServerId; readonly device: DeviceId | undefined }[]
}

/** Where avatars of a person lie: in none of the servers, since they are one in all. */
export function shelfOf(user: UserId): ServerId {
  return idAs('s', user)
}

export class Avatars {
  readonly #init: AvatarsInit
  readonly #running = new Map<BlobId, Promise<AvatarPicture>>()
  readonly #refused = new Set<BlobId>()
  readonly #fetched = new Map<UserId, { count: number; at: number }>()
  readonly #queue: (() => void)[] = []
  #busy = 0

  constructor(init: AvatarsInit) {
    this.#init = init
  }

  /** The picture, from here or from members. XCORD_ATTACHMENT_UNAVAILABLE, XCORD_ATTACHMENT_INVALID, XCORD_LIMIT. */
  async picture(worn: Worn): Promise<AvatarPicture> {
    const { blob } = worn.avatar
    if (this.#refused.has(blob)) throw refused('AT9', 'it was refused before')
    let running = this.#running.get(blob)
    if (running === undefined) {
      running = this.#queued(async () => await this.#read(worn)).finally(() => this.#running.delete(blob))
      this.#running.set(blob, running)
    }
    return await running
  }

  async isHeld({ user, avatar }: Pick<Worn, 'user' | 'avatar'>): Promise<boolean> {
    return await this.#init.blobs.store.isWhole(shelfOf(user), avatar.blob)
  }

  async #queued<T>(run: () => Promise<T>): Promise<T> {
    if (this.#busy >= AT_ONCE_MAX) await new Promise<void>(resolve => this.#queue.push(resolve))
    else this.#busy++
    try {
      return await run()
    } finally {
      const next = this.#queue.shift()
      if (next === undefined) this.#busy--
      else next()
    }
  }

  async #read(worn: Worn): Promise<AvatarPicture> {
    const { user } = worn
    if (!(await this.isHeld(worn)) && user !== this.#init.user) this.#count(user)
    let failed: unknown = new XcordError(
      'XCORD_ATTACHMENT_UNAVAILABLE',
      'Nobody who is connected has this avatar.',
      { name: 'avatar' }
    )
    for (const place of worn.places) {
      try {
        return await this.#readIn(worn, place)
      } catch (error) {
        if (!(error instanceof XcordError) || error.code !== 'XCORD_ATTACHMENT_UNAVAILABLE') throw error
        failed = error
      }
    }
    // Of somebody with whom no server is shared any more: what is held is still theirs.
    if (worn.places.length === 0 && (await this.isHeld(worn)))
      return await this.#readIn(worn, { server: shelfOf(user), device: undefined })
    throw failed
  }

  async #readIn({ user, avatar }: Worn, place: Worn['places'][number]): Promise<AvatarPicture> {
    const { blobs } = this.#init
    const shelf = shelfOf(user)
    const own = user === this.#init.user
    const pieces: Uint8Array[] = []
    const where = { ...place, message: user, shelf, own }
    for await (const piece of blobs.read(where, { ...avatar, name: 'avatar' })) pieces.push(piece)
    const bytes = concatBytes(pieces)
    const checked = checkPicture(bytes, avatar.type)
    if (checked.ok) return { blob: avatar.blob, type: avatar.type, bytes }
    await blobs.store.drop(shelf, avatar.blob)
    if (this.#refused.size >= REMEMBERED_MAX) this.#refused.clear()
    this.#refused.add(avatar.blob)
    throw refused(checked.rule, checked.reason)
  }

  /** AT9: whoever changes pictures in haste is not followed. */
  #count(user: UserId): void {
    const now = this.#init.now()
    if (this.#fetched.size >= REMEMBERED_MAX && !this.#fetched.has(user)) this.#fetched.clear()
    const known = this.#fetched.get(user) ?? { count: 0, at: now }
    const gone = Math.max(0, now - known.at) / FETCH_MS
    const count = Math.max(0, known.count - gone)
    if (count + 1 > FETCHED_MAX)
      throw new XcordError('XCORD_LIMIT', 'This member changed avatars too often: try again in a minute.', {
        what: 'new avatars of one member',
        limit: FETCHED_MAX,
        actual: FETCHED_MAX + 1
      })
    this.#fetched.set(user, { count: count + 1, at: now })
  }
}

function refused(rule: string, reason: string): XcordError<'XCORD_ATTACHMENT_INVALID'> {
  return new XcordError('XCORD_ATTACHMENT_INVALID', `The avatar is not shown: ${reason} (${rule}).`, {
    name: 'avatar',
    rule: rule as 'AT9'
  })
}

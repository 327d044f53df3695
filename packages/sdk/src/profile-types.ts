/** Name and picture of people, as applications see and set them. */
import type { BlobId } from '@xcord/core'
import type { WaitOptions } from './types.ts'

/** A picture that somebody wears, before it is fetched. */
export interface AvatarJson {
  /** Another picture has another. */
  readonly id: string
  /** `image/png`, `image/jpeg`, `image/webp` or `image/gif`. */
  readonly type: string
  /** Bytes. */
  readonly size: number
}

/** The picture: its bytes begin as its type says. Show it as a picture of at most 4,096 pixels either way. */
export interface Avatar {
  readonly id: BlobId
  readonly type: string
  readonly bytes: Uint8Array
}

/** One's own profile. */
export interface OwnProfileJson {
  /** User id. */
  readonly identity: string
  readonly name: string
  readonly avatar: AvatarJson | null
}

export interface OwnProfileInit {
  /** 1 to 100 bytes. Absent: as it was. */
  readonly name?: string
  /**
   * PNG, JPEG, WebP or GIF of at most 262,144 bytes and 4,096 pixels either way; null removes it. What a picture says of place,
   * time and camera is taken off. Absent: as it was.
   */
  readonly avatar?: Uint8Array | null
}

/** What members of one's servers are shown: one for all of them, and for all devices of the account. */
export interface ProfileControl {
  readonly current: OwnProfileJson
  /**
   * Kept and said in every server. TypeError, RangeError for a name out of bounds; XCORD_ATTACHMENT_INVALID for what is no
   * picture, XCORD_LIMIT for one too large, or for more than 20 changes in an hour.
   */
  set(profile: OwnProfileInit): Promise<OwnProfileJson>
  /**
   * One's own picture, or that of somebody in one's servers, by user id; undefined where they wear none. What is not held
   * comes from connected members. XCORD_ATTACHMENT_UNAVAILABLE, XCORD_ATTACHMENT_INVALID, XCORD_LIMIT, XCORD_ABORTED.
   */
  avatar(options?: WaitOptions & { readonly user?: string }): Promise<Avatar | undefined>
}

/** Name and picture of people: one's own, and those of others (ID13, AT9). */
import type { BlobId, ServerId, UserId } from '../../base/index.ts'

/** A picture that is not fetched yet. */
export interface AvatarReport {
  /** Another picture has another. */
  readonly blob: BlobId
  readonly type: string
  readonly size: number
}

/** What a profile shows. */
export interface ProfileReport {
  readonly name: string
  readonly avatar: AvatarReport | null
}

/** A picture, checked and opened. */
export interface AvatarPicture {
  readonly blob: BlobId
  readonly bytes: Uint8Array
  readonly type: string
}

export interface ProfileChange {
  /** 1 to 100 bytes. Absent: as it was. */
  readonly name?: string
  /** PNG, JPEG, WebP or GIF; null removes it. Absent: as it was. */
  readonly avatar?: Uint8Array | null
}

export interface Profiles {
  own(): ProfileReport
  /**
   * Kept, then said in every server; own devices that hear of it do likewise. TypeError, RangeError for a name out of bounds;
   * XCORD_ATTACHMENT_INVALID for what is no picture, XCORD_LIMIT for one too large and for changes too many.
   */
  set(change: ProfileChange): Promise<ProfileReport>
  /** The avatar of somebody, as a server we share tells it; without `server`, as any does. */
  avatarOf(user: UserId, server?: ServerId): AvatarReport | null
  /**
   * The picture itself; undefined for none. Held ones are read, others fetched of connected members.
   * XCORD_ATTACHMENT_UNAVAILABLE, XCORD_ATTACHMENT_INVALID, XCORD_LIMIT, XCORD_ABORTED.
   */
  picture(
    user: UserId,
    options?: { readonly server?: ServerId; readonly signal?: AbortSignal | undefined }
  ): Promise<AvatarPicture | undefined>
}

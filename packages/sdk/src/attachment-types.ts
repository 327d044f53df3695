/** Files that messages carry. */
import type { BlobId } from '@xcord/core'
import type { WaitOptions } from './types.ts'

/** A file to send. */
export interface FileDraft {
  /** Without folders; at most 255 bytes. */
  readonly name: string
  /** At most 33,554,432 bytes. */
  readonly bytes: Uint8Array
  /** Media type; by default what its bytes say of JPEG, PNG and WebP, else `application/octet-stream`. */
  readonly type?: string
  /** Of JPEG, PNG and WebP only the picture is sent, unless this is true: then place, time and camera too. */
  readonly keepMetadata?: boolean
}

/** A file that a message carries. */
export interface Attachment {
  readonly id: BlobId
  /** As its sender called it. No path: but show it as text only. */
  readonly name: string
  /** As its sender said. */
  readonly type: string
  readonly size: number
  /**
   * The whole file. What is not held here comes from connected members, and is kept.
   * XCORD_ATTACHMENT_UNAVAILABLE, XCORD_ATTACHMENT_INVALID, XCORD_ABORTED.
   */
  read(options?: WaitOptions): Promise<Uint8Array>
  /** The same piece by piece; each was checked before it is given. Only the end says that the file is whole. */
  stream(options?: WaitOptions): AsyncIterable<Uint8Array>
  toJSON(): AttachmentJson
}

/** A file that a message carries, without what opens it. */
export interface AttachmentJson {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly size: number
}

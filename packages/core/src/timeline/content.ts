/**
 * What the timeline consumes: content payloads already opened, verified and judged (TL1). The payload's bytes
 * are e2ee's; this is their meaning.
 */
import type { BlobId, ChannelId, DeviceId, MessageId, OperationId, RoleId, UserId } from '../base/index.ts'

/** Whom a message names. Lists are distinct and sorted. */
export interface Mentions {
  readonly users: readonly UserId[]
  readonly roles: readonly RoleId[]
  /** `@everyone`; counts only where the author holds MentionEveryone, which the shell checks. */
  readonly everyone: boolean
}

/** A sealed blob a message carries (AT3): all that is needed to fetch, check and open it. */
export interface Attachment {
  readonly blob: BlobId
  /** Bytes of the file before padding. */
  readonly size: number
  readonly type: string
  readonly name: string
  readonly noncePrefix: Uint8Array
  readonly key: Uint8Array
  readonly keyCommit: Uint8Array
}

export type MessageBody = {
  readonly kind: 'message'
  readonly content: string
  readonly replyTo: MessageId | null
  readonly mentions: Mentions
  readonly attachments: readonly Attachment[]
}
export type EditBody = {
  readonly kind: 'edit'
  readonly message: MessageId
  readonly content: string
  readonly mentions: Mentions
  readonly attachments: readonly Attachment[]
}
export type DeleteBody = { readonly kind: 'delete'; readonly message: MessageId }
export type ReactionBody = {
  readonly kind: 'reaction'
  readonly message: MessageId
  readonly emoji: string
  /** False takes the reaction back. */
  readonly on: boolean
}
export type PinBody = { readonly kind: 'pin'; readonly message: MessageId; readonly on: boolean }

export type TimelineBody = MessageBody | EditBody | DeleteBody | ReactionBody | PinBody

/** Authority's second answer (AU36): hidden items are kept and do not count until they are re-admitted. */
export type Standing = 'visible' | 'hidden'

/** One opened, verified and judged content envelope. */
export interface TimelineItem {
  /** The envelope's id. */
  readonly id: MessageId
  readonly channel: ChannelId
  readonly device: DeviceId
  readonly user: UserId
  /** Place in the device's chain (EN5). */
  readonly seq: number
  /** The author's clock, ms since the Unix epoch. */
  readonly at: number
  /** Frontier it was written under (AU34). */
  readonly auth: readonly OperationId[]
  readonly body: TimelineBody
  readonly standing: Standing
  /** The author held ManageMessages in this channel in the item's own past: may delete what others wrote (AU38). */
  readonly mayManage: boolean
}

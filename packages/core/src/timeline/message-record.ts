/**
 * The record of one message: everything that was contributed to it, bounded, from which what people see
 * follows (TL3). A record may exist before its message does: edits, reactions and deletions that overtook it
 * wait there.
 */
import type { ChannelId, DeviceId, MessageId, OperationId, UserId } from '../base/index.ts'
import type { Attachment, Mentions, Standing } from './content.ts'

/** What every contribution carries. Order is (at, id) (AU34). */
export interface Contribution {
  readonly id: MessageId
  readonly user: UserId
  readonly at: number
  readonly standing: Standing
}

/** The message itself, as it was first sent. */
export interface Original extends Contribution {
  readonly device: DeviceId
  readonly seq: number
  readonly auth: readonly OperationId[]
  readonly content: string
  readonly replyTo: MessageId | null
  readonly mentions: Mentions
  readonly attachments: readonly Attachment[]
}

export interface Edit extends Contribution {
  readonly content: string
  readonly mentions: Mentions
  readonly attachments: readonly Attachment[]
}

export interface Deletion extends Contribution {
  readonly mayManage: boolean
}

export interface ReactionMark extends Contribution {
  readonly emoji: string
  readonly on: boolean
}

export interface PinMark extends Contribution {
  readonly on: boolean
}

/** All that is known of one message in one channel. Lists are sorted by (at, id), oldest first. */
export interface MessageRecord {
  readonly id: MessageId
  readonly channel: ChannelId
  /** null while the message has not arrived. */
  readonly original: Original | null
  readonly edits: readonly Edit[]
  readonly deletions: readonly Deletion[]
  readonly reactions: readonly ReactionMark[]
  readonly pins: readonly PinMark[]
  /** Content was erased here for good after a deletion (TL12); nothing brings it back but a rebuild. */
  readonly erased: boolean
  /** While the message has not arrived: something that waited for it was dropped (TL8). */
  readonly overflow: boolean
}

/** A message as people see it: what follows from its record (TL10). */
import type { ChannelId, DeviceId, MessageId, OperationId, UserId } from '../base/index.ts'
import type { Attachment, Mentions } from './content.ts'

/** All that stands under one emoji. */
export interface Reaction {
  readonly emoji: string
  /** Who reacted, in order of (at, id). */
  readonly users: readonly UserId[]
}

/** visible: shown. hidden: struck by a concurrent denial, may return. deleted: a tombstone without content. */
export type MessageStatus = 'visible' | 'hidden' | 'deleted'

export interface Message {
  readonly id: MessageId
  readonly channel: ChannelId
  readonly author: UserId
  readonly device: DeviceId
  readonly seq: number
  readonly auth: readonly OperationId[]
  readonly at: number
  readonly status: MessageStatus
  /** Newest standing text; empty when deleted. */
  readonly content: string
  readonly replyTo: MessageId | null
  readonly mentions: Mentions
  readonly attachments: readonly Attachment[]
  /** Time of the edit that shows; null when none does. */
  readonly editedAt: number | null
  readonly deletedBy: UserId | null
  /** By first standing reaction; empty when deleted. */
  readonly reactions: readonly Reaction[]
  readonly pinned: boolean
}

/** What one item changed for people; the SDK's events. `message` is the state after it. */
export type TimelineChange =
  | { readonly type: 'message:create' | 'message:update' | 'message:delete' | 'message:hide' | 'message:show'; readonly message: Message }
  | { readonly type: 'reaction:add' | 'reaction:remove'; readonly message: Message; readonly emoji: string; readonly user: UserId }
  | { readonly type: 'pin:add' | 'pin:remove'; readonly message: Message }

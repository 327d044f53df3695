/** A message as people see it: what follows from its record (TL10). */
import type { ChannelId, DeviceId, MessageId, OperationId, UserId } from '../base/index.ts'
import type { Attachment, Mentions } from './content.ts'
import { NO_MENTIONS } from './mentions.ts'
import type { Deletion, Edit, MessageRecord, ReactionMark } from './message-record.ts'

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
  | {
      readonly type: 'message:create' | 'message:update' | 'message:delete' | 'message:hide' | 'message:show'
      readonly message: Message
    }
  | {
      readonly type: 'reaction:add' | 'reaction:remove'
      readonly message: Message
      readonly emoji: string
      readonly user: UserId
    }
  | { readonly type: 'pin:add' | 'pin:remove'; readonly message: Message }

/** The first standing deletion by the author or by somebody who may manage messages (AU38). */
function standingDeletion(record: MessageRecord): Deletion | undefined {
  return record.deletions.find(
    deletion =>
      deletion.standing === 'visible' && (deletion.mayManage || deletion.user === record.original?.user)
  )
}

/** Whether a message that arrived is deleted. */
export function isDeleted(record: MessageRecord): boolean {
  return record.original !== null && (record.erased || standingDeletion(record) !== undefined)
}

/** The last standing edit of the author. */
function shownEdit(record: MessageRecord): Edit | undefined {
  return record.edits.findLast(edit => edit.standing === 'visible' && edit.user === record.original?.user)
}

const NO_REACTIONS: readonly Reaction[] = Object.freeze([])

/** Per user and emoji the last standing mark; those that are on, by emoji. */
function reactionsOf(marks: readonly ReactionMark[]): readonly Reaction[] {
  if (marks.length === 0) return NO_REACTIONS
  const last = new Map<string, ReactionMark>()
  for (const mark of marks) if (mark.standing === 'visible') last.set(`${mark.user} ${mark.emoji}`, mark)
  const byEmoji = new Map<string, UserId[]>()
  for (const mark of marks) {
    if (!mark.on || last.get(`${mark.user} ${mark.emoji}`) !== mark) continue
    const users = byEmoji.get(mark.emoji)
    if (users === undefined) byEmoji.set(mark.emoji, [mark.user])
    else users.push(mark.user)
  }
  return [...byEmoji].map(([emoji, users]) => ({ emoji, users }))
}

/** TL10: an edit takes files away and adds none, for to attach takes a permission that edits are not asked for. */
function filesShown(sent: readonly Attachment[], edit: Edit | undefined): readonly Attachment[] {
  if (edit === undefined || sent.length === 0) return sent
  return sent.filter(each => edit.attachments.some(({ blob }) => blob === each.blob))
}

/** What people see of a record; undefined while the message itself has not arrived. */
export function messageOf(record: MessageRecord): Message | undefined {
  const { original } = record
  if (original === null) return undefined
  const deleted = isDeleted(record)
  const edit = deleted ? undefined : shownEdit(record)
  const said = edit ?? original
  return {
    id: record.id,
    channel: record.channel,
    author: original.user,
    device: original.device,
    seq: original.seq,
    auth: original.auth,
    at: original.at,
    // Hidden comes first: nobody who may not see the message should see that it was deleted.
    status: original.standing === 'hidden' ? 'hidden' : deleted ? 'deleted' : 'visible',
    content: deleted ? '' : said.content,
    replyTo: original.replyTo,
    mentions: deleted ? NO_MENTIONS : said.mentions,
    attachments: deleted ? [] : filesShown(original.attachments, edit),
    editedAt: edit?.at ?? null,
    deletedBy: standingDeletion(record)?.user ?? null,
    reactions: deleted ? [] : reactionsOf(record.reactions),
    pinned: !deleted && (record.pins.findLast(pin => pin.standing === 'visible')?.on ?? false)
  }
}

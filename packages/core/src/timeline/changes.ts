/** What changed for people between two states of a record (TL11). */
import type { Message, Reaction, TimelineChange } from './message.ts'
import { messageOf } from './message.ts'
import type { MessageRecord } from './message-record.ts'

/** Events, in a fixed order: the message itself, then pin, then reactions taken back, then reactions added. */
export function changesBetween(before: MessageRecord, after: MessageRecord): readonly TimelineChange[] {
  const old = messageOf(before)
  const message = messageOf(after)
  if (message === undefined) return []
  if (old === undefined) {
    if (message.status === 'hidden') return []
    return [{ type: message.status === 'visible' ? 'message:create' : 'message:delete', message }]
  }
  if (old.status !== message.status) {
    const type = ({ visible: 'message:show', hidden: 'message:hide', deleted: 'message:delete' } as const)[
      message.status
    ]
    return [{ type, message }]
  }
  if (message.status !== 'visible') return []
  const changes: TimelineChange[] = []
  if (isRewritten(before, after, old, message)) changes.push({ type: 'message:update', message })
  if (old.pinned !== message.pinned)
    changes.push({ type: message.pinned ? 'pin:add' : 'pin:remove', message })
  for (const { emoji, user } of missing(old.reactions, message.reactions))
    changes.push({ type: 'reaction:remove', message, emoji, user })
  for (const { emoji, user } of missing(message.reactions, old.reactions))
    changes.push({ type: 'reaction:add', message, emoji, user })
  return changes
}

/** Another edit shows: texts may be equal, but "edited at" differs. */
function isRewritten(before: MessageRecord, after: MessageRecord, old: Message, message: Message): boolean {
  if (old.editedAt !== message.editedAt || old.content !== message.content) return true
  return (
    before.edits !== after.edits &&
    (old.mentions !== message.mentions || old.attachments !== message.attachments)
  )
}

function* missing(
  from: readonly Reaction[],
  others: readonly Reaction[]
): Generator<{ emoji: string; user: Reaction['users'][number] }> {
  const known = new Map(others.map(({ emoji, users }) => [emoji, new Set(users)]))
  for (const { emoji, users } of from) {
    for (const user of users) if (known.get(emoji)?.has(user) !== true) yield { emoji, user }
  }
}

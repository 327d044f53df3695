/** A message that somebody wants to act upon. */
import { type ChannelId, type MessageId, XcordError } from '../../base/index.ts'
import type { Message } from '../../timeline/index.ts'
import type { TimelineStore } from '../timeline/timeline-store.ts'

export function notHeld(
  message: MessageId,
  why = 'The message is not held here.'
): XcordError<'XCORD_MESSAGE_NOT_FOUND'> {
  return new XcordError('XCORD_MESSAGE_NOT_FOUND', why, { message })
}

/** XCORD_MESSAGE_NOT_FOUND where it is not held here, or was deleted. */
export async function requireMessage(
  timeline: TimelineStore,
  channel: ChannelId,
  id: MessageId
): Promise<Message> {
  const message = await timeline.message(channel, id)
  if (message === undefined) throw notHeld(id, 'No such message is held here.')
  if (message.status === 'deleted') throw notHeld(id, 'This message was deleted.')
  return message
}

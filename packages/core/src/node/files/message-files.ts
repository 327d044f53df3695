/** A message of ours, with its files: these are sealed and on disk before its turn, and belong to it from then on. */
import { type MessageId, XcordError } from '../../base/index.ts'
import { recallPace } from '../intake/arrival-rules.ts'
import type { Blobs } from './blobs.ts'
import type { Replica } from '../contract.ts'
import type { LiveReplica } from '../replica/replica.ts'
import type { Turn } from '../replica/turn.ts'
import { requirePermissions, writeMessage } from '../intents/write-content.ts'

export async function sendMessage(
  replica: LiveReplica,
  blobs: Blobs,
  ...[channel, content, replyTo, files = []]: Parameters<Replica['send']>
): Promise<{ readonly id: MessageId; readonly turn: Turn }> {
  const recalled = recallPace(replica.current, channel)
  if (recalled !== undefined) await recalled
  // Asked again in the turn; before anything is sealed it spares the work.
  if (files.length > 0)
    requirePermissions(replica.current, channel, ['SendMessages', 'AttachFiles'], replica.now())
  const kept = await blobs.keep(replica.server, files)
  try {
    return await replica.do(work => {
      const attachments = kept.map(each => each.attachment)
      const { id } = writeMessage(work, channel, content, replyTo, attachments)
      blobs.attach(work.turn, replica.server, id, kept)
      return { id, turn: work.turn }
    })
  } catch (error) {
    blobs.forget(replica.server, kept)
    throw error
  }
}

/** A file of a message that is held here and not deleted. */
export async function* openFile(
  replica: LiveReplica,
  blobs: Blobs,
  ...[channel, id, blob, signal]: Parameters<Replica['openFile']>
): AsyncGenerator<Uint8Array, void, undefined> {
  const message = (await replica.message(channel, id))?.message
  const attachment = message?.attachments.find(each => each.blob === blob)
  if (message === undefined || attachment === undefined)
    throw new XcordError('XCORD_MESSAGE_NOT_FOUND', 'No message that is held here carries this file.', {
      message: id
    })
  const { server } = replica
  yield* blobs.read({ server, message: id, device: message.device }, attachment, signal)
}

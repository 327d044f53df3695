/** A file of a message with its verbs. */
import type { MessageId } from '@xcord/core'
import type { HeldMessage } from '@xcord/core/node'
import type { Attachment, WaitOptions } from '../types.ts'
import type { LiveChannel } from './channel.ts'

type Row = HeldMessage['message']['attachments'][number]

export function createAttachment(channel: LiveChannel, message: MessageId, row: Row): Attachment {
  const { blob: id, name, type, size } = row
  const stream = ({ signal }: WaitOptions = {}): AsyncIterable<Uint8Array> =>
    channel.server.replica.openFile(channel.id, message, id, signal)
  return {
    id,
    name,
    type,
    size,
    stream,
    read: async options => {
      // Not by the size that the message claims: what comes decides what is held.
      const pieces: Uint8Array[] = []
      let bytes = 0
      for await (const piece of stream(options)) {
        pieces.push(piece)
        bytes += piece.length
      }
      const whole = new Uint8Array(bytes)
      let at = 0
      for (const piece of pieces) {
        whole.set(piece, at)
        at += piece.length
      }
      return whole
    },
    toJSON: () => ({ id, name, type, size })
  }
}

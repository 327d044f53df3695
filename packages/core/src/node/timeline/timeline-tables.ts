/** The timeline's tables in the sealed database. */
import { type ChannelId, idFromBytes, type MessageId, readIdBytes } from '../../base/index.ts'
import { bool, bytes, codec, mapped, nullable, tuple, uint } from '../../encoding/index.ts'
import { defineTable, hiddenId, sortNumber } from '../../store/index.ts'
import { messageRecordCodec, type MessageStatus } from '../../timeline/index.ts'

const channelId = mapped(bytes(32), 'an id', raw => idFromBytes('c', raw), readIdBytes)
const messageId = mapped(bytes(32), 'an id', raw => idFromBytes('m', raw), readIdBytes)
const userId = mapped(bytes(32), 'an id', raw => idFromBytes('u', raw), readIdBytes)
const STATUSES: readonly MessageStatus[] = ['visible', 'hidden', 'deleted']
const status = mapped(
  uint(STATUSES.length - 1),
  'a status',
  n => STATUSES[n],
  value => STATUSES.indexOf(value)
)

/** Records by message and channel: the message comes first, so that its id alone finds its channel. */
export const records = defineTable({
  name: 'timeline-records',
  schema: 1,
  key: [hiddenId<MessageId>(), hiddenId<ChannelId>()] as const,
  value: messageRecordCodec
})

/** The order of each channel, by clear time: enough to page, count and skip without opening records. */
export const order = defineTable({
  name: 'timeline-order',
  schema: 1,
  key: [hiddenId<ChannelId>(), sortNumber(), hiddenId<MessageId>()] as const,
  value: codec(tuple({ at: uint(), id: messageId, author: userId, status, mentioned: bool }), {
    rule: 'TL13',
    maxBytes: 128
  })
})

/** What is kept per channel: how far it was read, and what came since. */
export const channels = defineTable({
  name: 'timeline-channels',
  schema: 1,
  key: [hiddenId<ChannelId>()] as const,
  value: codec(
    tuple({
      channel: channelId,
      read: nullable(tuple({ at: uint(), id: messageId })),
      count: uint(),
      mentions: uint()
    }),
    { rule: 'TL14', maxBytes: 256 }
  )
})

/** Records whose message has not arrived: few, so that all are known when a profile is open (docs/adr/0092). */
export const waiting = defineTable({
  name: 'timeline-waiting',
  schema: 1,
  key: [hiddenId<MessageId>(), hiddenId<ChannelId>()] as const,
  value: codec(tuple({ id: messageId, channel: channelId }), { rule: 'TL3', maxBytes: 128 })
})

/** Tables the database must be opened with. */
export const TIMELINE_TABLES = [records, order, channels, waiting] as const

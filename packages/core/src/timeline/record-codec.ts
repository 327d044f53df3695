/** Bytes of a stored record (TL9). Written and read by this device only; bounded like a peer's all the same. */
import {
  ATTACHMENT_NAME_BYTES_MAX,
  ATTACHMENT_TYPE_BYTES_MAX,
  ATTACHMENTS_MAX,
  DELETERS_KEPT_MAX,
  DELETIONS_KEPT_MAX,
  EDITORS_WAITING_MAX,
  EDITS_KEPT_MAX,
  EMOJI_BYTES_MAX,
  idFromBytes,
  type IdLetter,
  MENTIONS_MAX,
  MESSAGE_BYTES_MAX,
  MESSAGE_RECORD_BYTES_MAX,
  OPERATION_CITES_MAX,
  PINS_KEPT_MAX,
  REACTION_MARKS_KEPT_MAX,
  REACTIONS_MAX,
  readIdBytes
} from '../base/index.ts'
import {
  array,
  bool,
  bytes,
  codec,
  type Codec,
  mapped,
  nullable,
  type Schema,
  text,
  tuple,
  uint
} from '../encoding/index.ts'
import type { Attachment, Mentions, Standing } from './content.ts'
import { comparePlaces } from './keep-contributions.ts'
import { areMentionsOrdered, NO_MENTIONS } from './mentions.ts'
import type {
  Contribution,
  Deletion,
  Edit,
  MessageRecord,
  Original,
  PinMark,
  ReactionMark
} from './message-record.ts'

function id<L extends IdLetter>(letter: L): Schema<ReturnType<typeof idFromBytes<L>>> {
  return mapped(bytes(32), 'an id', raw => idFromBytes(letter, raw), readIdBytes)
}

const standing: Schema<Standing> = mapped(
  uint(1),
  'a standing',
  n => (n === 1 ? 'visible' : 'hidden'),
  s => (s === 'visible' ? 1 : 0)
)

/** null stands for no mentions: most messages have none. */
const mentions: Schema<Mentions> = mapped(
  nullable(
    tuple({ users: array(id('u'), MENTIONS_MAX), roles: array(id('r'), MENTIONS_MAX), everyone: bool })
  ),
  'sorted mentions',
  found => {
    if (found === null) return NO_MENTIONS
    const empty = found.users.length + found.roles.length === 0 && !found.everyone
    return !empty && areMentionsOrdered(found) ? found : undefined
  },
  value => (value.users.length + value.roles.length === 0 && !value.everyone ? null : value)
)

/** AT3 as stored: blob, size, type, name, nonce prefix, key, commitment. */
export const attachmentSchema: Schema<Attachment> = tuple({
  blob: id('b'),
  size: uint(),
  type: text(ATTACHMENT_TYPE_BYTES_MAX),
  name: text(ATTACHMENT_NAME_BYTES_MAX, 1),
  noncePrefix: bytes(7),
  key: bytes(32),
  keyCommit: bytes(32)
})

const attachments = array(attachmentSchema, ATTACHMENTS_MAX)
const content = text(MESSAGE_BYTES_MAX)
const contribution = { id: id('m'), user: id('u'), at: uint(), standing }

const original: Schema<Original> = tuple({
  ...contribution,
  device: id('d'),
  seq: uint(),
  auth: array(id('o'), OPERATION_CITES_MAX),
  content,
  replyTo: nullable(id('m')),
  mentions,
  attachments
})
const edit: Schema<Edit> = tuple({ ...contribution, content, mentions, attachments })
const deletion: Schema<Deletion> = tuple({ ...contribution, mayManage: bool })
const reaction: Schema<ReactionMark> = tuple({ ...contribution, emoji: text(EMOJI_BYTES_MAX, 1), on: bool })
const pin: Schema<PinMark> = tuple({ ...contribution, on: bool })

/** A list in strictly ascending (at, id): a record has one form. */
function ordered<C extends Contribution>(item: Schema<C>, max: number): Schema<readonly C[]> {
  return mapped(
    array(item, max),
    'sorted by (at, id)',
    list =>
      list.every((each, i) => i === 0 || comparePlaces(list[i - 1] as C, each) < 0) ? list : undefined,
    list => list
  )
}

/** Codec of the timeline's records. */
export const messageRecordCodec: Codec<MessageRecord> = codec(
  mapped(
    tuple({
      id: id('m'),
      channel: id('c'),
      original: nullable(original),
      edits: ordered(edit, EDITS_KEPT_MAX * EDITORS_WAITING_MAX),
      deletions: ordered(deletion, DELETIONS_KEPT_MAX * DELETERS_KEPT_MAX),
      reactions: ordered(reaction, REACTIONS_MAX * REACTION_MARKS_KEPT_MAX),
      pins: ordered(pin, PINS_KEPT_MAX),
      erased: bool,
      overflow: bool
    }),
    'a record whose message is its own',
    record => (record.original === null || record.original.id === record.id ? record : undefined),
    record => record
  ),
  { rule: 'TL9', maxBytes: MESSAGE_RECORD_BYTES_MAX }
)

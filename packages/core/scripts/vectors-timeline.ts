/** Writes docs/spec/vectors/timeline: run with Node 24, `node packages/core/scripts/vectors-timeline.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeCbor, type CborValue } from '../src/encoding/index.ts'
import {
  mentionsOf,
  messageOf,
  messageRecordCodec,
  type MessageRecord,
  reduceMessage,
  type TimelineItem
} from '../src/timeline/index.ts'
import {
  channel,
  deleted,
  edited,
  item,
  pinned,
  reacted,
  said,
  user
} from '../src/timeline/timeline.fixture.ts'

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex')
const fold = (items: readonly TimelineItem[]): MessageRecord => {
  let record: MessageRecord | undefined
  for (const each of items) record = reduceMessage(record, each).record
  return record as MessageRecord
}

const hidden = { standing: 'hidden' } as const
const manages = { mayManage: true } as const
const histories: Record<string, TimelineItem[]> = {
  'a message': [item(1, 1, said('hello'))],
  'edits by the author and by another': [
    item(1, 1, said('one')),
    item(2, 1, edited(1, 'two')),
    item(9, 2, edited(1, 'forged'))
  ],
  'two edits of one millisecond: the higher id shows': [
    item(1, 1, said('one')),
    item(3, 1, edited(1, 'b'), { at: 5 }),
    item(2, 1, edited(1, 'a'), { at: 5 })
  ],
  'a hidden edit does not show': [
    item(1, 1, said('one')),
    item(2, 1, edited(1, 'two')),
    item(3, 1, edited(1, 'three'), hidden)
  ],
  'deleted by its author': [item(1, 1, said('one')), item(2, 2, reacted(1, '👍')), item(3, 1, deleted(1))],
  'deleted by a moderator': [item(1, 1, said('one')), item(3, 2, deleted(1), manages)],
  'not deleted by somebody else, nor by a hidden deletion': [
    item(1, 1, said('one')),
    item(3, 2, deleted(1)),
    item(4, 3, deleted(1), { ...manages, ...hidden })
  ],
  'a hidden message that is also deleted': [item(1, 1, said('one'), hidden), item(3, 1, deleted(1))],
  'reactions: the last of a user and emoji counts': [
    item(1, 1, said('one')),
    item(2, 2, reacted(1, '👍')),
    item(4, 2, reacted(1, '👍', false)),
    item(3, 3, reacted(1, '👍')),
    item(5, 3, reacted(1, '🎉'))
  ],
  'pins: the last counts': [
    item(1, 1, said('one')),
    item(2, 2, pinned(1)),
    item(3, 3, pinned(1, false)),
    item(4, 2, pinned(1))
  ],
  'a message that has not arrived': [item(2, 1, edited(1, 'two')), item(3, 2, reacted(1, '👍'))]
}

const example = fold(histories['edits by the author and by another'] as TimelineItem[])
const bytes = messageRecordCodec.encode(example)
const id = new Uint8Array(32)
const record = (over: Partial<Record<number, CborValue>>): string => {
  const fields: CborValue[] = [id, id, null, [], [], [], [], false, false]
  for (const [index, value] of Object.entries(over)) fields[Number(index)] = value as CborValue
  return hex(encodeCbor(fields))
}
const pin = (n: number, at: number): CborValue => [Uint8Array.from(id).fill(n), id, at, 1, true]
const invalid = [
  { why: 'empty', bytes: '' },
  { why: 'cut short', bytes: hex(bytes.subarray(0, bytes.length - 1)) },
  { why: 'trailing byte', bytes: hex(bytes) + '00' },
  { why: 'a field too few', bytes: hex(encodeCbor([id, id, null, [], [], [], [], false])) },
  { why: 'id of 31 bytes', bytes: record({ 0: id.subarray(1) }) },
  {
    why: 'message of another id',
    bytes: record({ 2: [Uint8Array.from(id).fill(1), id, 1, 1, id, 1, [], 'x', null, null, []] })
  },
  { why: 'unknown standing', bytes: record({ 6: [[id, id, 1, 2, true]] }) },
  { why: 'unsorted pins', bytes: record({ 6: [pin(2, 5), pin(1, 5)] }) },
  { why: 'one pin twice', bytes: record({ 6: [pin(1, 5), pin(1, 5)] }) },
  { why: 'nine pins', bytes: record({ 6: Array.from({ length: 9 }, (_, i) => pin(1, i)) }) },
  {
    why: 'mentions that name nobody',
    bytes: record({ 2: [id, id, 1, 1, id, 1, [], 'x', null, [[], [], false], []] })
  },
  { why: 'emoji of 65 bytes', bytes: record({ 5: [[id, id, 1, 1, 'x'.repeat(65), true]] }) }
].map(each => ({ rule: 'TL9', ...each }))

const texts = [
  'nobody',
  `<@${user(1)}>`,
  `<@${user(2)}> <@${user(1)}> <@${user(2)}>`,
  `<@&r${user(1).slice(1)}> <#${channel(4)}>`,
  '@everyone',
  'mail@everyone.org',
  `\`<@${user(1)}>\``,
  `\`\`\`\n@everyone\n\`\`\` @everyone`,
  `<@${user(1).slice(0, -1)}>`,
  `<@&${user(1)}>`
]

const folder = join(import.meta.dirname, '../../../docs/spec/vectors/timeline')
mkdirSync(folder, { recursive: true })
const write = (name: string, value: unknown): void =>
  writeFileSync(join(folder, name), JSON.stringify(value, null, 2) + '\n')
write('messages.json', {
  chapter: 'timeline',
  note: 'Items in any order give the record and the message. A record with no message has message null.',
  histories: Object.entries(histories).map(([title, items]) => {
    const folded = fold(items)
    return {
      rules: ['TL6', 'TL10'],
      title,
      items,
      record: hex(messageRecordCodec.encode(folded)),
      message: messageOf(folded) ?? null
    }
  })
})
write('records.json', { chapter: 'timeline', invalid })
write('mentions.json', {
  chapter: 'timeline',
  texts: texts.map(text => ({ rule: 'TL4', text, found: mentionsOf(text) }))
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TimelineItem } from './content.ts'
import { mentionsOf } from './mentions.ts'
import { messageOf } from './message.ts'
import type { MessageRecord } from './message-record.ts'
import { messageRecordCodec } from './record-codec.ts'
import { reduceMessage } from './reduce-message.ts'

const read = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../../../docs/spec/vectors/timeline', name), 'utf8'))
const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

describe('timeline vectors', () => {
  it('[TL6] [TL10] histories give their record and message in every order', () => {
    const { histories } = read('messages.json') as {
      histories: { title: string; items: TimelineItem[]; record: string; message: unknown }[]
    }
    expect(histories.length).toBeGreaterThan(10)
    for (const { title, items, record, message } of histories) {
      fc.assert(
        fc.property(fc.shuffledSubarray(items, { minLength: items.length }), order => {
          let folded: MessageRecord | undefined
          for (const each of order) folded = reduceMessage(folded, each).record
          expect(Uint8Array.from(messageRecordCodec.encode(folded as MessageRecord)), title).toEqual(
            unhex(record)
          )
          expect(messageOf(folded as MessageRecord) ?? null, title).toEqual(message)
        }),
        { numRuns: 20 }
      )
      expect(messageRecordCodec.decode(unhex(record)).ok, title).toBe(true)
    }
  })

  it('[TL9] bytes that are no record are refused by their rule', () => {
    const { invalid } = read('records.json') as { invalid: { rule: string; why: string; bytes: string }[] }
    expect(invalid.length).toBeGreaterThan(10)
    for (const { rule, why, bytes } of invalid)
      expect(messageRecordCodec.decode(unhex(bytes)), why).toMatchObject({ ok: false, rule })
  })

  it('[TL4] mentions in text', () => {
    const { texts } = read('mentions.json') as { texts: { text: string; found: unknown }[] }
    for (const { text, found } of texts) expect(mentionsOf(text), text).toEqual(found)
  })
})

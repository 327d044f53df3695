import { describe, expect, it } from 'vitest'
import { messageOf } from './message.ts'
import type { TimelineItem } from './content.ts'
import type { MessageRecord } from './message-record.ts'
import { eraseMessage, reduceMessage } from './reduce-message.ts'
import { channel, deleted, edited, item, message, pinned, reacted, said, user } from './timeline.fixture.ts'

/** Applies items one by one; gives the last record and the types of all changes. */
function play(items: readonly TimelineItem[], from?: MessageRecord) {
  let record = from
  const told: string[] = []
  for (const each of items) {
    const result = reduceMessage(record, each)
    record = result.record
    told.push(...result.changes.map(change => change.type))
  }
  return { record: record as MessageRecord, told, shown: record && messageOf(record) }
}

describe('edits', () => {
  it('[TL2] [TL6] only the author edits; the last in (at, id) shows, not the last to arrive', () => {
    const { shown, told } = play([
      item(1, 1, said('first')),
      item(4, 1, edited(1, 'third')),
      item(3, 1, edited(1, 'second')),
      item(9, 2, edited(1, 'forged'), { mayManage: true })
    ])
    expect(shown).toMatchObject({ content: 'third', editedAt: 4, author: user(1), at: 1, status: 'visible' })
    expect(told).toEqual(['message:create', 'message:update'])
  })

  it('[TL3] [TL6] what overtakes its message waits for it, and one event tells all', () => {
    const { shown, told } = play([
      item(3, 1, edited(1, 'second')),
      item(4, 2, reacted(1, '👍')),
      item(5, 3, pinned(1)),
      item(1, 1, said('first'))
    ])
    expect(shown).toMatchObject({
      content: 'second',
      pinned: true,
      reactions: [{ emoji: '👍', users: [user(2)] }]
    })
    expect(told).toEqual(['message:create'])
  })

  it('[TL6] a hidden edit gives way to the one before it and comes back when re-admitted', () => {
    const base = [item(1, 1, said('first')), item(2, 1, edited(1, 'second')), item(3, 1, edited(1, 'third'))]
    const struck = play([...base, item(3, 1, edited(1, 'third'), { standing: 'hidden' })])
    expect(struck.shown?.content).toBe('second')
    expect(play([item(3, 1, edited(1, 'third'))], struck.record)).toMatchObject({
      shown: { content: 'third' },
      told: ['message:update']
    })
  })
})

describe('deletions', () => {
  it('[TL6] by the author or by one who may manage; the tombstone keeps who, when and the chain link', () => {
    const one = [item(1, 1, said('first')), item(2, 2, reacted(1, '👍'))]
    expect(play([...one, item(5, 2, deleted(1))]).shown).toMatchObject({ status: 'visible', deletedBy: null })
    expect(play([...one, item(5, 1, deleted(1))]).told).toEqual([
      'message:create',
      'reaction:add',
      'message:delete'
    ])
    expect(play([...one, item(5, 2, deleted(1), { mayManage: true })]).shown).toMatchObject({
      id: message(1),
      status: 'deleted',
      author: user(1),
      seq: 1,
      at: 1,
      deletedBy: user(2),
      content: '',
      reactions: [],
      pinned: false,
      attachments: []
    })
  })

  it('[TL6] may come first: the message then never shows its text', () => {
    expect(play([item(5, 1, deleted(1)), item(1, 1, said('first'))])).toMatchObject({
      told: ['message:delete'],
      shown: { content: '', status: 'deleted' }
    })
    expect(play([item(5, 3, deleted(1)), item(1, 1, said('first'))]).told).toEqual(['message:create'])
  })

  it('[TL3] in another channel has no power here', () => {
    const { record } = play([item(1, 1, said('first'))])
    expect(() =>
      reduceMessage(record, item(5, 2, deleted(1), { channel: channel(2), mayManage: true }))
    ).toThrow(RangeError)
  })

  it('[TL6] a struck deletion brings the message back', () => {
    const gone = play([item(1, 1, said('first')), item(5, 2, deleted(1), { mayManage: true })])
    const back = play([item(5, 2, deleted(1), { mayManage: true, standing: 'hidden' })], gone.record)
    expect(back).toMatchObject({ told: ['message:show'], shown: { content: 'first', status: 'visible' } })
  })

  it('[TL12] erasing removes every text for good and leaves the tombstone', () => {
    const items = [
      item(1, 1, said('canary one')),
      item(2, 1, edited(1, 'canary two')),
      item(5, 1, deleted(1))
    ]
    const erased = eraseMessage(play(items).record)
    expect(JSON.stringify(erased)).not.toContain('canary')
    expect(messageOf(erased)).toMatchObject({ status: 'deleted', author: user(1), deletedBy: user(1) })
    const again = play(
      [...items, item(7, 1, edited(1, 'canary three')), item(5, 1, deleted(1), { standing: 'hidden' })],
      erased
    )
    expect(JSON.stringify(again.record)).not.toContain('canary')
    expect(again.shown?.status).toBe('deleted')
    const standing = play([item(1, 1, said('stays'))]).record
    expect(eraseMessage(standing)).toBe(standing)
  })
})

describe('reactions and pins', () => {
  it('[TL6] per user and emoji the last counts; taking back is told', () => {
    const { shown, told } = play([
      item(1, 1, said('first')),
      item(2, 2, reacted(1, '👍')),
      item(3, 3, reacted(1, '👍')),
      item(4, 2, reacted(1, '🎉')),
      item(6, 2, reacted(1, '👍', false)),
      item(5, 2, reacted(1, '👍'))
    ])
    expect(shown?.reactions).toEqual([
      { emoji: '👍', users: [user(3)] },
      { emoji: '🎉', users: [user(2)] }
    ])
    expect(told).toEqual([
      'message:create',
      'reaction:add',
      'reaction:add',
      'reaction:add',
      'reaction:remove'
    ])
  })

  it('[TL6] pins: the last shows', () => {
    const { shown, told } = play([
      item(1, 1, said('first')),
      item(2, 2, pinned(1)),
      item(4, 2, pinned(1, false)),
      item(3, 3, pinned(1))
    ])
    expect(shown?.pinned).toBe(false)
    expect(told).toEqual(['message:create', 'pin:add', 'pin:remove'])
  })
})

describe('standing', () => {
  it('[TL1] [TL6] a hidden message is told when it hides and shows, with everything that gathered meanwhile', () => {
    const { told, shown } = play([
      item(1, 1, said('first')),
      item(1, 1, said('first'), { standing: 'hidden' }),
      item(2, 2, reacted(1, '👍')),
      item(1, 1, said('first'))
    ])
    expect(told).toEqual(['message:create', 'message:hide', 'message:show'])
    expect(shown?.reactions).toHaveLength(1)
  })

  it('[TL6] an item that says nothing new gives back the very record', () => {
    const { record } = play([item(1, 1, said('first'))])
    expect(reduceMessage(record, item(1, 1, said('first')))).toEqual({ record, changes: [], rebuild: false })
    expect(reduceMessage(record, item(1, 1, said('first'))).record).toBe(record)
    expect(reduceMessage(record, item(9, 2, edited(1, 'forged'))).record).toBe(record)
  })
})

/**
 * One item into one record (TL6): the same record from the same items, in whatever order they came and however
 * often. Nothing given is changed.
 */
import type { ChannelId, MessageId } from '../base/index.ts'
import type { Standing, TimelineItem } from './content.ts'
import { changesBetween } from './changes.ts'
import {
  deletionGroup,
  insert,
  keepDeletions,
  keepEdits,
  keepPins,
  keepReactions
} from './keep-contributions.ts'
import { NO_MENTIONS } from './mentions.ts'
import { isDeleted, type TimelineChange } from './message.ts'
import type { Contribution, MessageRecord, Original } from './message-record.ts'

/** What an item did. */
export interface ReduceResult {
  /** The very record given, where nothing changed. */
  readonly record: MessageRecord
  readonly changes: readonly TimelineChange[]
  /**
   * True where something that waited for this message had to be dropped before it came (TL8): the record is
   * right only after all envelopes about it are offered again.
   */
  readonly rebuild: boolean
}

/** The message an item is about. */
export function targetOf(item: Pick<TimelineItem, 'id' | 'body'>): MessageId {
  return item.body.kind === 'message' ? item.id : item.body.message
}

/** A record of which nothing is known yet. */
export function emptyRecord(channel: ChannelId, id: MessageId): MessageRecord {
  return {
    id,
    channel,
    original: null,
    edits: [],
    deletions: [],
    reactions: [],
    pins: [],
    erased: false,
    overflow: false
  }
}

/**
 * Applies one item to the record of its message in its channel.
 *
 * @param current - The record of (item.channel, targetOf(item)), or undefined where there is none.
 * @throws RangeError if the record is another message's: our caller's mistake.
 */
export function reduceMessage(current: MessageRecord | undefined, item: TimelineItem): ReduceResult {
  const target = targetOf(item)
  if (current !== undefined && (current.id !== target || current.channel !== item.channel)) {
    throw new RangeError('this item belongs to another record')
  }
  const before = current ?? emptyRecord(item.channel, target)
  const contributed = contribute(before, item)
  if (contributed === before) return { record: before, changes: [], rebuild: false }
  const record = keepBounded(contributed)
  if (current !== undefined && isSame(before, record)) return { record: before, changes: [], rebuild: false }
  return {
    record,
    changes: changesBetween(before, record),
    rebuild: before.original === null && record.original !== null && before.overflow
  }
}

/** Adds the item's contribution, unbounded. The same record where it says nothing new. */
function contribute(record: MessageRecord, item: TimelineItem): MessageRecord {
  const { id, user, at, standing, body } = item
  const known = findStanding(record, item)
  if (known === standing) return record
  const base = { id, user, at, standing }
  switch (body.kind) {
    case 'message':
      return { ...record, original: originalOf(item, record) }
    case 'edit': {
      const { content, mentions, attachments } = body
      const said = record.erased
        ? { content: '', mentions: NO_MENTIONS, attachments: [] }
        : { content, mentions, attachments }
      return { ...record, edits: insert(record.edits, { ...base, ...said }) }
    }
    case 'delete':
      return { ...record, deletions: insert(record.deletions, { ...base, mayManage: item.mayManage }) }
    case 'reaction':
      return { ...record, reactions: insert(record.reactions, { ...base, emoji: body.emoji, on: body.on }) }
    case 'pin':
      return { ...record, pins: insert(record.pins, { ...base, on: body.on }) }
  }
}

/** Standing under which this very item is recorded, if it is. */
function findStanding(record: MessageRecord, item: TimelineItem): Standing | undefined {
  switch (item.body.kind) {
    case 'message':
      return record.original?.standing
    case 'edit':
      return record.edits.find(each => each.id === item.id)?.standing
    case 'delete':
      return record.deletions.find(each => each.id === item.id)?.standing
    case 'reaction':
      return record.reactions.find(each => each.id === item.id)?.standing
    case 'pin':
      return record.pins.find(each => each.id === item.id)?.standing
  }
}

function originalOf(item: TimelineItem, record: MessageRecord): Original | null {
  if (item.body.kind !== 'message') return record.original
  const { id, user, at, standing, device, seq, auth, body } = item
  const { replyTo, content, mentions, attachments } = body
  const said = record.erased
    ? { content: '', mentions: NO_MENTIONS, attachments: [] }
    : { content, mentions, attachments }
  return { id, user, at, standing, device, seq, auth, replyTo, ...said }
}

/** Drops what the bounds of TL7 do not keep, remembering whether a message that is still to come may miss it. */
function keepBounded(record: MessageRecord): MessageRecord {
  const author = record.original?.user
  const edits = keepEdits(record.edits, author)
  const deletions = keepDeletions(record.deletions, author)
  const crowded =
    losesGroup(record.edits, edits, edit => edit.user) ||
    losesGroup(record.deletions, deletions, deletionGroup)
  return {
    ...record,
    edits,
    deletions,
    reactions: keepReactions(record.reactions),
    pins: keepPins(record.pins),
    overflow: author === undefined && (record.overflow || crowded)
  }
}

/** Whether a whole group was dropped: older contributions of the same group are no loss. */
function losesGroup<C extends Contribution>(
  before: readonly C[],
  after: readonly C[],
  groupOf: (entry: C) => string
): boolean {
  if (before.length === after.length) return false
  const left = new Set(after.map(groupOf))
  return before.some(each => !left.has(groupOf(each)))
}

/** Whether bounds dropped again all that an item had brought. */
function isSame(a: MessageRecord, b: MessageRecord): boolean {
  const equal = (x: readonly Contribution[], y: readonly Contribution[]): boolean =>
    x.length === y.length && x.every((each, i) => each === y[i])
  return (
    a.original === b.original &&
    a.overflow === b.overflow &&
    equal(a.edits, b.edits) &&
    equal(a.deletions, b.deletions) &&
    equal(a.reactions, b.reactions) &&
    equal(a.pins, b.pins)
  )
}

/**
 * Removes the content of a deleted message from its record for good (TL12). Who wrote it, when, and who deleted
 * it stay; a deletion that is struck later no longer brings the text back. A message that is not deleted is
 * returned as it is.
 */
export function eraseMessage(record: MessageRecord): MessageRecord {
  if (record.erased || record.original === null || !isDeleted(record)) return record
  const blank = { content: '', mentions: NO_MENTIONS, attachments: [] }
  return {
    ...record,
    original: { ...record.original, ...blank },
    edits: record.edits.map(edit => ({ ...edit, ...blank })),
    erased: true
  }
}

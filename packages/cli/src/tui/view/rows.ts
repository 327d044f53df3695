/** Messages as rows of a pane of given width: pure, so that scrolling and resizing are arithmetic. */
import type { MessageJson } from '@xcord/sdk'
import { safeLine, safeText } from '../../render/sanitize.ts'
import { clockTime, dayOf } from '../../render/time.ts'
import { fit, textWidth, truncate, wrap } from '../../render/width.ts'
import type { Conversation } from '../state/state.ts'

/** How a part looks. Colour never carries meaning alone: the words do. */
export type Tone = 'plain' | 'name' | 'own' | 'dim' | 'mark' | 'alert'

export interface Part {
  readonly text: string
  readonly tone: Tone
}

export interface Row {
  readonly key: string
  readonly parts: readonly Part[]
  /** Message it belongs to, for selection. */
  readonly message: string | null
}

/** Messages of one author this close share a heading, milliseconds. */
const GROUP_MS = 300_000
const INDENT = 2

const part = (text: string, tone: Tone = 'plain'): Part => ({ text, tone })

function rule(key: string, label: string, width: number, tone: Tone): Row {
  const text = ` ${label} `
  const room = Math.max(0, width - textWidth(text))
  const line = '─'.repeat(Math.floor(room / 2)) + text + '─'.repeat(Math.ceil(room / 2))
  return { key, parts: [part(fit(line, width), tone)], message: null }
}

/** What is said of a message beside its text. */
export function marksOf(message: MessageJson, me: string): string {
  const marks = [
    ...(message.editedAt === undefined || message.deleted === true ? [] : ['edited']),
    ...(message.standing === 'effective' ? [] : [message.standing]),
    ...(message.unverified === true ? ['not verified yet'] : []),
    ...(message.author === me && message.deleted !== true ? [message.delivery.state] : [])
  ]
  return marks.length === 0 ? '' : ` [${marks.join(', ')}]`
}

function quote(message: MessageJson, conversation: Conversation, width: number): readonly Row[] {
  if (message.replyTo === undefined) return []
  const original = conversation.messages.find(each => each.id === message.replyTo)
  const text =
    original === undefined
      ? 'an earlier message'
      : `${safeLine(original.authorName)}: ${original.deleted === true ? '(deleted)' : safeLine(original.content)}`
  return [
    {
      key: `${message.id}/quote`,
      parts: [part(truncate(`${' '.repeat(INDENT)}↳ ${text}`, width), 'dim')],
      message: message.id
    }
  ]
}

function body(message: MessageJson, me: string, width: number): readonly Row[] {
  const room = Math.max(4, width - INDENT)
  const pad = ' '.repeat(INDENT)
  const gone = message.deleted === true
  const lines = gone ? ['(message deleted)'] : wrap(safeText(message.content), room)
  const marks = marksOf(message, me)
  const last = lines.length - 1
  const fits = textWidth(lines[last] ?? '') + textWidth(marks) <= room
  const tone: Tone = gone || message.standing === 'voided' ? 'dim' : 'plain'
  const rows: Row[] = lines.map((line, at) => ({
    key: `${message.id}/${at}`,
    parts:
      at === last && fits && marks !== ''
        ? [part(pad + line, tone), part(marks, 'mark')]
        : [part(pad + line, tone)],
    message: message.id
  }))
  if (!fits)
    rows.push({
      key: `${message.id}/marks`,
      parts: [part(truncate(pad + marks.trimStart(), width), 'mark')],
      message: message.id
    })
  return rows
}

function reactions(message: MessageJson, me: string, width: number): readonly Row[] {
  if (message.reactions.length === 0 || message.deleted === true) return []
  const text = message.reactions
    .map(each => `${safeLine(each.emoji)} ${each.users.length}${each.users.includes(me) ? ' (you)' : ''}`)
    .join('   ')
  return [
    {
      key: `${message.id}/reactions`,
      parts: [part(truncate(`${' '.repeat(INDENT)}${text}`, width), 'mark')],
      message: message.id
    }
  ]
}

function heading(message: MessageJson, me: string, width: number): Row {
  const mine = message.author === me
  const mention = !mine && message.mentions.includes(me)
  const name = truncate(safeLine(message.authorName), Math.max(4, width - 12))
  return {
    key: `${message.id}/head`,
    parts: [
      part(name, mine ? 'own' : 'name'),
      part(` ${clockTime(message.at)}`, 'dim'),
      ...(mention ? [part(' mentions you', 'alert')] : [])
    ],
    message: message.id
  }
}

/** Every row of a conversation, oldest first. */
export function messageRows(conversation: Conversation, me: string, width: number): readonly Row[] {
  const rows: Row[] = []
  let before: MessageJson | undefined
  if (conversation.messages.length > 0) {
    rows.push(
      rule(
        'top',
        conversation.complete
          ? 'the beginning'
          : conversation.loading
            ? 'fetching older messages'
            : 'older messages: PgUp',
        width,
        'dim'
      )
    )
  }
  for (const message of conversation.messages) {
    const day = dayOf(message.at)
    const newDay = before === undefined || dayOf(before.at) !== day
    const unread = conversation.unreadFrom === message.id
    if (newDay) rows.push(rule(`${message.id}/day`, day, width, 'dim'))
    if (unread) rows.push(rule(`${message.id}/unread`, 'new messages', width, 'alert'))
    const close =
      before !== undefined &&
      before.author === message.author &&
      Date.parse(message.at) - Date.parse(before.at) < GROUP_MS
    if (newDay || unread || !close || message.replyTo !== undefined) rows.push(heading(message, me, width))
    rows.push(
      ...quote(message, conversation, width),
      ...body(message, me, width),
      ...reactions(message, me, width)
    )
    before = message
  }
  return rows
}

/**
 * The rows that are visible: `scroll` rows up from the newest, moved where needed so that the selected message
 * is within.
 */
export function visibleRows(
  rows: readonly Row[],
  height: number,
  scroll: number,
  selected: string | null
): readonly Row[] {
  const most = Math.max(0, rows.length - height)
  let start = Math.max(0, most - Math.min(scroll, most))
  if (selected !== null) {
    const first = rows.findIndex(row => row.message === selected)
    const last = rows.findLastIndex(row => row.message === selected)
    if (first >= 0 && first < start) start = first
    else if (last >= start + height) start = Math.min(first, last - height + 1)
  }
  return rows.slice(start, start + height)
}

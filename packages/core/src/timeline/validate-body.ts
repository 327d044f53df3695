/** Bounds on what a content payload says (TL5), for our own before signing and for peers' after opening. */
import {
  accept,
  ATTACHMENT_NAME_BYTES_MAX,
  ATTACHMENT_TYPE_BYTES_MAX,
  ATTACHMENTS_MAX,
  EMOJI_BYTES_MAX,
  MESSAGE_BYTES_MAX,
  refuse,
  type Verdict
} from '../base/index.ts'
import { utf8 } from '../encoding/index.ts'
import type { Attachment, EditBody, MessageBody, TimelineBody } from './content.ts'
import { areMentionsOrdered } from './mentions.ts'

/** Control characters, separators and the specials that break lines or hide text have no place in an emoji or a name. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Zs}]/u
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u

/** Bytes of text, or any number within the limit where it cannot have more. */
function byteLength(text: string, limit: number): number {
  return text.length > limit || 3 * text.length <= limit ? text.length : utf8(text).length
}

function validateAttachment(attachment: Attachment): string | undefined {
  const nameBytes = byteLength(attachment.name, ATTACHMENT_NAME_BYTES_MAX)
  if (!attachment.name.isWellFormed() || nameBytes === 0 || nameBytes > ATTACHMENT_NAME_BYTES_MAX)
    return `a file name is not of 1 to ${ATTACHMENT_NAME_BYTES_MAX} bytes`
  if (CONTROL.test(attachment.name) || /[/\\]/.test(attachment.name))
    return 'a file name has characters that no file name has'
  if (!/^[\x21-\x7e]*$/.test(attachment.type) || attachment.type.length > ATTACHMENT_TYPE_BYTES_MAX)
    return 'a media type is not one'
  if (!Number.isSafeInteger(attachment.size) || attachment.size < 0) return 'a file size is not one'
  if (
    attachment.noncePrefix.length !== 7 ||
    attachment.key.length !== 32 ||
    attachment.keyCommit.length !== 32
  )
    return 'a file key has a wrong length'
  return undefined
}

function validateText(body: MessageBody | EditBody): string | undefined {
  if (!body.content.isWellFormed()) return 'the text has a lone surrogate'
  const length = byteLength(body.content, MESSAGE_BYTES_MAX)
  if (length > MESSAGE_BYTES_MAX) return `${length} bytes of text; at most ${MESSAGE_BYTES_MAX}`
  if (body.content.trim() === '' && body.attachments.length === 0) return 'neither text nor attachment'
  if (!areMentionsOrdered(body.mentions)) return 'mentions are too many, double or unsorted'
  if (body.attachments.length > ATTACHMENTS_MAX)
    return `${body.attachments.length} attachments; at most ${ATTACHMENTS_MAX}`
  for (const attachment of body.attachments) {
    const wrong = validateAttachment(attachment)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

/** Whether text may stand as an emoji: short, visible, without space. Which glyph it is stays the reader's matter. */
export function isEmoji(emoji: string): boolean {
  return (
    emoji !== '' &&
    emoji.isWellFormed() &&
    byteLength(emoji, EMOJI_BYTES_MAX) <= EMOJI_BYTES_MAX &&
    !UNSEEN.test(emoji)
  )
}

/** Judges a body by its bounds (TL5). The reason never quotes content. */
export function validateBody<B extends TimelineBody>(body: B): Verdict<B> {
  const told: TimelineBody = body
  if (told.kind === 'message' || told.kind === 'edit') {
    const wrong = validateText(told)
    return wrong === undefined ? accept(body) : refuse('TL5', wrong)
  }
  if (told.kind === 'reaction' && !isEmoji(told.emoji))
    return refuse('TL5', `an emoji is 1 to ${EMOJI_BYTES_MAX} visible bytes`)
  return accept(body)
}

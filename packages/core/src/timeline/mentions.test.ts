import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ATTACHMENTS_MAX, idFromBytes, MENTIONS_MAX, MESSAGE_BYTES_MAX, type RoleId } from '../base/index.ts'
import type { Attachment, MessageBody } from './content.ts'
import { isMentioned, mentionsOf, NO_MENTIONS } from './mentions.ts'
import { channel, said, user } from './timeline.fixture.ts'
import { isEmoji, validateBody } from './validate-body.ts'

const role = (n: number): RoleId => idFromBytes('r', new Uint8Array(32).fill(n))

describe('mentions', () => {
  it('[TL4] finds users, roles, channels and everyone, each once and sorted', () => {
    const text = `hey <@${user(2)}> and <@${user(1)}>, <@${user(2)}>: see <#${channel(3)}>, <@&${role(4)}>! @everyone`
    expect(mentionsOf(text)).toEqual({
      users: [user(1), user(2)],
      roles: [role(4)],
      channels: [channel(3)],
      everyone: true
    })
  })

  it('[TL4] leaves alone what is malformed, of the wrong kind, in code, or part of a word', () => {
    const wrong = [
      `<@${role(1)}>`,
      `<@&${user(1)}>`,
      `<#${user(1)}>`,
      `<@${user(1).slice(0, -1)}>`,
      `<@${user(1)}0>`,
      `<@ ${user(1)}>`,
      `@${user(1)}`,
      `\`<@${user(1)}>\``,
      `\`\`\`\n<@${user(1)}> @everyone\n\`\`\``,
      'ada@everyone.org',
      '@everyone_else',
      '@Everyone',
      '@everyone1'
    ]
    for (const text of wrong)
      expect(mentionsOf(text), text).toEqual({ users: [], roles: [], channels: [], everyone: false })
    expect(mentionsOf('(@everyone)').everyone).toBe(true)
    expect(mentionsOf(`\`open <@${user(1)}>`).users).toEqual([user(1)])
  })

  it('[TL4] takes any text, in time that grows with its length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), text => mentionsOf(text).users.length === 0)
    )
    for (const piece of ['`', '```', '<@', '<@u', '@everyone', '``` `']) mentionsOf(piece.repeat(8_000))
  })

  it('[TL4] names somebody directly, by role or as part of everyone', () => {
    expect(isMentioned(NO_MENTIONS, user(1), [role(1)])).toBe(false)
    expect(isMentioned({ users: [user(1)], roles: [], everyone: false }, user(1), [])).toBe(true)
    expect(
      isMentioned({ users: [user(2)], roles: [role(1)], everyone: false }, user(1), [role(2), role(1)])
    ).toBe(true)
    expect(isMentioned({ users: [], roles: [], everyone: true }, user(1), [])).toBe(true)
  })
})

describe('bounds on content', () => {
  const text = (content: string, over: Partial<MessageBody> = {}): MessageBody => ({
    ...(said(content) as MessageBody),
    ...over
  })
  const file: Attachment = {
    blob: idFromBytes('b', new Uint8Array(32)),
    size: 10,
    type: 'image/png',
    name: 'cat.png',
    noncePrefix: new Uint8Array(7),
    key: new Uint8Array(32),
    keyCommit: new Uint8Array(32)
  }
  const refused = { ok: false, rule: 'TL5' }

  it('[TL5] text: 1 to 8,000 bytes of well-formed Unicode, or attachments', () => {
    expect(validateBody(text('hi')).ok).toBe(true)
    expect(validateBody(text('x'.repeat(MESSAGE_BYTES_MAX))).ok).toBe(true)
    expect(validateBody(text('x'.repeat(MESSAGE_BYTES_MAX + 1)))).toMatchObject(refused)
    expect(validateBody(text('é'.repeat(MESSAGE_BYTES_MAX / 2 + 1)))).toMatchObject(refused)
    expect(validateBody(text('\ud800'))).toMatchObject(refused)
    expect(validateBody(text(' \n'))).toMatchObject(refused)
    expect(validateBody(text('', { attachments: [file] })).ok).toBe(true)
    expect(validateBody({ ...text('x'), kind: 'edit', message: 'm' as never, content: '' })).toMatchObject(
      refused
    )
  })

  it('[TL5] mentions and attachments: few, sorted, well formed', () => {
    const users = Array.from({ length: MENTIONS_MAX + 1 }, (_, i) => user(i))
    expect(
      validateBody(text('x', { mentions: { users: users.slice(1), roles: [], everyone: true } })).ok
    ).toBe(true)
    expect(validateBody(text('x', { mentions: { users, roles: [], everyone: false } }))).toMatchObject(
      refused
    )
    expect(
      validateBody(text('x', { mentions: { users: [user(2), user(1)], roles: [], everyone: false } }))
    ).toMatchObject(refused)
    expect(
      validateBody(text('x', { mentions: { users: [user(1), user(1)], roles: [], everyone: false } }))
    ).toMatchObject(refused)
    expect(validateBody(text('x', { attachments: Array(ATTACHMENTS_MAX).fill(file) })).ok).toBe(true)
    expect(validateBody(text('x', { attachments: Array(ATTACHMENTS_MAX + 1).fill(file) }))).toMatchObject(
      refused
    )
    for (const wrong of [
      { name: '' },
      { name: 'a/b' },
      { name: 'a\nb' },
      { name: 'x'.repeat(256) },
      { type: 'a b' },
      { size: -1 },
      { key: new Uint8Array(31) }
    ]) {
      expect(
        validateBody(text('x', { attachments: [{ ...file, ...wrong }] })),
        JSON.stringify(wrong)
      ).toMatchObject(refused)
    }
  })

  it('[TL5] emoji: 1 to 64 visible bytes', () => {
    for (const emoji of ['👍', '👩‍👩‍👧‍👦', ':custom:', '🏳️‍🌈']) expect(isEmoji(emoji), emoji).toBe(true)
    for (const emoji of ['', ' ', 'a b', '\n', '\u0000', 'x'.repeat(65), '\ud83d', '\u2028'])
      expect(isEmoji(emoji), JSON.stringify(emoji)).toBe(false)
    expect(validateBody({ kind: 'reaction', message: 'm' as never, emoji: ' ', on: true })).toMatchObject(
      refused
    )
  })
})

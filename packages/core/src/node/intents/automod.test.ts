import { describe, expect, it } from 'vitest'
import { idFromBytes } from '../../base/index.ts'
import { type AuthorityState, permissionsToBits } from '../../authority/index.ts'
import {
  type AutomodContent,
  type AutomodTrigger,
  brokenRule,
  decodeAutomod,
  encodeAutomod
} from './automod.ts'

const user = idFromBytes('u', new Uint8Array(32).fill(1))
const channel = idFromBytes('c', new Uint8Array(32).fill(2))
const thread = idFromBytes('c', new Uint8Array(32).fill(5))
const role = idFromBytes('r', new Uint8Array(32).fill(3))
const id = idFromBytes('o', new Uint8Array(32).fill(4))
const rule = (trigger: AutomodTrigger, rest: Partial<AutomodContent> = {}): AutomodContent => ({
  name: 'rule',
  enabled: true,
  trigger,
  exemptRoles: [],
  exemptChannels: [],
  ...rest
})

function stateWith(content: AutomodContent, bits = 0n): AuthorityState {
  return {
    automod: () => [{ id, payload: encodeAutomod(content) }],
    permissions: () => bits,
    channel: (asked: string) => (asked === thread ? { parent: channel, thread: {} } : { parent: role }),
    member: () => ({ roles: [role] })
  } as unknown as AuthorityState
}

function breaks(
  content: AutomodContent,
  text: string,
  options: { bits?: bigint; users?: number; at?: typeof channel } = {}
): boolean {
  const mentions = {
    users: Array.from({ length: options.users ?? 0 }, () => user),
    roles: [],
    everyone: false
  }
  return (
    brokenRule(stateWith(content, options.bits), {
      user,
      channel: options.at ?? channel,
      content: text,
      mentions,
      at: 0
    }) !== undefined
  )
}

describe('[ND13] automod', () => {
  it('finds whole words whatever their ASCII case, and parts only where a star says so', () => {
    const whole = rule({ kind: 'words', words: ['Spam'] })
    for (const text of ['spam', 'SPAM!', 'no spam, please', 'x spam']) expect(breaks(whole, text)).toBe(true)
    for (const text of ['spammer', 'antispam', 'spämspam', 'sp am', 'spam_', ''])
      expect(breaks(whole, text)).toBe(false)
    expect(breaks(rule({ kind: 'words', words: ['*spam*'] }), 'antispammer')).toBe(true)
    expect(breaks(rule({ kind: 'words', words: ['spam*'] }), 'antispam')).toBe(false)
    expect(breaks(rule({ kind: 'words', words: ['Ä'] }), 'ä')).toBe(false)
  })

  it('counts mentions', () => {
    const few = rule({ kind: 'mentions', max: 2 })
    expect(breaks(few, 'hello', { users: 2 })).toBe(false)
    expect(breaks(few, 'hello', { users: 3 })).toBe(true)
  })

  it('blocks links except to the hosts allowed and below them', () => {
    const links = rule({ kind: 'links', allow: ['Example.org'] })
    for (const text of [
      'see https://evil.test/x',
      'HTTP://EVIL.TEST',
      'www.evil.test',
      'https://example.org@evil.test/',
      'https://notexample.org',
      'https://evil.test:443'
    ]) {
      expect(breaks(links, text)).toBe(true)
    }
    for (const text of [
      'https://example.org/a?b',
      'https://docs.example.org:8080/',
      'no link',
      'example.test'
    ])
      expect(breaks(links, text)).toBe(false)
  })

  it('leaves out who moderates, exempt roles and channels, and rules that are off', () => {
    const words = { kind: 'words', words: ['spam'] } as const
    expect(breaks(rule(words), 'spam', { bits: permissionsToBits(['ManageMessages']) })).toBe(false)
    expect(breaks(rule(words), 'spam', { bits: permissionsToBits(['SendMessages']) })).toBe(true)
    expect(breaks(rule(words, { exemptRoles: [role] }), 'spam')).toBe(false)
    expect(breaks(rule(words, { exemptChannels: [channel] }), 'spam')).toBe(false)
    expect(breaks(rule(words, { exemptChannels: [channel] }), 'spam', { at: thread })).toBe(false)
    expect(breaks(rule(words, { exemptChannels: [thread] }), 'spam')).toBe(true)
    expect(breaks(rule(words, { enabled: false }), 'spam')).toBe(false)
  })

  it('reads what it writes, and nothing else', () => {
    for (const trigger of [
      { kind: 'words', words: ['a', 'b*'] },
      { kind: 'mentions', max: 5 },
      { kind: 'links', allow: [] }
    ] as const) {
      const content = rule(trigger, { exemptRoles: [role], exemptChannels: [channel] })
      expect(decodeAutomod(encodeAutomod(content))).toEqual(content)
    }
    expect(decodeAutomod(Uint8Array.of(1, 2, 3))).toBeUndefined()
    expect(() => encodeAutomod(rule({ kind: 'words', words: [] }))).toThrow(RangeError)
    expect(() => encodeAutomod(rule({ kind: 'words', words: ['**'] }))).toThrow(RangeError)
  })
})

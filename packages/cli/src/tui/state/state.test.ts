import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ChannelJson, EventName, EventShapes, IdentityJson, MessageJson, ServerJson } from '@xcord/sdk'
import type { EventFrame } from '../../gateway/frames.ts'
import { letters } from '../../render/width.ts'
import * as composing from './composer.ts'
import { commandOf } from './keys.ts'
import { type Action, reduce } from './reduce.ts'
import {
  choices,
  closeness,
  currentConversation,
  INITIAL_STATE,
  nextUnread,
  openable,
  type State,
  titleOf
} from './state.ts'

const server = (id: string, name = id): ServerJson => ({
  id,
  name,
  description: null,
  owner: 'u1',
  members: 1,
  channels: 1,
  stateHash: '',
  unread: 0
})
const channel = (id: string, home: string, name = id, unread = 0): ChannelJson => ({
  id,
  server: home,
  name,
  kind: 'text',
  parent: null,
  position: 0,
  topic: null,
  history: 'all',
  slowmodeSeconds: 0,
  nsfw: false,
  synced: false,
  overwrites: [],
  unread
})
const message = (id: string, at: number, init: Partial<MessageJson> = {}): MessageJson => ({
  id,
  server: 's1',
  channel: 'c1',
  author: 'u2',
  authorName: 'Grace',
  content: id,
  at: new Date(at * 1000).toISOString(),
  mentions: [],
  attachments: [],
  reactions: [],
  standing: 'effective',
  delivery: { state: 'local', holders: 0 },
  ...init
})
const event = <E extends Exclude<EventName, 'gap'>>(type: E, data: EventShapes[E]): Action => ({
  type: 'event',
  frame: { frame: 'event', cursor: '1', type, data } as EventFrame
})
const me = { identity: 'u1', name: 'Ada', device: 'd', devices: [], safetyNumber: '' } satisfies IdentityJson
const run = (actions: readonly Action[], from: State = INITIAL_STATE) => actions.reduce(reduce, from)

const READY = run([
  { type: 'me', me },
  {
    type: 'server-details',
    server: 's1',
    channels: [channel('c1', 's1', 'general'), channel('c2', 's1', 'ideas')],
    roles: [],
    members: []
  },
  { type: 'server-details', server: 's2', channels: [channel('c3', 's2', 'lobby')], roles: [], members: [] },
  { type: 'servers', servers: [server('s1', 'Engine'), server('s2', 'Second')] },
  {
    type: 'page',
    channel: 'c1',
    messages: [message('m1', 1), message('m2', 2, { author: 'u1' })],
    complete: true,
    fresh: true
  }
])

describe('the state', () => {
  test('opens the first channel of the first server', () =>
    expect([READY.server, READY.channel]).toEqual(['s1', 'c1']))

  test('counts what arrives elsewhere, not what is seen nor our own', () => {
    const unread = (state: State, id: string) =>
      Object.values(state.channels)
        .flat()
        .find(each => each.id === id)?.unread
    const after = run(
      [
        event('message:create', { message: message('m3', 3) }),
        event('message:create', { message: message('m4', 4, { channel: 'c2' }) }),
        event('message:create', { message: message('m5', 5, { channel: 'c2', author: 'u1' }) })
      ],
      READY
    )
    expect([unread(after, 'c1'), unread(after, 'c2')]).toEqual([0, 1])
    expect(nextUnread(after)?.id).toBe('c2')
    const scrolled = run(
      [{ type: 'scroll', by: 5, max: 9 }, event('message:create', { message: message('m3', 3) })],
      READY
    )
    expect(unread(scrolled, 'c1')).toBe(1)
  })

  test('a late message takes its place, a repeated one none', () => {
    const after = run(
      [
        event('message:create', { message: message('m0', 0.5) }),
        event('message:create', { message: message('m1', 1) })
      ],
      READY
    )
    expect(currentConversation(after).messages.map(each => each.id)).toEqual(['m0', 'm1', 'm2'])
  })

  test('the order of arrival does not matter', () => {
    const many = [...Array(12).keys()].map(at => message(`x${at}`, at))
    fc.assert(
      fc.property(fc.shuffledSubarray(many, { minLength: 12 }), shuffled => {
        const after = run(
          shuffled.map(each => event('message:create', { message: each })),
          {
            ...READY,
            conversations: { c1: { messages: [], loading: false, complete: true, unreadFrom: null } }
          }
        )
        expect(currentConversation(after).messages).toEqual(many)
      }),
      { numRuns: 50 }
    )
  })

  test('edits, deletions, reactions and delivery reach their message', () => {
    const after = run(
      [
        event('message:update', { message: message('m1', 1, { content: 'changed' }) }),
        event('delivery:update', {
          message: 'm2',
          channel: 'c1',
          server: 's1',
          delivery: { state: 'delivered', holders: 3 }
        }),
        event('delivery:update', {
          message: 'm9',
          channel: 'c9',
          server: 's1',
          delivery: { state: 'delivered', holders: 3 }
        })
      ],
      READY
    )
    expect(currentConversation(after).messages).toMatchObject([
      { content: 'changed' },
      { delivery: { state: 'delivered', holders: 3 } }
    ])
  })

  test('a page read while events came keeps both', () => {
    const after = run(
      [
        event('message:create', { message: message('m3', 3) }),
        {
          type: 'page',
          channel: 'c1',
          messages: [message('m1', 1), message('m2', 2)],
          complete: false,
          fresh: true
        }
      ],
      READY
    )
    expect(currentConversation(after).messages.map(each => each.id)).toEqual(['m1', 'm2', 'm3'])
    const older = run(
      [
        {
          type: 'page',
          channel: 'c1',
          messages: [message('m0', 0), message('m1', 1)],
          complete: true,
          fresh: false
        }
      ],
      after
    )
    expect(currentConversation(older).messages.map(each => each.id)).toEqual(['m0', 'm1', 'm2', 'm3'])
  })

  test('the line of new messages stands before the first unread of others, and goes with the channel', () => {
    const unread = run(
      [
        event('channel:update', { channel: channel('c2', 's1', 'ideas', 2) }),
        { type: 'open', server: 's1', channel: 'c2' },
        {
          type: 'page',
          channel: 'c2',
          messages: [1, 2, 3].map(at =>
            message(`n${at}`, at, { channel: 'c2', ...(at === 2 ? { author: 'u1' } : {}) })
          ),
          complete: true,
          fresh: true
        }
      ],
      READY
    )
    expect(currentConversation(unread).unreadFrom).toBe('n1')
    expect(
      run(
        [
          { type: 'open', server: 's1', channel: 'c1' },
          { type: 'open', server: 's1', channel: 'c2' }
        ],
        unread
      ).conversations['c2']?.unreadFrom
    ).toBeNull()
  })

  test('a server we lost is left, and said', () => {
    const after = run(
      [event('server:leave', { server: { id: 's1', name: 'Engine', cause: 'banned' } })],
      READY
    )
    expect([after.server, after.channel, after.notice?.text]).toEqual([
      's2',
      'c3',
      'You were banned from "Engine".'
    ])
  })

  test('a deleted channel is left', () => {
    const after = run([event('channel:delete', { channel: { id: 'c1', server: 's1' } })], READY)
    expect(after.channel).toBe('c2')
  })

  test('selecting, replying, editing and giving up', () => {
    const selected = run(
      [
        { type: 'select', by: 0 },
        { type: 'select', by: -1 },
        { type: 'select', by: -5 }
      ],
      READY
    )
    expect([selected.mode, selected.selected]).toEqual(['select', 'm1'])
    const replying = run([{ type: 'reply' }], selected)
    expect([replying.mode, replying.replyTo, replying.selected]).toEqual(['compose', 'm1', null])
    expect(run([{ type: 'cancel' }], replying).replyTo).toBeNull()
    const editing = run([{ type: 'edit', composer: composing.replace(READY.composer, 'm1') }], selected)
    expect([editing.editing, editing.composer.text]).toEqual(['m1', 'm1'])
    expect(run([{ type: 'cancel' }], editing).composer.text).toBe('')
  })

  test('the switcher finds by letters in order, closest first', () => {
    expect(closeness('general', 'gnl')).toBe(4)
    expect(closeness('general', 'xyz')).toBeUndefined()
    const found = choices(
      run(
        [
          { type: 'mode', mode: 'switch' },
          { type: 'switcher', query: 'lob' }
        ],
        READY
      )
    )
    expect(found.map(each => each.channel.id)).toEqual(['c3'])
  })

  test('a write of ours that was set aside is said; others’ are not', () => {
    const voided = { operation: 'o1', server: 's1', rule: 'AU20', reason: 'somebody stronger', by: null }
    expect(run([event('operation:void', { ...voided, own: true })], READY).notice?.code).toBe('AU20')
    expect(run([event('operation:void', { ...voided, own: true })], READY).notice?.text).toContain(
      'somebody stronger'
    )
    expect(run([event('operation:void', { ...voided, own: false })], READY).notice).toBeNull()
  })
})

describe('the composer', () => {
  const typed = (text: string) => composing.insert(composing.EMPTY_COMPOSER, text)

  test('steps over what people see as letters', () => {
    const family = typed('a👩‍👩‍👧')
    expect(composing.backspace(family).text).toBe('a')
    expect(composing.insert(composing.move(family, -1), 'b').text).toBe('ab👩‍👩‍👧')
    expect(composing.deleteWord(typed('one two  ')).text).toBe('one ')
    expect(composing.deleteToStart(typed('one\ntwo')).text).toBe('one\n')
  })

  test('moves by lines, then through what was sent, and comes back to the draft', () => {
    const two = typed('first\nsecond')
    const up = composing.moveLine(two, -1)
    expect(composing.insert(up!, '|').text).toBe('first|\nsecond')
    expect(composing.moveLine(up!, -1)).toBeUndefined()
    const draft = composing.insert(
      composing.sent(composing.insert(composing.sent(typed('one')), 'two')),
      'draft'
    )
    const back = composing.recall(composing.recall(draft, -1), -1)
    expect(back.text).toBe('one')
    expect(composing.recall(back, -1).text).toBe('one')
    expect(composing.recall(composing.recall(back, 1), 1).text).toBe('draft')
  })

  test('keeps its cursor within its text, whatever is done', () => {
    const steps = [
      composing.backspace,
      composing.deleteForward,
      composing.deleteWord,
      composing.deleteToStart,
      (each: composing.Composer) => composing.move(each, -2),
      (each: composing.Composer) => composing.moveToEdge(each, 1),
      (each: composing.Composer) => composing.moveLine(each, -1) ?? each,
      (each: composing.Composer) => composing.moveLine(each, 1) ?? each,
      (each: composing.Composer) => composing.insert(each, 'é\n👍'),
      (each: composing.Composer) => composing.insert(each, '\u0301'),
      (each: composing.Composer) => composing.recall(each, -1),
      composing.sent
    ]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...steps), { maxLength: 30 }), all => {
        const end = all.reduce((state, step) => step(state), composing.EMPTY_COMPOSER)
        expect(end.cursor).toBeGreaterThanOrEqual(0)
        expect(end.cursor).toBeLessThanOrEqual(letters(end.text).length)
      }),
      { numRuns: 300 }
    )
  })
})

test('keys mean what the help says', () => {
  expect(commandOf('compose', { input: 'k', ctrl: true }, true)).toEqual({ do: 'switcher' })
  expect(commandOf('compose', { input: '', up: true, alt: true }, true)).toEqual({ do: 'channel', by: -1 })
  expect(commandOf('compose', { input: 'a', alt: true }, true)).toEqual({ do: 'next-unread' })
  expect(commandOf('compose', { input: '3', alt: true }, true)).toEqual({ do: 'server', index: 2 })
  expect(commandOf('compose', { input: '', enter: true }, false)).toEqual({ do: 'send' })
  expect(commandOf('compose', { input: '', enter: true, alt: true }, false)).toEqual({ do: 'newline' })
  expect(commandOf('compose', { input: '?' }, true)).toEqual({ do: 'help' })
  expect(commandOf('compose', { input: '?' }, false)).toEqual({ do: 'type', text: '?' })
  expect(commandOf('compose', { input: 'e' }, true)).toEqual({ do: 'type', text: 'e' })
  expect(commandOf('select', { input: 'e' }, true)).toEqual({ do: 'edit' })
  expect(commandOf('select', { input: '+' }, true)).toEqual({ do: 'react' })
  expect(commandOf('confirm-delete', { input: 'x' }, true)).toEqual({ do: 'cancel' })
  expect(commandOf('confirm-delete', { input: 'y' }, true)).toEqual({ do: 'confirm' })
  expect(commandOf('help', { input: 'c', ctrl: true }, true)).toEqual({ do: 'quit' })
})

describe('threads', () => {
  const thread = (id: string, parent: string, archived = false): ChannelJson => ({
    ...channel(id, 's1'),
    kind: 'thread',
    parent,
    thread: { private: false, archived, locked: false, creator: 'u1', createdAt: '', members: [] }
  })
  const forum = { ...channel('c9', 's1', 'plans'), kind: 'forum' as const }
  const names = (state: State) => openable(state, 's1').map(each => titleOf(state, each))
  const state = run(
    [
      event('channel:create', { channel: forum }),
      event('thread:create', { thread: thread('t1', 'c1') }),
      event('thread:create', { thread: thread('t2', 'c9') }),
      event('thread:create', { thread: thread('t3', 'c1', true) })
    ],
    READY
  )

  test('stand behind their channel; a forum has only its posts, and what is archived is put away', () => {
    expect(names(state)).toEqual(expect.arrayContaining(['#general', '#general > t1', '#plans > t2']))
    expect(names(state)).not.toContain('#plans')
    expect(names(state)).not.toContain('#general > t3')
    expect(names(state).indexOf('#general > t1')).toBe(names(state).indexOf('#general') + 1)
  })

  test('an open one stays when it is archived, and leads to its channel when it is deleted', () => {
    const open = run(
      [
        { type: 'open', server: 's1', channel: 't1' },
        event('thread:update', { thread: thread('t1', 'c1', true) })
      ],
      state
    )
    expect(names(open)).toContain('#general > t1')
    const after = run([event('thread:delete', { thread: { id: 't1', server: 's1' } })], open)
    expect(after.channel).toBe('c1')
    expect(names(after)).not.toContain('#general > t1')
  })
})

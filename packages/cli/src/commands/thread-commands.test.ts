/** Verbs of threads and forums against a real peer, and a second one where two are needed. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Client } from '@xcord/sdk'
import { createDesk, type Desk } from '../../test/desk.ts'

/** Each run of a verb sets a whole gateway up. */
const SLOW = { timeout: 600_000 }

let desk: Desk
let ada: Client

const ok = (...argv: string[]) => desk.answers(ada, argv)
const refused = (...argv: string[]) => desk.refusal(ada, argv)

beforeEach(async () => {
  desk = createDesk()
  ada = await desk.open('ada')
  await ada.servers.create({ name: 'Engine' })
})
afterEach(async () => await desk.end())

describe('threads', () => {
  test('thread create, from a message too; what is said there; list, archive, lock', SLOW, async () => {
    const [question] = await ok('send', 'general', 'Which card?')
    const [made] = await ok(
      'thread',
      'create',
      '#general',
      'cards',
      'The',
      'first',
      '--from',
      `${question?.['id']}`
    )
    expect(made).toMatchObject({
      kind: 'thread',
      name: 'cards',
      thread: { private: false, archived: false, locked: false, members: [] }
    })
    await ok('thread', 'create', 'general', 'lunch')
    expect(await refused('thread', 'create', 'general', 'x', '--from', `${question?.['id']}`)).toBe(
      'XCORD_USAGE'
    )
    expect((await ok('thread', 'list')).map(each => each['name'])).toEqual(['cards', 'lunch'])
    await ok('send', 'lunch', 'Soup')
    expect((await ok('message', 'list', 'lunch')).map(each => each['content'])).toEqual(['Soup'])
    expect((await ok('message', 'list', 'cards'))[0]).toMatchObject({
      content: 'The first',
      replyTo: question?.['id']
    })
    await ok('thread', 'archive', 'lunch', '--reason', 'eaten')
    expect((await ok('thread', 'list', 'general')).map(each => each['name'])).toEqual(['cards'])
    expect((await ok('thread', 'list', '--archived')).map(each => each['name'])).toEqual(['lunch'])
    await ok('send', 'lunch', 'Dessert')
    expect((await ok('thread', 'show', 'lunch'))[0]).toMatchObject({ thread: { archived: false } })
    await ok('thread', 'lock', 'lunch')
    await ok('thread', 'edit', 'lunch', '--name', 'dinner', '--slowmode', '30')
    expect((await ok('thread', 'show', 'dinner'))[0]).toMatchObject({
      slowmodeSeconds: 30,
      thread: { locked: true }
    })
    await ok('thread', 'unlock', 'dinner')
    await ok('thread', 'unarchive', 'dinner')
    const shown = await desk.as(ada, ['thread', 'list', '--all'])
    expect(shown.out).toMatch(/dinner +#general/)
    await ok('thread', 'delete', 'dinner')
    expect(await refused('thread', 'show', 'dinner')).toBe('XCORD_CHANNEL_NOT_FOUND')
    expect(await refused('thread', 'edit', 'cards')).toBe('XCORD_USAGE')
    expect((await ok('audit', 'list', '--action', 'thread')).map(each => each['action'])).toContain(
      'thread:delete'
    )
  })

  test('a private thread has members; a public one has not', SLOW, async () => {
    await ok('thread', 'create', 'general', 'nook', '--private')
    expect((await ok('thread', 'show', 'nook'))[0]).toMatchObject({
      thread: { private: true, members: [ada.identity.id] }
    })
    await ok('thread', 'leave', 'nook')
    await ok('thread', 'join', 'nook')
    await ok('thread', 'remove', 'nook', '@ada')
    await ok('thread', 'add', 'nook', 'ada')
    expect(await refused('thread', 'add', 'nook', 'nobody')).toBe('XCORD_MEMBER_NOT_FOUND')
    await ok('thread', 'create', 'general', 'open')
    expect(await refused('thread', 'join', 'open')).toBe('XCORD_USAGE')
  })

  test('forum post, by words or standard input; a forum itself takes no message', SLOW, async () => {
    await ok('channel', 'create', 'ideas', '--kind', 'forum')
    await ok('forum', 'post', 'ideas', 'steam', 'Use', 'steam')
    const read = await desk.as(ada, ['forum', 'post', 'ideas', 'water', '--json'], 'Use water\n')
    expect(read.code).toBe(0)
    expect((await ok('forum', 'list', 'ideas')).map(each => each['name'])).toEqual(['steam', 'water'])
    expect((await ok('message', 'list', 'water')).map(each => each['content'])).toEqual(['Use water'])
    expect(await refused('send', 'ideas', 'no post')).toBe('XCORD_CHANNEL_KIND')
    expect(await refused('forum', 'post', 'general', 'x', 'y')).toBe('XCORD_USAGE')
    expect(await refused('thread', 'create', 'steam', 'deeper')).toBe('XCORD_CHANNEL_KIND')
    expect(await refused('thread', 'create', 'ideas', 'empty')).toBe('XCORD_USAGE')
  })
})

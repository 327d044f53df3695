/** `dm …` against real peers. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Client } from '@xcord/sdk'
import { createDesk, type Desk } from '../../test/desk.ts'

/** Each run of a verb sets a whole gateway up. */
const SLOW = { timeout: 600_000 }

let desk: Desk
let ada: Client
let grace: Client

const xcord = (...argv: string[]) => desk.as(ada, argv)
const ok = (...argv: string[]) => desk.answers(ada, argv)
const refused = (...argv: string[]) => desk.refusal(ada, argv)

beforeEach(async () => {
  desk = createDesk()
  ada = await desk.open('ada')
  grace = await desk.open('grace')
  const server = await ada.servers.create({ name: 'Engine' })
  await grace.servers.join((await server.invites.create()).link as string)
  await expect.poll(() => server.members.get('grace') !== undefined, { timeout: 60_000 }).toBe(true)
}, 120_000)
afterEach(async () => await desk.end())

describe('dm', () => {
  test('[DM6] opens, sends, lists, shows, deletes, lets disappear, leaves', SLOW, async () => {
    const [opened] = await ok('dm', 'open', '@grace')
    const id = opened?.['id'] as string
    expect(opened).toMatchObject({ names: expect.arrayContaining(['ada', 'grace']), lifetimeSeconds: 0 })
    expect(await ok('dm', 'send', '@grace', 'hello', 'Grace')).toMatchObject([
      { conversation: id, content: 'hello Grace', deliveredTo: [grace.identity.id] }
    ])
    expect(await ok('dm', 'list')).toMatchObject([{ id }])
    const [first] = await ok('dm', 'history', id.slice(0, 8))
    expect(first).toMatchObject({ authorName: 'ada', content: 'hello Grace' })
    expect(await ok('dm', 'send', id, 'again', '--reply', first?.['id'] as string)).toMatchObject([
      { replyTo: first?.['id'] }
    ])
    expect(await ok('dm', 'disappear', '@grace', '2h')).toMatchObject([{ lifetimeSeconds: 7_200 }])
    expect((await xcord('dm', 'list')).out).toContain('2 h')
    expect((await ok('dm', 'send', '@grace', 'soon gone'))[0]?.['expiresAt']).toBeDefined()
    expect((await xcord('dm', 'history', '@grace')).out).toMatch(/soon gone/)
    await ok('dm', 'disappear', '@grace', 'off')
    await ok('dm', 'delete', '@grace', first?.['id'] as string)
    expect((await ok('dm', 'history', '@grace')).map(each => each['content'])).toEqual(['again', 'soon gone'])
    await ok('dm', 'leave', id)
    expect(await refused('dm', 'send', id, 'still?')).toBe('XCORD_CONVERSATION_LEFT')
  })

  test('[DM5] blocks and unblocks; says who is nobody', SLOW, async () => {
    expect(await refused('dm', 'open', '@nobody')).toBe('XCORD_USER_NOT_FOUND')
    expect(await refused('dm', 'send', 'v'.repeat(53), 'hello')).toBe('XCORD_USER_NOT_FOUND')
    await ok('dm', 'block', '@grace')
    expect(await ok('dm', 'blocked')).toEqual([{ user: grace.identity.id }])
    expect(await refused('dm', 'open', '@grace')).toBe('XCORD_USER_BLOCKED')
    await ok('dm', 'unblock', '@grace')
    expect(await ok('dm', 'blocked')).toEqual([])
    expect(await refused('dm', 'disappear', '@grace', 'soon')).toBe('XCORD_USAGE')
  })

  test('[ID8, ID14] safety numbers: the same at both, compared, taken back', SLOW, async () => {
    const [shown] = await ok('safety', 'show', '@grace')
    expect(shown?.['number']).toBe(grace.safety.of(ada.identity.id).number)
    expect(shown).toMatchObject({ verifiedAt: null, added: [] })
    expect(await refused('safety', 'verify', '@grace', '--number', '12345 '.repeat(12))).toBe(
      'XCORD_SAFETY_MISMATCH'
    )
    expect(await ok('safety', 'list')).toEqual([])
    const digits = (shown?.['number'] as string).replace(/ /g, '')
    expect((await ok('safety', 'verify', '@grace', '--number', digits))[0]?.['verifiedAt']).not.toBeNull()
    expect(await ok('safety', 'list')).toMatchObject([{ name: 'grace' }])
    expect((await xcord('safety', 'show', '@grace')).out).toContain('Compared')
    await ok('safety', 'verify', '@grace')
    expect(await ok('safety', 'forget', '@grace')).toMatchObject([{ verifiedAt: null }])
  })
})

/** Verbs of presence against a real peer. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Client } from '@xcord/sdk'
import { createDesk, type Desk } from '../../test/desk.ts'

/** Each run of a verb sets a whole gateway up. */
const SLOW = { timeout: 600_000 }

let desk: Desk
let ada: Client

beforeEach(async () => {
  desk = createDesk()
  ada = await desk.open('ada')
  await ada.servers.create({ name: 'Engine' })
})
afterEach(async () => await desk.end())

test('presence set says a status and words that end; member list shows them', SLOW, async () => {
  const [set] = await desk.answers(ada, ['presence', 'set', 'dnd', '--text', 'writing', '--for', '2h'])
  expect(set).toMatchObject({ status: 'dnd', text: 'writing' })
  expect(Date.parse(`${set?.['until']}`)).toBeGreaterThan(0)
  expect(ada.presence.current).toEqual(set)
  expect((await desk.as(ada, ['member', 'list'])).out).toMatch(/dnd: writing/)
  // Words stay where only the status is said, and go when they are empty.
  await desk.answers(ada, ['presence', 'set', 'idle'])
  expect(ada.presence.current).toEqual({ ...set, status: 'idle' })
  await desk.answers(ada, ['presence', 'set', 'idle', '--text', ''])
  expect(ada.presence.current).toEqual({ status: 'idle', text: null, until: null })
})

test('events shows who looks different', SLOW, async () => {
  let ended = false
  const events = desk
    .as(ada, ['events', '--types', 'presence:update', '--limit', '1'])
    .finally(() => (ended = true))
  // The stream begins at some time: what is said after it is shown.
  for (let round = 0; !ended; round++) {
    await ada.presence.set({ status: 'dnd', text: `round ${round}` })
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  const [event] = (await events).out.trim().split('\n')
  expect(JSON.parse(event as string)).toMatchObject({
    type: 'presence:update',
    data: { member: { name: 'ada' }, presence: { status: 'dnd', text: expect.stringMatching(/^round/) } }
  })
})

test('presence refuses what cannot be said', SLOW, async () => {
  expect(await desk.refusal(ada, ['presence', 'set', 'away'])).toBe('XCORD_USAGE')
  expect(await desk.refusal(ada, ['presence', 'set', 'idle', '--text', 'ü'.repeat(65)])).toBe('XCORD_USAGE')
  expect(await desk.refusal(ada, ['presence', 'set', 'idle', '--for', '2h'])).toBe('XCORD_USAGE')
  expect(await desk.refusal(ada, ['presence', 'set', 'idle', '--text', 'x', '--for', '2'])).toBe(
    'XCORD_USAGE'
  )
  expect(ada.presence.current.status).toBe('online')
})

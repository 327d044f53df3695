/** Verbs of name and picture against real peers. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Client } from '@xcord/sdk'
import { createDesk, type Desk } from '../../test/desk.ts'

/** Each run of a verb sets a whole gateway up. */
const SLOW = { timeout: 600_000 }
/** The smallest there is. */
const GIF = Buffer.from('47494638396101000100000000003b', 'hex')

let desk: Desk
let ada: Client
let file: string

beforeEach(async () => {
  desk = createDesk()
  ada = await desk.open('ada')
  file = join(desk.home, 'me.gif')
  writeFileSync(file, GIF)
})
afterEach(async () => await desk.end())

test('profile set says name and picture; profile show shows them and writes the picture', SLOW, async () => {
  const server = await ada.servers.create({ name: 'Engine' })
  const bob = await desk.open('bob')
  await bob.servers.join((await server.invites.create()).link as string)
  const [set] = await desk.answers(ada, ['profile', 'set', '--name', 'Ada L.', '--avatar', file])
  expect(set).toEqual(ada.profile.current)
  expect(set).toMatchObject({ name: 'Ada L.', avatar: { type: 'image/gif', size: GIF.length } })
  expect((await desk.as(ada, ['profile'])).out).toMatch(/Ada L\.[^]*image\/gif, 15 bytes/)
  const bobs = bob.servers.all[0]
  while (bobs?.members.all.find(each => each.id === ada.identity.id)?.toJSON().avatar === undefined)
    await new Promise(resolve => setTimeout(resolve, 20))
  const out = join(desk.home, 'out.gif')
  const show = ['profile', 'show', ada.identity.id, '--avatar-out', out]
  const [shown] = await desk.answers(bob, show)
  expect(shown).toMatchObject({ ...set, file: out, bytes: GIF.length })
  expect(readFileSync(out)).toEqual(GIF)
  expect(await desk.refusal(bob, show)).toBe('XCORD_USAGE')
  await desk.answers(bob, [...show, '--force'])
  // The name stays where only the picture goes.
  const [bare] = await desk.answers(ada, ['profile', 'set', '--no-avatar'])
  expect(bare).toEqual({ ...set, avatar: null })
  expect(await desk.refusal(ada, ['profile', 'show', '--avatar-out', join(desk.home, 'none')])).toBe(
    'XCORD_NO_AVATAR'
  )
})

test('profile refuses what is no profile', SLOW, async () => {
  const refused = async (...argv: string[]): Promise<string> => await desk.refusal(ada, ['profile', ...argv])
  writeFileSync(join(desk.home, 'me.txt'), 'me')
  expect(await refused('set')).toBe('XCORD_USAGE')
  expect(await refused('set', '--avatar', join(desk.home, 'me.txt'))).toBe('XCORD_ATTACHMENT_INVALID')
  expect(await refused('set', '--avatar', join(desk.home, 'nothing'))).toBe('XCORD_USAGE')
  expect(await refused('set', '--name', 'ü'.repeat(51))).toBe('XCORD_USAGE')
  expect(await refused('set', '--name', '')).toBe('XCORD_USAGE')
  expect(ada.profile.current).toMatchObject({ name: 'ada', avatar: null })
})

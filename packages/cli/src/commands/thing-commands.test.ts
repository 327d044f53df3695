/** Verbs of voice, policy, emojis, the schedule and readmission against a real peer. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Client } from '@xcord/sdk'
import { createDesk, type Desk } from '../../test/desk.ts'

/** Each run of a verb sets a whole gateway up. */
const SLOW = { timeout: 600_000 }

let desk: Desk
let ada: Client

const xcord = (...argv: string[]) => desk.as(ada, argv)
const ok = (...argv: string[]) => desk.answers(ada, argv)
const refused = (...argv: string[]) => desk.refusal(ada, argv)

beforeEach(async () => {
  desk = createDesk()
  ada = await desk.open('ada')
  await ada.servers.create({ name: 'Engine' })
})
afterEach(async () => await desk.end())

describe('what a server has', () => {
  test('member mute and deafen, shown by member show; message readmit says why not', SLOW, async () => {
    const grace = await desk.open('grace')
    const server = ada.servers.all[0]
    await grace.servers.join((await server?.invites.create())?.link ?? '')
    await expect.poll(() => server?.members.get('grace') !== undefined, { timeout: 60_000 }).toBe(true)
    await ok('member', 'mute', '@grace', '--reason', 'echo')
    await ok('member', 'deafen', '@grace')
    expect(await ok('member', 'show', 'grace')).toMatchObject([{ muted: true, deafened: true }])
    expect((await xcord('member', 'show', 'grace')).out).toMatch(/speak, hear/)
    await ok('member', 'undeafen', '@grace')
    expect((await ok('member', 'show', 'grace'))[0]).not.toHaveProperty('deafened')
    expect(await refused('member', 'mute', '@ada')).toBe('XCORD_PERMISSION_DENIED')
    const [said] = await ok('send', 'general', 'hello')
    expect(await refused('message', 'readmit', `${said?.['id']}`)).toBe('XCORD_CONFLICT')
    expect(await ok('message', 'list', 'general', '--hidden')).toHaveLength(1)
  })

  test('server policy and nodes; limits of a channel', SLOW, async () => {
    expect(await ok('server', 'policy')).toMatchObject([{ invites: 'open', transferNeedsPhrase: true }])
    await ok('server', 'policy', '--invites', 'approval', '--no-transfer-phrase')
    expect((await xcord('server', 'policy')).out).toMatch(/approval[\s\S]*any device/)
    expect(await refused('server', 'policy', '--invites', 'never')).toBe('XCORD_USAGE')
    await ok(
      'server',
      'edit',
      '--node',
      '/dns4/node.example/tcp/4001',
      '--node',
      '/dns4/two.example/tcp/4001'
    )
    expect((await ok('server', 'show'))[0]?.['nodes']).toHaveLength(2)
    await ok('server', 'edit', '--no-node')
    expect((await ok('server', 'show'))[0]).not.toHaveProperty('nodes')
    await ok('channel', 'create', 'lounge', '--kind', 'voice')
    await ok('channel', 'edit', 'lounge', '--user-limit', '5', '--bitrate', '64', '--nsfw')
    expect(await ok('channel', 'list')).toContainEqual(
      expect.objectContaining({ name: 'lounge', userLimit: 5, bitrateKbps: 64, nsfw: true })
    )
    await ok('channel', 'edit', 'lounge', '--user-limit', 'none', '--no-nsfw')
    expect(await ok('channel', 'list')).toContainEqual(
      expect.objectContaining({ name: 'lounge', nsfw: false })
    )
  })

  test('emoji add, rename, list, remove; schedule add, edit, list, remove', SLOW, async () => {
    const file = join(desk.home, 'cog.webp')
    writeFileSync(file, 'not really a picture')
    await ok('emoji', 'add', 'cog', file)
    expect(await refused('emoji', 'add', 'cog', join(desk.home, 'cog.exe'))).toBe('XCORD_USAGE')
    expect(await refused('emoji', 'add', 'c o g', file)).toBe('XCORD_USAGE')
    await ok('emoji', 'rename', ':cog:', 'gear')
    expect(await ok('emoji', 'list')).toMatchObject([
      { kind: 'emoji', name: 'gear', mediaType: 'image/webp' }
    ])
    await ok('emoji', 'remove', 'gear')
    expect(await ok('emoji', 'list')).toEqual([])
    await ok('schedule', 'add', 'Demo', '--start', '2027-01-31T18:00Z', '--location', '#general')
    await ok('schedule', 'edit', 'Demo', '--end', '2027-01-31T19:00Z', '--location', '')
    expect(await ok('schedule', 'list')).toMatchObject([
      {
        name: 'Demo',
        startsAt: '2027-01-31T18:00:00.000Z',
        endsAt: '2027-01-31T19:00:00.000Z',
        location: null
      }
    ])
    expect(await refused('schedule', 'add', 'Never', '--start', 'soon')).toBe('XCORD_USAGE')
    await ok('schedule', 'remove', 'Demo')
    expect(await ok('schedule', 'list')).toEqual([])
  })
})
